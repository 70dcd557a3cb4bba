"""Runs without a prompt: `omni FILE`, `omni -`, `omni -e EXPR`, `--dump`, `--stats`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from omni_repl.arguments import Request
from omni_repl.door import Door, OpenSession
from omni_repl.errors import as_omni_error, is_interrupt, report, warn
from omni_repl.worker import Worker

T = TypeVar("T")

INTERRUPTED = 130
# A second Ctrl-C this long after one that nothing answered ends the program at once.
PATIENCE = 1.0
# What a program printed is visible after this many seconds at the latest.
REFRESH = 0.1


def run(request: Request, open_session: OpenSession) -> int:
    """Do what was asked; the exit status."""
    runner = _Runner(open_session)
    signal.signal(signal.SIGINT, runner.on_interrupt)
    status = runner.guarded(request, lambda: _work(request, runner))
    if request.stats and runner.session is not None:
        _print_stats(runner)
    return status


class _Runner:
    """The session on its worker, and what Ctrl-C does to it."""

    def __init__(self, open_session: OpenSession) -> None:
        self.worker = Worker()
        self.session: Door | None = None
        self.timings: dict[str, float] = {}
        self._open = open_session
        self._asked = 0.0

    def on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.session is None or (self._asked and now - self._asked > PATIENCE):
            os._exit(INTERRUPTED)
        self._asked = self._asked or now
        self.session.interrupt()

    def guarded(self, request: Request, work: Callable[[], None]) -> int:
        try:
            self.session = self.worker.submit(self._open).value()
            work()
        except SystemExit as left:
            return int(left.code or 0) & 0xFF
        except Exception as problem:
            error = as_omni_error(problem)
            report(error, request.color)
            return INTERRUPTED if is_interrupt(error) else 1
        return 0

    def call(self, function: Callable[[Door], T]) -> T:
        session = self.session
        assert session is not None
        job = self.worker.submit(lambda: function(session))
        while not job.wait(REFRESH):
            session.flush()
        return job.value()


def _work(request: Request, runner: _Runner) -> None:
    for name, text in _texts(request):
        if request.dump is not None:
            _dump(runner, text, request.dump)
        else:
            _evaluate(runner, name, text, request.color)


def _dump(runner: _Runner, text: str, stage: str) -> None:
    print(runner.call(lambda session: session.dump(text, stage)))


def _evaluate(runner: _Runner, name: str, text: str, color: str) -> None:
    result = runner.call(lambda session: session.eval(text, name=name))
    warn(result.warnings, color)
    for phase, seconds in result.timings.items():
        runner.timings[phase] = runner.timings.get(phase, 0.0) + seconds
    if name == "-e" and result.value_text not in (None, "nothing"):
        sys.stdout.write(f"{result.value_text}\n")
        sys.stdout.flush()


def _texts(request: Request) -> list[tuple[str, str]]:
    """(name, source text) of each thing to evaluate; -e comes before FILE."""
    texts = [("-e", expression) for expression in request.expressions]
    if request.file == "-":
        texts.append(("<stdin>", _decoded(sys.stdin.buffer.read())))
    elif request.file is not None:
        with open(request.file, "rb") as file:
            texts.append((request.file, _decoded(file.read())))
    return texts


def _decoded(data: bytes) -> str:
    """UTF-8; bytes that are not become U+FFFD, which the reader names with line and column."""
    return data.decode("utf-8", errors="replace")


def _print_stats(runner: _Runner) -> None:
    from omni_repl.accounting import seconds_text, table_text

    assert runner.session is not None
    lines = [table_text(runner.session.stats())]
    lines += [f"{seconds_text(seconds):>12}  {phase}" for phase, seconds in runner.timings.items()]
    print("\n".join(lines), file=sys.stderr)
