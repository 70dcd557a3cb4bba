"""Source texts and the spans that point into them."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Source:
    """A named text. `name` is what messages show: a path, `<repl>`, `In[3]`. `line` numbers its first line."""

    __slots__ = ("_starts", "line", "name", "text")

    def __init__(self, name: str, text: str, line: int = 1) -> None:
        self.name, self.text, self.line = name, text, line
        self._starts: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """Offsets of the first character of each line."""
        if self._starts is None:
            self._starts = [0]
            at = self.text.find("\n")
            while at >= 0:
                self._starts.append(at + 1)
                at = self.text.find("\n", at + 1)
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1 (columns in code points)."""
        index = bisect_right(self.starts, offset) - 1
        return index + self.line, offset - self.starts[index] + 1

    def line_text(self, line: int) -> str:
        """The text of one line, as numbered by `position`, without its newline."""
        index = line - self.line
        start = self.starts[index]
        end = self.starts[index + 1] - 1 if index + 1 < len(self.starts) else len(self.text)
        return self.text[start:end]


class Span(NamedTuple):
    """Half-open range of code points `start:end` of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of the other."""
        return Span(self.source, self.start, other.end)


NOWHERE = Span(Source("<built in>", ""), 0, 0)
