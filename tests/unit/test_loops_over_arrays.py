"""Loops over arrays: in strips without guard, vectorised, with the same results and errors as without."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from itertools import product

import pytest

from jit_runtime.options import Options
from jit_runtime.oracle.session import OracleSession
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from tests.unit.session_fixture import outcome

DEFINITIONS = {
    "scale!": "(define scale! a k n (let loop [i 0] (when (< i n) (array-set! a i (* k (array-ref a i))) (loop (+ i 1)))))",
    "saxpy!": "(define saxpy! k x y n (let loop [i 0] (when (< i n) (array-set! y i (+ (array-ref y i) (* k (array-ref x i)))) (loop (+ i 1)))))",
    "dot": "(define dot a b n (let loop [i 0] [s 0.0] (if (= i n) s (loop (+ i 1) (+ s (* (array-ref a i) (array-ref b i)))))))",
    "shift!": "(define shift! a n (let loop [i 0] (when (< i n) (array-set! a (+ i 1) (array-ref a i)) (loop (+ i 1)))))",
    "smooth!": """(define smooth! a out n
      (let rows [i 1]
        (when (< i (- n 1))
          (let columns [j 1]
            (when (< j (- n 1))
              (array-set! out i j (* 0.25 (+ (array-ref a (- i 1) j) (array-ref a (+ i 1) j) (array-ref a i (- j 1)) (array-ref a i (+ j 1)))))
              (columns (+ j 1))))
          (rows (+ i 1)))))""",
    "totals!": "(define totals! a n (let [s 0 i 0] (while (< i n) (set! s (+ s (array-ref a i))) (array-set! a i s) (set! i (+ i 1))) s))",
}
CALLS = (
    "(define f (typed-array 10000 {Float}))", "(array-fill! f 1.5)", "(define g (copy f))", "(define h (typed-array 5000 {Float}))",
    "(define m (typed-array [20 20] {Float}))", "(define o (typed-array [20 20] {Float}))", "(define n (typed-array 10000 {Int}))",
)  # fmt: skip


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    made = Session(Options())
    for text in (*DEFINITIONS.values(), *CALLS):
        made.eval(text, name="t", line=1)
    yield made
    made.close()


def value(session: Session, text: str) -> str | None:
    return session.eval(text, name="t", line=1).value_text


def error(session: Session, text: str) -> str:
    with pytest.raises(OmniError) as caught:
        session.eval(text, name="t", line=1)
    return caught.value.diagnostics[0].message


def packed(session: Session, name: str) -> int:
    """Instructions on several doubles at once in the code of a function."""
    return len(re.findall(r"\bv?(?:add|mul|fn?m\w+)pd\b", session.dump(name, "asm")))


def test_loops_without_dependences_are_vectorised(session: Session) -> None:
    value(session, "(do (scale! f 2.0 10000) (saxpy! 1.0 f g 10000) (smooth! m o 20))")
    counts = {name: packed(session, name) for name in ("scale!", "saxpy!", "smooth!")}
    assert all(count >= 2 for count in counts.values()), counts


def test_a_sum_of_floats_keeps_its_order_and_no_call(session: Session) -> None:
    assert value(session, "(do (array-fill! f 0.1) (dot f f 10000))") == repr(sum_of_squares(0.1, 10000))
    typed = next(part for part in session.dump("dot", "typed").split("\nfunction ") if "strip" in part)
    assert "_to_word" not in typed


def sum_of_squares(x: float, n: int) -> float:
    total = 0.0
    for _ in range(n):
        total += x * x
    return total


def test_more_turns_than_a_strip_has(session: Session) -> None:
    assert value(session, "(do (array-fill! n 2) (totals! n 10000))") == "20000"
    assert value(session, "(list (array-ref n 0) (array-ref n 4095) (array-ref n 4096) (array-ref n 9999))") == "(2 8192 8194 20000)"


def test_an_error_comes_where_it_would_come(session: Session) -> None:
    value(session, "(do (array-fill! f 1) (array-fill! h 1))")
    assert error(session, "(saxpy! 2.0 f h 10000)") == "out of bounds: index 5000, length 5000"
    assert value(session, "(list (array-ref h 0) (array-ref h 4999))") == "(3.0 3.0)"
    assert error(session, "(scale! m 2.0 5)") == "out of bounds: 1 indices for an array of dimension 2"
    assert error(session, "(smooth! m o 22)") == "out of bounds: index 20, length 20"


def test_arrays_that_overlap(session: Session) -> None:
    assert value(session, "(let [a (typed-array 9000 {Float})] (array-set! a 0 7) (shift! a 8999) (array-ref a 8999))") == "7.0"
    assert value(session, "(do (array-fill! f 1) (saxpy! 1.0 f f 10000) (array-ref f 9999))") == "2.0"


def test_a_loop_in_strips_is_interrupted(session: Session) -> None:
    value(session, "(define forever a (let loop [i 0] (if (< (array-ref a 0) 1) (loop (if (= i 9) 0 (+ i 1))) i)))")
    done = threading.Event()

    def interrupt() -> None:
        while not done.wait(0.05):
            session.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        assert error(session, "(forever (typed-array 10 {Int}))") == "interrupted"
    finally:
        done.set()
        thread.join()


def test_a_loop_that_is_over_within_a_strip_has_no_guard(session: Session) -> None:
    """One at the function's entry, one behind a strip; with few turns left the loop begins after one test."""
    value(session, "(define swap-ends! a j (let loop [i 0] [j j] (when (< i j) (array-set! a i (array-ref a j)) (loop (+ i 1) (- j 1)))))")
    value(session, "(swap-ends! (typed-array 40 {Int}) 39)")
    blocks = dict(re.findall(r"^([a-z][\w.]*):\n((?:  .*\n?)+)", session.dump("swap-ends!", "placed"), re.M))
    guarded = [name.split(".")[0] for name, text in blocks.items() if "read_sp" in text]
    assert guarded == ["entry", "turns"]
    head = next(text for name, text in blocks.items() if name.startswith("loop."))
    assert head.count("uge") == 1 and re.search(r"cbr %\d+, holds\.\d+, short\.\d+", head)


