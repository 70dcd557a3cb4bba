"""Kinds, lists, dicts, boxes and atoms without callbacks (language S9, S19.5)."""

from __future__ import annotations

from collections.abc import Callable

from jit_runtime.oracle.builtins_arrays import check_index, copy_array, like
from jit_runtime.oracle.builtins_text import need_index
from jit_runtime.oracle.equality import compare, equal, identical, key_of
from jit_runtime.oracle.kinds import is_kind
from jit_runtime.oracle.machine_numbers import is_whole
from jit_runtime.oracle.raised import expected, raise_error
from jit_runtime.oracle.structs import get_field
from jit_runtime.oracle.values import (
    ARRAYS,
    FUNCTIONS,
    KIND_CLASSES,
    NULL,
    Array,
    Atom,
    BigInt,
    Box,
    Char,
    Dict,
    Iter,
    Pair,
    Record,
    Symbol,
    Value,
    is_number,
    kind_of,
    make_list,
    symbol,
    truthy,
)
from jit_runtime.oracle.versions import renewed
from jit_runtime.types import errors


def is_list(value: Value) -> bool:
    while type(value) is Pair:
        value = value.tail
    return value is NULL


def proper_items(name: str, value: Value) -> list[Value]:
    """The elements of a list; an error for anything else."""
    if type(value) is not Pair and value is not NULL:
        expected(name, "List", value)
    items = []
    while type(value) is Pair:
        items.append(value.head)
        value = value.tail
    return items if value is NULL else raise_error(errors.IMPROPER, value)


def need(name: str, cls: type, value: Value) -> None:
    if not isinstance(value, cls):
        expected(name, cls.__name__, value)


# ---- predicates ----


def is_type(*classes: type) -> Callable[[Value], bool]:
    return lambda value: type(value) in classes


# ---- lists and sequences ----


def car(value: Value) -> Value:
    return value.head if type(value) is Pair else raise_error(errors.CAR, value)


def cdr(value: Value) -> Value:
    return value.tail if type(value) is Pair else raise_error(errors.CDR, value)


def sequence_items(name: str, value: Value) -> list[Value]:
    """The elements of a list, array or string (chars)."""
    if isinstance(value, Array):
        return value.items
    if type(value) is str:
        return [Char(ord(c)) for c in value]
    if type(value) is Pair or value is NULL:
        return proper_items(name, value)
    if type(value) is Iter:
        raise_error(errors.ITER_LENGTH, symbol(name))
    raise_error(errors.NOT_SEQUENCE, symbol(name), value)


def first(value: Value) -> Value:
    if type(value) is Pair:
        return value.head
    items = sequence_items("first", value)
    return items[0] if items else None


def rest(value: Value) -> Value:
    if type(value) is Pair:
        return value.tail
    if type(value) is str:
        return value[1:]
    items = sequence_items("rest", value)
    return like(value, items[1:]) if isinstance(value, Array) else NULL


def last(value: Value) -> Value:
    items = sequence_items("last", value)
    return items[-1] if items else None


def nth(value: Value, index: Value) -> Value:
    items = sequence_items("nth", value)
    check_index("nth", index, len(items))
    return items[index]


def length(value: Value) -> int:
    return size("length", value)


def is_empty(value: Value) -> bool:
    return type(value) is not Pair and size("empty?", value) == 0


def size(name: str, value: Value) -> int:
    if type(value) is Dict:
        return len(value.entries)
    if type(value) is str:
        return len(value)
    return len(sequence_items(name, value))


def append(*lists: Value) -> Value:
    result = NULL
    for value in reversed(lists):
        result = make_list(proper_items("append", value), result)
    return result


def reverse(value: Value) -> Value:
    if isinstance(value, Array):
        return like(value, value.items[::-1])
    return make_list(proper_items("reverse", value)[::-1])


def member(wanted: Value, value: Value) -> Value:
    if isinstance(value, Array):
        return any(equal(wanted, item) for item in value.items)
    proper_items("member", value)
    while value is not NULL and not equal(wanted, value.head):
        value = value.tail
    return value if value is not NULL else False


def assoc(wanted: Value, pairs: Value) -> Value:
    for pair in proper_items("assoc", pairs):
        need("assoc", Pair, pair)
        if equal(wanted, pair.head):
            return pair
    return False


def copy(value: Value) -> Value:
    if isinstance(value, Array):
        return copy_array(value)
    if type(value) is Dict:
        result = Dict()
        result.entries = {key: entry[:] for key, entry in value.entries.items()}
        return result
    if type(value) is Record and (value.struct.mutable or value.struct.newest.mutable):
        return renewed(value)
    return type(value)(value.value) if type(value) in (Box, Atom) else value


def list_to_array(value: Value) -> Value:
    return Array(proper_items("list->array", value))


# ---- dicts ----


