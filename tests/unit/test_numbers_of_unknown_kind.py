"""Arithmetic on numbers whose kind is not known gives what the oracle gives, whatever mix of fixnums, flonums and boxed numbers comes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from jit_runtime.doctest import Printing
from jit_runtime.options import Options
from jit_runtime.oracle.session import OracleSession
from tests.unit.session_fixture import outcome

NUMBERS = (
    *("0", "3", "-1", "2305843009213693951", "-2305843009213693952", "9223372036854775807"),
    *("0.0", "-0.0", "0.5", "-3.0", "1e300", "1e-320", "nan", "#\\a"),
)
# The loop makes each function optimised at once; the array hides the kinds.
DEFINITIONS = """
(define sum [v] (let loop [i 0] [r 0] (if (= i 1) r (loop (inc i) (+ (array-ref v 0) (array-ref v 1))))))
(define difference [v] (let loop [i 0] [r 0] (if (= i 1) r (loop (inc i) (- (array-ref v 0) (array-ref v 1))))))
(define product [v] (let loop [i 0] [r 0] (if (= i 1) r (loop (inc i) (* (array-ref v 0) (array-ref v 1))))))
(define quotient [v] (let loop [i 0] [r 0] (if (= i 1) r (loop (inc i) (/ (array-ref v 0) (array-ref v 1))))))
(define remainder [v] (let loop [i 0] [r 0] (if (= i 1) r (loop (inc i) (% (array-ref v 0) (array-ref v 1))))))
(define less [v]
  (let loop [i 0] [r 0] (if (= i 1) r (loop (inc i) (list (< (array-ref v 0) (array-ref v 1)) (>= (array-ref v 0) (array-ref v 1)))))))
(define mixed [v]
  (let loop [i 0] [r 0] (if (= i 1) r (loop (inc i) (list (+ 1 (array-ref v 0)) (* 0.5 (array-ref v 1)) (< 9007199254740993 (array-ref v 0)))))))
(define nested [v]
  (let loop [i 0] [r 0]
    (if (= i 1)
        r
        (let [d (- (array-ref v 0) (array-ref v 1))]
          (loop (inc i) (list (sqrt (+ (* d d) 1)) (+ (* d d) (* d (array-ref v 0))) (< (* d 2) (+ d 1.5)) (- d) (fn [] d)))))))
(define roots [v] (let loop [i 0] [r 0] (if (= i 1) r (loop (inc i) (list (sqrt (array-ref v 0)) (sqrt (* (array-ref v 0) (array-ref v 1))))))))
(define assigned [v]
  (let [n nothing] [x nothing]
    (set! n (array-length v))
    (set! x (->float (array-length v)))
    (let loop [i 0] [r 0] (if (= i 1) r (loop (inc i) (list (- n 1) (* n 3) (/ 7 n) (% 7 n) (< n 3) (+ x 1) (* x x) (> 2.5 x)))))))
(define opened [v] (let [r (nested v)] (list (first r) (nth r 1) (nth r 2) (nth r 3) ((nth r 4)))))
"""
FUNCTIONS = ("sum", "difference", "product", "quotient", "remainder", "less", "mixed", "roots", "assigned", "opened")


@pytest.fixture(scope="module")
def sessions() -> Iterator[tuple[Printing, OracleSession]]:
    native, oracle = Printing(Options()), OracleSession()
    for session in (native, oracle):
        for line in DEFINITIONS.strip().split("\n(define "):
            session.eval(line if line.startswith("(define") else "(define " + line, name="t", line=1)
    yield native, oracle
    native.close()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_mix_of_numbers(function: str, sessions: tuple[Printing, OracleSession]) -> None:
    native, oracle = sessions
    pairs = [f"[{x} {y}]" for x, y in product(NUMBERS, repeat=2)]
    expected = {pair: outcome(oracle, f"({function} {pair})") for pair in pairs}
    good = [pair for pair in pairs if not expected[pair].startswith("error")]
    # In one text: compiling each by itself takes long.
    assert outcome(native, f"(collect (map {function} [{' '.join(good)}]))") == f"[{' '.join(expected[pair] for pair in good)}]"
    for pair in [pair for pair in pairs if pair not in good][::7]:
        assert (pair, outcome(native, f"({function} {pair})")) == (pair, expected[pair])
