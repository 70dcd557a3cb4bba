"""Builtins that only `lib/*.omni` names (rows marked hidden in `types/builtins.py`). The oracle does not need the library."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import NoReturn

from jit_runtime.oracle.builtins_functions import made_function
from jit_runtime.oracle.builtins_numbers import need_int
from jit_runtime.oracle.builtins_sequences import need_count, need_iter, to_string
from jit_runtime.oracle.calling import Calls
from jit_runtime.oracle.equality import compare
from jit_runtime.oracle.kinds import is_instance
from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import END, Array, Bounce, Char, End, Iter, Pair, Symbol, Value, is_number, list_items, make_list
from jit_runtime.types import errors

PULL = End()


def make_iter(function: Value) -> Value:
    def pull() -> Calls:
        return (yield function, ())

    return Iter(pull)


def iter_ready(name: Value, iterator: Value) -> Value:
    buffer = need_iter(name.name, iterator).buffer
    return buffer.pop() if buffer else PULL


def iter_pull(iterator: Value) -> Value:
    return made_function(0, 0, need_iter("next", iterator).pull)


def iter_keep(iterator: Value, item: Value) -> Value:
    need_iter("has-next", iterator).buffer.append(item)
    return item


def bounce_of(call: Value) -> Value:
    function, *arguments = list_items(call)
    return Bounce(function, tuple(arguments))


def bounce_call(value: Value) -> Value:
    return Pair(value.function, make_list(value.arguments)) if type(value) is Bounce else False


def count_argument(name: Value, count: Value) -> int:
    need_int(name.name, count)
    return need_count(name.name, count)


SORTED_ALIKE: tuple[Callable[[Value], bool], ...] = (is_number, *(lambda x, cls=cls: type(x) is cls for cls in (Char, str, Symbol)))


def sort_values(values: Value, mode: Value) -> Value:
    """By the natural order (0), that of the heads (1), `<` (2) or `>` (3); nothing where there is no such order of all of them."""
    items = values.items if isinstance(values, Array) else list(list_items(values))
    keys = [item.head for item in items] if mode == 1 else items
    alike = [kinds for kinds in SORTED_ALIKE[: 2 if mode >= 2 else 4] if all(kinds(key) and key == key for key in keys)]
    if keys and not alike:
        return None
    by = cmp_to_key((lambda a, b: compare(b, a)) if mode == 3 else compare)
    found = [items[i] for i in sorted(range(len(items)), key=lambda i: by(keys[i]))]
    return Array(found) if isinstance(values, Array) else make_list(found)


def failing(number: int) -> Callable[..., NoReturn]:
    return lambda *operands: raise_error(number, *operands)


PLAIN: dict[str, Callable[..., Value]] = {
    "make-iter": make_iter,
    "iter-ready": iter_ready,
    "iter-pull": iter_pull,
    "iter-keep!": iter_keep,
    "end": lambda: END,
    "end?": lambda value: value is END,
    "sort-values": sort_values,
    "known-kind?": is_instance,
    "pull?": lambda value: value is PULL,
    "bounce-of": bounce_of,
    "bounce-call": bounce_call,
    "count-argument": count_argument,
    "expected": failing(errors.EXPECTED),
    "not-sequence": failing(errors.NOT_SEQUENCE),
    "changed": failing(errors.CHANGED),
    "collect-string": lambda items: to_string(list(list_items(items))),
    "collect-target": failing(errors.COLLECT_TARGET),
}
