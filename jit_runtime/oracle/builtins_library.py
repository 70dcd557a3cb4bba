"""Builtins that only `lib/*.omni` names (rows marked hidden in `types/builtins.py`). The oracle does not need the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from jit_runtime.oracle.builtins_functions import made_function
from jit_runtime.oracle.builtins_numbers import need_int
from jit_runtime.oracle.builtins_sequences import need_count, need_iter, to_string
from jit_runtime.oracle.calling import Calls
from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import END, Bounce, End, Iter, Pair, Value, is_instance, list_items, make_list
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


def failing(number: int) -> Callable[..., NoReturn]:
    return lambda *operands: raise_error(number, *operands)


PLAIN: dict[str, Callable[..., Value]] = {
    "make-iter": make_iter,
    "iter-ready": iter_ready,
    "iter-pull": iter_pull,
    "iter-keep!": iter_keep,
    "end": lambda: END,
    "end?": lambda value: value is END,
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
