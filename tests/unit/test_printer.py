"""The law `read(show(form)) == form`, and the written forms of S2.4."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jit_runtime.source.text import NOWHERE as AT
from jit_runtime.source.text import Source
from jit_runtime.syntax.forms import (
    Array,
    BigInt,
    Char,
    Dict,
    Float,
    Form,
    Format,
    Index,
    Int,
    Kind,
    List,
    Literal,
    Meta,
    Path,
    Quote,
    String,
    Symbol,
    ValueKind,
)  # fmt: skip
from jit_runtime.syntax.printer import show
from jit_runtime.syntax.reader import VALUE_KEYS, read

RESERVED = {"true", "false", "nothing", "nil"}


def reread(form: Form) -> Form:
    result = read(Source("t", show(form)))
    assert result.diagnostics == []
    (again,) = result.forms
    return again


chars = st.characters(blacklist_categories=["Cs"])
texts = st.text(st.sampled_from('ab$"\\\n\t\0\x01\x7f\x85λ-.5(') | chars, max_size=8)
names = st.from_regex(r"[a-zλ*!?%/=<>_][a-z0-9*!?%/=<>_+-]{0,4}|[+-][a-z*]?", fullmatch=True).filter(lambda name: name not in RESERVED)
plain_names = st.from_regex(r"[a-zλ]\w{0,2}(-\w)?", fullmatch=True).filter(lambda name: name not in RESERVED)
symbols = st.builds(Symbol, names, st.just(AT))
plain_symbols = st.builds(Symbol, plain_names, st.just(AT))
specials = st.sampled_from(["..", "...", "&", "|>", "@ccall", ":when"]).map(lambda name: Symbol(name, AT))
flags = st.from_regex(r"[a-z][a-z0-9-]{0,6}", fullmatch=True).filter(lambda key: key not in VALUE_KEYS)

atoms = st.one_of(
    symbols,
    specials,
    st.builds(Int, st.integers(-(2**63), 2**63 - 1), st.just(AT)),
    st.builds(BigInt, st.integers(), st.just(AT)),
    st.builds(Float, st.floats(allow_nan=False), st.just(AT)),
    st.builds(String, texts, st.just(AT)),
    st.builds(Char, chars, st.just(AT)),
    st.builds(Literal, st.sampled_from([True, False, None]), st.just(AT)),
    symbols.map(lambda name: Quote("quote", name, AT, colon=True)),
)


def merged(parts: list[str | Form]) -> list[str | Form]:
    """Parts as the reader makes them: no empty text, no two texts in a row."""
    result: list[str | Form] = []
    for part in parts:
        if isinstance(part, str) and result and isinstance(result[-1], str):
            result[-1] += part
        elif part != "":
            result.append(part)
    return result


def readable(parts: list[str | Form]) -> bool:
    """A name is not followed by a letter that would continue it and cannot be escaped (beyond `\\xff`)."""
    pairs = itertools.pairwise(parts)
    return not any(not isinstance(a, (str, List)) and isinstance(b, str) and ord(b.lstrip("-.")[:1] or "a") > 255 for a, b in pairs)


def compounds(inner: st.SearchStrategy[Form]) -> st.SearchStrategy[Form]:
    items = st.lists(inner, max_size=4)
    lists = st.builds(List, items, st.just(AT))
    roots = st.one_of(symbols, lists, st.builds(Array, items, st.just(AT)), st.builds(Kind, items, st.just(AT)))
    segments = st.lists(st.one_of(symbols, st.builds(Index, inner, st.just(AT))), min_size=1, max_size=3)
    plain_path = st.builds(Path, plain_symbols, st.lists(plain_symbols, min_size=1, max_size=2), st.just(AT))
    part = st.one_of(texts, plain_symbols, plain_path, lists)
    return st.one_of(
        lists,
        st.builds(List, st.lists(inner, min_size=1, max_size=3), st.just(AT), inner),
        st.builds(Array, items, st.just(AT)),
        st.builds(Kind, items, st.just(AT)),
        st.builds(Dict, items.filter(lambda some: len(some) % 2 == 0), st.just(AT)),
        st.builds(Quote, st.sampled_from(["quote", "quasiquote", "unquote", "unquote-splicing"]), inner, st.just(AT)),
        st.builds(Meta, flags, st.none(), inner, st.just(AT)),
        st.builds(Meta, st.sampled_from(sorted(VALUE_KEYS)), inner, inner, st.just(AT)),
        st.builds(lambda key: Kind([Meta(key, None, None, AT)], AT), flags),
        st.builds(Path, st.none() | roots, segments, st.just(AT)),
        st.builds(Format, st.lists(part, max_size=4).map(merged).filter(readable), st.just(AT)),
        st.builds(ValueKind, inner, st.just(AT)),
    )


forms: st.SearchStrategy[Form] = st.deferred(lambda: st.one_of(atoms, atoms, compounds(forms)))


@settings(max_examples=400, deadline=None)
@given(forms)
def test_what_is_shown_reads_back(form: Form) -> None:
    assert reread(form) == form


@pytest.mark.parametrize(
    "text",
    [
        "(define f [x {Int}] (+ x 1))", "#{:a 1 \"k\" 2}", "'(1 . 2)", "`(a ,b ,@c)", "^:hot ^:parent {A} f", "a.b.[0]", ".x", "[1 2].[0]",
        "4.0", "1e+16", "1000000000000000.0", "0.0001", "1e-05", "-0.0", "1e999", "#\\a", "#\\newline", "#\\x01", "#\\space", "true", "nothing",
        '"say \\"hi\\"\\n\\x01"', '#fmt"$a.b $(f 1) $$"', "#val 5", "5n", "(f & :key 1)",
    ],
)  # fmt: skip
def test_shown_as_written(text: str) -> None:
    (form,) = read(Source("t", text)).forms
    assert show(form) == text


def test_an_unquoted_ccall_is_no_splice() -> None:
    assert reread(Quote("unquote", Symbol("@ccall", AT), AT)) == Quote("unquote", Symbol("@ccall", AT), AT)


def test_format_parts_put_there_by_macros_can_be_read() -> None:
    assert show(Format([Int(5, AT), Symbol("a!", AT)], AT)) == '#fmt"$(do 5)$(do a!)"'


def test_depth_does_not_matter() -> None:
    form: Form = Int(1, AT)
    for _ in range(100_000):
        form = List([form], AT)
    assert len(show(form)) == 200_001
    while isinstance(form, List):  # taken apart here, for the interpreter would free it recursively
        form = form.items.pop()