def test_a_global_that_changes_its_kind_is_seen(session: Session) -> None:
    value(session, "(define first-of a (array-ref a 0))")
    value(session, "(define held (typed-array 3 {Float}))")
    value(session, "(define ask [] (first-of held))")
    assert value(session, "(ask)") == "0.0"
    value(session, "(set! held [1 2])")
    assert value(session, "(ask)") == "1"
    value(session, '(define held ["x"])')
    assert value(session, "(ask)") == '"x"'


def test_typed_arrays_of_unknown_kind_are_accessed_in_place(session: Session) -> None:
    """Raw Ints lie in typed arrays only."""
    value(session, "(define counts (typed-array 3 {Int}))")
    value(session, "(define count-all [] (let loop [i 0] (when (< i 3) (array-set! counts i (+ (array-ref counts i) 2)) (loop (+ i 1)))))")
    assert value(session, "(do (count-all) (count-all) (array->list counts))") == "(4 4 4)"
    typed = session.dump("count-all", "typed")
    assert re.search(r": i64 = load %\d+ +\{element\}", typed) and re.search(r"store %\d+, %\d+ +\{element\}", typed)


# Each takes an array a of n Ints (0 ... n-1), a second one b of m, and two Ints.
SHAPES = {
    "offsets": "(let loop [i p] (when (< i q) (array-set! b i (+ (array-ref a (- i 1)) (array-ref a (+ i 2)))) (loop (+ i 1))))",
    "from above": "(let loop [i (- (array-length a) p)] (if (< i q) i (do (array-set! a i (+ (array-ref b i) 1)) (loop (- i 1)))))",
    "every second": "(let loop [i p] (when (< i q) (array-set! b i (array-ref a i)) (loop (+ i 2))))",
    "two counters": "(let loop [i 0] [j p] (if (= j q) (list i j) (do (array-set! b i (array-ref a j)) (loop (+ i 1) (+ j 1)))))",
    "not in each turn": """(let loop [i 0] [s 0]
        (if (= i (array-length a)) s (loop (+ i 1) (if (< i p) s (+ s (array-ref a (- i p)) (array-ref b 0))))))""",
    "found": "(let loop [i p] (let [x (array-ref a i)] (if (= x q) (list i x (+ x 1)) (loop (+ i 1)))))",
    "while": "(let [i p s 0] (while (< i q) (set! s (+ s (array-ref a i))) (array-set! b i s) (set! i (+ i 1))) (list i s))",
    "while, counted first": "(let [i p s 0] (while (< i q) (set! i (+ i 1)) (set! s (+ s (array-ref a i)))) (list i s))",
    "one index stays": "(let loop [i 0] (when (< i q) (array-set! b p (+ (array-ref b p) (array-ref a i))) (loop (+ i 1))))",
    "index of an element": "(let loop [i p] (when (< i q) (let [k (array-ref a i)] (array-set! b k (+ 1 (array-ref b k)))) (loop (+ i 1))))",
    "limit that overflows": "(let loop [i p] (when (< i (- -9223372036854775807 q)) (array-set! b i (array-ref a i)) (loop (+ i 1))))",
    "sum that overflows": "(let loop [i p] [s 9223372036854775000] (if (= i q) s (loop (+ i 1) (+ s (array-ref a i)))))",
    "rows": "(let loop [k 0] [s 0] (if (>= k q) s (loop (+ k 1) (+ s (array-ref a (+ (* p 2) k))))))",
    "columns": "(let loop [k p] (when (< k q) (array-set! b (+ (* k p) 1) (array-ref a (+ k 1))) (loop (+ k 1))))",
    "columns from above": "(let loop [k q] (when (> k p) (array-set! b (- (* 2 k) p) k) (loop (- k 1))))",
    "strides": "(let loop [j 0] (when (< j q) (array-set! b j (+ (array-ref a j) 1)) (loop (+ j (if (= p 0) 5 p)))))",
    "a stride that stays": "(let [d (if (= p 0) 5 p)] (let loop [j p] (when (< j q) (array-set! b j (+ (array-ref a j) 1)) (loop (+ d j)))))",
    "strides down": "(let [d (if (= p 0) 2 p)] (let loop [j q] (if (< j 0) j (do (array-set! b j (array-ref a (- q j))) (loop (- j d))))))",
    "a stride that overflows": "(let [d (* 1152921504606846976 (+ p 2))] (let loop [j 0] (if (< j q) (do (array-set! b j 7) (loop (+ j d))) j)))",
    "a product that overflows": """(let [d (* 1152921504606846976 (+ p 2))]
        (let loop [k 0] (if (< k q) (do (array-set! b (* k d) 7) (loop (+ k 1))) k)))""",
    "a sum with what is far": "(let [d (* 1152921504606846976 p)] (let loop [k (- d)] (if (< k q) (do (array-set! b (+ k d) 7) (loop (+ k 1))) k)))",
    "two ways back": "(let loop [i p] [s 0] (if (< i q) (if (= (array-ref a i) 3) (loop (+ i 1) s) (loop (+ i 1) (+ s (array-ref a i)))) s))",
}
HELPERS = (
    "(define numbers n (let [a (typed-array n {Int})] (let loop [i 0] (when (< i n) (array-set! a i i) (loop (+ i 1)))) a))",
    "(define checksum b (let loop [i 0] [s 0] (if (= i (array-length b)) s (loop (inc i) (+% (*% s 31) (array-ref b i))))))",
)
SIZES = ((0, 0), (5, 5), (20, 9), (9, 20), (4200, 4200))
ENDS = ((0, 5), (1, 3), (-1, 4), (3, 100), (2, 4190))


