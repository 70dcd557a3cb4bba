"""The results as Markdown and as JSON."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.rows import KernelRow, Row, Times


def markdown(kernels: list[KernelRow], rows: list[Row], missing: list[str], versions: list[str]) -> str:
    parts = ["# Benchmarks", header(missing, versions)]
    if kernels:
        parts.append(kernel_table(kernels))
    if rows:
        parts.append(row_table(rows))
    failures = [f"* {row.name}, {system}: {result}" for row in kernels for system, result in row.results.items() if isinstance(result, str)] + [
        f"* {row.name}: {row.error}" for row in rows if row.error
    ]
    if failures:
        parts.append("Failures:\n\n" + "\n".join(failures))
    return "\n\n".join(parts) + "\n"


def header(missing: list[str], versions: list[str]) -> str:
    cores = os.cpu_count() or 1
    lines = [
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {processor()}, {cores} cores, {platform.system()} {platform.release()}.",
        "Versions: " + "; ".join(versions) + ".",
        "Not installed: " + (", ".join(missing) or "nothing") + ".",
        "How it is measured: [README.md](README.md).",
    ]
    return "\n".join(lines)


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def kernel_table(kernels: list[KernelRow]) -> str:
    """Ratios to C; below 1 is faster than C."""
    systems = list(dict.fromkeys(system for row in kernels for system in row.results if system not in ("omni", "c")))
    head = ["program", "C, s", "Omni, s", "Omni / C", "target", "reached", "best peer", "peak, MiB", *systems]
    lines = [line(head), line(["---"] + ["---:"] * (len(head) - 1))]
    for row in kernels:
        best = row.best_peer
        lines.append(
            line(
                [
                    row.name,
                    seconds(row.results.get("c")),
                    seconds(row.results.get("omni")),
                    ratio(row, "omni"),
                    f"{row.target:g}",
                    row.verdict,
                    f"{best[0]} {best[1]:.2f}" if best else "-",
                    f"{row.peak_mib:.0f}" if row.peak_mib else "-",
                    *(ratio(row, system) for system in systems),
                ]
            )
        )
    return "\n".join(lines)


def row_table(rows: list[Row]) -> str:
    lines = [line(["what", "measured", "at most", "reached", ""]), line(["---", "---:", "---:", "---:", "---"])]
    for row in rows:
        value = "-" if row.value is None else f"{round(row.value, 2) + 0.0:.2f} {row.unit}"
        lines.append(line([row.name, value, "-" if row.target is None else f"{row.target:g} {row.unit}", row.verdict, row.detail]))
    return "\n".join(lines)


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def seconds(result: Times | str | None) -> str:
    if result is None:
        return "-"
    return "fails" if isinstance(result, str) else f"{result.median:.4f} ± {100 * result.spread:.0f} %"


def ratio(row: KernelRow, system: str) -> str:
    if isinstance(row.results.get(system), str):
        return "fails"
    value = row.ratio(system)
    return "-" if value is None else f"{value:.2f}"


def to_json(kernels: list[KernelRow], rows: list[Row]) -> str:
    return json.dumps({"kernels": [asdict(row) for row in kernels], "rows": [asdict(row) for row in rows]}, indent=1)
