"""Textbook programs that are hard for region systems (benchmarks/textbook): the same value in each mode, and flat memory."""

from __future__ import annotations

import pytest

from benchmarks.textbook import PROGRAMS, Textbook
from tests.memory.program import ALLOWED_GROWTH, open_session, peak_of
from tests.unit.session_fixture import outcome


def small(program: Textbook) -> int:
    return min(program.small, 300)


@pytest.mark.parametrize("mode", ["checked", "stress", "retire"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_value(program: Textbook, mode: str) -> None:
    """As in the other engines; a second run starts from what the first left in globals."""
    session, other = open_session(mode), open_session("normal")
    for one in (session, other):
        one.eval(program.text, name="file")
    for _ in range(2):
        assert outcome(session, f"(run {small(program)})") == outcome(other, f"(run {small(program)})")
    session.close()
    other.close()


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p.flat], ids=lambda p: p.name)
def test_memory_is_flat(program: Textbook) -> None:
    """Ten times the work takes no more memory."""
    session = open_session("normal")
    session.eval(program.text, name="file")
    session.eval(f"(run {program.small * 10})", name="file")
    before = peak_of(session, f"(run {program.small * 10})")
    assert peak_of(session, f"(run {program.small * 100})") - before < ALLOWED_GROWTH
    session.close()


@pytest.mark.soak
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_peak(program: Textbook) -> None:
    """At full size: no more than twice the live data and 8 MiB beyond the idle session."""
    session = open_session("normal")
    session.eval(program.text, name="file")
    before = peak_of(session, f"(run {program.small})")
    session.eval(f"(run {program.small})", name="file")
    assert peak_of(session, f"(run {program.full})") - before < 2 * program.live + (8 << 20)
    session.close()
