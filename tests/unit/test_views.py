"""Views of typed arrays in compiled loops: arrays that overlap without being the same, places beyond every length."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.oracle.session import OracleSession
from jit_runtime.session import Session
from tests.unit.session_fixture import open_session, outcome

N = 9000  # more than two strips
DEFINITIONS = (
    "(define numbers n kind (let [a (typed-array n kind)] (let loop [i 0] (when (< i n) (put! a.[i] (% (* i 7) 11)) (loop (+ i 1)))) a))",
    *(
        f"(define {name} from to (let loop [i 0]"
        f" (when (< i (array-length from)) (array-set! to i ({operator} (array-ref from i) (array-ref to i))) (loop (+ i 1)))))"
        for name, operator in (("add!", "+%"), ("add-floats!", "+"))
    ),
    "(define weighed xs (let loop [i 0] [s 0.0] (if (= i (array-length xs)) s (loop (+ i 1) (+ (* 0.5 s) (->float (array-ref xs i)))))))",
    "(define at [a {Array Float}] [i {Int}] (array-ref a i))",
)


@pytest.fixture(scope="module")
def sessions() -> Iterator[tuple[Session, OracleSession]]:
    native, oracle = open_session("normal"), OracleSession()
    for definition in DEFINITIONS:
        native.eval(definition)
        oracle.eval(definition)
    yield native, oracle
    native.close()


@pytest.mark.parametrize("shift", [1, 2, 3, 4, 7, 8, 33])
@pytest.mark.parametrize(("kind", "add"), [("Float", "add-floats!"), ("Int", "add!"), ("UInt8", "add!")])
def test_views_that_overlap(kind: str, add: str, shift: int, sessions: tuple[Session, OracleSession]) -> None:
    """A store through one view may be what the other one reads next, or has read: no order of the turns but the program's."""
    low, high = f"(array-view a 0 {N - shift})", f"(array-view a {shift})"
    for one, other in ((low, high), (high, low)):
        text = f"(let [a (numbers {N} {{{kind}}})] ({add} {one} {other}) (list (weighed a) (array-ref a {N - 1}) (array-ref a 0)))"
        assert outcome(sessions[0], text) == outcome(sessions[1], text)


def test_a_view_may_begin_beyond_what_a_length_can_be(sessions: tuple[Session, OracleSession]) -> None:
    """Of the numbers that an access reads only the length is declared to be small: `start` counts bytes."""
    native = sessions[0]
    assert outcome(native, "(at (array-view (numbers 5 {Float}) 2) 1)") == "10.0"
    assert native.dump("at", "llvm").count("!range") == 1
