"""Clauses of a `match` that can never be reached, and values of an enum or of Bool that none takes: warnings, with examples.

Usefulness of a row of patterns behind others, as in L. Maranget, "Warnings for pattern matching" (2007). What a pattern tests by code of
the program, by a length or by keys is *partial*: it is taken to match nothing where it stands before others, and all where it is asked about,
so that nothing reachable is warned of.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.expand.kinds import kind_of
from jit_runtime.syntax import forms as f
from jit_runtime.types.kinds import KINDS, Abstract, Kind
from jit_runtime.types.order import below
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander


class Head(NamedTuple):
    """What a value is made by: a struct or variant, a literal, `cons`; or a kind, which has all instances. `kind`: that of what it makes."""

    key: Hashable
    kind: Kind
    text: str
    arity: int = 0


class Made(NamedTuple):
    head: Head
    parts: tuple[Pattern, ...] = ()


class Either(NamedTuple):
    branches: tuple[Pattern, ...]


ANYTHING, PARTIAL = "_", "partial"
Pattern = Made | Either | str
Row = list[Pattern]
BOOLS = [Head(("Bool", value), KINDS["Bool"], text) for value, text in ((True, "true"), (False, "false"))]
PAIR, NULL = Head("pair", KINDS["Pair"], "cons", 2), Head("null", KINDS["Null"], "()")


# ---- forms ----


def pattern_of(x: Expander, form: f.Form) -> Pattern:
    """The form was expanded as a pattern already: it is one."""
    if type(form) is f.Symbol:
        variant = x.env.universe.variants.get(form.name)
        return Made(head_of(variant)) if variant is not None and variant.is_constant else ANYTHING
    if isinstance(form, (f.Int, f.Float, f.BigInt, f.String, f.Char)):
        kind = KINDS[type(form).__name__]
        return Made(Head((kind.name, form.value), kind, form.span.text))
    if type(form) is f.Literal:
        found = [head for head in BOOLS if form.value is head.key[1]]  # type: ignore[index]
        return Made(found[0] if found else Head(("Nothing",), KINDS["Nothing"], "nothing"))
    if type(form) is f.Kind:
        return of_kind(kind_of(x, form))
    if type(form) is f.Path:
        return _made(x, form, [])
    if type(form) is f.Quote and type(form.form) is f.Symbol:
        return Made(Head(("Symbol", form.form.name), KINDS["Symbol"], form.span.text))
    if type(form) is f.ValueKind and not isinstance(form.form, (f.Symbol, f.List)):
        return pattern_of(x, form.form)
    if type(form) is f.Array and len(form.items) == 2 and type(form.items[0]) is f.Symbol and type(form.items[1]) is f.Kind:
        return pattern_of(x, form.items[1])
    return _list(x, form) if type(form) is f.List else PARTIAL


def _list(x: Expander, form: f.List) -> Pattern:
    if not form.items:
        return Made(NULL)
    head, *rest = form.items
    name = head.name if type(head) is f.Symbol else ""
    if name == "or":
        return Either(tuple(pattern_of(x, item) for item in rest))
    if name == "as":
        return pattern_of(x, rest[0])
    if name == "and":
        inner = [pattern for pattern in (pattern_of(x, item) for item in rest) if pattern != ANYTHING]
        return ANYTHING if not inner else inner[0] if len(inner) == 1 else PARTIAL
    if name == "cons":
        return Made(PAIR, tuple(pattern_of(x, item) for item in rest))
    return PARTIAL if name in ("list", "not", "satisfies") else _made(x, head, rest)


def _made(x: Expander, head: f.Form, rest: Sequence[f.Form]) -> Pattern:
    from jit_runtime.expand.patterns import struct_named

    struct = struct_named(x, head)
    return PARTIAL if struct is None else Made(head_of(struct), tuple(pattern_of(x, item) for item in rest))


def head_of(struct: Struct) -> Head:
    return Head(struct.nominal, struct, struct.name, len(struct.latest.fields))


def of_kind(kind: Kind) -> Pattern:
    family = [head_of(child) for child in kind.children] if isinstance(kind, Abstract) and kind.closed else BOOLS if kind is KINDS["Bool"] else None  # type: ignore[arg-type]
    if family is None:
        return ANYTHING if kind is KINDS["Any"] else Made(Head(("kind", kind), kind, repr(kind)))
    return Either(tuple(Made(head, (ANYTHING,) * head.arity) for head in family))


# ---- usefulness ----


def is_whole(pattern: Pattern) -> bool:
    """Does the pattern say all of what it matches?"""
    parts = pattern.parts if isinstance(pattern, Made) else pattern.branches if isinstance(pattern, Either) else ()
    return pattern != PARTIAL and all(map(is_whole, parts))


def useful(rows: list[Row], row: Row) -> bool:
    """May some values match the row and none of the rows?"""
    if not row:
        return not rows
    first, rest = row[0], row[1:]
    if isinstance(first, Either):
        return any(useful(rows, [branch, *rest]) for branch in first.branches)
    if isinstance(first, Made):
        parts = list(first.parts) or [ANYTHING] * first.head.arity
        return useful(made_by(rows, first.head), [*parts, *rest])
    return useful(otherwise(rows), rest)


def flat(rows: list[Row]) -> list[Row]:
    """Rows whose first pattern is no `or`."""
    found: list[Row] = []
    for row in rows:
        first = row[0]
        found += flat([[branch, *row[1:]] for branch in first.branches]) if isinstance(first, Either) else [row]
    return found


def made_by(rows: list[Row], head: Head) -> list[Row]:
    """The rows for values that `head` makes, their parts in place of the first pattern."""
    found: list[Row] = []
    for first, *rest in flat(rows):
        if isinstance(first, Made) and first.head.key == head.key:
            found.append([*(first.parts or [ANYTHING] * head.arity), *rest])
        elif first == ANYTHING or (isinstance(first, Made) and is_kind(first.head) and below(head.kind, first.head.kind)):
            found.append([*([ANYTHING] * head.arity), *rest])
    return found


def is_kind(head: Head) -> bool:
    return isinstance(head.key, tuple) and head.key[0] == "kind"


def otherwise(rows: list[Row]) -> list[Row]:
    """The rows for values that no first pattern names."""
    return [rest for first, *rest in flat(rows) if first == ANYTHING]


# ---- what is missing ----


def family(rows: list[Row]) -> list[Head] | None:
    """All that a value may be made by, if the first patterns are variants of one enum, or Bools, or all alike."""
    heads = [first.head for first, *_ in flat(rows) if isinstance(first, Made)]
    enums = {head.kind.enum if isinstance(head.kind, Struct) else head.kind for head in heads}
    if len(enums) != 1:
        return None
    enum = enums.pop()
    if enum is KINDS["Bool"]:
        return BOOLS
    return [head_of(child) for child in enum.children] if isinstance(enum, Abstract) and enum.closed else None  # type: ignore[arg-type]


def missing(rows: list[Row], count: int) -> list[str] | None:
    """An example of `count` values that match none of the rows; None: there is none."""
    if count == 0:
        return None if rows else []
    heads = family(rows)
    if heads is None:
        rest = missing(otherwise(rows), count - 1)
        return None if rest is None else [ANYTHING, *rest]
    for head in heads:
        found = missing(made_by(rows, head), head.arity + count - 1)
        if found is not None:
            return [written(head, found[: head.arity]), *found[head.arity :]]
    return None


def written(head: Head, parts: list[str]) -> str:
    return head.text if all(part == ANYTHING for part in parts) else f"({head.text} {' '.join(parts)})"


def all_missing(rows: list[Row]) -> list[str]:
    """One example for each variant of the enum that the rows are about, or for each Bool, that has one."""
    found = [(head, missing(made_by(rows, head), head.arity)) for head in family(rows) or ()]
    return [written(head, parts) for head, parts in found if parts is not None]
