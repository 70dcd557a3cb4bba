"""Methods of builtins: what they cost programs that do not use them, and what they see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.options import Options
from jit_runtime.session import Session

DEFINITIONS = (
    "(define {struct C} [a {Float}])",
    "(define + [x {C}] [y {C}] (C (+ x.a y.a)))",
    "(define < [x {C}] [y {C}] (< x.a y.a))",
)
LOOP = "(define (f n) (let loop [i 0] [t 0] (if (< i n) (loop (+ i 1) (if (< t 100) (+ t i) t)) (+ t i 1))))"


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(Options())
    yield session
    session.close()


def typed_code(session: Session) -> str:
    session.eval(LOOP)
    session.eval("(f 10)")
    return session.dump("f", "typed")


def test_code_of_known_kinds_is_the_same(session: Session) -> None:
    """Int arithmetic does not get slower."""
    before = typed_code(session)
    for text in DEFINITIONS:
        session.eval(text)
    assert typed_code(session) == before


def test_code_that_ran_is_compiled_again(session: Session) -> None:
    session.eval(DEFINITIONS[0])
    session.eval("(define (g x) (+ x x)) (g 1) (define (h x) (g x)) (h 1)")
    session.eval(DEFINITIONS[1])
    assert session.eval("(list (g (C 1.0)) (h (C 2.0)) (g 1) (h 1.5))").value_text == "((C 2.0) (C 4.0) 2 3.0)"
