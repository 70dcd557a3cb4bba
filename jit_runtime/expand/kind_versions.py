"""Definitions of a kind that exists already: another version of it where something differs, a new kind where it is of another sort."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.source.diagnostics import Diagnostic
from jit_runtime.types.kinds import Applied, Field, Kind, Struct, Variable

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander
    from jit_runtime.source.text import Span


def next_version(x: Expander, old: Struct, parent: Kind, complete: Callable[[Struct], None]) -> Struct:
    """What a definition of an existing struct makes: another version, or the last one where nothing differs."""
    universe = x.env.universe
    made = universe.new_version(old, parent)
    complete(made)
    if same_definition(old.latest, made):
        return old.latest
    universe.expect(made)
    return made


def same_definition(a: Struct, b: Struct) -> bool:
    return a.parent is b.parent and len(a.fields) == len(b.fields) and all(map(same_field, a.fields, b.fields))


def same_field(a: Field, b: Field) -> bool:
    return a.name == b.name and a.mutable == b.mutable and a.parameter == b.parameter and same_kind(a.kind, b.kind)


def same_kind(a: Kind | None, b: Kind | None) -> bool:
    """Type parameters are the same by their place: each definition has variables of its own."""
    if isinstance(a, Variable) and isinstance(b, Variable):
        return a.index == b.index
    if isinstance(a, Applied) and isinstance(b, Applied):
        return a.base is b.base and all(map(same_kind, a.arguments, b.arguments))
    return a is b


def warn_of_new_kind(x: Expander, name: str, span: Span) -> None:
    """The name meant a kind that cannot go on as the one that is defined now."""
    message = f"{{{name}}} is a new kind from now on: values and methods of the earlier {{{name}}} stay with that"
    help = "a struct goes on as the same kind if it stays a struct with as many type parameters, an enum likewise"
    x.env.warnings.append(Diagnostic("W002", span, message, help=help, severity="warning"))
