"""Library calls that become loops: the same values, messages and order of effects as the calls, seen from programs that redefine what they use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jit_runtime.doctest import Printing
from jit_runtime.options import Options
from jit_runtime.oracle.session import OracleSession
from jit_runtime.source.diagnostics import OmniError

SEQUENCES = ("'(1 2 3 4)", "[4 3 2 1]", "(range 5)", "(map inc [1 2])", "()", "[]", '"ab"', "#{1 2 3 4}", "5", "nothing")
TYPED = ("(let [a (typed-array 3 {Float})] (array-set! a 1 2.5) a)", "(let [a (typed-array 2 {Int})] (array-set! a 0 7) a)")
FUNCTIONS = (
    "(define (f xs) (reduce (fn [a x] (list x a)) 0 xs))",
    "(define (f xs) (reduce + 0 (map (fn [x] (* x x)) (filter even? xs))))",
    "(define (f xs) (for-each (fn [x] (println x)) xs))",
    "(define (f xs) (let [n 0] (for-each (fn [x] (set! n (+ n 1))) xs) n))",
    "(define (f xs) (any? (fn [x] (println x) (= x 2)) xs))",
    "(define (f xs) (every? (fn [x] (println x) (!= x 3)) xs))",
    "(define (f xs) (find (fn [x] (= x 3)) xs))",
    "(define (f xs) (collect (map (fn [x] (println x) (list x)) xs)))",
    "(define (f xs) (collect (map (fn [x] (println 'g x) x) (filter (fn [x] (println 'p x) (> x 1)) xs))))",
    "(define (f xs) (collect (map (compose list inc) xs)))",
    "(define (f xs) (for [x xs y xs :when (!= x y)] (list x y)))",
    "(define (f xs) (let [n 0] (foreach [x xs] (println x) (set! n (+ n 1))) n))",
    "(define (f xs) (foreach [[a b] xs] (println a b)))",
    "(define (f xs) (for [x xs] (println x) x) 'after)",
    "(define (f xs) (for [x xs y xs :when (!= x y)] (println x y) (for [z xs] (println z) z)) (for [x xs] (list x)))",
    "(define (f xs) (for [x xs] (for [[a b] x] (println a b))) 'after)",
    "(define (f xs) (collect (map (fn [g] (g)) (collect (map (fn [x] (fn [] (set! x (list x)) x)) xs)))))",
    "(define (f xs) (foreach [[i x] (enumerate xs)] (println i x)))",
    "(define (f xs) (foreach [[i x y] (enumerate xs)] (println i x)))",
    "(define (f xs) (for [p (enumerate xs)] (println p) p))",
    "(define (f xs) (collect (filter (fn [p] (even? (car p))) (enumerate (filter (fn [x] (!= x 1)) xs)))))",
    "(define (f xs) (collect (take 2 (filter (fn [x] (println x) (!= x 1)) xs))))",
    "(define (f xs) (let [it (iter xs)] (list (collect (map (fn [x] x) (take 2 it))) (collect it))))",
    "(define (f xs) (collect (take 0 (map (fn [x] (println x) x) xs))))",
    "(define (f xs) (collect (take 1 (enumerate (take 2 xs)))))",
    "(define (f xs) (collect (take -1 xs)))",
    "(define (f xs) (collect (take 'a xs)))",
    "(define (f xs) (let [it (iter xs)] (list (any? (fn [x] (= x 2)) it) (collect it))))",
    "(define (f xs) (reduce (fn [a] a) 0 xs))",
    "(define (f xs) (any? (fn [x {Int}] (> x 9)) xs))",
    "(define (f xs) (reduce (fn [a b] (handle (+ a b) [error [e] 0])) 0 xs))",
    "(define (f xs) (reduce (fn [n x] (+ n (reduce (fn [m y] (+ m 1)) 0 xs))) 0 xs))",
    "(define (f xs) (collect (drop 2 xs)))",
    "(define (f xs) (collect (map (fn [x] (println x) x) (drop 1 (filter (fn [x] (println 'p x) (!= x 2)) xs)))))",
    "(define (f xs) (collect (drop 'a xs)))",
    "(define (f xs) (collect (take-while (fn [x] (println x) (!= x 3)) xs)))",
    "(define (f xs) (reduce (fn [a x] (list a x)) 0 (take-while (fn [x] (!= x 3)) (map (fn [x] (println x) x) xs))))",
    "(define (f xs) (let [it (iter xs)] (list (collect (take-while (fn [x] (!= x 2)) it)) (collect it))))",
    "(define (f xs) (foreach [[a b] (zip xs (range 3))] (println a b)))",
    "(define (f xs) (foreach [[a b] (zip (range 2 9) xs)] (println a b)))",
    "(define (f xs) (for [p (zip xs xs)] p))",
    "(define (f xs) (collect (map (fn [a b] (list a b)) xs '(7 8 9))))",
    "(define (f xs) (reduce (fn [t p] (list t p)) 0 (map list xs [7 8 9])))",
    "(define (f xs) (let [g (fn [x] (list x x))] (collect (map g xs))))",
    "(define (f xs) (let [g (fn [x] (println x) (> x 1))] (list (collect (filter g xs)) (any? g xs))))",
    "(define (f xs) (collect (map (partial list 1 2) xs)))",
    "(define (f xs) (collect (filter (partial < 2) xs)))",
    "(define (f xs) (|> xs (drop 1) (map (compose list (partial + 1))) (take 2) collect))",
    "(define (f xs) (collect (take 2 (drop 1 (enumerate xs)))))",
    "(define (f xs) (collect (take-while (fn [x] (!= x 3)) (drop 1 (take 3 xs)))))",
    "(define (f xs) (map (fn [x] x) xs))",
    "(define (f xs) (any? inc 1 xs))",
)
RANGES = ("0", "4", "-3", "1.5", "'a", "2 5", "5 2", "9223372036854775805 9223372036854775807", "1 2 0", "0 9 4", "9 0 -4", "1 1.5", "")


@pytest.fixture
def native() -> Iterator[Printing]:
    session = Printing(Options())
    yield session
    session.close()


def run(session: Printing | OracleSession, text: str) -> Any:
    return session.eval(text, name="t", line=1)


def outcome(session: Printing | OracleSession, text: str) -> tuple[str, str | None]:
    session.take_output()
    try:
        value = run(session, text).value_text
    except OmniError as error:
        value = "error: " + error.diagnostics[0].message
    return session.take_output(), value


@pytest.mark.parametrize("definition", FUNCTIONS)
def test_a_function_of_a_sequence(definition: str, native: Printing) -> None:
    """Called with a sequence of known kind, and with one that the compiler knows nothing of."""
    oracle = OracleSession()
    for session in (native, oracle):
        run(session, definition)
    for text in (*SEQUENCES, *TYPED):
        for form in (f"(f {text})", f"(f (car (list {text})))"):
            if text[1:4] == "map" or text[1:6] == "range":
                form = f"(let [r {form}] (if (iter? r) (collect r) r))"
            assert (definition, form, *outcome(native, form)) == (definition, form, *outcome(oracle, form))


@pytest.mark.parametrize("list", ["'(1 2 . 3)", "(car '((1 2 . 3)))"])
def test_a_list_that_does_not_end_in_a_list(list: str, native: Printing) -> None:
    run(native, "(define (f xs) (foreach [x xs] (println x)))")
    assert outcome(native, f"(f {list})") == ("1\n2\n", "error: type error: the list ends in 3, not in ()")


@pytest.mark.parametrize("ends", RANGES)
def test_a_range(ends: str, native: Printing) -> None:
    oracle = OracleSession()
    form = f"(foreach [i (range {ends})] (println i))"
    definition = f"(define (f) (reduce (fn [n i] (println i) (+ n 1)) 0 (range {ends})))"
    for text in (form, definition, "(f)"):
        assert (text, *outcome(native, text)) == (text, *outcome(oracle, text))


def test_a_definition_of_a_builtin_is_seen(native: Printing) -> None:
    run(native, "(define (f xs) (reduce (fn [a x] (+ a x)) 0 (map (fn [x] (* x 10)) xs)))")
    assert outcome(native, "(f '(1 2))")[1] == "30"
    run(native, "(define (map f xs) (list 1 1 1))")
    assert outcome(native, "(f '(1 2))")[1] == "3"
    run(native, "(define (reduce f init xs) 'mine)")
    assert outcome(native, "(f '(1 2))")[1] == "mine"


def test_a_redefined_function_is_seen(native: Printing) -> None:
    run(native, "(define (g x) (* x 10)) (define (f xs) (collect (map g xs)))")
    assert outcome(native, "(f '(1 2))")[1] == "[10 20]"
    run(native, "(define (g x) (str x))")
    assert outcome(native, "(f '(1 2))")[1] == '["1" "2"]'


def test_a_variable_that_held_a_function_is_read_when_the_call_is(native: Printing) -> None:
    text = "(define v (fn [x] (set! v (fn [x] 'later)) x)) (define (f xs) (collect (map v xs))) (list (f '(1 2 3)) (f '(1 2)))"
    assert outcome(native, text) == outcome(OracleSession(), text)


@pytest.mark.parametrize(
    "definition",
    [
        "(define (f n) (reduce (fn [a x] (+ a (* x x))) 0 (range n)))",
        "(define (f n) (reduce + 0 (map (fn [x] (* x x)) (filter even? (range n)))))",
        "(define (f n) (let [t 0] (foreach [i (range n)] (set! t (+ t i))) t))",
        "(define (f n) (let [t 0] (for-each (fn [i] (set! t (+ t i))) (range n)) t))",
        "(define (f n) (reduce + 0 (map (compose inc dec) (range 0 n))))",
        "(define (f n) (let [t 0] (foreach [[i x] (enumerate (take n (range 3 n)))] (set! t (+ t (* i x)))) t))",
        "(define (f n) (let [t 0] (foreach [[a b] (zip (range n) (range 3 n))] (set! t (+ t (* a b)))) t))",
        "(define (f n) (reduce + 0 (map (fn [a b] (- a b)) (range n) (range 3 n))))",
        "(define (f n) (reduce + 0 (take-while (fn [x] (< x 50000)) (drop 10 (range n)))))",
        "(define (f n) (let [t 0] (for [i (range n)] (set! t (+ t i))) t))",
        "(define (f n) (let [t 0] (when (> n 1) (for [i (range n)] (for [j (range 2)] (set! t (+ t i))))  nothing) t))",
        "(define (f n) (let [t 0] (while (< t 1) (for [i (range n)] (if (even? i) (set! t (+ t i)) (inc i)))) t))",
        "(define (f n) (let [square (fn [x] (* x x))] (reduce + 0 (map square (filter (partial < 5) (range n))))))",
    ],
)
def test_loops_over_ranges_allocate_nothing(definition: str, native: Printing) -> None:
    run(native, definition)
    run(native, "(f 10)")
    assert run(native, "(f 100000)").stats["bytes_allocated"] < 1000


@pytest.mark.parametrize(
    "xs",
    [
        "(collect (range 10000))",
        "(collect (range 10000) 'list)",
        "(let [a (typed-array 10000 {Int})] (foreach [i (range 10000)] (array-set! a i i)) a)",
    ],
)
def test_loops_over_lists_and_arrays_allocate_nothing(xs: str, native: Printing) -> None:
    run(native, f"(define xs {xs})")
    for source in ("(filter even? xs)", "(drop 5 (take-while (fn [x] (< x 9000)) xs))", "(map + xs xs)"):
        run(native, f"(define (f xs) (let [t 0] (foreach [x (map (fn [x] (* x 2)) {source})] (set! t (+ t x))) t))")
        run(native, "(f xs)")
        assert run(native, "(f xs)").stats["bytes_allocated"] < 1000
    run(native, "(define (g xs) (let [t 0] (foreach [[a b] (zip xs xs) :when (< a 100)] (set! t (+ t b))) t))")
    run(native, "(g xs)")
    assert run(native, "(g xs)").stats["bytes_allocated"] < 1000
