"""What is said of mistakes with kinds: the operation, the values or kinds, the candidates, and the place."""

from __future__ import annotations

import pytest

from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from tests.unit.session_fixture import open_session

DEFINITIONS = """
(define {abstract Shape})
(define ^:parent {Shape} {struct Circle} [r {Float}])
(define ^:parent {Shape} {struct Square} [a {Float}])
(define area [c {Circle}] 1)
(define area [s {Square}] [k {Int}] 2)
(define both [a {Int}] b 1)
(define both a [b {Int}] 2)
(define ^:where [T {Number}] together [a {T}] [b {T}] 1)
(define shown [x {Int}] {String} x)
(define {abstract Below})
(define ^:parent {Below} {abstract Deeper})
(define g {Int} 5)
"""


@pytest.fixture(scope="module")
def session() -> Session:
    made = open_session("normal")
    made.eval(DEFINITIONS)
    return made


@pytest.mark.parametrize(
    ("text", "message", "place", "notes"),
    [
        ("(list (area 5))", "no method of area accepts ({Int})", "(area 5)", ["argument 1 is {Int}, not {Circle}", "takes 2 arguments"]),
        ("(list (area))", "arity: area takes 1 or 2 arguments, got 0", "(area)", []),
        ("(list (both 1 2))", "ambiguous: several methods of both accept", "(both 1 2)", ["(both [a {Int}] [b])", "(both [a] [b {Int}])"]),
        ("(list (together 1 2.0))", "no method of together accepts ({Int} {Float})", "(together 1 2.0)", ["arguments 1 and 2 have different kinds"]),
        ("(list (together 'a 'b))", "no method of together accepts", "(together 'a 'b)", ["argument 1 is {Symbol}, not {Number}"]),
        ("(list (Shape 1))", "abstract: {Shape} has no instances of its own", "(Shape 1)", []),
        ("(define ^:parent {Nope} {struct X} [a])", "unknown type `Nope`", "Nope", []),
        ("(define ^:parent {Circle} {struct X} [a])", "{Circle} cannot be a parent type: it is not abstract", "{Circle}", ["defined with {abstract"]),
        ("(define ^:parent {Deeper} {abstract Below})", "circular types: {Deeper} is below {Below}", "{abstract Below}", ["not below {Below}"]),
        ("(define {struct [W ^:covar T]} [^:mutable v {T}])", "variance: the mutable field `v` has the type parameter {T}", "v", ["immutable field"]),
        ("(list (shown 1))", "type error: the result of `shown` must be {String}, got {Int} 1", "x", ["in `shown`"]),
        ("(list (let [x {Int} 'a] x))", "type error: `x` must be {Int}, got {Symbol} a", "'a", []),
        ("(list (Circle 'a))", "type error: the field `r` of `Circle` must be {Float}, got {Symbol} a", "(Circle 'a)", []),
        ("(set! g 'a)", "type error: `g` must be {Int}, got {Symbol} a", "(set! g 'a)", []),
        ("(list (array-ref [1 2] 5))", "out of bounds: index 5, length 2", "(array-ref [1 2] 5)", []),
        ("(list [1 2].[7])", "out of bounds: index 7, length 2", "[1 2].[7]", []),
        ("(list (+ 9223372036854775807 1))", "integer overflow: (+ 9223372036854775807 1)", "(+ 9223372036854775807 1)", []),
    ],
)
def test_mistakes_with_kinds(session: Session, text: str, message: str, place: str, notes: list[str]) -> None:
    with pytest.raises(OmniError) as caught:
        session.eval(text)
    found = caught.value.diagnostics[0]
    assert message in found.message
    assert found.span is not None and found.span.text == place
    for note in notes:
        assert any(note in str(told) for told in found.notes), found.notes
