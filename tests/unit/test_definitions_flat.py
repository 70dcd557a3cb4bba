"""Definitions that replace others leave nothing behind in the compiler: what it keeps of code goes with the code."""

from __future__ import annotations

import gc

from jit_runtime.engine.linking import Unit
from tests.unit.session_fixture import open_session, outcome

ROUNDS = 300


def units() -> int:
    gc.collect()
    return sum(isinstance(one, Unit) for one in gc.get_objects())


def test_methods_on_structs_defined_again_and_again() -> None:
    """The caller knows structs, so the compiler keeps a list of such code."""
    session = open_session("normal")
    try:
        for text in ("(define {struct K} [v])", "(define {struct L} [v])", "(define m [x {L}] 0)", "(define call x (m x))"):
            session.eval(text)
        before = units()
        for i in range(ROUNDS):
            session.eval(f"(define m [x {{K}}] (+ x.v {i}))")
            assert outcome(session, "(call (K 1))") == str(i + 1)
        assert units() - before < ROUNDS / 2
    finally:
        session.close()