@pytest.fixture(scope="module")
def oracle() -> OracleSession:
    return OracleSession()


PLAIN = {
    "Floats": "(define filled n (let [a (make-array n 0.0)] (let loop [i 0] (when (< i n) (array-set! a i (->float i)) (loop (+ i 1)))) a))",
    "Ints": "(define filled n (let [a (make-array n 0)] (let loop [i 0] (when (< i n) (array-set! a i i) (loop (+ i 1)))) a))",
    "both": """(define filled n
        (let [a (make-array n 0.0)] (let loop [i 0] (when (< i n) (array-set! a i (if (= i 7) i (->float i))) (loop (+ i 1)))) a))""",
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", PLAIN)
def test_each_shape_over_arrays_that_can_hold_anything(shape: str, kind: str, session: Session, oracle: OracleSession) -> None:
    for one in (session, oracle):
        for definition in (PLAIN[kind], f"(define shaped a b p q {SHAPES[shape]})"):
            one.eval(definition, name="t", line=1)
    for (n, m), (p, q) in product(((0, 0), (5, 5), (20, 9), (40, 40)), ((0, 5), (1, 3), (-1, 4), (3, 30))):
        text = f"(let [a (filled {n}) b (filled {m})] (let [r (handle (shaped a b {p} {q}) [error [e] e])] (list r a b)))"
        assert (shape, n, m, p, q, outcome(session, text)) == (shape, n, m, p, q, outcome(oracle, text))


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_of_loop_does_what_it_does_in_the_oracle(shape: str, session: Session, oracle: OracleSession) -> None:
    for one in (session, oracle):
        for definition in (*HELPERS, f"(define shaped a b p q {SHAPES[shape]})"):
            one.eval(definition, name="t", line=1)
    for (n, m), (p, q) in product(SIZES, ENDS):
        result = f"(handle (shaped a b {p} {q}) [error [e] e])"
        text = f"(let [a (numbers {n}) b (numbers {m})] (let [r {result}] (list r (checksum a) (checksum b))))"
        assert (shape, n, m, p, q, outcome(session, text)) == (shape, n, m, p, q, outcome(oracle, text))
