"""Mistakes: each has a code, a span inside the form and a message that says what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jit_runtime.expand.expand import expand_toplevel
from jit_runtime.expand.scope import EmptyEnv
from jit_runtime.expand.show import show
from jit_runtime.source.diagnostics import Diagnostic, OmniError
from jit_runtime.source.text import Source
from jit_runtime.syntax.reader import read


def complaint(text: str) -> Diagnostic:
    (form,) = read(Source("test", text)).forms
    with pytest.raises(OmniError) as caught:
        expand_toplevel(form, EmptyEnv())
    return caught.value.diagnostics[0]


MISTAKES = [
    ("(if)", "X001", "if"),
    ("(if a b c d)", "X001", "if"),
    ("(let [x] x)", "X001", "let"),
    ("(let)", "X001", "let"),
    ("(let [x 1])", "X001", "let"),
    ("(let [x 1] [x 2] x)", "X002", "duplicate"),
    ("(let loop [i 0 i 1] i)", "X002", "duplicate"),
    ("(define bad [x] [x] x)", "X002", "duplicate"),
    ("(define bad x .. x x)", "X002", "duplicate"),
    ("(define bad [[a a]] a)", "X002", "duplicate"),
    ("(match v [[x x] x])", "X002", "duplicate"),
    ("(define x {Itn} 1)", "X003", "unknown type `Itn`"),
    ("{Foo}", "X003", "unknown type"),
    ("{List Foo}", "X003", "unknown type"),
    ("(define true 1)", "X004", "true"),
    ("(define if 1)", "X004", "special form"),
    ("(let [nothing 1] 2)", "X004", "nothing"),
    ("(fn [true] 1)", "X004", "true"),
    ("(define 5 1)", "X004", "5"),
    ("(set! 5 1)", "X004", "5"),
    ("(list ,x)", "X005", "unquote"),
    ("`(a ,(b ,c))", "X005", "unquote"),
    ("`,@x", "X005", "unquote-splicing"),
    ("_", "X006", "_"),
    ("(f if)", "X006", "special form"),
    ("(f (define x 1))", "X007", "define"),
    ("(define)", "X001", "define"),
    ("(define x)", "X001", "define"),
    ("(define f 1 2)", "X001", "define"),
    ("(define [a b] 1 2)", "X001", "pattern"),
    ("(fn x)", "X001", "fn"),
    ("(fn [a .. b] [c] c)", "X012", "rest"),
    ("(fn [x 1] [y] y)", "X012", "required"),
    ("(fn [x 1 2] x)", "X012", "defaults"),
    ("(match v)", "X001", "match"),
    ("(match v 1)", "X001", "match"),
    ("(match v [(or x [y]) 1])", "X008", "or"),
    ("(match v [(not x) 1])", "X008", "not"),
    ("(match v [[a .. b .. c] 1])", "X008", ".."),
    ("(cond 1)", "X001", "cond"),
    ("(cond [else 1] [a 2])", "X001", "else"),
    ("(try (f) (catch e 1))", "X001", "handle"),
    ("(catch e 1)", "X001", "handle"),
    ("(handle (f))", "X001", "handle"),
    ("(handle (f) [raise [] 1])", "X011", "arity"),
    ("(put! x 1)", "X001", "put!"),
    ("(while)", "X001", "while"),
    ("(quote a b)", "X001", "quote"),
    ("(1 |> f |>)", "X001", "|>"),
    ("(module M)", "X009", "module"),
]


@pytest.mark.parametrize(("text", "code", "part"), MISTAKES, ids=lambda value: value[:30])
def test_mistake_is_explained(text: str, code: str, part: str) -> None:
    found = complaint(text)
    assert found.code == code
    assert part in found.message
    assert found.span is not None and 0 <= found.span.start < found.span.end <= len(text)


def test_unknown_kind_suggests_the_nearest() -> None:
    assert complaint("{Itn}").help == "did you mean `Int`?"


HEADS = [
    "define",
    "let",
    "fn",
    "if",
    "match",
    "handle",
    "cond",
    "quote",
    "set!",
    "for",
    "put!",
    "try",
    "do",
    "update",
    "|>",
    "and",
    "or",
    "not",
    "as",
    "list",
    "cons",
    "finally",
    "raise",
    "lambda",
    "assert",
]
ATOMS = [
    "x",
    "..",
    "_",
    "&",
    ":when",
    "1",
    "true",
    ":a",
    "{Int}",
    '"s"',
    "a.b",
    ",x",
    "'y",
    ",@x",
    "`z",
    "^:seq",
    "else",
    "()",
    "[]",
    "...",
    "|>",
    "#val 1",
    "()",
    ".x",
]
trees = st.recursive(
    st.sampled_from(HEADS + ATOMS),
    lambda inner: st.builds(
        lambda delimiters, items: delimiters[0] + " ".join(items) + delimiters[1], st.sampled_from(["()", "[]"]), st.lists(inner, max_size=5)
    ),
    max_leaves=20,
)


@pytest.mark.filterwarnings("ignore:The recursion limit")
@settings(max_examples=300, deadline=None)
@given(trees)
def test_any_form_expands_or_is_a_mistake_of_the_user(text: str) -> None:
    for form in read(Source("test", text)).forms:
        try:
            core = expand_toplevel(form, EmptyEnv())
        except OmniError:
            continue
        assert show(core)
