"""What is open while a text is read, and the mistakes found so far."""

from __future__ import annotations

from typing import Any

from jit_runtime.source.diagnostics import Diagnostic
from jit_runtime.source.text import Source, Span
from jit_runtime.syntax.forms import Form, Index, Symbol
from jit_runtime.syntax.literals import Mistake

MAX_DEPTH = 500
"""Deepest nesting of forms. Later passes recurse over forms: a Session must allow them some 20 Python frames per level."""

MAX_DIAGNOSTICS = 20


class Stop(Exception):
    """Reading on would only add noise."""


class Frame:
    """Something begun: a delimiter (`(`, `[`, `{`, `#{`, `$(`), a prefix (`quote`, `drop`, `val`, `meta`), a `path`, a `fmt` or the `top`."""

    __slots__ = ("dotted", "end", "index", "items", "kind", "meta_value", "segments", "start")

    def __init__(self, kind: str, start: int, end: int) -> None:
        self.kind, self.start, self.end = kind, start, end
        self.items: list[Any] = []  # forms inside; the root of a path; str and forms of a fmt
        self.segments: list[Symbol | Index] = []
        self.meta_value: Form | None = None
        self.dotted = -1  # how many items stood before the dot of `(a . b)`
        self.index = False  # this delimiter holds the index of the path below it


class Frames:
    """A stack of frames over a text. It is bounded, and so are the mistakes: beyond either bound `Stop` is raised."""

    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.stack = [Frame("top", 0, 0)]
        self.diagnostics: list[Diagnostic] = []

    def push(self, kind: str, start: int, end: int) -> Frame:
        if len(self.stack) > MAX_DEPTH:
            self.report("R013", start, end, f"forms are nested deeper than {MAX_DEPTH}")
            raise Stop
        frame = Frame(kind, start, end)
        self.stack.append(frame)
        return frame

    def span(self, start: int, end: int) -> Span:
        return Span(self.source, start, end)

    def report(self, code: str, start: int, end: int, message: str, *notes: str, help: str | None = None) -> None:
        self.diagnostics.append(Diagnostic(code, self.span(start, end), message, notes, help))
        if len(self.diagnostics) >= MAX_DIAGNOSTICS:
            raise Stop

    def report_all(self, mistakes: list[Mistake]) -> None:
        for wrong in mistakes:
            self.report(wrong.code, wrong.start, wrong.end, wrong.message, help=wrong.help)
