"""Every request for memory fails once: the form raises or succeeds, nothing dangles, and the session goes on."""

from __future__ import annotations

import pytest

from benchmarks.textbook import PROGRAMS, Textbook
from jit_runtime.session import Session
from tests.memory.program import open_session
from tests.unit.session_fixture import outcome

CHOSEN = [p for p in PROGRAMS if p.name in ("life", "lru-cache", "undo-history", "event-loop", "red-black", "lzw", "stream-head", "union-find")]
ENDED = "error: out of memory"


def faults(session: Session, form: str, most: int) -> None:
    """Let the n-th request fail, for more and more n. The checked session searches its heap each time."""
    heap, n = session.engine.heap, 1
    while n < most:
        heap.write(fail_after=n)
        found = outcome(session, form)
        if heap.read("fail_after"):  # there were not so many requests
            break
        assert found == ENDED or not found.startswith("error"), found
        n += 1 + n // 8
    heap.write(fail_after=0)


@pytest.mark.parametrize("mode", ["checked", "stress", "retire"])
@pytest.mark.parametrize("program", CHOSEN, ids=lambda p: p.name)
def test_each_request_fails_once(program: Textbook, mode: str) -> None:
    session = open_session(mode)
    session.eval(program.text, name="file")
    session.eval("(define kept (list 1 (box 2) [3 \"four\"]))", name="file")
    faults(session, f"(run {min(program.small, 300)})", 300)
    assert outcome(session, "(list (car kept) (box-ref (nth kept 1)) (nth kept 2))") == '(1 2 [3 "four"])'
    session.close()


FORMS = ['(length "a text of its own")', "(quote (a new list 1.5 (of symbols)))", "(define kept-too [1 2.5 99999])", "{Array {Int}}"]


@pytest.mark.parametrize("form", FORMS)
def test_a_request_of_the_compiler_fails(form: str) -> None:
    """For the literals of a form, before it runs."""
    session = open_session("checked")
    expected = outcome(session, form)
    faults(session, form, 60)
    assert outcome(session, form) == expected
    session.close()


def test_literals_that_found_no_memory_leave_nothing() -> None:
    session = open_session("normal")
    heap = session.engine.heap
    for _ in range(600):
        heap.write(fail_after=1)
        assert outcome(session, '(length "a text of its own")') == ENDED
    assert outcome(session, '(length "a text of its own")') == "17"
    assert heap.read("regions_live") < 100
    session.close()


def test_a_request_of_the_compiler_fails_while_a_loop_waits_for_its_code() -> None:
    """What the loop holds in registers is not moved meanwhile."""
    session = open_session("checked")
    session.compiler.tiers.waits = True
    session.eval(next(p.text for p in CHOSEN if p.name == "lzw"), name="file")
    faults(session, "(run 2)", 60)
    assert outcome(session, "(run 2)") == "1694"
    session.close()


def interrupts(session: Session, form: str, most: int) -> int:
    """Let an interrupt come at the n-th guard, for more and more n; how many came."""
    task, n, came = session.engine.task, 1, 0
    while n < most:
        task.write(interrupt_in=n, limit=(1 << 64) - 1)
        found = outcome(session, form)
        if task.read("interrupt_in"):  # it has not so many guards
            break
        assert found == "error: interrupted", found
        came, n = came + 1, n + 1 + n // 8
    task.write(interrupt_in=0)
    return came


def left_over(session: Session) -> tuple[int, int, int]:
    """Root slots, open regions, and regions that are alive, when nothing runs."""
    for _ in range(20):
        outcome(session, "nothing")  # the prompt's history forgets
    session.engine.call("rt_free_all_dead")
    engine = session.engine
    return engine.task.read("root_top"), engine.segment.record.read("height"), engine.heap.read("regions_live")


@pytest.mark.parametrize("mode", ["checked", "stress", "retire"])
@pytest.mark.parametrize("program", CHOSEN, ids=lambda p: p.name)
def test_an_interrupt_comes_once_at_each_guard(program: Textbook, mode: str) -> None:
    """And leaves nothing behind, neither regions nor roots."""
    session = open_session(mode)
    session.compiler.tiers.big = 1 << 30  # code that is optimised while this runs would bring a region for its literals
    session.eval(program.text, name="file")
    form = f"(run {min(program.small, 300)})"
    session.eval("(define kept (list 1 (box 2) [3 \"four\"]))", name="file")
    value = outcome(session, form)
    interrupts(session, form, 3)  # the prompt keeps the last error
    before = left_over(session)
    assert interrupts(session, form, 3000) > 10
    assert outcome(session, form) == value or program.name == "event-loop"  # whose state is a global
    assert left_over(session) == before
    assert outcome(session, "(list (car kept) (box-ref (nth kept 1)) (nth kept 2))") == '(1 2 [3 "four"])'
    session.close()


@pytest.mark.parametrize("mode", ["normal", "checked", "stress", "retire"])
def test_a_form_may_run_out_of_memory_more_than_once(mode: str) -> None:
    session = open_session(mode)
    session.eval("(define eat [] (let loop [xs '()] (loop (cons (make-array 1000 0) xs))))")
    heap = session.engine.heap
    heap.write(limit_bytes=heap.read("mapped_bytes") + (8 << 20))
    again = "(handle (eat) (raise [e] 'told))"
    assert outcome(session, f"(list {again} {again} {again} (length (make-array 1000 0)))") == "(told told told 1000)"
    assert outcome(session, "(eat)") == ENDED
    assert heap.read("mapped_bytes") <= heap.read("limit_bytes")
    session.close()
