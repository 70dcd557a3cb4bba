"""Rows about what code for known kinds gains over the same program on tagged words, where every operation finds out what it is about."""

from __future__ import annotations

import re

from benchmarks.ours import OmniFailed, Worker, least
from benchmarks.peers import PROGRAMS
from benchmarks.rows import Row

NUMBERS = """
(define numbers n (let [xs (typed-array n {Float})] (let loop [i 0] (when (< i n) (array-set! xs i (* 0.001 i)) (loop (+ i 1)))) xs))
(define xs (numbers 100000))
"""
SQUARES = """
(define squares xs
  (let [n (array-length xs)] (let loop [i 0] [s (array-ref xs 0)] (if (= i n) s (let [x (array-ref xs i)] (loop (+ i 1) (+ s (* x x))))))))
"""
POLYNOMIAL = """
(define polynomial x (+ 1.0 (* x (+ 2.0 (* x (+ 3.0 (* x (+ 4.0 (* x 5.0)))))))))
(define polynomials xs
  (let [n (array-length xs)] (let loop [i 0] [s (array-ref xs 0)] (if (= i n) s (loop (+ i 1) (+ s (polynomial (array-ref xs i))))))))
"""
ROOTS = """
(define root x (let loop [y x] [i 0] (if (= i 20) y (loop (* 0.5 (+ y (/ x y))) (+ i 1)))))
(define roots xs
  (let [n (array-length xs)] (let loop [i 1] [s (array-ref xs 0)] (if (= i n) s (loop (+ i 1) (+ s (root (array-ref xs i))))))))
"""
COLLATZ = """
(define steps n (let loop [n n] [count 0] (if (= n 1) count (loop (if (= (% n 2) 0) (/ n 2) (+ (* 3 n) 1)) (+ count 1)))))
(define longest n (let loop [i 1] [best 0] (if (= i n) best (loop (+ i 1) (max best (steps i))))))
"""
# what, a program of `programs/` or its text, definitions after it, call: made for known kinds against on tagged words. All numbers come from
# outside the function that computes: a loop that makes them itself knows their kinds in both.
WORDS = (
    ("dot", "dot", "(define a (vector 10000 17 0.5)) (define b (vector 10000 13 0.25))", "(dots a b 300)"),
    ("matmul", "matmul", "(define a (matrix 60 17 0.5)) (define b (matrix 60 13 0.25)) (define c (matrix 60 1 0.0))", "(products a b c 60)"),
    ("nbody", "nbody", "", "(simulate 10000)"),
    ("sum of squares", SQUARES, NUMBERS, "(squares xs)"),
    ("polynomial", POLYNOMIAL, NUMBERS, "(polynomials xs)"),
    ("square roots by Newton", ROOTS, NUMBERS, "(roots xs)"),
    ("collatz, Ints", COLLATZ, "", "(longest 10000)"),
    ("fib, Ints", "fib", "", "(fib 25)"),
)


OPERATIONS = ("+", "-", "*", "/", "%", "=", "<", ">", "<=", ">=", "max", "min", "sqrt", "array-ref", "array-set!", "array-length")
AS_VALUES = "\n".join(f"(define called{name} (first (list {name})))" for name in OPERATIONS)


def called_as_values(text: str) -> str:
    """The program with every operation called as what a variable holds: no kind of a result is known, nothing is done in place."""
    names = "|".join(re.escape(name) for name in sorted(OPERATIONS, key=len, reverse=True))
    return re.sub(rf"\((?=(?:{names})[ )])", "(called", text)


def word_rows() -> list[Row]:
    """A program against itself with OMNI_SPECIALISE=0 and every operation called as a value: all values are words, all operations are
    dispatched. The detail names its time with OMNI_SPECIALISE=0 alone too, where kinds are inferred inside of functions and operations
    on words are in place."""
    rows = []
    for name, program, setup, call in WORDS:
        row = Row(f"unboxed: {name}, time against the same on tagged words", None, 1 / 25, "x")
        rows.append(row)
        text = program if program[0] in "(\n" else (PROGRAMS / program / "program.omni").read_text()
        dispatched = AS_VALUES + called_as_values(text)
        try:
            known, words, slow = (seconds(*way, setup, call) for way in (("1", text), ("0", text), ("0", dispatched)))
        except OmniFailed as error:
            row.error = str(error)
            continue
        row.value = known / slow
        row.detail = f"{slow / known:.1f} times as fast; {words / known:.1f} times as fast as operations in place on words"
    return rows


def seconds(specialise: str, text: str, setup: str, call: str) -> float:
    with Worker({"OMNI_SPECIALISE": specialise}) as worker:
        worker.eval(text, *([setup] if setup else []))
        return least(worker, call)
