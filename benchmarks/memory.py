"""Rows about memory: what a long run adds to what a tenth of it needed."""

from __future__ import annotations

import tempfile
import time

from benchmarks.ours import MIB, OmniFailed, Worker
from benchmarks.rows import Row, Times

GROWTH_MIB = 5.0
REDEFINITION_MIB = 20.0
REDEFINITION_SLOWDOWN = 1.5
QUICK = 10
"""How many times smaller the quick runs are."""
WARM_UP = 1000

# what, definitions, call, number of iterations n, value less n
LOOPS = (
    (
        "10^9 additions",
        "(define additions n (let loop [i 0] [sum 0] (if (= i n) sum (loop (+ i 1) (+ sum (% i 3))))))",
        "(additions {n})",
        10**9,
        -1,
    ),
    (
        "10^8 pairs, each dead after its iteration",
        "(define pair-of a b (cons a b))"
        "(define pairs n (let loop [i 0] [sum 0] (if (= i n) sum (loop (+ i 1) (let [p (pair-of i sum)] (+ (cdr p) (% (car p) 3)))))))",
        "(pairs {n})",
        10**8,
        -1,
    ),
    (
        "a loop's state replaced 10^8 times by a new pair",
        "(define states n (let loop [i 0] [state (cons 0 0)] (if (= i n) (cdr state) (loop (+ i 1) (cons i (car state))))))",
        "(states {n})",
        10**8,
        -2,
    ),
    (
        "a global replaced 10^7 times",
        "(define current (list 0 0)) (define replace n (let loop [i 0] (if (= i n) (car current) (do (set! current (list i n)) (loop (+ i 1))))))",
        "(replace {n})",
        10**7,
        -1,
    ),
)


