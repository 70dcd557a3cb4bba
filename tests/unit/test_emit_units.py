"""What the compiler makes of programs is right IR and calls the runtime as it is."""

from __future__ import annotations

import pytest

from jit_runtime.options import Options
from jit_runtime.pipeline import STAGES
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError

PROGRAMS = [
    "(define fib n (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib 10)",
    "(define add [a b c d e f g h] (+ a b c d e f g h)) (add 1 2 3 4 5 6 7 8.5)",
    "(let loop [i 0 s 0.0] (if (< i 100) (loop (+ i 1) (+ s 1.5)) s))",
    "(define xs [3 1 2]) (set! xs.[0] 10) (define d #{'a 1}) (handle (do (error \"x\")) (error [e] (length xs)))",
    "(define count (let [n 0] (fn [] (set! n (+ n 1)) n))) (count) (count)",
    "(define f [x] (apply + 1 [x])) (define f [x y] (println x y)) (f 1) (f 1 2)",
    "(car 5)",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_units_of_a_program(program: str) -> None:
    session, seen = Session(Options(verify=True)), set()
    session.pipeline.watch = lambda stage, made: seen.add(stage)
    try:
        session.eval(program)
    except OmniError as error:
        assert error.diagnostics[0].code.startswith("E")
    finally:
        session.close()
    assert seen >= {stage for stage in STAGES if stage.verify}
