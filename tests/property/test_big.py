"""Arithmetic of BigInts natively, in each mode, against Python's ints: many numbers in one form, so that memory moves between the operations."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jit_runtime.session import Session
from tests.memory.program import MODES, open_session
from tests.unit.session_fixture import interrupted

INTS = st.integers(-(1 << 63), (1 << 63) - 1)
BIGS = st.integers(0, 9000).flatmap(lambda bits: st.integers(-(1 << bits), 1 << bits))
NUMBERS = st.one_of(st.tuples(INTS, st.just("")), st.tuples(BIGS, st.just("n")))
DEFINITIONS = """
(define (results a b)
  (list (+ a b) (- a b) (* a b) (= a b) (< a b) (if (= b 0) 'none (list (/ a b) (% a b))) (gcd a b)))
(define (all rows) (if (null? rows) () (cons (results (big (car (car rows))) (cdr (car rows))) (all (cdr rows)))))
"""


@pytest.fixture(scope="module", params=MODES)
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    made = open_session(request.param)
    made.eval(DEFINITIONS)
    yield made
    made.close()


def digits(value: int) -> str:
    """Through Decimal, since Python refuses to write ints of more than 4300 digits."""
    return f"{Decimal(value):f}"


def expected(a: int, b: int) -> str:
    parts = [f"{digits(a + b)}n", f"{digits(a - b)}n", f"{digits(a * b)}n", str(a == b).lower(), str(a < b).lower()]
    if b == 0:
        parts.append("none")
    else:
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        parts.append(f"({digits(quotient)}n {digits(a - b * quotient)}n)")
    return "(" + " ".join([*parts, f"{math.gcd(a, b):d}n"]) + ")"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=20))
def test_rows(session: Session, rows: list[tuple[tuple[int, str], tuple[int, str]]]) -> None:
    text = " ".join(f"({a}{m} . {b}{n})" for (a, m), (b, n) in rows)
    assert session.eval(f"(all '({text}))").value_text == f"({' '.join(expected(a, b) for (a, _), (b, _) in rows)})"


def test_what_outlives_its_loop(session: Session) -> None:
    """The numbers of a loop's turns die, the last one is kept; the same in a dict and in an array."""
    session.eval("(define kept #{})")
    text = "(let loop [i 0 x 1n] (when (< i 2000) (put! kept.[(% i 7)] x) (loop (+ i 1) (* x 3)))) (list (get kept 4) (length kept))"
    assert session.eval(text).value_text == f"({3**1999:d}n 7)"
    squares = session.eval("(let [xs []] (foreach [i (range 300)] (array-push! xs (* 1n i i))) (reduce + 0 xs))")
    assert squares.value_text == f"{sum(i * i for i in range(300))}n"


def test_a_long_product_can_be_interrupted(session: Session) -> None:
    session.eval("(define (tower n) (let loop [i 0 x 3n] (if (= i n) x (loop (+ i 1) (* x x)))))")
    assert interrupted(session, "(string-length (str (tower 40)))") == ["error: interrupted"]
    assert session.eval("(tower 3)").value_text == "6561n"
