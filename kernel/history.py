"""Inputs and outputs of this kernel's cells, as `history_request` asks for them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

SESSION = 0


class History:
    """(line, input, output text or None) in order of execution; line numbers are the execution counts."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, str, str | None]] = []

    def add(self, line: int, text: str, output: str | None) -> None:
        self._entries.append((line, text, output))

    def answer(
        self, kind: str, *, output: bool, start: int | None, stop: int | None, n: int | None, pattern: str | None, unique: bool
    ) -> list[tuple[Any, ...]]:
        """Rows of a history_reply; kind is `tail`, `range` or `search`."""
        entries = self._entries
        if kind == "range":
            entries = [entry for entry in entries if (start or 0) <= entry[0] and (stop is None or entry[0] < stop)]
        elif kind == "search":
            entries = [entry for entry in entries if fnmatchcase(entry[1], pattern or "*")]
            if unique:
                entries = list({entry[1]: entry for entry in entries}.values())
        if n is not None and kind != "range":
            entries = entries[-n:] if n > 0 else []
        return [(SESSION, line, (text, shown)) if output else (SESSION, line, text) for line, text, shown in entries]