def growth_rows(quick: bool) -> list[Row]:
    return [growth(name, definitions, call, n // QUICK if quick else n, offset) for name, definitions, call, n, offset in LOOPS]


def growth(name: str, definitions: str, call: str, iterations: int, offset: int) -> Row:
    """Resident memory at the end of one call against that after a tenth of its time."""
    row = Row(f"growth: {name}", None, GROWTH_MIB, "MiB")
    try:
        with Worker() as worker:
            worker.eval(definitions, call.format(n=WARM_UP), call.format(n=WARM_UP))
            evaluated = worker.eval(call.format(n=iterations))[0]
            samples = [*worker.samples, (time.monotonic(), worker.resident())]
    except OmniFailed as error:
        row.error = str(error)
        return row
    if evaluated.value != str(iterations + offset):
        row.error = f"wrong result: {evaluated.value}"
    ended, at_end = samples[-1]
    at_tenth = next(held for when, held in samples if when >= ended - 0.9 * evaluated.run_seconds)
    row.value = (at_end - at_tenth) / MIB
    row.detail = f"{evaluated.run_seconds:.2f} s, peak {max(held for _, held in samples) / MIB:.0f} MiB"
    return row


def redefinition_rows(quick: bool) -> list[Row]:
    """Redefine and call a one-line function, again and again."""
    count = 20_000 // (QUICK if quick else 1)
    batch = count // 20
    growth = Row(f"growth: {count} redefinitions, each called", None, REDEFINITION_MIB, "MiB")
    slowdown = Row(f"last {batch} redefinitions against the first", None, REDEFINITION_SLOWDOWN, "x")
    batches: list[Times] = []
    try:
        with tempfile.TemporaryDirectory() as cache, Worker({"OMNI_CACHE": cache}) as worker:
            redefine(worker, range(-20, 0))
            before = worker.resident()
            for start in range(0, count, batch):
                batches.append(redefine(worker, range(start, start + batch)))
            growth.value = (worker.resident() - before) / MIB
    except OmniFailed as error:
        growth.error = slowdown.error = str(error)
        return [growth, slowdown]
    first, last = sum(batches[0].seconds), sum(batches[-1].seconds)
    slowdown.value = last / first
    slowdown.detail = f"{1000 * first / batch:.2f} ms each, then {1000 * last / batch:.2f} ms"
    return [growth, slowdown]


EVALUATIONS = 100_000
NEW_FORM = "(length (append (list {i} 1) (list 2 {i})))"
REBINDING = "(define state (list {i} (list {i} {i})))"


def evaluation_rows(quick: bool) -> list[Row]:
    """Top-level forms, one after the other: temporaries that die with their form, and a binding that is defined again each time."""
    count = EVALUATIONS // (QUICK if quick else 1)
    batch = count // 20
    growth = Row(f"growth: {count} top-level forms, every other defines the same binding again", None, GROWTH_MIB, "MiB")
    slowdown = Row(f"the last {batch} of them against the first", None, REDEFINITION_SLOWDOWN, "x")
    times: list[float] = []
    held: list[int] = []
    try:
        with tempfile.TemporaryDirectory() as cache, Worker({"OMNI_CACHE": cache}) as worker:
            for start in range(0, count, batch):
                texts = [(REBINDING if i % 2 else NEW_FORM).format(i=i) for i in range(start, start + batch)]
                times.append(sum(evaluated.seconds for evaluated in worker.eval(*texts)))
                held.append(worker.resident())
            last = worker.eval("state")[0].value
    except OmniFailed as error:
        growth.error = slowdown.error = str(error)
        return [growth, slowdown]
    if last != f"({count - 1} ({count - 1} {count - 1}))":
        growth.error = f"wrong value at the end: {last}"
    growth.value = (held[-1] - held[1]) / MIB
    slowdown.value = times[-1] / times[0]
    slowdown.detail = f"{1000 * times[0] / batch:.2f} ms each, then {1000 * times[-1] / batch:.2f} ms"
    return [growth, slowdown]


WHILE_RUNNING = """
(define f x x)
(define again from n
  (let loop [i 0] [sum 0]
    (if (= i n)
        sum
        (do (eval (list 'define 'f 'x (list '+ 'x (+ from i))))
            (loop (+ i 1) (if (= (% i 16) 0) (+ sum (f 1)) sum))))))
"""


def running_rows(quick: bool) -> list[Row]:
    """A loop redefines a function with `eval`, a million times, and calls every 16th definition."""
    count = 1_000_000 // (10 * QUICK if quick else 1)
    batch = count // 20
    growth = Row(f"growth: {count} redefinitions by a running loop, every 16th called", None, REDEFINITION_MIB, "MiB")
    slowdown = Row(f"the last {batch} of them against the first", None, REDEFINITION_SLOWDOWN, "x")
    times: list[float] = []
    try:
        with tempfile.TemporaryDirectory() as cache, Worker({"OMNI_CACHE": cache}) as worker:
            worker.eval(WHILE_RUNNING, "(again 0 1600)")
            before = worker.resident()
            for start in range(0, count, batch):
                evaluated = worker.eval(f"(again {start} {batch})")[0]
                times.append(evaluated.run_seconds)
                wanted = sum(start + i + 1 for i in range(0, batch, 16))
                if evaluated.value != str(wanted):
                    raise OmniFailed(f"redefinitions from {start} on: {evaluated.value}, not {wanted}")
            growth.value = (worker.resident() - before) / MIB
    except OmniFailed as error:
        growth.error = slowdown.error = str(error)
        return [growth, slowdown]
    slowdown.value = times[-1] / times[0]
    slowdown.detail = f"{1000 * times[0] / batch:.2f} ms each, then {1000 * times[-1] / batch:.2f} ms"
    return [growth, slowdown]


def redefine(worker: Worker, numbers: range) -> Times:
    """Seconds of each definition with its call. Raises OmniFailed, also if an old definition answered."""
    texts = [text for number in numbers for text in (f"(define f x (+ x {number}))", "(f 1)")]
    evaluated = worker.eval(*texts)
    for number, called in zip(numbers, evaluated[1::2]):
        if called.value != str(number + 1):
            raise OmniFailed(f"redefinition {number}: the call gave {called.value}")
    return Times([one.seconds + two.seconds for one, two in zip(evaluated[::2], evaluated[1::2])])
