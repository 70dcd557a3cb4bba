"""Structural equality, dict keys, order, identity (language S2.3, S9.3). No recursion: depth is limited by memory only."""

from __future__ import annotations

from collections.abc import Hashable

from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import Array, Bits, Char, Dict, Pair, Record, Symbol, Value, dims_of, held, is_number
from jit_runtime.types import errors


def equal(a: Value, b: Value) -> bool:
    """Containers that are compared already count as equal, so cycles end."""
    work = [(a, b)]
    seen: set[tuple[int, int]] = set()
    while work:
        a, b = work.pop()
        kind = type(a)
        if is_number(a) or is_number(b):
            if not is_number(a) or not is_number(b) or a != b:
                return False
        elif kind is not type(b) and not (isinstance(a, Array) and isinstance(b, Array)):
            return False
        elif kind is Pair:
            if a is not b:
                work += ((a.tail, b.tail), (a.head, b.head))
        elif kind is Record:
            if a is not b:
                if not _comparable(a, b):
                    return False
                work += reversed(list(zip(_fields(a), _fields(b))))
        elif isinstance(a, Array) or kind is Dict:
            if (id(a), id(b)) in seen:
                continue
            seen.add((id(a), id(b)))
            pairs = _array_parts(a, b) if isinstance(a, Array) else _dict_parts(a, b)
            if pairs is None:
                return False
            work += pairs
        elif not _same(a, b):
            return False
    return True


def _comparable(a: Record, b: Record) -> bool:
    """Are they equal when their fields are? Two immutable instances of one struct, whatever their versions."""
    return a.struct.nominal is b.struct.nominal and not a.struct.mutable and not b.struct.mutable


def _fields(record: Record) -> list[Value]:
    return [held(record, field.name) for field in record.struct.newest.fields]


def _array_parts(a: Array, b: Array) -> list[tuple[Value, Value]] | None:
    return list(zip(a.items, b.items)) if dims_of(a) == dims_of(b) else None


def _dict_parts(a: Dict, b: Dict) -> list[tuple[Value, Value]] | None:
    if a.entries.keys() != b.entries.keys():
        return None
    return [(value, b.entries[key][1]) for key, (_, value) in a.entries.items()]


def _same(a: Value, b: Value) -> bool:
    """Equality of two values of one class that have no parts."""
    if type(a) is str or type(a) is bool:
        return bool(a == b)
    if isinstance(a, Bits):
        return bool(a.value == b.value)
    return bool(a.code == b.code) if type(a) is Char else a is b


def identical(a: Value, b: Value) -> bool:
    """The same object, or equal immediates. Strings, numbers and immutable structs have no identity: equal ones are identical."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return float.__repr__(a) == float.__repr__(b)  # tells 0.0 from -0.0, and nan is nan
    if type(a) is Record and not a.struct.mutable:
        return _comparable(a, b) and all(map(identical, _fields(a), _fields(b)))
    return bool(a == b) if is_number(a) else _same(a, b)


def key_of(value: Value) -> Hashable:
    """A hashable stand-in: equal for keys that are equal. Lists and immutable structs count by content, mutable objects by identity.
    Fields count by name, and those that are nothing do not, so that another version of the struct leaves keys what they are.

    They become a flat tuple with brackets around each nested one, so that hashing does not recurse.
    """
    if not _by_content(value):
        return _atom_key(value)
    flat: list[Hashable] = []
    work: list[Value] = [value]
    while work:
        item = work.pop()
        if item is _CLOSE:
            flat.append(_CLOSE)
        elif _by_content(item) and type(item) is Record:
            flat += (_OPEN, item.struct.nominal)
            fields = sorted((field.name, held(item, field.name)) for field in item.struct.newest.fields)
            work += [_CLOSE, *(part for pair in reversed(fields) if pair[1] is not None for part in reversed(pair))]
        elif type(item) is Pair:
            flat.append(_OPEN)
            parts = []
            while type(item) is Pair:
                parts.append(item.head)
                item = item.tail
            work += [_CLOSE, item, *reversed(parts)]
        else:
            flat.append(_atom_key(item))
    return tuple(flat)


_OPEN, _CLOSE = object(), object()


def _by_content(value: Value) -> bool:
    return type(value) is Pair or (type(value) is Record and not value.struct.mutable)


def _atom_key(value: Value) -> Hashable:
    if isinstance(value, Bits):
        return type(value), value.value
    if isinstance(value, float) and value != value:
        return "nan", None
    if type(value) is bool or type(value) is Char:
        return type(value), value if type(value) is bool else value.code
    return value  # type: ignore[no-any-return]  # numbers and strings by content, all other objects by identity


def compare(a: Value, b: Value) -> int:
    """-1, 0 or 1: the natural order of two numbers, strings, chars or symbols."""
    if is_number(a) and is_number(b):
        x, y = a, b
    elif type(a) is type(b) and type(a) in (str, Char, Symbol):
        x, y = (a, b) if type(a) is str else (a.code, b.code) if type(a) is Char else (a.name, b.name)
    else:
        raise_error(errors.UNORDERED, a, b)
    return int(x > y) - int(x < y)
