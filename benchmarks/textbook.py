"""Textbook programs that are hard for region systems: `textbook/NAME.omni` defines `(run n)`, which is measured at full size.

What the rows say: peak of resident memory while it runs, beyond what the session held before, against twice the live data of the program and
8 MiB; and its time as a multiple of that of the same program in the faster one of Chez (`textbook/NAME.scm`, open top level) and SBCL
(`textbook/NAME.lisp`, default policy).
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which
from typing import NamedTuple

from benchmarks.ours import MIB, OmniFailed, Worker
from benchmarks.rows import Row

FOLDER = Path(__file__).parent / "textbook"


class Textbook(NamedTuple):
    """`small`: an argument for tests. `full`: the argument that is measured, and its value after two small runs. `live`: bytes alive
    at the peak of a full run, the stack frames of its recursion included. `flat`: memory does not depend on the argument."""

    name: str
    small: int
    full: int
    value: int
    live: int = 0
    flat: bool = True

    @property
    def text(self) -> str:
        return (FOLDER / f"{self.name}.omni").read_text()


PROGRAMS = (
    Textbook("life", 20, 1000, 2516),
    Textbook("quicksort", 1000, 300_000, 300_000, 38 * MIB, flat=False),
    Textbook("mergesort", 1000, 300_000, 300_000, 38 * MIB, flat=False),
    Textbook("interpreter", 1000, 10_000_000, 50_000_001),
    Textbook("memo-table", 3000, 3_000_000, 1_498_500_000),
    Textbook("lru-cache", 3000, 1_000_000, 3_000_000),
    Textbook("ring-buffer", 6000, 3_000_000, 12_263_424_000, MIB),
    Textbook("lzw", 2, 1000, 847_000),
    Textbook("string-builder", 10, 30_000, 31_874_795),
    Textbook("stream-tail", 1000, 10_000_000, 10_000_000),
    Textbook("stream-head", 1000, 1_000_000, 1_000_000, 122 * MIB, flat=False),
    Textbook("linked-list", 1000, 3_000_000, 4_496_999_500_000),
    Textbook("union-find", 2, 1000, 8398),
    Textbook("undo-history", 1000, 200_000, 11),
    Textbook("event-loop", 1000, 500_000, 4_525_464),
    Textbook("red-black", 1000, 200_000, 55_000, 2 * MIB, flat=False),
    Textbook("derivative", 10, 50_000, 3_550_000),
    Textbook("constant-folding", 5, 17, 517_904, 55 * MIB, flat=False),
    Textbook("queens", 6, 11, 2680, MIB, flat=False),
    Textbook("knuth-bendix", 1, 1000, 6000),
)
ALLOWED = 8 * MIB
QUICK = 10
TIMES = 3
PRELUDES = Path(__file__).parent / "programs" / "prelude"


class Peer(NamedTuple):
    """A system whose functions can be replaced while they run, as in Omni. `command` reads a program on standard input; `measure`
    defines (measure n), which prints the value of (run n) and how many seconds it took."""

    name: str
    suffix: str
    command: tuple[str, ...]
    measure: str


PEERS = (
    Peer(
        "chez",
        ".scm",
        ("scheme", "-q"),
        """(define (measure n)
             (let* ((start (current-time 'time-monotonic)) (value (run n)) (spent (time-difference (current-time 'time-monotonic) start)))
               (display value) (display " ")
               (display (+ (time-second spent) (* 1e-9 (time-nanosecond spent))))
               (newline)))""",
    ),
    Peer(
        "sbcl",
        ".lisp",
        ("sbcl", "--control-stack-size", "1GB", "--script"),
        (PRELUDES / "prelude.lisp").read_text() + "(defun measure (n) (bench (lambda () (run n))))",
    ),
)


def textbook_rows(quick: bool) -> list[Row]:
    return [row for program in PROGRAMS for row in measured(program, quick)]


def measured(program: Textbook, quick: bool) -> list[Row]:
    argument = program.full // QUICK if quick and program.flat else program.full
    peak = Row(f"textbook: {program.name}, peak", None, (2 * program.live + ALLOWED) / MIB, "MiB")
    against = Row(f"textbook: {program.name}, time against the best peer", None, 1.0, "x")
    wanted = str(program.value) if argument == program.full else None
    try:
        with Worker() as worker:
            worker.eval(program.text, f"(run {program.small})", f"(run {program.small})")
            before = worker.resident()
            first = worker.eval(f"(run {argument})")[0]
            peak.value = (max([held for _, held in worker.samples] + [worker.resident()]) - before) / MIB
            if wanted not in (None, first.value):
                peak.error = f"wrong result: {first.value}"
            ours = min([first, *worker.eval(*[f"(run {argument})"] * (TIMES - 1))], key=lambda one: one.run_seconds).run_seconds
    except OmniFailed as error:
        peak.error = str(error)
        return [peak]
    peak.detail = f"{ours:.3f} s"
    theirs = {peer.name: seconds_of(peer, program, argument, wanted) for peer in PEERS if which(peer.command[0])}
    seconds = [found for found in theirs.values() if isinstance(found, float)]
    if theirs:
        against.detail = ", ".join(f"{name} {found:.3f} s" if isinstance(found, float) else f"{name}: {found}" for name, found in theirs.items())
    if len(seconds) < len(theirs):
        against.error = against.detail
    elif seconds:
        against.value = ours / min(seconds)
    return [peak, against] if theirs else [peak]


def seconds_of(peer: Peer, program: Textbook, argument: int, wanted: str | None) -> float | str:
    """The best time of a peer after two small runs as ours has, or what is wrong."""
    runs = f"(run {program.small})(run {program.small})" + f"(measure {argument})" * TIMES
    text = "\n".join((peer.measure, (FOLDER / (program.name + peer.suffix)).read_text(), runs))
    done = subprocess.run(peer.command, input=text, capture_output=True, text=True, check=False)
    lines = [line.split() for line in done.stdout.splitlines() if len(line.split()) == 2]
    if done.returncode or len(lines) != TIMES:
        return (done.stderr or done.stdout)[:100]
    if wanted is not None and lines[0][0] != wanted:
        return f"wrong result: {lines[0][0]}"
    return min(float(seconds) for _, seconds in lines)
