"""One thread that runs jobs in order, so that the main thread stays free for signals, keys and messages.

A session is created and used on its worker only. Native code releases the interpreter lock, so the main thread
can interrupt it and read its counters while it runs.
"""

from __future__ import annotations

import threading
from _queue import SimpleQueue
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# The compiler recurses over forms on this stack; it is reserved, not committed.
STACK_BYTES = 256 << 20


class Job(Generic[T]):
    """A function that runs on the worker. `value()` returns its result or raises what it raised."""

    def __init__(self, function: Callable[[], T], when_done: Callable[[], None] | None) -> None:
        self._function = function
        self._when_done = when_done
        self._finished = threading.Event()
        self._result: T
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:  # carried to the thread that asks for the value
            self._error = error
        self._finished.set()
        if self._when_done is not None:
            self._when_done()

    def wait(self, timeout: float | None = None) -> bool:
        """True when it has finished; signal handlers run while the main thread waits here."""
        return self._finished.wait(timeout)

    def value(self) -> T:
        self._finished.wait()
        if self._error is not None:
            raise self._error
        return self._result


class Worker:
    """The thread. It is a daemon: leaving the program never waits for a loop that does not end."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Job[object] | None] = SimpleQueue()
        previous = threading.stack_size(STACK_BYTES)
        self._thread = threading.Thread(target=self._serve, name="omni-worker", daemon=True)
        self._thread.start()
        threading.stack_size(previous)

    def submit(self, function: Callable[[], T], when_done: Callable[[], None] | None = None) -> Job[T]:
        """Queue a function; `when_done` is called on the worker after it finished."""
        job = Job(function, when_done)
        self._jobs.put(job)  # type: ignore[arg-type]
        return job

    def close(self) -> None:
        """Let the thread end after the jobs it has."""
        self._jobs.put(None)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
