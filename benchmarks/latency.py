"""Rows about waiting: a form at the prompt, a file, the start of the command."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.ours import ROOT, OmniFailed, Worker
from benchmarks.rows import Row, Times

MILLI = 1000.0


def latency_rows(quick: bool) -> list[Row]:
    return [*prompt_rows(quick), *length_rows(quick), *file_rows(quick), *start_rows(quick)]


def prompt_rows(quick: bool) -> list[Row]:
    """In a warm session that has none of the texts in its cache, from text to text. Forms of one shape share an object: so there is a row
    for forms each of which has another shape."""
    form = Row("a form like `(+ 1 2)`, text to text, median", None, 2.0, "ms")
    shape = Row("the same, each form of a new shape", None, None, "ms")
    function = Row("a one-line function, defined and first called, median", None, 6.0, "ms")
    count = 30 if quick else 300
    try:
        with tempfile.TemporaryDirectory() as cache, Worker({"OMNI_CACHE": cache}) as worker:
            worker.eval(*(text for i in range(20) for text in (f"(+ {i} 20)", f"(define w{i} x (+ x {i}))", f"(w{i} 1)")))
            forms = Times([one.seconds for one in worker.eval(*(f"(+ {i} 2)" for i in range(count)))])
            shapes = Times([one.seconds for one in worker.eval(*(new_shape(i) for i in range(9, count + 9)))])
            pairs = worker.eval(*(text for i in range(count) for text in (f"(define g{i} x (* x {i}))", f"(g{i} 2)")))
    except OmniFailed as error:
        form.error = shape.error = function.error = str(error)
        return [form, shape, function]
    functions = Times([one.seconds + two.seconds for one, two in zip(pairs[::2], pairs[1::2])])
    for row, times in ((form, forms), (shape, shapes), (function, functions)):
        row.value = times.median * MILLI
        row.detail = f"slowest {max(times.seconds) * MILLI:.1f} ms of {len(times.seconds)}"
    return [form, shape, function]


def new_shape(number: int) -> str:
    """A sum of sums, differences and products, of another shape for each number."""
    text = "1"
    while number:
        number, digit = divmod(number, 3)
        text = f"({'+-*'[digit]} {text} {digit + 2})"
    return text


def length_rows(quick: bool) -> list[Row]:
    """The first call of long functions, defined and called, every text new; and with which power of the length its time grows."""
    first = Row("a function of 30 lines with loops, defined and first called, median", None, 15.0, "ms")
    growth = Row("the same, growth with length: exponent between 10 and 1 000 lines", None, 1.2, "")
    medians: dict[int, float] = {}
    try:
        with tempfile.TemporaryDirectory() as cache, Worker({"OMNI_CACHE": cache}) as worker:
            for lines, count in ((10, 5), (30, 5 if quick else 15), (100, 3), (1000, 1)):
                texts = [text for i in range(count + 1) for text in (long_function(f"long{lines}x{i}", lines, i), f"(long{lines}x{i} 3)")]
                done = worker.eval(*texts)[2 if count > 1 else 0 :]  # the first of several warms up
                medians[lines] = Times([one.seconds + two.seconds for one, two in zip(done[::2], done[1::2])]).median
    except OmniFailed as error:
        first.error = growth.error = str(error)
        return [first, growth]
    first.value = medians[30] * MILLI
    growth.value = math.log(medians[1000] / medians[10]) / math.log(100)
    growth.detail = ", ".join(f"{lines}: {seconds * MILLI:.0f} ms" for lines, seconds in medians.items())
    return [first, growth]


BLOCK = """
    (for [i (range n)]
      (let* [a (+ (* i 3) {k})
             b (- a i)]
        (if (even? i)
            (set! total (+ total a))
            (set! best (+ best b)))))
    (let loop [i 0 acc {k}]
      (if (< i n)
          (loop (+ i 1) (+ acc (* i 2)))
          (set! total (- acc total))))"""


def long_function(name: str, lines: int, salt: int) -> str:
    """A function of about so many lines: loops, branches and local variables, as people write them."""
    blocks = "".join(BLOCK.format(k=100 * salt + k) for k in range(max(1, lines // 10)))
    return f"(define {name} [n]\n  (let* [total 0\n         best 0]{blocks}\n    (list total best)))"


def file_rows(quick: bool) -> list[Row]:
    """A file of one-line functions, each called once, into a warm session: with nothing of it cached, then in another process."""
    count = 100 if quick else 1000
    cold = Row(f"a file of {count} functions, each called once, cold", None, 2.0 * count / 1000, "s")
    cached = Row("the same from the cache", None, 0.1 * count / 1000, "s")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "functions.omni"
        path.write_text("".join(f"(define f{i} x (+ (* x 3) {i}))\n(f{i} 1)\n" for i in range(count)))
        for row in (cold, cached):
            try:
                with Worker({"OMNI_CACHE": f"{folder}/cache"}) as worker:
                    worker.eval("(define warm x (+ x 1))", "(warm 1)")
                    loaded = worker.load(path)
            except OmniFailed as error:
                row.error = str(error)
                continue
            if loaded.value != str(count + 2):
                row.error = f"the last call gave {loaded.value}"
            row.value = loaded.seconds
            row.detail = f"session ready after {worker.started:.2f} s"
    return [cold, cached]


def start_rows(quick: bool) -> list[Row]:
    """`omni -e 1`, the whole process. Python keeps its byte code, as it does for an installed package."""
    warm = Row("`omni -e 1`, whole process, median", None, 0.12, "s")
    cold = Row("`omni -e 1` with a cold cache", None, 15.0, "s")
    with tempfile.TemporaryDirectory() as folder:
        environment = {"OMNI_CACHE": f"{folder}/cache", "PYTHONPYCACHEPREFIX": f"{folder}/python", "PYTHONDONTWRITEBYTECODE": ""}
        fill_row(cold, lambda: start(environment), 1)
        fill_row(warm, lambda: start(environment), 3 if quick else 15)
    python = Times([process([sys.executable, "-c", "import llvmlite.binding"], {}) for _ in range(3)])
    warm.detail += f"; Python with llvmlite alone {python.median:.3f} s"
    return [warm, cold]


def fill_row(row: Row, measure: Callable[[], float], repetitions: int) -> None:
    try:
        times = Times([measure() for _ in range(repetitions)])
    except OmniFailed as error:
        row.error = str(error)
        return
    row.value = times.median
    row.detail = f"± {100 * times.spread:.0f} %" if repetitions > 1 else "first start, everything compiled"


def start(environment: dict[str, str]) -> float:
    command = Path(sys.executable).with_name("omni")
    return process([str(command), "-e", "1"] if command.exists() else [sys.executable, "-m", "omni_repl", "-e", "1"], environment)


def process(command: list[str], environment: dict[str, str]) -> float:
    """Seconds of a whole process. Raises OmniFailed unless it ends well."""
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise OmniFailed((done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1])
    return seconds
