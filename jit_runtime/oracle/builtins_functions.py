"""Functions made of functions, `apply`, trampolines, errors (language S15.2, S15.6, S18.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from jit_runtime.oracle.calling import Calls, Tail, all_items
from jit_runtime.oracle.equality import equal
from jit_runtime.oracle.printer import display
from jit_runtime.oracle.raised import Raised, expected, raise_error
from jit_runtime.oracle.values import Atom, Bounce, Native, Value, truthy
from jit_runtime.types import errors
from jit_runtime.types.builtins import FUNCTION, LIB, Builtin


def made_function(least: int, most: int | None, implementation: Callable[..., Value], calling: bool = True) -> Native:
    """A function that a builtin makes: it has no name."""
    return Native(Builtin("", least, most, FUNCTION, LIB, ""), implementation, calling)


def apply(function: Value, *arguments: Value) -> Calls:
    last = yield from all_items("apply", arguments[-1])
    return Tail(function, (*arguments[:-1], *last))


def compose(*functions: Value) -> Value:
    def run(*arguments: Value) -> Calls:
        for function in reversed(functions[1:]):
            arguments = ((yield function, arguments),)
        return Tail(functions[0], arguments)

    return made_function(0, None, run) if functions else made_function(1, 1, lambda value: value, False)


def partial(function: Value, *given: Value) -> Value:
    return made_function(0, None, tail(lambda *arguments: Tail(function, given + arguments)))


def flip(function: Value) -> Value:
    return made_function(2, None, tail(lambda first, second, *others: Tail(function, (second, first, *others))))


def tail(call: Callable[..., Tail]) -> Callable[..., Calls]:
    def run(*arguments: Value) -> Calls:
        yield from ()  # makes this a generator function
        return call(*arguments)

    return run


def constantly(value: Value) -> Value:
    return made_function(0, None, lambda *arguments: value, False)


def swap(atom: Value, function: Value, *arguments: Value) -> Calls:
    if type(atom) is not Atom:
        expected("swap!", "Atom", atom)
    atom.value = yield function, (atom.value, *arguments)
    return atom.value


def trampoline(value: Value) -> Calls:
    while type(value) is Bounce:
        value = yield value.function, value.arguments
    return value


def raise_payload(payload: Value) -> NoReturn:
    raise Raised(payload)


def error(*values: Value) -> NoReturn:
    raise Raised(values[0] if len(values) == 1 else "".join(map(display, values)))


def check(condition: Value, *message: Value) -> None:
    if not truthy(condition):
        raise_error(errors.ASSERT_MESSAGE if message else errors.ASSERT, *message)


def check_equal(a: Value, b: Value) -> None:
    if not equal(a, b):
        raise_error(errors.ASSERT_EQ, a, b)


PLAIN: dict[str, Callable[..., Value]] = {
    "compose": compose,
    "partial": partial,
    "flip": flip,
    "constantly": constantly,
    "bounce": lambda function, *arguments: Bounce(function, arguments),
    "raise": raise_payload,
    "error": error,
    "assert": check,
    "assert-eq": check_equal,
}
CALLING: dict[str, Callable[..., Calls]] = {"apply": apply, "swap!": swap, "trampoline": trampoline}
