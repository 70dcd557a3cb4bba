"""Random programs about kinds do the same natively as in the oracle."""

from __future__ import annotations

from random import Random

import pytest

from jit_runtime.oracle.session import OracleSession
from tests.memory.program import MODES, open_session
from tests.property.kinded_programs import KindedPrograms
from tests.property.test_differential import outcome

LONG = 3_000


def compare(seed: int, mode: str) -> None:
    forms = KindedPrograms(Random(seed), 2 + seed % 3).program()
    oracle, native = OracleSession(stack_limit=20_000), open_session(mode)
    try:
        for i, form in enumerate(forms):
            expected = outcome(oracle, form)
            found = outcome(native, form)
            assert found == expected, "\n".join([f"seed {seed}", *forms[: i + 1], f"expected {expected}", f"found {found}"])
    finally:
        native.close()


@pytest.mark.parametrize("mode", MODES)
def test_programs(mode: str) -> None:
    for seed in range(12):
        compare(seed, mode)


@pytest.mark.soak
@pytest.mark.parametrize("mode", MODES)
def test_many_programs(mode: str) -> None:
    for seed in range(LONG):
        compare(100_000 + seed, mode)
