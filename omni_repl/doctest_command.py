"""`omni doctest [--engine=ENGINE] FILE...`: run programs against what their comments say."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from omni_repl.arguments import ENGINES, UsageError

if TYPE_CHECKING:
    from jit_runtime.doctest import Report

USAGE = f"usage: omni doctest [--engine={'|'.join(ENGINES)}] FILE...   (a folder stands for the .omni files in it)"


def main(arguments: list[str], *, check: bool = False) -> int:
    """The exit status: 1 if some program does not do what it says, 2 for bad usage."""
    from jit_runtime.doctest import summary

    try:
        engine, paths = _parse(arguments)
    except UsageError as error:
        print(f"omni doctest: {error}\n{USAGE}", file=sys.stderr)
        return 2
    reports: list[Report] = []
    for path in paths:
        reports.append(_run(path, engine, check))
        for failure in reports[-1].failures:
            print(failure, flush=True)
    print(summary(reports))
    return 1 if any(report.failures for report in reports) else 0


def _parse(arguments: list[str]) -> tuple[str, list[str]]:
    engine, paths = "", []
    for word in arguments:
        name, _, value = word.partition("=")
        if name == "--engine" and value in ENGINES:
            engine = value
        elif word.startswith("-"):
            raise UsageError(f"unknown option {word}")
        else:
            paths += sorted(map(str, Path(word).rglob("*.omni"))) if os.path.isdir(word) else [word]
    if not paths:
        raise UsageError("no files")
    return engine, paths


def _run(path: str, engine: str, check: bool) -> Report:
    """A program in a session of its own; a file that cannot be read is a failure like any other."""
    from jit_runtime.doctest import Failure, Printing, Report, run_file
    from jit_runtime.options import Options

    session = Printing(Options.from_environment(engine=engine or None, check=check))
    try:
        return run_file(path, lambda: session)
    except (OSError, UnicodeDecodeError) as error:
        report = Report()
        report.failures.append(Failure(path, 1, "a program", str(error)))
        return report
    finally:
        session.close()
