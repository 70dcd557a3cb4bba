"""Mistakes in the systems subset: each is a diagnostic with a place, never a crash."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jit_runtime.infer.systems import compile_sources
from jit_runtime.source.diagnostics import OmniError
from jit_runtime.source.text import Source

BODIES = {  # body of a function [x {I64}] [p {CPtr Region}] {I64} -> part of the message, what is underlined
    "(+ x 1.5)": ("expected {CInt64}, got {CDouble}", "1.5"),
    "(let [y {I32} 1] (+ x y))": ("expected {CInt64}, got {CInt32}", "y"),
    "(if x 1 2)": ("expected {CBool}, got {CInt64}", "x"),
    "y": ("unbound name: y", "y"),
    "(set! y 1)": ("not a local variable", "y"),
    "(frob x)": ("unknown function: frob", "frob"),
    "(system x)": ("unknown function: system", "system"),
    "p.sise": ("Region has no field sise", "sise"),
    "p.pairs": ("whole record", "p.pairs"),
    "(let [q {CPtr} p] q.next)": ("not known what this pointer points at", "next"),
    "x.y": ("a path starts at a pointer", "x"),
    "(self x)": ("self takes 2 arguments, got 1", "(self x)"),
    "(%load p)": ("not known what stands there", "(%load p)"),
    "(%cast {CDouble} p)": ("cannot be converted", "(%cast {CDouble} p)"),
    "(%atomic-load release {I64} p)": ("ordering", "release"),
    "(break)": ("not inside a while", "(break)"),
    "(let [y {U8} 300] x)": ("300 does not fit {CUInt8}", "300"),
    "(let [y {Int} 3] x)": ("unknown kind Int", "Int"),
    "(let [y {Region} 3] x)": ("write {CPtr Region}", "{Region}"),
    "(let [y (abort2)] x)": ("unknown function", "abort2"),
    "(let [y (free p)] x)": ("has no value", "(free p)"),
    "(when true x)": ("expected {CInt64}, got {CVoid}", "(when true x)"),
    "(if true x)": ("expected {CInt64}, got {CVoid}", "(if true x)"),
    "(cond [else x] [true x])": ("the last one", "[true x]"),
    "(if)": ("wrong number of parts", "(if)"),
    "(rshift p 1)": ("cannot be shifted", "(rshift p 1)"),
    "(* p 2)": ("an integer does not go with {CPtr Region}", "2"),
    "(* p p)": ("does not work on", "(* p p)"),
    "(%stack I64 x)": ("is a constant", "x"),
    "[x]": ("not part of the systems subset", "[x]"),
    "(fn [y] y)": ("unknown function: fn", "fn"),
    "(snprintf p)": ("snprintf takes 3 arguments", "(snprintf p)"),
}


def mistakes(text: str) -> list[tuple[str, str]]:
    with pytest.raises(OmniError) as caught:
        compile_sources([Source("test.omni", text)])
    return [(d.message, d.span.text if d.span else "") for d in caught.value.diagnostics]


@pytest.mark.parametrize("body", BODIES)
def test_wrong_body(body: str) -> None:
    message, place = BODIES[body]
    [(got, where)] = mistakes(f"(define self [x {{I64}}] [p {{CPtr Region}}] {{I64}} {body})")
    assert message in got and where == place


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(define a 1) (define a 2)", "defined twice"),
        ("(define rt-x [] 1) (define rt_x [] 1)", "defined twice"),
        ("(define NOTHING 1)", "defined twice"),
        ("(print 1)", "contains only (define"),
        ("(define ^:fast f [] 1)", "unknown metadata ^:fast"),
        ("(define f [x] 1)", "a name followed by its kind"),
        ("(define f [] {I64} (+ 1 A)) (define A (foo))", "not a constant integer"),
        ("(define f [] {I64} A) (define A (+ B 1)) (define B (+ A 1))", "not a constant integer"),
        ("(define T {CArray CDouble} [1])", "holds integers"),
        ("(define f [] {I64} 1", "unclosed"),
        ("(define f", "unclosed"),
        ("(define 3 4)", "starts with its name"),
        ("(define f 1 2)", "neither a constant nor a function"),
    ],
)
def test_wrong_definition(text: str, message: str) -> None:
    assert any(message in got for got, _ in mistakes(text))


def test_all_wrong_functions_are_reported_at_once() -> None:
    assert len(mistakes("(define f [] {I64} a) (define g [] {I64} 1) (define h [] {I64} c)")) == 2


TEXT = """( ) [ ] { } (define f [x {I64}] {I64} (let [ (if (while (set! (cond [else x 1 -1 1.5 nothing true "s" #\\a p.q x.[0] ^:inline {CPtr}
%load (+ (= (%cast {I8} (%store (return (%add-checked (when y"""
TOKENS = st.sampled_from(TEXT.split())


@settings(max_examples=150, deadline=None)
@given(st.lists(TOKENS, max_size=30))
def test_any_text_compiles_or_is_diagnosed(tokens: list[str]) -> None:
    text = "(define ^:export g [x {I64}] {I64} " + " ".join(tokens) + ")"
    try:
        compile_sources([Source("test.omni", text)])
    except OmniError as error:
        assert error.diagnostics and all(d.message for d in error.diagnostics)
