"""python -m benchmarks [--quick] [--only NAME,...] [--peers NAME,...] [--repeat N]: see README.md."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import peers
from benchmarks.annotated import annotated_rows
from benchmarks.dispatch import dispatch_rows
from benchmarks.kernels import KERNELS, STRUCTS
from benchmarks.latency import file_rows, length_rows, prompt_rows, start_rows
from benchmarks.memory import evaluation_rows, growth_rows, redefinition_rows, running_rows
from benchmarks.report import markdown, to_json
from benchmarks.rows import KernelRow, Row
from benchmarks.speed import measure
from benchmarks.textbook import textbook_rows

GROUPS: dict[str, Callable[[bool], list[Row]]] = {
    "prompt": prompt_rows,
    "length": length_rows,
    "file": file_rows,
    "start": start_rows,
    "memory": growth_rows,
    "evaluations": evaluation_rows,
    "redefinition": redefinition_rows,
    "redefinition-running": running_rows,
    "dispatch": dispatch_rows,
    "annotated": annotated_rows,
    "textbook": textbook_rows,
}
SETS = {"structs": STRUCTS}
VERSIONS = {"gcc": "--version", "clang": "--version", "sbcl": "--version", "scheme": "--version", "racket": "--version", "luajit": "-v"}
RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    options = arguments()
    names = options.only.split(",") if options.only else [*(kernel.name for kernel in KERNELS), *GROUPS]
    names = [each for name in names for each in SETS.get(name, (name,))]
    unknown = set(names) - {kernel.name for kernel in KERNELS} - set(GROUPS)
    if unknown:
        sys.exit(f"no benchmark is called {', '.join(sorted(unknown))}")
    wanted = options.peers.split(",") if options.peers else ["c"] if options.quick else list(peers.PEERS)
    systems = [peer for peer in wanted if peers.installed(peer)]
    kernels: list[KernelRow] = []
    rows: list[Row] = []
    for kernel in KERNELS:
        if kernel.name in names:
            progress(kernel.name)
            kernels.append(measure(kernel, systems, options.repeat or (1 if options.quick else 5)))
    for group, run in GROUPS.items():
        if group in names:
            progress(group)
            rows += run(options.quick)
    text = markdown(kernels, rows, [peer for peer in wanted if peer not in systems], versions())
    print(text)
    peers.BUILD.mkdir(exist_ok=True)
    (peers.BUILD / "results.json").write_text(to_json(kernels, rows))
    if not (options.quick or options.only or options.peers):
        RESULTS.write_text(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="one repetition, C as the only peer, memory rows a tenth as long")
    parser.add_argument("--only", default=os.environ.get("ONLY"), help=f"kernels, or {', '.join([*SETS, *GROUPS])}")
    parser.add_argument("--peers", help=f"of {', '.join(peers.PEERS)}")
    parser.add_argument("--repeat", type=int, help="repetitions of each kernel")
    return parser.parse_args()


def progress(name: str) -> None:
    print(f"{name} ...", file=sys.stderr, flush=True)


def versions() -> list[str]:
    """One line of each tool that is installed."""
    found = []
    for tool, flag in VERSIONS.items():
        try:
            done = subprocess.run([tool, flag], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        line = (done.stdout or done.stderr).splitlines()[0].partition(" -- ")[0].strip()
        found.append(line if tool in line.lower() else f"{tool} {line}")
    return found


if __name__ == "__main__":
    main()
