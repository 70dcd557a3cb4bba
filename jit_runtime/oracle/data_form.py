"""Data as code: the form that `eval` expands."""

from __future__ import annotations

from collections.abc import Callable

from jit_runtime.expand.quoted_kinds import list_form
from jit_runtime.oracle.printer import written
from jit_runtime.oracle.values import KIND_CLASSES, NULL, Array, BigInt, Bits, Char, Dict, Fraction, Pair, Symbol, Value, Whole
from jit_runtime.source.diagnostics import fail
from jit_runtime.source.text import NOWHERE
from jit_runtime.syntax import forms as f


def form_of(value: Value) -> f.Form:
    """Raises OmniError for a value that no program can write, such as a function."""
    if type(value) is Pair or value is NULL:
        return _list(value)
    if isinstance(value, Array):
        return f.Array([form_of(item) for item in value.items], NOWHERE)
    if type(value) is Dict:
        return f.Dict([form_of(part) for entry in value.entries.values() for part in entry], NOWHERE)
    if isinstance(value, (Whole, Fraction, Bits)):
        plain = value.value if isinstance(value, Bits) else value
        number: f.Form = f.Float(float(plain), NOWHERE) if isinstance(plain, Fraction) else f.BigInt(int(plain), NOWHERE)
        return f.List([f.Kind([f.Symbol(value.kind.name, NOWHERE)], NOWHERE), number], NOWHERE)
    make = ATOMS.get(type(value))
    if make is None:
        raise fail("X013", NOWHERE, f"eval: {written(value)} is not code")
    return make(value)


def _list(value: Value) -> f.Form:
    items = []
    while type(value) is Pair:
        items.append(form_of(value.head))
        value = value.tail
    return list_form(items, None if value is NULL else form_of(value))


ATOMS: dict[type, Callable[[Value], f.Form]] = {
    int: lambda value: f.Int(value, NOWHERE),
    BigInt: lambda value: f.BigInt(int(value), NOWHERE),
    float: lambda value: f.Float(value, NOWHERE),
    bool: lambda value: f.Literal(value, NOWHERE),
    type(None): lambda value: f.Literal(None, NOWHERE),
    str: lambda value: f.String(value, NOWHERE),
    Char: lambda value: f.Char(chr(value.code), NOWHERE),
    Symbol: lambda value: f.Symbol(value.name, NOWHERE),
    **dict.fromkeys(KIND_CLASSES, lambda value: f.Kind([f.Symbol(value.name, NOWHERE)], NOWHERE)),
}
