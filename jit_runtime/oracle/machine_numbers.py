"""Machine numbers in the oracle: exact Python arithmetic, then the check that the kind holds the result (docs/numbers.md)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import MACHINE_CLASSES, BigInt, Bits, Fraction, Value, Whole, is_number, single, symbol
from jit_runtime.types import errors
from jit_runtime.types.kinds import KINDS, Kind
from jit_runtime.types.machine import INT, Machine, counts_as, promoted
from jit_runtime.types.primitives import Primitive

INTEGERS = (int, BigInt)
CLASSES: dict[str, type] = {"Int": int, "Float": float, "BigInt": BigInt, **MACHINE_CLASSES}
NAMES = {cls: name for name, cls in CLASSES.items()}
NOT_THERE = object()


def is_whole(value: Value) -> bool:
    return type(value) in INTEGERS or isinstance(value, Whole)


def has_width(value: Value) -> bool:
    return type(value) is int or isinstance(value, Whole)


def is_machine(value: Value) -> bool:
    return isinstance(value, (Whole, Fraction))


def machine_of(cls: type) -> Machine:
    return INT if cls is int else cls.machine  # type: ignore[attr-defined]


def common(a: Value, b: Value) -> type:
    """The class of the kind that two numbers have in common."""
    return type(a) if type(a) is type(b) else CLASSES[promoted(counted(type(a)), counted(type(b)))]


def counted(cls: type) -> str:
    """The builtin kind that a number counts as beside one of another kind."""
    return NAMES.get(cls) or counts_as(machine_of(cls)).name


def to_double(x: Value) -> float:
    """The nearest Float: inf where Python raises."""
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def made(cls: Any, result: int | float) -> Value:
    """A number of a class, or NOT_THERE where it holds no such whole number."""
    if cls is float or issubclass(cls, Fraction):
        x = to_double(result)
        return x if cls is float else cls(single(x) if machine_of(cls).bits == 32 else x)
    if cls is not BigInt and not machine_of(cls).low <= result <= machine_of(cls).high:
        return NOT_THERE
    return int(result) if cls is int else cls(result)


def result_of(name: str, a: Value, b: Value, result: int | float) -> Value:
    """What an operation on two numbers gives, whose exact result is known."""
    value = made(common(a, b), result)
    if value is NOT_THERE:
        raise_error(errors.OVERFLOW_KINDS if is_machine(a) or is_machine(b) else errors.OVERFLOW, symbol(name), a, b)
    return value


def result_of_one(name: str, a: Value, result: int | float) -> Value:
    value = made(type(a), result)
    if value is NOT_THERE:
        raise_error(errors.OVERFLOW_KIND if is_machine(a) else errors.OVERFLOW_ONE, symbol(name), a)
    return value


def wrapped(cls: type, value: int) -> Value:
    return cls(machine_of(cls).wrapped(value))


def saturated(cls: type, value: int) -> Value:
    machine = machine_of(cls)
    return cls(min(max(value, machine.low), machine.high))


# ---- conversion ----


def class_of(kind: Kind) -> type | None:
    """The class of a kind's numbers, if it is a kind of numbers or of bits."""
    if isinstance(kind, Primitive):
        return own_class(kind)
    return CLASSES.get(kind.name) if kind is KINDS.get(kind.name) else None


def own_class(kind: Primitive) -> type:
    """The class of a primitive kind of the program: always the same."""
    found = _OWN.get(kind)
    if found is None:
        base = Fraction if kind.machine.floating else Whole if kind.is_number else Bits
        found = _OWN[kind] = type(kind.name, (base,), {"machine": kind.machine, "kind": kind})
    return found


_OWN: dict[Primitive, type] = {}


def convert(value: Value, kind: Value) -> Value:
    """A number of the kind, without its fraction if the kind has none."""
    if not isinstance(kind, Kind):
        raise_error(errors.NOT_KIND, kind)
    cls = class_of(kind)
    if cls is None:
        raise_error(errors.NOT_FUNCTION, kind)
    plain = value.value if isinstance(value, Bits) else value
    if not is_number(plain):
        raise_error(errors.NUMBER_EXPECTED, symbol(kind.name), value)
    if isinstance(plain, float) and not (cls is float or issubclass(cls, Fraction)):
        plain = math.trunc(plain) if math.isfinite(plain) else NOT_THERE
    found = NOT_THERE if plain is NOT_THERE else made(cls, plain)
    if found is NOT_THERE:
        raise_error(errors.OUT_OF_RANGE, value, kind, symbol("every finite number" if cls is BigInt else machine_of(cls).range))
    return found


def converter(kind: Kind) -> Callable[[Value], Value]:
    return lambda value: convert(value, kind)


