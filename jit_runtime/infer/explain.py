"""What is noted while the IR of a unit is built: where its allocations go and why (`(code-regions f)`), how its calls are made (`(code-typed f)`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.expand.core import Big, Lst
from jit_runtime.source.text import NOWHERE, Span

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.world import Instance

LONGEST = 48


class Allocation(NamedTuple):
    span: Span
    place: str
    why: str


class CallNote(NamedTuple):
    """A call of an instance, or of something found while the program runs (None)."""

    instance: Instance | None
    how: str


def note_call(b: Builder, instance: Instance | None, how: str) -> None:
    """Of the unit's own text: what an inlined body calls is not noted."""
    if b.span is not None and b.site is None:
        b.unit.calls.setdefault(b.span, {})[CallNote(instance, how)] = None


def note_allocation(b: Builder) -> None:
    note_place(b, *place_and_reason(b))


def note_place(b: Builder, place: str, why: str) -> None:
    """What the text at this place makes goes there."""
    if b.span is not None and b.span is not NOWHERE:
        b.unit.allocations[Allocation(b.span, place, why)] = None


def note_literal(b: Builder, value: object) -> None:
    if isinstance(value, (str, Big)) or (isinstance(value, Lst) and value.items):
        note_place(b, "the code's own region", "a literal: it goes with the code, unless something names it then")


def note_fields(b: Builder) -> None:
    note_place(b, "registers", "only its fields are read, so no object is made")


def place_and_reason(b: Builder) -> tuple[str, str]:
    """The region that new values go to now."""
    for space in reversed(b.spaces):
        if b.dest is space.region:
            if space.of_call:
                return "the call's own region", "the result holds no reference, so it dies with the call"
            if space.extent is not None:
                end = space.extent.last.span
                return "a region of its own", f"nothing of it is used behind {short(end)}, {end.line}:{end.column}"
            return "the loop's space", "no variable of the loop can keep it, so it dies with the turn"
    if b.dest in b.homes:
        return f"the region of {b.homes[b.dest]}", "stored there on every path from here"
    if b.dest is b.result_place:
        return "the caller's destination", "part of the result on every path from here"
    return "the youngest open region", "nothing is proven about how long it lives"


def listing(title: str, allocations: list[Allocation]) -> str:
    """A line for each allocation, in the order of the text."""
    rows = []
    for span, place, why in sorted(allocations, key=lambda one: (one.span.start, one.span.end)):
        rows.append((f"{span.line}:{span.column}", short(span), place, why))
    if not rows:
        return f"{title}: allocates nothing"
    wide = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [f"  {at:<{wide[0]}}  {text:<{wide[1]}}  {place:<{wide[2]}}  {why}" for at, text, place, why in rows]
    return "\n".join([f"{title}:", *lines])


def short(span: Span) -> str:
    """A text on one line."""
    text = " ".join(span.text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
