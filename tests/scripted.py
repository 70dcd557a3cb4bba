"""A session that follows a script: what front ends do with output, errors, interrupts and counters, without a compiler.

(say TEXT)       writes TEXT and a newline
(say- TEXT)      writes TEXT without a newline
(spin)           runs until it is interrupted; the counters rise meanwhile
(fail)           raises an error with a span
(flood N)        writes N lines of 100 bytes
(nothing)        has no value
anything else    is its own value
"""

from __future__ import annotations

import os
import threading
import time
from types import SimpleNamespace
from typing import Any

from jit_runtime.source.diagnostics import Diagnostic, OmniError
from jit_runtime.source.text import Source, Span


class ScriptedSession:
    def __init__(self, out_fd: int = 1) -> None:
        self.evaluated: list[str] = []
        self._out = out_fd
        self._stop = threading.Event()
        self._counters = dict.fromkeys(("bytes_allocated", "objects_moved", "splices", "retains", "evacuations"), 0)
        self._counters |= {"regions_live": 3, "held_bytes": 4096}

    def eval(self, text: str, *, name: str = "<repl>", line: int = 1) -> Any:
        self.evaluated.append(text)
        word, _, rest = text.strip().strip("()").partition(" ")
        source = Source(name, text, line)
        before = dict(self._counters)
        value: str | None = text.strip()
        if word in ("say", "say-"):
            os.write(self._out, rest.encode() + (b"\n" if word == "say" else b""))
            value = None
        elif word == "flood":
            for _ in range(int(rest)):
                os.write(self._out, b"x" * 99 + b"\n")
            value = None
        elif word == "spin":
            self._spin(source)
        elif word == "fail":
            raise OmniError(Diagnostic("E0001", Span(source, 0, len(text)), "it failed", notes=("as it should",)))
        elif word == "nothing":
            value = None
        self._counters["bytes_allocated"] += 16
        stats = {key: self._counters[key] - before[key] for key in before}
        return SimpleNamespace(warnings=[], value_text=value, mime={}, kind="Symbol", stats=stats, timings={"run": 0.001})

    def _spin(self, source: Source) -> None:
        self._stop.clear()
        while not self._stop.wait(0.02):
            self._counters["objects_moved"] += 1
            self._counters["bytes_allocated"] += 1000
        raise OmniError(Diagnostic("E0002", Span(source, 0, 1), "interrupted"))

    def load(self, path: str) -> Any:
        with open(path) as file:
            return self.eval(file.read(), name=path)

    def is_complete(self, text: str) -> tuple[str, str]:
        depth = text.count("(") - text.count(")")
        return ("complete" if depth == 0 else "incomplete" if depth > 0 else "invalid", "  " * max(0, depth))

    def complete(self, text: str, cursor: int) -> tuple[int, int, list[Any]]:
        start = max(text.rfind(mark, 0, cursor) for mark in "( ") + 1
        names = [name for name in ("reverse", "reduce", "spin") if name.startswith(text[start:cursor])]
        return start, cursor, [SimpleNamespace(name=name, kind="function", signature=f"({name} xs)", doc="its doc") for name in names]

    def inspect(self, name: str) -> str | None:
        return "(reverse xs) -- backwards" if name == "reverse" else None

    def interrupt(self) -> None:
        self._stop.set()

    def flush(self) -> None:
        """Nothing is held back here."""

    def stats(self) -> dict[str, int]:
        return dict(self._counters)

    def functions(self) -> list[str]:
        return ["spin"]

    def dump(self, name: str, stage: str) -> str:
        return f"{stage} of {name}"

    def close(self) -> None:
        self._stop.set()


def wait_until(condition: Any, seconds: float = 10.0) -> bool:
    """True as soon as the condition holds; False after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False
