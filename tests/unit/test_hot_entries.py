"""Entries of function values: quick first, optimised once they are called often, quick again after a definition."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from jit_runtime.infer.linker import OPTIMISED, QUICK
from jit_runtime.session import Session
from jit_runtime.tiering import HOT_CALLS
from tests.unit.session_fixture import open_session, outcome

CALL = "(define often f x n (let loop [i 0] [s 0] (if (= i n) s (loop (+ i 1) (+ s (f x))))))"
KINDS = "(define {struct A} [v]) (define {struct B} [v]) (define f [x {A}] 1) (define f [x {B}] 2)"


@pytest.fixture
def session() -> Iterator[Session]:
    made = open_session("normal")
    for text in (*KINDS.replace(") (", ")\n(").split("\n"), CALL):
        made.eval(text)
    yield made
    made.close()


def tier(session: Session, symbol: str = "fun.f") -> int | None:
    unit = session.compiler.objects.made[symbol].unit
    return None if unit is None else unit.code.tier


def test_an_entry_becomes_hot(session: Session) -> None:
    assert outcome(session, f"(often f (A 1) {HOT_CALLS - 10})") == str(HOT_CALLS - 10)
    assert tier(session) == QUICK
    assert outcome(session, "(often f (B 1) 20)") == "40"
    assert tier(session) == OPTIMISED


def test_a_definition_makes_it_cold(session: Session) -> None:
    session.eval(f"(often f (A 1) {HOT_CALLS + 1})")
    session.eval("(define f [x {A}] 10)")
    assert outcome(session, "(often f (A 1) 10)") == "100"
    assert tier(session) == QUICK
    assert outcome(session, f"(often f (A 1) {HOT_CALLS + 1})") == str(10 * HOT_CALLS + 10)
    assert tier(session) == OPTIMISED


def test_a_large_entry_is_not_waited_for(session: Session) -> None:
    """Calls go on in the quick code until the optimised one has come; what is defined meanwhile is not lost."""
    session.compiler.tiers.big = 1
    name = f"f{time.time_ns()}"  # no object of it is in the cache
    session.eval(f"(define {name} [x {{A}}] 1)")
    session.eval(f"(define {name} [x {{B}}] 2)")
    session.eval(f"(often {name} (A 1) {HOT_CALLS + 1})")
    heat = session.compiler.objects.made[f"fun.{name}"].heat
    assert heat is not None and heat.waiting is not None and tier(session, f"fun.{name}") == QUICK
    session.eval(f"(define {name} [x {{A}}] 7)")
    assert heat.waiting is None
    assert outcome(session, f"(often {name} (A 1) 10)") == "70"
    while tier(session, f"fun.{name}") != OPTIMISED:
        assert outcome(session, f"(often {name} (A 1) {HOT_CALLS})") == str(7 * HOT_CALLS)
    assert outcome(session, f"(list (often {name} (A 1) 10) (often {name} (B 1) 10))") == "(70 20)"
