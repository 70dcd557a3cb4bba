"""Decision graphs do what clause by clause does: the same clause, the same values, the program's tests in the same order."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jit_runtime.doctest import Printing
from jit_runtime.oracle.session import OracleSession
from jit_runtime.source.diagnostics import OmniError
from tests.memory.program import MODES
from tests.property.matches import PRELUDE, Matches

FRESH = "(do (array-set! shared 0 1) (put! thing.m 1) (dict-set! table 'k 1) (set! turns {}))"


def outcome(session: Printing | OracleSession, form: str) -> tuple[str | None, str]:
    """The written form of the value or the message of the error, and what was printed."""
    try:
        value = session.eval(form, name="t", line=1).value_text
    except OmniError as error:
        value = f"error: {error.diagnostics[0].message}"
    return value, session.take_output()


def compare(random: Random, mode: str, depth: int, clauses: int, functions: int) -> None:
    oracle, native = OracleSession(stack_limit=20_000), Printing(MODES[mode])
    try:
        for form in PRELUDE:
            assert outcome(oracle, form) == outcome(native, form)
        for _ in range(functions):
            matches = Matches(random)
            function = matches.function(depth, clauses)
            assert outcome(oracle, function) == outcome(native, function), function
            for i in range(12):
                call = f"(f {matches.value(depth)})"
                for form in (FRESH.format(i), call, "(list shared thing table)"):
                    assert outcome(native, form) == outcome(oracle, form), f"{function}\n{FRESH.format(i)}\n{call}"
    finally:
        native.close()


@pytest.mark.filterwarnings("ignore:The recursion limit")
@given(st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_small_matches(random: Random) -> None:
    compare(random, "checked", 2, 4, 1)


@pytest.mark.parametrize(("depth", "clauses"), [(1, 12), (2, 8), (3, 5)])
def test_matches(depth: int, clauses: int) -> None:
    for seed in range(2):
        compare(Random(seed), "normal", depth, clauses, 4)


@pytest.mark.soak
@pytest.mark.parametrize("mode", MODES)
def test_many_matches(mode: str) -> None:
    for seed in range(500):
        compare(Random(1000 + seed), mode, 1 + seed % 3, 10, 20)