def make_dict(*items: Value) -> Value:
    if len(items) % 2:
        raise_error(errors.DICT_ODD, items[-1])
    result = Dict()
    for key, value in zip(items[::2], items[1::2]):
        dict_set(result, key, value)
    return result


def dict_ref(value: Value, key: Value, default: Value = None) -> Value:
    need("dict-ref", Dict, value)
    entry = value.entries.get(key_of(key))
    return default if entry is None else entry[1]


def dict_set(target: Value, key: Value, value: Value) -> Value:
    """A new value of an old key keeps the old key and its place."""
    need("dict-set!", Dict, target)
    target.entries.setdefault(key_of(key), [key, None])[1] = value
    return value


def dict_remove(target: Value, key: Value) -> Value:
    need("dict-remove!", Dict, target)
    entry = target.entries.pop(key_of(key), None)
    return None if entry is None else entry[1]


def dict_contains(target: Value, key: Value) -> bool:
    need("dict-contains?", Dict, target)
    return key_of(key) in target.entries


def keys(target: Value) -> Value:
    need("keys", Dict, target)
    return make_list([entry[0] for entry in target.entries.values()])


def values(target: Value) -> Value:
    need("values", Dict, target)
    return make_list([entry[1] for entry in target.entries.values()])


class Missing:
    """The class of MISSING: the default of `get` when the program gives none."""


MISSING = Missing()


def get(value: Value, key: Value, default: Value = MISSING) -> Value:
    """A key of a dict, a field of a struct, an index of a list, array or string. Without default a missing key is nothing, a bad index an error."""
    if type(value) is Dict:
        return dict_ref(value, key, None if default is MISSING else default)
    if type(value) is Record:
        return get_field(value, key)
    if value is None:
        raise_error(errors.GET_NOTHING, key)
    if not isinstance(value, (Array, Pair, str)) and value is not NULL:
        if type(key) is Symbol:
            raise_error(errors.NO_FIELD, value, key)
        raise_error(errors.NOT_SEQUENCE, symbol("get"), value)
    items = sequence_items("get", value)
    need_index("get", key)
    if default is not MISSING and not 0 <= key < len(items):
        return default
    check_index("get", key, len(items))
    return items[key]


def path(value: Value, *steps: Value) -> Value:
    for step in steps:
        value = get(value, step)
    return value


# ---- boxes and atoms ----


def box_ref(box: Value) -> Value:
    need("box-ref", Box, box)
    return box.value


def box_set(box: Value, value: Value) -> Value:
    need("box-set!", Box, box)
    box.value = value
    return value


def deref(holder: Value) -> Value:
    if type(holder) is not Box and type(holder) is not Atom:
        expected("deref", "Box or Atom", holder)
    return holder.value


def reset(atom: Value, value: Value) -> Value:
    need("reset!", Atom, atom)
    atom.value = value
    return value


def compare_and_set(atom: Value, old: Value, new: Value) -> bool:
    need("compare-and-set!", Atom, atom)
    if not identical(atom.value, old):
        return False
    atom.value = new
    return True


PLAIN: dict[str, Callable[..., Value]] = {
    "eq?": identical,
    "not": lambda value: not truthy(value),
    "compare": compare,
    "type?": is_kind,
    "type-of": kind_of,
    "int?": is_type(int),
    "integer?": is_whole,
    "big?": is_type(BigInt),
    "float?": is_type(float),
    "number?": is_number,
    "bool?": is_type(bool),
    "char?": is_type(Char),
    "string?": is_type(str),
    "symbol?": is_type(Symbol),
    "nothing?": is_type(type(None)),
    "null?": lambda value: value is NULL,
    "pair?": is_type(Pair),
    "list?": is_list,
    "array?": is_type(*ARRAYS),
    "dict?": is_type(Dict),
    "function?": is_type(*FUNCTIONS),
    "kind?": is_type(*KIND_CLASSES),
    "box?": is_type(Box),
    "atom?": is_type(Atom),
    "iter?": is_type(Iter),
    "list": lambda *items: make_list(items),
    "cons": Pair,
    "car": car,
    "cdr": cdr,
    "first": first,
    "rest": rest,
    "last": last,
    "nth": nth,
    "length": length,
    "empty?": is_empty,
    "append": append,
    "reverse": reverse,
    "member": member,
    "assoc": assoc,
    "copy": copy,
    "list->array": list_to_array,
    "dict": make_dict,
    "get": get,
    "dict-ref": dict_ref,
    "dict-set!": dict_set,
    "dict-remove!": dict_remove,
    "dict-contains?": dict_contains,
    "keys": keys,
    "values": values,
    "path": path,
    "box": Box,
    "box-ref": box_ref,
    "box-set!": box_set,
    "deref": deref,
    "atom": Atom,
    "reset!": reset,
    "compare-and-set!": compare_and_set,
    "identity": lambda value: value,
}
