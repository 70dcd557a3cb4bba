"""Diagnostics as text: one layout, three outputs (plain, terminal, HTML).

FILE:LINE:COL: error: message
  12 | (f [x)
     |      ^
  note: what was expected
  help: what to try
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jit_runtime.source.diagnostics import Diagnostic
from jit_runtime.source.text import Span

Row = list[tuple[str, str]]
"""One line of output: (style, text) pieces. Styles: place, error, warning, message, gutter, code, caret, note, help."""

WIDTH = 120
TAB = 4

_ANSI = {
    "place": "1",
    "error": "1;31",
    "warning": "1;33",
    "message": "1",
    "gutter": "2",
    "caret": "1;31",
    "note": "36",
    "help": "32",
}


def render_plain(diagnostics: Iterable[Diagnostic], width: int = WIDTH) -> str:
    """Text without colour; every line ends in a newline."""
    return "".join("".join(text for _, text in row).rstrip() + "\n" for row in layout(diagnostics, width))


def render_ansi(diagnostics: Iterable[Diagnostic], width: int = WIDTH) -> str:
    """Text with SGR colours."""
    return "".join("".join(map(_sgr, row)) + "\n" for row in layout(diagnostics, width))


def render_html(diagnostics: Iterable[Diagnostic], width: int = WIDTH) -> str:
    """A `<pre class="omni-error">` with a `<span class="omni-STYLE">` for each piece."""
    rows = ("".join(map(_html, row)) for row in layout(diagnostics, width))
    return '<pre class="omni-error">' + "\n".join(rows) + "</pre>"


def _sgr(piece: tuple[str, str]) -> str:
    style, text = piece
    return f"\x1b[{_ANSI[style]}m{text}\x1b[0m" if style in _ANSI else text


def _html(piece: tuple[str, str]) -> str:
    style, text = piece
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return f'<span class="omni-{style}">{escaped}</span>'


def layout(diagnostics: Iterable[Diagnostic], width: int = WIDTH) -> Iterator[Row]:
    """The rows of all diagnostics, one after the other."""
    for diagnostic in diagnostics:
        yield from _diagnostic(diagnostic, width)


def _diagnostic(diagnostic: Diagnostic, width: int) -> Iterator[Row]:
    span = diagnostic.span
    first, *more = _lines(diagnostic.message)
    style = "warning" if diagnostic.severity == "warning" else "error"
    place = "" if span is None else f"{_safe(span.source.name)}:{span.line}:{span.column}: "
    yield [("place", place), (style, diagnostic.severity + ": "), ("message", first)]
    for line in more:
        yield [("message", "  " + line)]
    if span is not None:
        yield from _excerpt(span, width)
    for note in diagnostic.notes:
        yield from _remark("note", note)
    if diagnostic.help is not None:
        yield from _remark("help", diagnostic.help)


def _remark(style: str, text: str) -> Iterator[Row]:
    first, *more = _lines(text)
    yield [(style, f"  {style}: "), ("", first)]
    for line in more:
        yield [("", " " * (len(style) + 4) + line)]


def _excerpt(span: Span, width: int) -> Iterator[Row]:
    """The line where the span starts, and a line of carets under the part of the span that is on it."""
    line, column = span.source.position(span.start)
    text = span.source.line_text(line).rstrip("\r")
    if not text.strip():
        return
    start = min(column - 1, len(text))
    end = min(max(start + span.end - span.start, start + 1), max(len(text), start + 1))
    number = str(line)
    near = text[max(0, start - width) : start + width]
    room = max(width - len(number) - 5, 20) * len(near) // max(_width(near), 1)
    shown, before, marked = _window(text, start, end, room)
    yield [("gutter", f"  {number} | "), ("code", shown)]
    yield [("gutter", f"  {' ' * len(number)} | "), ("caret", " " * before + "^" * max(marked, 1))]


def _window(text: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """The visible text, about `room` characters around `start`; cells before the mark; cells of the mark."""
    first, last = _cut(len(text), start, end, room)
    left, right = "…" if first > 0 else "", "…" if last < len(text) else ""
    before = _cells(text[first:start], len(left))
    mark = _cells(text[start : min(end, last)], _width(before))
    after = _cells(text[min(end, last) : last], _width(before) + _width(mark))
    return left + before + mark + after + right, len(left) + _width(before), _width(mark)


def _cut(length: int, start: int, end: int, room: int) -> tuple[int, int]:
    """The range of a line to show: all of it if it fits, else a third of the room before the caret."""
    if length <= room:
        return 0, length
    first = max(0, min(start - room // 3, length - room + 1))
    return first, min(length, first + room - 2)


def _cells(text: str, at: int) -> str:
    """The text as the terminal shall show it from column `at`: tabs as spaces, controls as `·`."""
    if text.isascii() and text.isprintable():
        return text
    shown = []
    for char in text:
        if char == "\t":
            char = " " * (TAB - at % TAB)
        elif not char.isprintable():
            char = "·"
        shown.append(char)
        at += _width(char)
    return "".join(shown)


def _width(text: str) -> int:
    """Terminal cells of a text without control characters."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _lines(text: str) -> list[str]:
    return [_safe(line) for line in text.split("\n")]


def _safe(text: str) -> str:
    """No control character reaches the terminal."""
    return text if text.isprintable() else "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
