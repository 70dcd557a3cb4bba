"""Ctrl-C while native code runs: a signal becomes `interrupted` in the running task within milliseconds.

Python's own handler would run only after the native call returned. So while the main thread runs Omni code, signals also wake a
watcher thread through the wakeup descriptor, and it sets the task's pending flag and limit (arch: omni_interrupt); Python's handler
is replaced meanwhile, so that no KeyboardInterrupt follows the error. Other threads call `Engine.interrupt` themselves.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any


class Watch:
    """`with watch:` around native code on the main thread. `interrupt` is called by the watcher thread.

    `in_python` tells whether Omni called Python code that wants a KeyboardInterrupt of its own.
    """

    def __init__(self, interrupt: Callable[[], None], in_python: Callable[[], bool]) -> None:
        self._interrupt, self._in_python = interrupt, in_python
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._previous_fd = -1
        self._previous_handler: Any = None
        self._pid = 0

    def __enter__(self) -> None:
        if self._pid != os.getpid():  # a fork has no threads
            self._pid = os.getpid()
            threading.Thread(target=self._loop, name="omni-interrupts", daemon=True).start()
        self._previous_handler = signal.signal(signal.SIGINT, self._handler)
        self._previous_fd = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._previous_fd)
        signal.signal(signal.SIGINT, self._previous_handler)

    def close(self) -> None:
        os.close(self._write)

    def _handler(self, number: int, frame: Any) -> None:
        if self._in_python():
            raise KeyboardInterrupt

    def _loop(self) -> None:
        """Until `close`. Signals other than SIGINT are passed on to whom the descriptor belonged before."""
        while data := os.read(self._read, 64):
            if signal.SIGINT in data:
                self._interrupt()
            if self._previous_fd >= 0:
                try:
                    os.write(self._previous_fd, data)
                except OSError:
                    pass
        os.close(self._read)


def possible() -> bool:
    """Whether this thread may install handlers and SIGINT still has Python's own: a program with a handler of its own interrupts by itself."""
    return threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
