"""The kernels: Omni and its peers on the same programs, in turn."""

from __future__ import annotations

import math
from collections.abc import Callable

from benchmarks import peers
from benchmarks.kernels import Kernel
from benchmarks.ours import MIB, OmniFailed, Worker
from benchmarks.rows import KernelRow, Times

WARM_UPS = 2
ENOUGH_SECONDS = 20
"""A system that has measured for so long is not asked again."""

Measure = Callable[[], tuple[float, float]]


def measure(kernel: Kernel, systems: list[str], repetitions: int) -> KernelRow:
    """All systems on one program, interleaved."""
    row = KernelRow(kernel.name, kernel.target)
    measures: dict[str, Measure] = {}
    worker: Worker | None = None
    try:
        worker = Worker()
        measures["omni"] = prepare(worker, kernel)
    except OmniFailed as error:
        row.results["omni"] = str(error)
    for peer in systems:
        try:
            command = peers.build(peer, kernel.name)
        except peers.PeerFailed as error:
            row.results[peer] = str(error)
            continue
        if command is not None:
            measures[peer] = lambda command=command: peers.run(command)  # type: ignore[misc]
    interleave(row, measures, repetitions, kernel.relative_error)
    if worker is not None:
        if worker.process.poll() is None:
            row.peak_mib = worker.peak() / MIB
        worker.close()
    return row


def prepare(worker: Worker, kernel: Kernel) -> Measure:
    """Define the program and warm it up at full size: specialised and optimised code is then there."""
    worker.eval((peers.PROGRAMS / kernel.name / "program.omni").read_text())
    if kernel.setup:
        worker.eval(kernel.setup.format(n=kernel.size))
    call = kernel.call.format(n=kernel.size)

    def once() -> tuple[float, float]:
        evaluated = worker.eval(call)[0]
        return float(evaluated.value or "nan"), evaluated.run_seconds

    for _ in range(WARM_UPS):
        once()
    return once


def interleave(row: KernelRow, measures: dict[str, Measure], repetitions: int, relative_error: float) -> None:
    """Fill the row's results. Systems whose results differ from the first one's are reported as wrong."""
    expected: float | None = None
    for _ in range(repetitions):
        for system, once in measures.items():
            times = row.results.setdefault(system, Times())
            if isinstance(times, str) or sum(times.seconds) > ENOUGH_SECONDS:
                continue
            try:
                value, seconds = once()
            except (OmniFailed, peers.PeerFailed) as error:
                row.results[system] = str(error)
                continue
            expected = value if expected is None else expected
            if not math.isclose(value, expected, rel_tol=relative_error):
                row.results[system] = f"wrong result: {value!r}, not {expected!r}"
                continue
            times.seconds.append(seconds)
