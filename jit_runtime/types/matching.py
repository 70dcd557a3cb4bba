"""What type variables stand for when a value is an instance of a kind that names some: `{Wr T}`, `{List T}`, `{(Type {T})}`.

Values of both engines are read through `Values`. What a value tells of its kind's parameters is what its fields tell; a parameter that
they leave open (`None` is an `{Option T}` of any T) fits everything and binds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Protocol

from jit_runtime.types.array_kinds import ArrayKind
from jit_runtime.types.kinds import KINDS, MOST_NESTED, Applied, FunctionKind, Kind, TypeKind, Union, Variable
from jit_runtime.types.order import UNTOLD, Bindings, attempt, bind, is_open, unify, variables_in
from jit_runtime.types.specificity import Shared, Signature
from jit_runtime.types.structs import Field, Struct
from jit_runtime.types.universe import Universe


class Values(Protocol):
    """How an engine's values are read."""

    def concrete(self, value: Any) -> Kind:
        """The kind that programs see, without parameters."""

    def struct(self, value: Any) -> Struct | None:
        """The newest version of a struct's instance."""

    def held(self, value: Any, name: str) -> Any:
        """A field."""

    def items(self, value: Any) -> Iterable[Any] | None:
        """The elements of a list; None for anything else."""

    def as_kind(self, value: Any) -> Kind | None:
        """The kind that a value is."""

    def instance(self, value: Any, kind: Kind) -> bool:
        """Of a kind without type variables."""

    def applied(self, value: Any, arguments: list[Kind]) -> Kind:
        """The concrete kind of a value with parameters."""


def told(values: Values, value: Any, levels: int = MOST_NESTED, unknown: Kind = UNTOLD) -> Kind:
    """The kind of a value with the parameters that its fields tell, down to so many levels; `unknown` for the others."""
    struct = values.struct(value)
    if struct is None or not struct.variances or levels == 0:
        return values.concrete(value)
    return values.applied(value, [parameter(values, value, struct, i, levels, unknown) for i in range(len(struct.variances))])


def parameter(values: Values, value: Any, struct: Struct, index: int, levels: int, unknown: Kind = UNTOLD) -> Kind:
    """What the fields tell of one parameter: one whose kind it is, or else those whose kinds name it."""
    direct = direct_field(struct, index)
    if direct is not None:
        return told(values, values.held(value, direct.name), levels - 1, unknown)
    for field in struct.fields:
        found: Bindings = {}
        if field.kind is not None and is_open(field.kind) and matches(values, values.held(value, field.name), field.kind, found, levels - 1):
            for variable, kind in found.items():
                if isinstance(variable, Variable) and variable.index == index:
                    return kind
    return unknown


def direct_field(struct: Struct, index: int) -> Field | None:
    return next((field for field in struct.fields if field.parameter == index), None)


def is_indirect(struct: Struct) -> bool:
    """Is there a parameter that only fields with kinds such as `{List T}` tell?"""
    named = {variable.index for field in struct.fields if field.kind is not None for variable in variables_in(field.kind)}
    return any(direct_field(struct, index) is None for index in named)


def matches(values: Values, value: Any, pattern: Kind, bound: Bindings, levels: int = MOST_NESTED) -> bool:
    """Is a value an instance of a kind, with the type variables as they are `bound` or for some kinds, which are entered?"""
    if isinstance(pattern, Variable):
        return bind(pattern, told(values, value, levels), bound)
    if isinstance(pattern, Applied) and values.struct(value) is not None:
        return values.instance(value, pattern.base) and (levels == 0 or _parameters_match(values, value, pattern, bound, levels))
    if not is_open(pattern):
        return values.instance(value, pattern)
    if isinstance(pattern, Union):
        return any(attempt(bound, partial(_matches_into, values, value, member, levels)) for member in pattern.members)
    if isinstance(pattern, TypeKind):
        kind = values.as_kind(value)
        return kind is not None and unify(pattern.of, kind, bound)
    if isinstance(pattern, FunctionKind):
        return values.instance(value, KINDS["Function"])
    assert isinstance(pattern, Applied)
    if isinstance(pattern, ArrayKind):
        kind = values.concrete(value)
        return unify(pattern, KINDS["Array Any"] if kind is KINDS["Array"] else kind, bound)
    items = values.items(value) if pattern.base.name == "List" else None
    if items is not None:
        return all(matches(values, item, pattern.arguments[0], bound, levels) for item in items)
    return values.instance(value, pattern.base)


def _matches_into(values: Values, value: Any, pattern: Kind, levels: int, bound: Bindings) -> bool:
    return matches(values, value, pattern, bound, levels)


def _parameters_match(values: Values, value: Any, pattern: Applied, bound: Bindings, levels: int) -> bool:
    struct = values.struct(value)
    assert struct is not None
    for index, (argument, variance) in enumerate(zip(pattern.arguments, pattern.variances, strict=True)):
        direct = direct_field(struct, index)
        if direct is not None and (is_open(argument) or variance > 0):
            fits = matches(values, values.held(value, direct.name), argument, bound, levels - 1)
        else:
            fits = unify(argument, parameter(values, value, struct, index, levels), bound, variance)
        if not fits:
            return False
    return True


def agree(values: Values, pair: FunctionKind, a: Any, b: Any) -> bool:
    """Do two values have the kinds of a pair's two parameters, with the same kinds for their type variables?"""
    bound: Bindings = {}
    return all(matches(values, value, pattern, bound) for value, pattern in zip((a, b), pair.parameters, strict=True))


def bound_kind(values: Values, universe: Universe, pair: FunctionKind, value: Any) -> Kind:
    """The result of `(fn [pattern] result)` for a value that matches the pattern; what that does not tell of type variables is their bound."""
    bound: Bindings = {}
    matches(values, value, pair.parameters[0], bound)
    return universe.settled(universe.substituted(pair.result, bound))


def pairs_of_fields(struct: Struct) -> tuple[Shared, ...]:
    """Fields that have to agree about a type parameter since the kind of one, such as `{List T}`, names it."""
    open_kinds = [field.kind for field in struct.fields if field.kind is not None and is_open(field.kind)]
    variables = {variable.index: variable for kind in open_kinds for variable in variables_in(kind)}
    kinds: list[Kind] = []
    for field in struct.fields:
        plain = variables.get(field.parameter) if field.parameter is not None else None
        kinds.append(plain or (field.kind if field.kind in open_kinds and field.kind is not None else KINDS["Any"]))
    return tuple(pair for pair in Signature(tuple(kinds), len(kinds), False).same_for(len(kinds)) if not pair.plain)
