"""Rows about declarations: numeric programs with every kind annotated (`typed.omni`), in turn with the same ones without."""

from __future__ import annotations

from benchmarks.kernels import KERNELS, Kernel
from benchmarks.ours import OmniFailed, Worker
from benchmarks.peers import PROGRAMS
from benchmarks.rows import Row

REPETITIONS = 7
MOST = 1.05


def annotated() -> list[Kernel]:
    return [kernel for kernel in KERNELS if (PROGRAMS / kernel.name / "typed.omni").exists()]


def annotated_rows(quick: bool) -> list[Row]:
    """The slower one of the two as a multiple of the other: declarations should not matter."""
    rows = []
    for kernel in annotated():
        row = Row(f"annotated: {kernel.name}", None, MOST, "x")
        rows.append(row)
        try:
            without, with_kinds = fastest(kernel, ("program", "typed"), 2 if quick else REPETITIONS)
        except OmniFailed as error:
            row.error = str(error)
            continue
        row.value = max(without / with_kinds, with_kinds / without)
        row.detail = f"{without:.4f} s without, {with_kinds:.4f} s with every kind annotated"
    return rows


def fastest(kernel: Kernel, programs: tuple[str, ...], repetitions: int) -> list[float]:
    """Seconds of the fastest run of each program: what others do on the machine only adds."""
    workers: list[Worker] = []
    call = kernel.call.format(n=kernel.size)
    try:
        for program in programs:
            workers.append(Worker())
            workers[-1].eval((PROGRAMS / kernel.name / f"{program}.omni").read_text())
            if kernel.setup:
                workers[-1].eval(kernel.setup.format(n=kernel.size))
            workers[-1].eval(call, call)
        times = [[worker.eval(call)[0].run_seconds for worker in workers] for _ in range(repetitions)]
        return [min(column) for column in zip(*times)]
    finally:
        for worker in workers:
            worker.close()
