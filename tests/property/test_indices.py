"""Random loops over arrays do what they do in the oracle, errors included: with checks removed, hoisted, or left where they were."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jit_runtime.options import Options
from jit_runtime.oracle.session import OracleSession
from jit_runtime.session import Session
from tests.unit.session_fixture import outcome

LEAVES = ("i", "j", "p", "q", "n", "0", "1", "2", "-1", "7", "9223372036854775806", "-9223372036854775807")
BOUNDS = ("n", "p", "q", "0", "(- n 1)", "(array-length b)", "9223372036854775807", "-9223372036854775807")
PLACES = ("i", "j", "(+ i 1)", "(- i 1)", "(+ i j)", "(- n i)", "(- n (+ i 1))", "(% i 5)", "(rshift (+ i j) 1)", "(* i 2)", "p", "(- j i)")
CALLS = [(p, q) for p in (-1, 0, 3, 9, 9223372036854775807) for q in (-2, 0, 5, 20)]


def number() -> st.SearchStrategy[str]:
    return st.recursive(
        st.sampled_from(LEAVES),
        lambda inner: st.tuples(st.sampled_from("+-*"), inner, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        max_leaves=3,
    )


ARRAY = st.sampled_from("ab")
PLACE = st.one_of(st.sampled_from(PLACES), number())
COMPARISON = st.sampled_from(("<", "<=", ">", ">=", "=", "!="))
TEST = st.one_of(
    st.tuples(COMPARISON, st.sampled_from("ij"), st.sampled_from(BOUNDS)).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    st.sampled_from(("(< i j)", "(> j i)", "(and (>= i 0) (< i n))", "(or (< i 0) (< j n))", "(and (< i n) (>= j 0))")),
)
READ = st.tuples(ARRAY, PLACE).map(lambda t: f"(array-ref {t[0]} {t[1]})")
WRITE = st.tuples(ARRAY, PLACE, st.one_of(st.sampled_from("ijs"), READ)).map(lambda t: f"(array-set! {t[0]} {t[1]} {t[2]})")
GUARDED = st.tuples(TEST, st.one_of(READ, WRITE)).map(lambda t: f"(when {t[0]} {t[1]})")
BODY = st.lists(st.one_of(READ, WRITE, WRITE, GUARDED), min_size=1, max_size=3).map(" ".join)
STEP = st.sampled_from((1, 1, 1, -1, -1, 2, -2, 3))
START = st.sampled_from(("0", "0", "1", "p", "q", "(- n 1)", "n"))


@st.composite
def loops(draw: st.DrawFn) -> str:
    """A loop of at most 40 turns with two counters and, often, a sum."""
    i, j = draw(START), draw(START)
    step, other = draw(STEP), draw(STEP)
    total = draw(st.sampled_from(("s", "(+ s i)", f"(+ s {draw(READ)})")))
    return f"""(let loop [i {i}] [j {j}] [s 0] [left 40]
      (if (and (> left 0) {draw(TEST)})
          (do {draw(BODY)} (loop (+ i {step}) (+ j {other}) {total} (- left 1)))
          (list i j s)))"""


MAKERS = ("(make-array 9 1)", "(typed-array 9 {Int})")


@pytest.fixture(scope="module")
def sessions() -> Iterator[tuple[Session, OracleSession]]:
    native = Session(Options())
    yield native, OracleSession()
    native.close()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=loops())
def test_random_loops(sessions: tuple[Session, OracleSession], body: str) -> None:
    found = []
    for session in sessions:
        session.eval(f"(define ^:noinline f a b p q (let [n (array-length a)] {body}))")
        session.eval("(define ask a b p q (let [r (handle (f a b p q) [error [e] e])] (list r (array->list a) (array->list b))))")
        calls = " ".join(f"(ask {make} {make.replace('9', '7')} {p} {q})" for make in MAKERS for p, q in CALLS)
        found.append(outcome(session, f"(list {calls})"))
    assert found[0] == found[1]
