"""Random programs do the same natively as in the oracle: values, messages of errors, and what stays defined after them."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jit_runtime.oracle.session import OracleSession
from jit_runtime.source.diagnostics import OmniError
from tests.memory.program import MODES, open_session
from tests.property.programs import Programs

LONG = 20_000


def outcome(session: object, form: str) -> str:
    """The written form of the value, or the message of the error."""
    try:
        return session.eval(form).value_text or ""  # type: ignore[attr-defined,no-any-return]
    except OmniError as error:
        return f"error: {error}"


def compare(random: Random, mode: str, size: int) -> None:
    forms = Programs(random, size).program()
    oracle, native = OracleSession(stack_limit=20_000), open_session(mode)
    try:
        for i, form in enumerate(forms):
            expected = outcome(oracle, form)
            found = outcome(native, form)
            assert found == expected, "\n".join(forms[: i + 1])
    finally:
        native.close()


@pytest.mark.filterwarnings("ignore:The recursion limit")
@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_small_programs(random: Random) -> None:
    """Few, but a failure is made small."""
    compare(random, "checked", 2)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("size", "count"), [(3, 40), (4, 12)])
def test_programs(mode: str, size: int, count: int) -> None:
    for seed in range(count):
        compare(Random(seed), mode, size)


@pytest.mark.soak
@pytest.mark.parametrize("mode", MODES)
def test_many_programs(mode: str) -> None:
    for seed in range(LONG):
        compare(Random(100_000 + seed), mode, 3 + seed % 4)
