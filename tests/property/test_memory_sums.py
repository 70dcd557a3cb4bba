"""The accounting's sums are exact at the end of each form of random programs, through moves, splices and merges (sums.py)."""

from __future__ import annotations

from random import Random

import pytest

from tests.memory.program import MODES, open_session
from tests.memory.test_memory_merging import TRIANGLE
from tests.property.programs import Programs
from tests.property.sums import SessionHeap, check_sums
from tests.unit.session_fixture import outcome


def run_and_check(mode: str, seeds: range) -> None:
    """Programs after each other in one session, whose globals they replace."""
    session = open_session(mode)
    books = SessionHeap(session)
    for seed in seeds:
        for form in Programs(Random(seed), 3 + seed % 2).program():
            outcome(session, form)
            check_sums(books)
    assert books.heap.read("bytes_freed") > books.heap.read("bytes_allocated") / 2
    assert bool(books.heap.read("evacuations") or books.heap.read("bytes_moved_out")) == (mode != "retire")
    session.close()


@pytest.mark.parametrize("mode", MODES)
def test_random_programs(mode: str) -> None:
    run_and_check(mode, range(40))


@pytest.mark.soak
@pytest.mark.parametrize("mode", MODES)
def test_many_random_programs(mode: str) -> None:
    run_and_check(mode, range(1000, 6000))


@pytest.mark.parametrize("value", ["1e-300", "9223372036854775807"])
def test_a_loop_whose_result_is_boxed_outside(value: str) -> None:
    """Not in the loop's space, which is gone by then."""
    session = open_session("normal")
    assert outcome(session, f"(let loop [i 0] (if (>= i 1) {value} (do (list i) (loop (+ i 1)))))") == value
    check_sums(SessionHeap(session))
    session.close()


@pytest.mark.parametrize("mode", MODES)
def test_through_merges(mode: str) -> None:
    session = open_session(mode)
    books = SessionHeap(session)
    for name in "abc":
        session.eval(f"(define {name} (box nothing))")
    for _ in range(150):
        for form in TRIANGLE:
            session.eval(form)
            check_sums(books)
    assert mode in ("stress", "retire") or books.heap.read("merges")
    session.close()


@pytest.mark.parametrize("mode", MODES)
def test_through_splices(mode: str) -> None:
    """Most of what each level leaves had come from below. What it stores, it stores on some ways only: so it is not born in its home."""
    session = open_session(mode)
    books = SessionHeap(session)
    keep = "(let [made (list mine (make-array 100 n))] (if (< n 0) (length made) (box-set! b made)))"
    session.eval(f"(define deep n b (if (= n 0) 0 (let [mine (box n)] (do (deep (- n 1) mine) {keep} (length (list n))))))")
    for n in (1, 10, 200, 1500):
        assert outcome(session, f"(deep {n} (box 0))") == "1"
        check_sums(books)
    assert mode in ("stress", "retire") or books.heap.read("splices")
    session.close()
