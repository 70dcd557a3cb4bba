"""Forms of language.md S1: what each notation reads as, and where it stands."""

import pytest

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
from jit_runtime.syntax.reader import read


def one(text: str) -> Form:
    result = read(Source("t", text))
    assert result.diagnostics == []
    assert not result.incomplete
    (form,) = result.forms
    return form


def sym(name: str) -> Symbol:
    return Symbol(name, AT)


def num(value: int) -> Int:
    return Int(value, AT)


def quoted(form: Form, op: str = "quote") -> Quote:
    return Quote(op, form, AT)


@pytest.mark.parametrize(
    ("text", "value"),
    [("42", 42), ("-7", -7), ("+7", 7), ("0xFF", 255), ("0x0000_0020", 32), ("-0x10", -16), ("0b1010", 10), ("0o17", 15), ("#o17", 15),
     ("1_000", 1000), ("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63))],
)  # fmt: skip
def test_integers(text: str, value: int) -> None:
    assert one(text) == num(value)


def test_the_suffix_n_makes_a_bigint_of_any_size() -> None:
    assert one("99999999999999999999n") == BigInt(99999999999999999999, AT)
    assert one("-1n") == BigInt(-1, AT)


@pytest.mark.parametrize(
    ("text", "value"), [("1.5", 1.5), ("-.5", -0.5), ("3.", 3.0), (".5", 0.5), ("1e3", 1000.0), ("-2.5e-3", -0.0025), ("1e+20", 1e20)]
)
def test_floats(text: str, value: float) -> None:
    assert one(text) == Float(value, AT)


@pytest.mark.parametrize("name", ["λ", "π", "-", "+", "-x", "ffi/alloc", "foo!bar", "<=", "|>", "&", "@ccall", "..", "...", "_", ":when", "%"])
def test_symbols_and_special_tokens(name: str) -> None:
    assert one(name) == sym(name)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("#t", True), ("false", False), ("#f", False), ("nothing", None), ("nil", None)])
def test_literal_words(text: str, value: bool | None) -> None:
    assert one(text) == Literal(value, AT)


def test_strings_and_escapes() -> None:
    assert one(r'"a\tb\n\"\\\x41\0\r\$ $x"') == String('a\tb\n"\\A\0\r$ $x', AT)
    assert one('"two\nlines"') == String("two\nlines", AT)
    assert one(r'#r"\d+\""') == String(r"\d+\"", AT)
    assert one('#raw"C:\\"') == String("C:\\", AT)


@pytest.mark.parametrize(
    ("text", "char"),
    [("#\\a", "a"), ("#\\x", "x"), ("#\\x41", "A"), ("#\\x1F600", "😀"), ("#\\newline", "\n"), ("#\\space", " "), ("#\\nul", "\0"), ("#\\(", "("),
     ("#\\λ", "λ"), ("#\\3", "3")],
)  # fmt: skip
def test_characters(text: str, char: str) -> None:
    assert one(text) == Char(char, AT)


def test_delimiters_nest_and_keep_their_kind() -> None:
    assert one("(a [1 {Int}] #{:k ()})") == List(
        [sym("a"), Array([num(1), Kind([sym("Int")], AT)], AT), Dict([quoted(sym("k")), List([], AT)], AT)], AT
    )


def test_dotted_list() -> None:
    assert one("(1 2 . 3)") == List([num(1), num(2)], AT, num(3))


def test_comments_are_white_space() -> None:
    assert one("#! /usr/bin/env omni\n; c\n(a #| x #| y |# ) |# #_ (dropped [1]) b #_c)") == List([sym("a"), sym("b")], AT)
    assert one("'#_a b") == quoted(sym("b"))


def test_quotes() -> None:
    assert one("'x") == quoted(sym("x"))
    assert one("`(a ,b ,@c)") == quoted(List([sym("a"), quoted(sym("b"), "unquote"), quoted(sym("c"), "unquote-splicing")], AT), "quasiquote")
    name = one(":name")
    assert isinstance(name, Quote) and name.colon and name.form == sym("name")
    assert one("#val 5") == ValueKind(num(5), AT)


def test_metadata_flags_and_values() -> None:
    assert one("^:hot f") == Meta("hot", None, sym("f"), AT)
    assert one("^'parent {A} f") == Meta("parent", Kind([sym("A")], AT), sym("f"), AT)
    assert one('^"text" f') == Meta("doc", String("text", AT), sym("f"), AT)
    assert one("^:a ^:b 1") == Meta("a", None, Meta("b", None, num(1), AT), AT)
    assert one("{f ^:from libc}") == Kind([sym("f"), Meta("from", sym("libc"), None, AT)], AT)


def test_paths() -> None:
    assert one("a.b.[0].c") == Path(sym("a"), [sym("b"), Index(num(0), AT), sym("c")], AT)
    assert one("a.(i)") == Path(sym("a"), [Index(sym("i"), AT)], AT)
    assert one("a.(f x)") == Path(sym("a"), [Index(List([sym("f"), sym("x")], AT), AT)], AT)
    assert one("(deref p).x") == Path(List([sym("deref"), sym("p")], AT), [sym("x")], AT)
    assert one("[1 2].[0]") == Path(Array([num(1), num(2)], AT), [Index(num(0), AT)], AT)
    assert one("m.[i.j].[1]") == Path(sym("m"), [Index(Path(sym("i"), [sym("j")], AT), AT), Index(num(1), AT)], AT)
    assert one("(.x p)") == List([Path(None, [sym("x")], AT), sym("p")], AT)
    assert one("'a.b") == quoted(Path(sym("a"), [sym("b")], AT))
    assert one("(f a .b)") == List([sym("f"), sym("a"), Path(None, [sym("b")], AT)], AT)


def test_format_strings() -> None:
    assert one('#fmt"Hi $name, $(+ 1 2)\\n $p.x. $$5"') == Format(
        ["Hi ", sym("name"), ", ", List([sym("+"), num(1), num(2)], AT), "\n ", Path(sym("p"), [sym("x")], AT), ". $5"], AT
    )
    assert one('#fmt"<$name>!"') == Format(["<", sym("name"), ">!"], AT)
    assert one('#fmt"$(f "in" ")").x"') == Format([List([sym("f"), String("in", AT), String(")", AT)], AT), ".x"], AT)


def test_every_form_knows_its_text() -> None:
    source = Source("t", '(define  f "x")\n a.[(g 1)] #fmt"=$n $(h 2)" ^:k \'v')
    first, path, text, meta = read(source).forms
    assert first.span.text == '(define  f "x")'
    assert path.span.text == "a.[(g 1)]" and (path.span.line, path.span.column) == (2, 2)
    assert [segment.span.text for segment in path.segments] == ["[(g 1)]"]
    assert [part.span.text for part in text.parts if not isinstance(part, str)] == ["n", "(h 2)"]
    assert meta.span.text == "^:k 'v" and meta.form.span.text == "'v"


def test_reading_from_an_offset() -> None:
    result = read(Source("t", "(a) (b)"), 3)
    assert [form.span.text for form in result.forms] == ["(b)"]
