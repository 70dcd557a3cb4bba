"""What a file did is done by another session from the cache: the same values, and nothing is compiled again."""

from __future__ import annotations

from uuid import uuid4

import pytest

from jit_runtime.session import Session
from tests.unit.session_fixture import outcome

FILES = {
    "a struct of which only fields travel": (
        "(define {struct Point} [x {Int}] [y {Float}]) (define (f p) (+ p.y 1)) (define (g) (let [p (Point 1 2.5)] (f p)))",
        "(g)",
        "3.5",
    ),
    "the kind of a parameter of a method": (
        "(define ^:where [T] elements [a {Array T}] (length a)) (define ints (typed-array 3 {Int}))",
        "(list (elements ints) (elements [1]))",
        "(3 1)",
    ),
    "methods of several kinds": (
        "(define {struct Dog} [n]) (define {struct Cat} [n])\n"
        "(define name [d {Dog}] 'dog) (define name [c {Cat}] 'cat) (define zoo [(Dog 1) (Cat 2)])",
        "(list (name zoo.[0]) (name zoo.[1]))",
        "(dog cat)",
    ),
    "constants of all sorts": ('(define data (quote (a :b "c" 1.5 4611686018427387904 12345678901234567890n)))', "(length data)", "6"),
}


@pytest.mark.parametrize("file", FILES)
def test_twice(file: str) -> None:
    definitions, form, expected = FILES[file]
    own = f"v{uuid4().hex}"  # a text that no earlier run has left in the cache
    text = "\n".join([definitions, f"(define {own} {form})", *(f"(list {own} {i})" for i in range(8)), own])
    found, compiled = [], []
    for _ in range(2):
        session = Session()
        found.append(outcome(session, text))
        compiled.append(session.stats()["llvm_instructions"])
        session.close()
    assert found == [expected, expected]
    assert compiled[1] < compiled[0]
