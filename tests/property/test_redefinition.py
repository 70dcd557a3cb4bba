"""Functions of random call graphs are defined again while they run: by a program's `eval`, and from outside in the middle of a call.

Native code does what the oracle does, with one exception: where running code was compiled for the old result and the new one does not fit it,
the error `redefined` is raised (docs/internals.md). What is called afterwards agrees always.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jit_runtime.oracle.session import OracleSession
from jit_runtime.session import Session
from tests.memory.program import MODES
from tests.unit.session_fixture import meanwhile, open_session, outcome

NAMES = ("f0", "f1", "f2", "f3", "f4")
BODIES = (
    "{0}", "(list {0} {1})", "(+ {0} {1})", "(* 2 {0})", "(if (= x 2) {0} {1})", "(->float {0})",
    "(let loop [i 0] [s 0] (if (= i 3) s (loop (+ i 1) {0})))", "(if (> x 100) ({name} (- x 50)) {0})",
)  # fmt: skip
RESTART = "error: redefined"


def definition(random: Random, index: int) -> str:
    """A function that calls those before it, perhaps itself on less, perhaps with another number of parameters or another kind."""
    parameters = random.choice(("[x]", "[x]", "[x]", "[x] [y]", "[x {Int}]", "[x {Number}]"))
    atoms = ["x", "x", "1", "0.5", "'s", '"t"', "nothing", *(f"({name} {random.choice(('x', '2', '(+ x 1)'))})" for name in NAMES[:index] * 2)]
    body = random.choice(BODIES).format(random.choice(atoms), random.choice(atoms), name=NAMES[index])
    return f"(define {NAMES[index]} {parameters} {body})"


def running(random: Random) -> str:
    """A caller in the middle of whose loop `(now)` is called; it keeps results in a list, or in a variable that had one kind."""
    called = random.choice(NAMES)
    step, start = random.choice(
        ((f"(cons ({called} i) acc)", "'()"), (f"({called} i)", "0"), (f"(+ acc ({called} i))", "0"), (f"(list ({called} i) (length acc))", "'(0)"))
    )
    return f"(define main n (let loop [i 0] [acc {start}] (if (= i n) acc (do (when (= i 3) (now)) (loop (+ i 1) {step})))))"


class Pair:
    """A native session and the oracle, which evaluate the same."""

    def __init__(self, mode: str) -> None:
        self.native, self.oracle = open_session(mode), OracleSession(stack_limit=20_000)
        self.forms: list[str] = []

    def same(self, form: str, *, may_restart: bool = False) -> None:
        self.forms.append(form)
        found, expected = outcome(self.native, form), outcome(self.oracle, form)
        assert found == expected or (may_restart and found.startswith(RESTART)), "\n".join(self.forms)


def by_eval(random: Random, mode: str, steps: int) -> None:
    """The program itself defines: `now` evaluates the definitions."""
    pair = Pair(mode)
    try:
        for index in range(len(NAMES)):
            pair.same(definition(random, index))
        for _ in range(steps):
            changed = " ".join(f"(eval '{definition(random, random.randrange(len(NAMES)))})" for _ in range(random.choice((1, 1, 2))))
            pair.same(f"(define now [] (do {changed} nothing))")
            pair.same(running(random))
            pair.same("(main 7)", may_restart=True)
            pair.same(f"(main {random.choice((2, 3))})")
            pair.same(f"(list ({random.choice(NAMES)} 1) ({random.choice(NAMES)} 2))")
    finally:
        pair.native.close()


def from_outside(random: Random, mode: str, steps: int) -> None:
    """Another door than the program: the session defines while a call of the same session is suspended in `now`."""
    pair = Pair(mode)
    try:
        for index in range(len(NAMES)):
            pair.same(definition(random, index))
        for _ in range(steps):
            pair.same("(define now [] nothing)")
            pair.same(running(random))
            if not outcome(pair.oracle, "(main 7)").startswith("error"):  # it gets to `now`
                define_meanwhile(pair, definition(random, random.randrange(len(NAMES))))
            pair.same("(main 2)")
            pair.same(f"(list ({random.choice(NAMES)} 1) ({random.choice(NAMES)} 2))")
    finally:
        pair.native.close()


def define_meanwhile(pair: Pair, text: str) -> None:
    native: Session = pair.native
    pair.forms.append(f"{text} ; in the middle of (main 7)")
    with meanwhile(native, lambda: native.eval(text)):
        found = outcome(native, "(main 7)")
    pair.oracle.eval(f"(define now [] (eval '{text}))")
    expected = outcome(pair.oracle, "(main 7)")
    pair.oracle.eval("(define now [] nothing)")
    assert found == expected or found.startswith(RESTART), "\n".join(pair.forms)


@given(st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@pytest.mark.filterwarnings("ignore:The recursion limit")
def test_small_graphs(random: Random) -> None:
    """Few, but a failure is made small."""
    by_eval(random, "checked", 2)


@pytest.mark.parametrize("mode", MODES)
def test_a_program_that_redefines_what_runs(mode: str) -> None:
    for seed in range(3):
        by_eval(Random(seed), mode, 8)


@pytest.mark.parametrize("mode", ["normal", "checked"])
def test_definitions_from_outside(mode: str) -> None:
    for seed in range(3):
        from_outside(Random(seed), mode, 6)


@pytest.mark.soak
@pytest.mark.parametrize("mode", MODES)
def test_many_graphs(mode: str) -> None:
    for seed in range(500):
        by_eval(Random(1000 + seed), mode, 20)
        from_outside(Random(1000 + seed), "normal", 10)
