"""Omni as a system to be measured: sessions in worker processes, and the memory they hold."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20
TIME_LIMIT = 600.0
SAMPLE_EVERY = 0.005
REPETITIONS = 7


class OmniFailed(Exception):
    """The program raised, took too long, or its process died."""


class Evaluated(NamedTuple):
    """`seconds`: all of `Session.eval`; `run_seconds`: the program itself."""

    value: str | None
    seconds: float
    run_seconds: float


class Worker:
    """A process with a session. `environment` is added to this process's; `started` is how long the session took to be ready."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        start = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.samples: list[tuple[float, int]] = []
        self._partial = b""
        try:
            self._answer()
        except OmniFailed:
            self.close()
            raise
        self.started = time.perf_counter() - start

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()

    def eval(self, *texts: str) -> list[Evaluated]:
        """Evaluate the texts one by one. Raises OmniFailed."""
        return self._ask(list(texts))

    def load(self, path: Path) -> Evaluated:
        return self._ask({"load": str(path)})[0]

    def _ask(self, request: object) -> list[Evaluated]:
        """One request. While it runs, `samples` collects (time, resident bytes)."""
        assert self.process.stdin is not None
        self.samples = []
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise OmniFailed(self._death()) from None
        return self._answer()

    def _answer(self) -> list[Evaluated]:
        pipe = self.process.stdout
        assert pipe is not None
        deadline = time.monotonic() + TIME_LIMIT
        while b"\n" not in self._partial:
            if time.monotonic() > deadline:
                self.close()
                raise OmniFailed(f"more than {TIME_LIMIT:.0f} s")
            if select.select([pipe], [], [], SAMPLE_EVERY)[0]:
                data = os.read(pipe.fileno(), 1 << 16)
                if not data:
                    raise OmniFailed(self._death())
                self._partial += data
            else:
                self.samples.append((time.monotonic(), self.resident()))
        line, self._partial = self._partial.split(b"\n", 1)
        answer = json.loads(line)
        if isinstance(answer, dict):
            raise OmniFailed(answer["error"])
        return [Evaluated(*item) for item in answer]

    def _death(self) -> str:
        return f"the process ended with status {self.process.wait()}"

    def resident(self) -> int:
        """Bytes of resident memory now."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE

    def peak(self) -> int:
        """The most bytes of resident memory so far."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return 0


def least(worker: Worker, call: str) -> float:
    """Seconds of the fastest of some runs: what others do on the machine only adds."""
    return min(one.run_seconds for one in worker.eval(*[call] * REPETITIONS))
