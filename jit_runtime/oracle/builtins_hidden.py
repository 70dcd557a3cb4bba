"""Builtins that only expanded code names: paths, patterns, quasiquote (rows marked hidden in `types/builtins.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from jit_runtime.oracle.builtins_arrays import check_index, like, need_array, put_item
from jit_runtime.oracle.builtins_data import copy, dict_set, get, is_list
from jit_runtime.oracle.equality import key_of
from jit_runtime.oracle.kinds import VALUES, is_instance, need_kind
from jit_runtime.oracle.machine_numbers import convert
from jit_runtime.oracle.raised import expected, raise_error
from jit_runtime.oracle.structs import field_named, get_field, set_field, with_field
from jit_runtime.oracle.values import NULL, Array, Dict, Pair, Record, Value, kind_of, list_items, make_list, symbol
from jit_runtime.types import errors
from jit_runtime.types.matching import agree


def path_open(value: Value, key: Value) -> Value:
    """The part at a key, where a dict that lacks it first gets a new dict there."""
    if type(value) is Dict:
        return value.entries.setdefault(key_of(key), [key, Dict()])[1]
    return get(value, key)


def path_put(value: Value, key: Value, part: Value) -> Value:
    if type(value) is Dict:
        return dict_set(value, key, part)
    if isinstance(value, Array):
        return put_item(value, key, part)
    if type(value) is Record:
        return set_field(value, key, part)
    refuse("put!", value, key)


def refuse(name: str, value: Value, key: Value) -> NoReturn:
    if value is None:
        raise_error(errors.GET_NOTHING, key)
    if type(value) is Pair or value is NULL or type(value) is str:
        raise_error(errors.IMMUTABLE, value)
    expected(name, "Dict", value)


def path_with(value: Value, key: Value, part: Value) -> Value:
    """A copy with another part at a key."""
    if type(value) is Dict or isinstance(value, Array):
        result = copy(value)
        path_put(result, key, part)
        return result
    if type(value) is Pair or value is NULL:
        items = list(list_items(value))
        check_index("update", key, len(items))
        items[key] = part
        return make_list(items)
    if type(value) is Record:
        return with_field(value, key, part)
    refuse("update", value, key)


def sequence_length(value: Value) -> int:
    if isinstance(value, Array):
        return len(value.items)
    return len(list(list_items(value))) if is_list(value) else -1


def sequence_ref(value: Value, index: Value) -> Value:
    items = value.items if isinstance(value, Array) else list(list_items(value))
    check_index("sequence-ref", index, len(items))
    return items[index]


def list_item(rest: Value) -> Value:
    return rest.head if type(rest) is Pair else raise_error(errors.IMPROPER, rest)


def item_at(array: Value, index: Value) -> Value:
    need_array("array-ref", array)
    check_index("array-ref", index, len(array.items))
    return array.items[index]


def sequence_slice(value: Value, start: Value, end: Value) -> Value:
    if isinstance(value, Array):
        return like(value, value.items[start:end])
    return make_list(list(list_items(value))[start:end])


def destructure_key(value: Value, key: Value) -> Value:
    """The value at a key of a dict or of a list `key value ...`, or of a field; nothing where there is none."""
    if type(value) is Dict:
        return get(value, key)
    if type(value) is Record:
        return None if field_named(value, key) is None else get_field(value, key)
    if not is_list(value):
        destructuring_error(key, value)
    items = list(list_items(value))
    for name, part in zip(items[::2], items[1::2]):
        if name is key:
            return part
    return None


def destructuring_error(shape: Value, value: Value) -> NoReturn:
    raise_error(errors.DESTRUCTURE, value, symbol(shape) if type(shape) is str else shape)


def has_key(value: Value, key: Value) -> bool:
    if type(value) is Record:
        return field_named(value, key) is not None
    return type(value) is Dict and key_of(key) in value.entries


def no_match(value: Value) -> NoReturn:
    raise_error(errors.NO_MATCH, value)


def splice(value: Value) -> Value:
    if isinstance(value, Array):
        return make_list(value.items)
    return value if is_list(value) else raise_error(errors.SPLICE, value)


def reject(error: int, name: Value, arguments: Value) -> NoReturn:
    """No single method of a local function takes these arguments."""
    raise_error(error, name, make_list([kind_of(value) for value in list_items(arguments)]))


PLAIN: dict[str, Callable[..., Value]] = {
    "path-get": get,
    "path-open!": path_open,
    "path-put!": path_put,
    "path-with": path_with,
    "sequence-length": sequence_length,
    "sequence-ref": sequence_ref,
    "item-at": item_at,
    "list-item": list_item,
    "sequence-slice": sequence_slice,
    "destructure-key": destructure_key,
    "destructuring-error": destructuring_error,
    "has-key?": has_key,
    "no-match": no_match,
    "splice": splice,
    "convert": convert,
    "need-kind": need_kind,
    "instance?": lambda value, kind: is_instance(value, need_kind(kind)),
    "same-kind?": lambda a, b: kind_of(a).head is kind_of(b).head,
    "agree?": lambda pair, a, b: agree(VALUES, pair, a, b),
    "wrong-kind": lambda what, kind, value: raise_error(errors.TYPE, what, kind, value),
    "no-method": lambda name, arguments: reject(errors.NO_METHOD, name, arguments),
    "ambiguous": lambda name, arguments: reject(errors.AMBIGUOUS, name, arguments),
}
