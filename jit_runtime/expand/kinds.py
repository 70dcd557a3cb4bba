"""Kind forms: what stands in braces.

`{Array T}` is a kind of its own. Other parameters are accepted and not yet kept: `{List Int}` is the kind List.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Const, Core, KindRef
from jit_runtime.expand.mistakes import malformed, unknown_type, unsupported
from jit_runtime.syntax import forms as f
from jit_runtime.types.kinds import KINDS, Kind

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander
    from jit_runtime.expand.scope import Scope

EXPECTED = "a kind such as {Int} or {List Int}"


def annotation(x: Expander, form: f.Form | None) -> Kind | None:
    """The kind an annotation asks for; None when there is none, or when it is Any and asks for nothing."""
    if form is None:
        return None
    kind = kind_of(x, form)
    return None if kind.name == "Any" else kind


def kind_of(x: Expander, form: f.Form) -> Kind:
    """The kind of `{...}`, of a name, or of a type-building computation. Raises X003 for an unknown name."""
    if type(form) is f.Kind:
        return _braces(x, form)
    if type(form) is f.Symbol:
        return _named(x, form)
    if type(form) is f.List and form.items and type(form.items[0]) is f.Symbol:
        return _computed(x, form, form.items[0].name)
    if type(form) is f.Meta and form.form is not None:
        return kind_of(x, form.form)
    if type(form) is f.ValueKind:
        raise unsupported("a value kind", form.span)
    raise malformed("{}", form.span, "this is not a kind", EXPECTED)


def expand_kind(x: Expander, form: f.Kind, scope: Scope | None) -> Core:
    return Const(KindRef(_braces(x, form)), form.span)


def _braces(x: Expander, form: f.Kind) -> Kind:
    if not form.items:
        raise malformed("{}", form.span, "empty braces", EXPECTED)
    return _applied(x, kind_of(x, form.items[0]), form.items[1:])


def _applied(x: Expander, kind: Kind, arguments: Sequence[f.Form]) -> Kind:
    """A kind with parameters. Arrays are invariant: those of other elements than Int, Float, Char and Bool can hold anything."""
    found: list[Kind] = []
    for argument in arguments:
        for part in argument.items if type(argument) is f.Array else [argument]:
            if type(part) in (f.Symbol, f.Kind, f.List):
                found.append(kind_of(x, part))
    if kind is KINDS["Array"] and len(found) == 1:
        return KINDS.get(f"Array {found[0].name}", KINDS["Array Any"])
    return kind


def _named(x: Expander, form: f.Symbol) -> Kind:
    kind = x.env.kind(form.name) or KINDS.get(form.name)
    if kind is None:
        raise unknown_type(form.name, form.span, KINDS)
    return kind


def _computed(x: Expander, form: f.List, head: str) -> Kind:
    if head == "union":
        return _union(x, form)
    if head in ("fn", "->"):
        return KINDS["Function"]
    if head == "Type":
        return KINDS["Kind"]
    return _applied(x, _named(x, form.items[0]), form.items[1:])  # type: ignore[arg-type]  # the caller looked: a Symbol


def _union(x: Expander, form: f.List) -> Kind:
    members: list[f.Form] = []
    for item in form.items[1:]:
        members.extend(item.items if type(item) is f.Array else [item])
    kinds = [kind_of(x, member) for member in members]
    mask = 0
    for kind in kinds:
        mask |= kind.mask
    for known in KINDS.values():
        if known.mask == mask and known.name not in ("Any",):
            return known
    return Kind("(union [" + " ".join("{" + kind.name + "}" for kind in kinds) + "])", mask, None, True)
