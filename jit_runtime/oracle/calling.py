"""How a builtin calls back: it is a generator that yields (function, arguments) and is sent the result.

So the interpreter keeps its explicit stack: the generator waits in a frame of it. What the generator returns is the
builtin's value; a Tail instead is a call in tail position. Iterators pull their elements in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple

from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import END, NULL, Array, Char, Dict, Iter, Pair, Value, make_list, symbol
from jit_runtime.types import errors

Calls = Generator[tuple[Value, tuple[Value, ...]], Value, Value]


class Tail(NamedTuple):
    function: Value
    arguments: tuple[Value, ...]


def quiet(step: Callable[[], Value]) -> Callable[[], Calls]:
    """The `pull` of an iterator that calls no function of the program."""

    def pull() -> Calls:
        yield from ()  # makes this a generator function
        return step()

    return pull


def advance(iterator: Iter) -> Calls:
    """The next element, or END."""
    if iterator.buffer:
        return iterator.buffer.pop()
    return (yield from iterator.pull())


def iterator_over(name: str, value: Value) -> Iter:
    """An iterator over any sequence; an Iter is its own."""
    if type(value) is Iter:
        return value
    if isinstance(value, Array):
        return Iter(quiet(_array_step(value)))
    if type(value) is str:
        return Iter(quiet(_python_step(iter([Char(ord(c)) for c in value]))))
    if type(value) is Dict:
        return Iter(quiet(_dict_step(value)))
    if type(value) is Pair or value is NULL:
        return Iter(quiet(_list_step(value)))
    raise_error(errors.NOT_SEQUENCE, symbol(name), value)


def _python_step(items: object) -> Callable[[], Value]:
    return lambda: next(items, END)  # type: ignore[call-overload]


def _array_step(array: Array) -> Callable[[], Value]:
    """By index: elements that are pushed meanwhile are seen."""
    at = 0

    def step() -> Value:
        nonlocal at
        if at >= len(array.items):
            return END
        at += 1
        return array.items[at - 1]

    return step


def _list_step(value: Value) -> Callable[[], Value]:
    def step() -> Value:
        nonlocal value
        if value is NULL:
            return END
        if type(value) is not Pair:
            raise_error(errors.IMPROPER, value)
        head, value = value.head, value.tail
        return head

    return step


def _dict_step(value: Dict) -> Callable[[], Value]:
    """Lists `(key value)`; a dict that gains or loses keys meanwhile is an error."""
    entries = iter(value.entries.values())

    def step() -> Value:
        try:
            return next((make_list(entry) for entry in entries), END)
        except RuntimeError:
            raise_error(errors.CHANGED, value)

    return step


def all_items(name: str, value: Value) -> Calls:
    """A Python list of the elements of any sequence."""
    iterator = iterator_over(name, value)
    items = []
    while (item := (yield from advance(iterator))) is not END:
        items.append(item)
    return items
