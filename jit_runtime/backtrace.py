"""What a message says about the frames of an error: its place, and the calls that led there, in the program's terms.

Frames of the runtime, of generic entries and of adapters say nothing to a user. A library function is named, but the
place of an error is in the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from jit_runtime.codegen.line_tables import places
from jit_runtime.dataclass import replace
from jit_runtime.source.diagnostics import OmniError
from jit_runtime.source.text import NOWHERE, Source, Span

if TYPE_CHECKING:
    from jit_runtime.engine.traces import Frame

LONGEST = 12  # lines of a trace; deep recursion fills it


def describe(frames: Iterable[Frame], is_library: Callable[[Source], bool]) -> tuple[Span | None, tuple[str, ...]]:
    """The innermost place in the program, and the notes of a message: nothing where the place says it all."""
    where: Span | None = None
    lines: list[str] = []
    inside = False
    for frame in frames:
        known = frame.unit.places.get(frame.symbol)
        if known is None:
            continue
        for callee, span in places(known.home, known.sites, frame.line, frame.column) if frame.line else [(None, known.home)]:
            library = is_library(span.source)
            if where is None and not library:
                where = span
            if not inside or callee is not None:
                lines.append(_line(callee or known.name, span, library))
        inside = known.inner
    if not lines or (len(lines) == 1 and lines[0].startswith("at ")):
        return where, ()
    return where, ("\n".join(_folded(lines)),)


def placed(error: OmniError, span: Span | None, notes: tuple[str, ...]) -> OmniError:
    """A mistake in code that no source holds (data given to `eval`) happened where the program asked for it."""
    found = [
        replace(d, span=span, notes=d.notes + notes) if d.span is None or d.span.source is NOWHERE.source else d for d in error.diagnostics
    ]
    return OmniError(*found)


def _line(name: str | None, span: Span, library: bool) -> str:
    if library:
        return f"in `{name}`"
    at = f"{span.source.name}:{span.line}"
    return f"at {at}" if name is None else f"in `{name}` at {at}"


def _folded(lines: list[str]) -> list[str]:
    """Equal neighbours once, with their number; not more than LONGEST lines."""
    counted: list[tuple[str, int]] = []
    for line in lines:
        if counted and counted[-1][0] == line:
            counted[-1] = line, counted[-1][1] + 1
        else:
            counted.append((line, 1))
    shown = [line if count == 1 else f"{line} ({count} times)" for line, count in counted]
    if len(shown) > LONGEST:
        shown[LONGEST - 1 :] = ["..."]
    return shown
