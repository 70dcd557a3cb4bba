"""Dead objects of several globals that name each other in a circle: no compaction of one region alone can tell that they are dead."""

from __future__ import annotations

from functools import partial

import pytest

from tests.memory.program import open_session

PAIR = (
    "(box-set! a (box (make-array 100 0)))",
    "(do (box-set! b (list (box-ref a) (make-array 100 0))) (box-set! (box-ref a) (box-ref b)))",
)
TRIANGLE = (
    "(box-set! a (box (make-array 100 0)))",
    "(box-set! b (list (box-ref a) (make-array 100 0)))",
    "(do (box-set! c (list (box-ref b) (make-array 100 0))) (box-set! (box-ref a) (box-ref c)))",
)


@pytest.mark.parametrize("mode", ["normal", "checked", "stress", "retire"])
@pytest.mark.parametrize("turn", [PAIR, TRIANGLE], ids=["pair", "triangle"])
def test_circle(turn: tuple[str, ...], mode: str) -> None:
    session = open_session(mode)
    session.eval("(define a (box nothing))")
    session.eval("(define b (box nothing))")
    session.eval("(define c (box nothing))")
    for _ in range(400 if mode == "normal" else 150):
        for form in turn:
            session.eval(form)
    assert session.stats()["held_bytes"] < 150_000
    assert mode in ("stress", "retire") or session.engine.heap.read("merges")
    assert session.eval("(eq? (box-ref a) (car (box-ref b)))").value_text == "true"
    session.eval("(set! a nothing)")
    session.eval("(set! b nothing)")
    session.eval("(set! c nothing)")
    assert session.eval("(list a b c)").value_text == "(nothing nothing nothing)"
    session.close()


def test_a_value_that_shares_a_merged_region_is_freed_when_its_global_gets_another() -> None:
    session = open_session("checked")
    run = partial(session.eval, name="file")  # not a prompt, whose history would keep the values
    run("(define a (box nothing))")
    run("(define b (box nothing))")
    for _ in range(200):
        for form in PAIR:
            run(form)
    assert session.engine.heap.read("merges")
    run("(box-set! a (make-array 100000 0))")
    before = session.stats()["held_bytes"]
    run("(set! a nothing)")
    run("(box-set! b nothing)")
    assert session.stats()["held_bytes"] < before - 700_000
    session.close()
