"""Definitions of a kind that exists already: another version of it where something differs, a new kind where it is of another sort."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeGuard, TypeVar

from jit_runtime.expand.kinds import qualified
from jit_runtime.source.diagnostics import Diagnostic
from jit_runtime.types.kinds import Abstract, Applied, Kind, Variable
from jit_runtime.types.structs import Field, Struct

Fields = TypeVar("Fields")

if TYPE_CHECKING:
    from jit_runtime.expand.core import Lambda
    from jit_runtime.expand.expand import Expander
    from jit_runtime.source.text import Span


def warn_of_lost_constructor(x: Expander, function: Lambda, span: Span) -> None:
    """A method named like a struct is another way to make one, unless it takes what the constructor takes: then it replaces it."""
    universe, name = x.env.universe, function.name or ""
    made = universe.kinds.get(name) or universe.variants.get(name)
    if not isinstance(made, Struct) or function.rest is not None or function.required != len(function.params):
        return
    if len(function.params) == len(made.latest.fields) and all(param.kind is None for param in function.params):
        message = f"this replaces the constructor of {made.name}: nothing else makes instances"
        help = "other parameters, or kinds for them, add a way to make one instead; defining the struct again brings the constructor back"
        x.env.warnings.append(Diagnostic("W003", span, message, help=help, severity="warning"))


def next_version(x: Expander, old: Struct, parent: Kind, complete: Callable[[Struct], None]) -> Struct:
    """What a definition of an existing struct makes: another version, or the last one where nothing differs."""
    universe = x.env.universe
    made = universe.new_version(old, parent)
    complete(made)
    if same_definition(old.latest, made):
        return old.latest
    universe.expect(made)
    return made


def is_enum(kind: Kind | None) -> TypeGuard[Abstract]:
    return isinstance(kind, Abstract) and kind.closed


def enum_again(x: Expander, enum: Abstract, written: list[tuple[str, Fields]], complete: Callable[..., None]) -> list[Struct]:
    """What a definition of an existing enum makes of its variants: versions of those that it had, and new ones.

    Values of a variant that is gone stay what they are; no pattern names it.
    """
    universe = x.env.universe
    before = dict(universe.variants)
    made: list[Struct] = []
    try:
        for name, fields in written:
            old = universe.variants.get(qualified(enum.name, name))
            if old is not None and old.enum is enum:
                universe.variants[name] = old
                made.append(next_version(x, old, enum, partial(complete, fields=fields)))
                continue
            made.append(universe.define_struct(name, enum, enum.variances, enum))
            complete(made[-1], fields)
    except BaseException:
        for struct in made:
            if struct.newest is not struct or struct.nominal not in before.values():
                universe.forget(struct)
        universe.variants = before
        raise
    for child in enum.children:
        if child.name not in dict(written):
            universe.variants.pop(qualified(enum.name, child.name), None)
            if universe.variants.get(child.name) is child:
                del universe.variants[child.name]
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


def warn_of_new_kind(x: Expander, old: Kind | None, name: str, span: Span) -> None:
    """Did the name mean a kind that cannot go on as the one that is defined now?"""
    if not isinstance(old, (Struct, Abstract)) or old.name != name or x.env.universe.is_prelude(old):
        return
    message = f"{{{name}}} is a new kind from now on: values and methods of the earlier {{{name}}} stay with that"
    help = "a struct goes on as the same kind if it stays a struct with as many type parameters, an enum likewise"
    x.env.warnings.append(Diagnostic("W002", span, message, help=help, severity="warning"))
