"""Every program gives the stated result in each mode, and its loop form stays flat."""

from __future__ import annotations

import pytest

from tests.memory import programs_lifetimes, programs_promotion, programs_stores, programs_waiting
from tests.memory.program import MODES, Program, open_session, peak_of

PROGRAMS = (*programs_stores.PROGRAMS, *programs_lifetimes.PROGRAMS, *programs_promotion.PROGRAMS, *programs_waiting.PROGRAMS)
TENTH = 10


def run(program: Program) -> object:
    marks = [pytest.mark.xfail(strict=True, reason=f"step {program.step} of the memory model")] if program.step else []
    return pytest.param(program, id=program.id, marks=marks)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("program", [run(p) for p in PROGRAMS])
def test_result(program: Program, mode: str) -> None:
    session = open_session(mode)
    session.eval(program.definitions)
    for text, value in program.results:
        found = session.eval(text).value_text
        assert not value or found == value, text
    session.close()


def flat(program: Program, mode: str, turns: int) -> None:
    """The peak of all turns is near the peak of a tenth of them."""
    session = open_session(mode)
    session.eval(program.definitions)
    for text, _ in program.results:
        session.eval(text)
    session.eval(program.loop.format(n=max(turns // TENTH, TENTH)))
    before = peak_of(session, program.loop.format(n=max(turns // TENTH, TENTH)))
    after = peak_of(session, program.loop.format(n=turns))
    assert after - before < program.growth, f"{(after - before) >> 10} KiB more"
    session.close()


LOOPS = [run(p) for p in PROGRAMS if p.loop]


@pytest.mark.parametrize("program", LOOPS)
def test_loop_is_flat(program: Program) -> None:
    flat(program, "normal", program.turns)


@pytest.mark.parametrize("mode", ["checked", "stress", "retire"])
@pytest.mark.parametrize("program", LOOPS)
def test_short_loop_is_flat(program: Program, mode: str) -> None:
    flat(program, mode, program.turns // 20)


@pytest.mark.soak
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("program", LOOPS)
def test_long_loop_is_flat(program: Program, mode: str) -> None:
    flat(program, mode, program.soak if mode == "normal" else program.soak // 10)


def test_deep_recursion_costs_a_few_hundred_bytes_a_level() -> None:
    program = next(p for p in programs_lifetimes.PROGRAMS if p.number == 17)
    session = open_session("normal")
    session.eval(program.definitions)
    before = peak_of(session, "(deep 10)")
    assert peak_of(session, "(deep 1000000)") - before < 400 * 1_000_000
    session.close()
