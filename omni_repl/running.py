"""What the prompt does while a form is evaluated: pass its output on, show live counters, answer Ctrl-C."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from omni_repl.accounting import summary
from omni_repl.door import Door
from omni_repl.output import CHUNK, OutputPipe
from omni_repl.statusline import StatusLine
from omni_repl.worker import Worker

T = TypeVar("T")

# Forms faster than this never show the status line; after it, the line is redrawn at this rate.
REFRESH = 0.1


class Runner:
    """Runs functions of a session on its worker, from the main thread of a prompt."""

    def __init__(self, worker: Worker, session: Door, output: OutputPipe, *, live: bool, color: bool) -> None:
        self.worker, self.session, self.output = worker, session, output
        self._live, self._color = live, color
        self._wake_read, self._wake_write = os.pipe()
        self._column_zero = True

    def run(self, function: Callable[[Door], T]) -> T:
        """The function's result, or what it raised; its output is on the terminal before this returns."""
        previous = signal.signal(signal.SIGINT, self._on_interrupt)
        try:
            job = self.worker.submit(lambda: function(self.session), self._wake)
            self._follow()
        finally:
            signal.signal(signal.SIGINT, previous)
        self._pass_on()
        self._finish_line()
        return job.value()

    def _follow(self) -> None:
        due = time.monotonic() + REFRESH
        with StatusLine(1, self._color) as line:
            while True:
                ready, _, _ = select.select([self._wake_read, self.output.read_fd], [], [], max(0.0, due - time.monotonic()))
                if self.output.read_fd in ready:
                    self._pass_on(CHUNK)
                if self._wake_read in ready:
                    os.read(self._wake_read, 1)
                    return
                if time.monotonic() >= due:
                    due = time.monotonic() + REFRESH
                    self.session.flush()
                    if self._live:
                        line.draw(f"▶ {summary(self.session.stats())}")

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.session.interrupt()

    def _wake(self) -> None:
        os.write(self._wake_write, b"!")

    def _pass_on(self, limit: int = 1 << 30) -> None:
        data = self.output.drain(limit)
        if data:
            self._column_zero = data.endswith(b"\n")
            _write_all(1, data)

    def _finish_line(self) -> None:
        """The prompt needs the first column; an unfinished line of output gets its newline."""
        if not self._column_zero:
            _write_all(1, b"\n")
            self._column_zero = True


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
