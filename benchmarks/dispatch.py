"""Rows about calls that have to find their method, kind tests, and what code for known kinds gains over code on tagged words.

Values come out of an array that can hold anything, in random order; it is walked again and again, as programs do. Processors learn an order of
1024 after a while; one of 16384 they do not. What the same loop takes without the call or test is subtracted; the method's own work (a
field, an addition) is not.
"""

from __future__ import annotations

from benchmarks.ours import OmniFailed, Worker
from benchmarks.peers import PROGRAMS
from benchmarks.rows import Row

KINDS = 32
ELEMENTS, MORE_ELEMENTS = 1024, 16384
NANO = 1e9
REPETITIONS = 7

SHUFFLED = """
(define shuffled xs n (let [out (array)] (let loop [i 0] [r 12345]
  (if (= i n) out (do (array-push! out (array-ref xs (% (/ r 65536) (array-length xs))))
                         (loop (+ i 1) (% (+ (* r 1103515245) 12345) 2147483648)))))))
"""
WALK = """
(define {name} xs ys n (let outer [r 0] [t 0] (if (= r n) t (outer (+ r 1)
  (let loop [i 0] [sum t] (if (= i (array-length xs)) sum (loop (+ i 1) (+ sum {body}))))))))
"""
X, Y = "(array-ref xs i)", "(array-ref ys i)"
# loop -> what it does, and the loop that is subtracted
LOOPS = {
    "reads-one": (f"(if (eq? {X} xs) 1 2)", ""),
    "reads-two": (f"(if (eq? {X} xs) 1 (if (eq? {Y} xs) 2 3))", ""),
    "one": (f"(tag {X})", "reads-one"),
    "four": (f"(four {X})", "reads-one"),
    "two": (f"(meet {X} {Y})", "reads-two"),
    "abstract": (f"(if (type? {X} Thing) 1 2)", "reads-one"),
    "struct": (f"(if (type? {X} K7) 1 2)", "reads-one"),
    "member": (f"(if (type? {X} Some-of-them) 1 2)", "reads-one"),
}
IN_NO_ORDER = "32 kinds, 32 methods, in an order too long to learn"
# what, its loop, the kinds among the values, ns at most
CALLS = (
    ("one kind, 4 methods", "four", (3,), 2.0),
    ("one kind, the last of 32 methods", "one", (31,), 2.0),
    ("4 kinds, 4 methods", "four", (0, 1, 2, 3), 5.0),
    ("32 kinds, 32 methods", "one", tuple(range(KINDS)), 20.0),
    (IN_NO_ORDER, "one", tuple(range(KINDS)), 20.0),
    ("two arguments of 8 and 4 kinds, 32 methods", "two", tuple(range(8)), 20.0),
    ("`type?` of an abstract kind", "abstract", tuple(range(KINDS)), 1.0),
    ("`type?` of a struct", "struct", (7,), 1.0),
    ("`type?` of a union of 8 structs", "member", tuple(range(8)), 1.0),
)
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


def dispatch_rows(quick: bool) -> list[Row]:
    return [*call_rows(quick), *word_rows()]


def definitions() -> str:
    """32 kinds, a method for each, and one for each pair of 8 and 4 of them."""
    parts = ["(define {abstract Thing})", *(f"(define ^:parent {{Thing}} {{struct K{i}}} [v {{Int}}])" for i in range(KINDS))]
    parts += [f"(define tag [x {{K{i}}}] (+ x.v {i}))" for i in range(KINDS)]
    parts += [f"(define four [x {{K{i}}}] (+ x.v {i}))" for i in range(4)]
    parts += [f"(define meet [x {{K{i}}}] [y {{K{j}}}] (+ x.v y.v {4 * i + j}))" for i in range(8) for j in range(4)]
    parts.append(f"(define {{Some-of-them}} (union [{' '.join(f'{{K{i}}}' for i in range(8))}]))")
    return "\n".join([*parts, SHUFFLED, *(WALK.format(name=name, body=body) for name, (body, _) in LOOPS.items())])


def array_of(kinds: tuple[int, ...], count: int) -> str:
    return f"(shuffled (array {' '.join(f'(K{i} 1)' for i in kinds)}) {count})"


def call_rows(quick: bool) -> list[Row]:
    visits = 1_000_000 if quick else 10_000_000
    rows = [Row(f"dispatch: {what}", None, limit, "ns") for what, _, _, limit in CALLS]
    try:
        with Worker() as worker:
            worker.eval(definitions(), f"(define ys {array_of(tuple(range(4)), MORE_ELEMENTS)})")
            for row, (what, loop, kinds, _) in zip(rows, CALLS):
                count = MORE_ELEMENTS if what == IN_NO_ORDER else ELEMENTS
                worker.eval(f"(define xs {array_of(kinds, count)})")
                whole, empty = (least(worker, f"({name} xs ys {visits // count})") * NANO / visits for name in (loop, LOOPS[loop][1]))
                row.value = whole - empty
                row.detail = f"the loop without it {empty:.2f} ns"
    except OmniFailed as error:
        for row in rows:
            row.error = "" if row.value is not None else str(error)
    return rows


def least(worker: Worker, call: str) -> float:
    """Seconds of the fastest of some runs: what others do on the machine only adds."""
    return min(one.run_seconds for one in worker.eval(*[call] * REPETITIONS))


def word_rows() -> list[Row]:
    """The same programs with `OMNI_SPECIALISE=0`, where a method is compiled once, for arguments of any kind."""
    rows = []
    for name, program, setup, call in WORDS:
        row = Row(f"unboxed: {name}, time against the same on tagged words", None, 1 / 25, "x")
        rows.append(row)
        times = []
        try:
            for specialise in ("1", "0"):
                with Worker({"OMNI_SPECIALISE": specialise}) as worker:
                    text = program if program[0] in "(\n" else (PROGRAMS / program / "program.omni").read_text()
                    worker.eval(text, *([setup] if setup else []))
                    times.append(least(worker, call))
        except OmniFailed as error:
            row.error = str(error)
            continue
        row.value = times[0] / times[1]
        row.detail = f"{times[1] / times[0]:.1f} times as fast"
    return rows
