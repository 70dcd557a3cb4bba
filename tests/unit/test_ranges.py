"""Checks that are proven not to be needed are not in the IR; those that are needed stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jit_runtime.ir.nodes import Function, Ins
from jit_runtime.ir.ops import Call
from jit_runtime.options import Options
from jit_runtime.passes.ranges import CHECKED
from jit_runtime.pipeline import Stage
from jit_runtime.session import Session

PROVEN = {
    "each": "(let loop [i 0] (when (< i (array-length a)) (array-set! a i 0) (loop (+ i 1))))",
    "length in a variable": "(let [n (array-length a)] (let loop [i 0] (when (< i n) (array-set! a i 0) (loop (+ i 1)))))",
    "not equal": "(let loop [i 0] (if (>= i (array-length a)) i (do (array-set! a i i) (loop (+ i 1)))))",
    "downwards": "(let loop [i (- (array-length a) 1)] (when (>= i 0) (array-set! a i i) (loop (- i 1))))",
    "while": "(let [i 0] (while (< i (array-length a)) (array-set! a i 1) (set! i (+ i 1))))",
    "neighbours": """(let loop [i 1]
        (when (< i (- (array-length a) 1))
          (array-set! a i (array-ref a (- i 1)))
          (array-set! a i (array-ref a (+ i 1)))
          (loop (+ i 1))))""",
    "tested": "(if (and (< -1 p) (< p (array-length a))) (array-ref a p) p)",
    "twice the same": "(if (and (<= 0 p) (< p (array-length a))) (do (array-set! a p (array-ref a p)) (array-ref a p)) 0)",
    "halves": """(let loop [low 0] [high (array-length a)]
        (if (< low high)
            (let [middle (rshift (+ low high) 1)]
              (if (< middle p) (loop (+ middle 1) high) (do (array-set! a middle 1) (loop low middle))))
            low))""",
    "nested": """(let outer [i 0]
        (when (< i (array-length a))
          (let inner [j i] (when (> j 0) (array-set! a j (array-ref a (- j 1))) (inner (- j 1))))
          (outer (+ i 1))))""",
    "reverse": """(let loop [i 0] [j (- (array-length a) 1)]
        (when (< i j)
          (let [t (array-ref a i)] (array-set! a i (array-ref a j)) (array-set! a j t) (loop (+ i 1) (- j 1)))))""",
    "differences": "(let [n (array-length a)] (let loop [i 0] (when (< i n) (array-set! a (- n (+ i 1)) (- n i)) (loop (+ i 1)))))",
    "small numbers": "(let [x (band p 255) y (band p 4095)] (* x y))",
}
NEEDED = {
    "one too far": ("(let loop [i 0] (when (<= i (array-length a)) (array-set! a i 0) (loop (+ i 1))))", 1),
    "from below": ("(let loop [i p] (when (< i (array-length a)) (array-set! a i 0) (loop (+ i 1))))", 1),
    "any end": ("(let loop [i 0] (when (< i p) (array-set! a i 0) (loop (+ i 1))))", 1),
    "steps of two": ("(let loop [i (bor p 9223372036854775800)] (when (< i 9223372036854775807) (loop (+ i 2))))", 1),
    "the end may be the greatest": ("(let loop [i 0] (when (<= i p) (loop (+ i 1))))", 1),
    "it becomes shorter": ("(let loop [i 0] (when (< i (array-length a)) (array-pop! a) (array-set! a i 0) (loop (+ i 1))))", 1),
    "neighbour": ("(let loop [i 0] (when (< i (array-length a)) (array-set! a i (array-ref a (+ i 1))) (loop (+ i 1))))", 1),
    "sum": ("(let loop [i 0] [s 0] (if (< i (array-length a)) (loop (+ i 1) (+ s i)) s))", 1),
    "another array": ("(let [b (make-array p 0)] (let loop [i 0] (when (< i (array-length a)) (array-set! b i 0) (loop (+ i 1)))))", 1),
    "remainder of a negative number": ("(let [n (array-length a)] (if (> n 0) (array-ref a (% p n)) 0))", 1),
}


LOOP = "(let turn [k 0] (when (< k 2) (turn (+ k 1))))"  # code with a loop is optimised at once


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    made = Session(Options())
    made.compiler.tiers.big = 10_000  # all of it is optimised at once
    yield made
    made.close()


def checks(session: Session, body: str) -> int:
    """Bounds and overflow checks in the IR of `(f a p)` for an array that can hold anything and an Int."""
    found: list[Function] = []

    def watch(stage: Stage, made: Any) -> None:
        if stage.name == "loops":
            found.extend(fn for fn in made.functions if fn.name.startswith("fn.f."))

    session.pipeline.watch = watch
    try:
        session.eval(f"(define ^:noinline f a p {LOOP} {body})")
        session.eval("(handle (f (make-array 10 1) 3) [error [e] e])")
    finally:
        session.pipeline.watch = None
    assert found
    return sum(ins.op in CHECKED or fails_with(ins, "rt_fail_element") for fn in found[-1:] for block in fn.blocks for ins in block.ins)


def fails_with(ins: Ins, name: str) -> bool:
    return ins.op == "call" and isinstance(ins.attr, Call) and getattr(ins.attr.callee, "name", "") == name


@pytest.mark.parametrize("body", PROVEN.values(), ids=PROVEN)
def test_no_check_is_left(session: Session, body: str) -> None:
    assert checks(session, body) == 0


@pytest.mark.parametrize(("body", "count"), NEEDED.values(), ids=NEEDED)
def test_checks_that_can_fail_stay(session: Session, body: str, count: int) -> None:
    assert checks(session, body) == count
