"""Membership of values in kinds, and what programs ask about kinds (language S11.9 - S11.11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jit_runtime.expand import core
from jit_runtime.expand.show import datum
from jit_runtime.oracle.equality import equal
from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import BITS, KIND_NAMES, NULL, Bits, Char, Fraction, Pair, Record, Symbol, Value, Whole, from_datum, held, kind_of
from jit_runtime.source.diagnostics import fail
from jit_runtime.types import errors
from jit_runtime.types.array_kinds import ArrayKind
from jit_runtime.types.kinds import (
    KINDS,
    OF_VALUES,
    Abstract,
    Applied,
    FunctionKind,
    Kind,
    TypeKind,
    Union,
    ValueKind,
)
from jit_runtime.types.matching import is_indirect, matches
from jit_runtime.types.order import below, is_open
from jit_runtime.types.primitives import Primitive
from jit_runtime.types.structs import Struct
from jit_runtime.types.universe import Universe


def is_instance(value: Value, kind: Kind) -> bool:
    if is_open(kind):
        return matches(VALUES, value, kind, {})
    return TESTS[type(kind)](value, kind)


def _nominal(value: Value, kind: Kind) -> bool:
    """A kind that is named: the record's struct, or one of its ancestors. Any other value is of a builtin kind."""
    if isinstance(value, (Whole, Fraction, Bits)):
        return below(value.kind, kind)
    if type(value) is not Record:
        return bool(BITS[type(value)] & kind.mask)
    at: Kind | None = value.struct.nominal
    while at is not None and at is not kind:
        at = at.parent
    return at is not None


def _applied(value: Value, kind: Applied) -> bool:
    if not is_instance(value, kind.base):
        return False
    if type(value) is Record and is_indirect(value.struct.newest):
        return matches(VALUES, value, kind, {})
    if kind.base.name == "List" and type(value) is not Record:
        return _list_of(value, kind.arguments[0])
    return type(value) is not Record or all(_part_fits(value, kind, i) for i in range(len(kind.arguments)))


def _list_of(value: Value, kind: Kind) -> bool:
    while type(value) is Pair:
        if not is_instance(value.head, kind):
            return False
        value = value.tail
    return value is NULL


def _part_fits(record: Record, kind: Applied, parameter: int) -> bool:
    """Do the fields that tell what a type parameter is allow the argument of `kind`? Without such fields it may be any."""
    variance, wanted = kind.variances[parameter], kind.arguments[parameter]
    for field in record.struct.newest.fields:
        if field.parameter != parameter:
            continue
        part = held(record, field.name)
        own = kind_of(part)
        if variance > 0 and not is_instance(part, wanted):
            return False
        if variance <= 0 and not below(wanted, own):
            return False
        if variance == 0 and not below(own, wanted):
            return False
    return True


def _value(value: Value, kind: ValueKind) -> bool:
    only = from_datum(kind.value)  # type: ignore[arg-type]  # a literal
    return type(value) is type(only) and equal(value, only)


TESTS: dict[type, Callable[[Value, Any], bool]] = {
    Kind: _nominal,
    Abstract: _nominal,
    Struct: _nominal,
    Primitive: lambda value, kind: isinstance(value, (Whole, Fraction, Bits)) and value.kind is kind,
    Union: lambda value, kind: any(is_instance(value, member) for member in kind.members),
    Applied: _applied,
    ArrayKind: _nominal,
    ValueKind: _value,
    TypeKind: lambda value, kind: value is kind.of,
    FunctionKind: lambda value, kind: KIND_NAMES.get(type(value)) == "Function",
}


def is_kind(value: Value, kind: Value) -> bool:
    """An instance, or a kind below it."""
    need_kind(kind)
    return is_instance(value, kind) or (isinstance(value, Kind) and below(value, kind))


def need_kind(value: Value) -> Kind:
    return value if isinstance(value, Kind) else raise_error(errors.NOT_KIND, value)


def value_to_kind(universe: Universe, value: Value) -> Kind:
    """The kind whose only instance is the value."""
    if type(value) not in (int, float, bool, type(None), str, Char, Symbol):
        kinds = ", ".join(OF_VALUES)
        raise fail("X015", None, f"type error: {kind_of(value)!r} is not among the kinds whose values have a kind of their own: {kinds}")
    literal = core.Chr(value.code) if type(value) is Char else core.Sym(value.name) if type(value) is Symbol else value
    return universe.value_kind(literal, datum(literal), KINDS[KIND_NAMES[type(value)]])


class _Values:
    """How types/matching.py reads values."""

    def concrete(self, value: Value) -> Kind:
        return value.struct.newest.visible if type(value) is Record else kind_of(value)

    def struct(self, value: Value) -> Struct | None:
        return value.struct.newest if type(value) is Record else None

    def held(self, value: Record, name: str) -> Value:
        return held(value, name)

    def items(self, value: Value) -> Iterable[Value] | None:
        """Of a list that ends."""
        items: list[Value] = []
        while type(value) is Pair:
            items.append(value.head)
            value = value.tail
        return items if value is NULL else None

    def as_kind(self, value: Value) -> Kind | None:
        return value if isinstance(value, Kind) else None

    def instance(self, value: Value, kind: Kind) -> bool:
        return is_instance(value, kind)

    def applied(self, value: Record, arguments: list[Kind]) -> Kind:
        return value.universe.applied(value.struct.newest.visible, arguments)


VALUES = _Values()
