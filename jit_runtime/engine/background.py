"""Compiling while the program runs: a thread hands LLVM texts to a helper process and takes back object files.

A process, since llvmlite holds one lock: a form at the prompt would wait for whatever LLVM does in another thread. It is started for the first
job and ended when there was none for IDLE seconds. Where none can be started, the thread compiles itself.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from functools import lru_cache
from typing import Any, NamedTuple

IDLE = 60.0  # seconds


class Job:
    """`done` is set last: then `image` is the object file, or None where LLVM refused the text (`error` says why)."""

    __slots__ = ("done", "error", "image", "seconds", "text", "tier")

    def __init__(self, text: str, tier: int) -> None:
        self.text, self.tier = text, tier
        self.image: bytes | None = None
        self.error = ""
        self.seconds = 0.0
        self.done = threading.Event()


class Pending(NamedTuple):
    """An object file that is being made, or was found in the cache. `name`: its key."""

    name: str
    image: bytes | None
    job: Job | None

    @property
    def done(self) -> bool:
        return self.job is None or self.job.done.is_set()

    @property
    def seconds(self) -> float:
        return self.job.seconds if self.job is not None else 0.0


class Background:
    """Jobs are done one after the other."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._helper: Any = None

    def submit(self, text: str, tier: int) -> Job:
        """Returns at once. From any thread."""
        job = Job(text, tier)
        with self._lock:
            self._jobs.put(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="omni-compiler", daemon=True)
                self._thread.start()
        return job

    def _serve(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE)
            except queue.Empty:
                with self._lock:
                    if self._jobs.empty():
                        self._thread = None
                        self._end_helper()
                        return
                continue
            started = time.perf_counter()
            try:
                self._do(job)
            except Exception as error:
                job.error = str(error) or type(error).__name__
            job.text, job.seconds = "", time.perf_counter() - started
            job.done.set()

    def _do(self, job: Job) -> None:
        try:
            job.image, job.error = self._ask_helper(job)
        except (OSError, EOFError):
            self._end_helper()
            from jit_runtime.codegen.pipelines import compile_to_object

            job.image = compile_to_object(job.text, job.tier)

    def _ask_helper(self, job: Job) -> tuple[bytes | None, str]:
        from jit_runtime.codegen.compile_server import ANSWER, REQUEST

        helper = self._helper = self._helper or _start_helper()
        text = job.text.encode("utf-8", "surrogatepass")
        helper.stdin.write(REQUEST.pack(job.tier, len(text)) + text)
        helper.stdin.flush()
        good, length = ANSWER.unpack(_exactly(helper.stdout, ANSWER.size))
        made = _exactly(helper.stdout, length)
        return (made, "") if good else (None, made.decode("utf-8", "replace"))

    def _end_helper(self) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            for pipe in (helper.stdin, helper.stdout):
                try:
                    pipe.close()
                except OSError:
                    pass
            helper.wait()


@lru_cache(1)
def shared_background() -> Background:
    """The one of this process."""
    return Background()


def _exactly(pipe: Any, length: int) -> bytes:
    data: bytes = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return data


def _start_helper() -> Any:
    """Raises OSError where it cannot be started."""
    import subprocess

    import jit_runtime

    if not sys.executable:
        raise OSError("no Python to start")
    package = os.path.dirname(os.path.dirname(os.path.abspath(jit_runtime.__file__)))
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-c", "from jit_runtime.codegen.compile_server import main; main()"]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere, env=environment, start_new_session=True)
