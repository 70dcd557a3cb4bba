"""Arithmetic and comparison (language S7). Int is signed 64-bit: results that do not fit are errors, wrap or saturate, as the name says."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import reduce
from itertools import pairwise

from jit_runtime.oracle.equality import equal
from jit_runtime.oracle.machine_numbers import (
    NOT_THERE,
    common,
    has_width,
    is_machine,
    is_whole,
    machine_of,
    made,
    result_of,
    result_of_one,
    saturated,
    to_double,
    wrapped,
)
from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import Char, Fraction, Value, is_number, symbol
from jit_runtime.types import errors

LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1
Binary = Callable[[Value, Value], Value]


def fits(value: int) -> bool:
    return LOWEST <= value <= HIGHEST


def need_number(name: str, *values: Value) -> None:
    for value in values:
        if not is_number(value):
            raise_error(errors.NUMBER_EXPECTED, symbol(name), value)


def need_int(name: str, *values: Value) -> None:
    for value in values:
        if type(value) is not int:
            raise_error(errors.INT_EXPECTED, symbol(name), value)


def need_bits(name: str, *values: Value) -> None:
    """Whole numbers of a width."""
    for value in values:
        if not has_width(value):
            raise_error(errors.INT_EXPECTED, symbol(name), value)


def need_integer(name: str, *values: Value) -> None:
    for value in values:
        if not is_whole(value):
            raise_error(errors.INT_EXPECTED, symbol(name), value)


def both_whole(a: Value, b: Value) -> bool:
    return is_whole(a) and is_whole(b)


# ---- arithmetic ----


def add(a: Value, b: Value) -> Value:
    return checked("+", a, b, operator.add)


def subtract(a: Value, b: Value) -> Value:
    return checked("-", a, b, operator.sub)


def multiply(a: Value, b: Value) -> Value:
    return checked("*", a, b, operator.mul)


def checked(name: str, a: Value, b: Value, operate: Binary) -> Value:
    """Two whole numbers exactly, an error if the result's kind does not hold it; otherwise in Float, rounded if the result is none."""
    if type(a) is int and type(b) is int:
        result = operate(a, b)
        return result if LOWEST <= result <= HIGHEST else raise_error(errors.OVERFLOW, symbol(name), a, b)
    need_number(name, a, b)
    return result_of(name, a, b, operate(int(a), int(b)) if both_whole(a, b) else operate(to_double(a), to_double(b)))


def divide(a: Value, b: Value) -> Value:
    need_number("/", a, b)
    if both_whole(a, b):
        return result_of("/", a, b, truncating(int(a), int(b))) if b != 0 else raise_error(errors.DIV_ZERO, symbol("/"), a)
    return result_of("/", a, b, divide_floats(to_double(a), to_double(b)))


def truncating(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def divide_floats(a: float, b: float) -> float:
    if b != 0:
        return a / b
    if a == 0 or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def remainder(a: Value, b: Value) -> Value:
    need_number("%", a, b)
    if both_whole(a, b):
        return result_of("%", a, b, int(a) - int(b) * truncating(int(a), int(b))) if b != 0 else raise_error(errors.DIV_ZERO, symbol("%"), a)
    x, y = to_double(a), to_double(b)
    return result_of("%", a, b, math.nan if y == 0 or math.isinf(x) else math.fmod(x, y))


def on_bits(name: str, operation: Callable[[int, int], int], finish: Callable[[type, int], Value] = wrapped) -> Binary:
    """In the kind that both have in common."""

    def run(a: Value, b: Value) -> Value:
        need_bits(name, a, b)
        return finish(common(a, b), operation(int(a), int(b)))

    return run


def folding(operation: Binary, empty: Value) -> Callable[..., Value]:
    """`(op)` is `empty`, `(op a)` checks and returns a, `(op a b c)` folds from the left."""

    def run(*values: Value) -> Value:
        if len(values) == 1:
            operation(values[0], empty)
            return values[0]
        result = values[0] if values else empty
        for value in values[1:]:
            result = operation(result, value)
        return result

    return with_binary(run, operation)


def with_binary(run: Callable[..., Value], operation: Binary) -> Callable[..., Value]:
    """Marks the function that does the same for two arguments (`values.Native.binary`)."""
    run.binary = operation  # type: ignore[attr-defined]
    return run


def inverting(operation: Binary, unit: Callable[[Value], Value]) -> Callable[..., Value]:
    """`(op a)` is `(op (unit a) a)`, `(op a b c)` folds from the left."""

    def run(first: Value, *others: Value) -> Value:
        if not others:
            return operation(unit(first), first)
        for value in others:
            first = operation(first, value)
        return first

    return with_binary(run, operation)


def minus(first: Value, *others: Value) -> Value:
    """Negation of a Float is not `0 - x`: that would lose the sign of zero."""
    if others:
        return _minus(first, *others)
    need_number("-", first)
    return result_of_one("-", first, -first)


def absolute(x: Value) -> Value:
    need_number("abs", x)
    return result_of_one("abs", x, abs(x))


def sign(x: Value) -> Value:
    need_number("signum", x)
    if isinstance(x, float):
        return x if x == 0 or x != x else made(type(x), math.copysign(1.0, x))
    return result_of_one("signum", x, (x > 0) - (x < 0))


def extreme(name: str, better: Binary) -> Callable[..., Value]:
    """min, max: in the kind that the arguments have in common; nan if any argument is."""

    def two(a: Value, b: Value) -> Value:
        need_number(name, a, b)
        if both_whole(a, b):
            return result_of(name, a, b, int(better(a, b)))
        x, y = to_double(a), to_double(b)
        return result_of(name, a, b, math.nan if x != x or y != y else better(x, y))

    def run(first: Value, *others: Value) -> Value:
        need_number(name, first)
        for value in others:
            first = two(first, value)
        return first

    return run


smallest, greatest = extreme("min", min), extreme("max", max)


def clamp(x: Value, low: Value, high: Value) -> Value:
    return greatest(low, smallest(x, high))


def shift_left(name: str, finish: Callable[[int, Value, int], Value]) -> Binary:
    def run(a: Value, count: Value) -> Value:
        need_shift(name, a, count)
        return finish(int(a) << count, a, count)

    return run


def checked_shift(result: int, a: Value, count: int) -> Value:
    machine = machine_of(type(a))
    if machine.low <= result <= machine.high:
        return type(a)(result)
    raise_error(errors.OVERFLOW_KINDS if is_machine(a) else errors.OVERFLOW, symbol("lshift"), a, count)


def shift_right(a: Value, count: Value) -> Value:
    need_shift("rshift", a, count)
    return type(a)(int(a) >> count)


def need_shift(name: str, a: Value, count: Value) -> None:
    need_bits(name, a)
    need_int(name, count)
    if not 0 <= count <= 63:
        raise_error(errors.SHIFT, symbol(name), count)


def bit_not(a: Value) -> Value:
    need_bits("bnot", a)
    return wrapped(type(a), ~int(a))


def divisor(*values: Value) -> Value:
    need_integer("gcd", *values)
    return shared("gcd", values, math.gcd(*map(int, values)))


def shared(name: str, values: tuple[Value, ...], result: int) -> Value:
    """The result in the kind that all have in common."""
    cls = reduce(lambda found, value: common(made(found, 0), value), values[1:], type(values[0]) if values else int)
    found = made(cls, result)
    return raise_error(errors.OVERFLOW_ONE, symbol(name), values[0]) if found is NOT_THERE else found


def multiple(*values: Value) -> Value:
    need_integer("lcm", *values)
    if any(type(value) is not int for value in values):
        return shared("lcm", values, math.lcm(*map(int, values)))
    result = 1
    for value in values:
        result, before = math.lcm(result, value), result
        if not fits(result):
            raise_error(errors.OVERFLOW, symbol("lcm"), before, value)
    return result


# ---- comparison and predicates ----


def ordering(name: str, holds: Callable[[Value, Value], bool]) -> Callable[..., bool]:
    """Chains; every neighbouring pair is checked, also after one that does not hold."""

    def two(a: Value, b: Value) -> bool:
        if type(a) is Char and type(b) is Char:
            return holds(a.code, b.code)
        need_number(name, a, b)
        return holds(a, b)

    def run(*values: Value) -> bool:
        answers = [two(a, b) for a, b in pairwise(values)] if values[1:] else [two(values[0], values[0]) or True]
        return all(answers)

    return with_binary(run, two)


def all_equal(*values: Value) -> bool:
    return all(equal(a, b) for a, b in pairwise(values))


def number_test(name: str, holds: Callable[[Value], bool]) -> Callable[[Value], bool]:
    def run(x: Value) -> bool:
        need_number(name, x)
        return holds(x)

    return run


def parity(name: str, odd: int) -> Callable[[Value], bool]:
    def run(x: Value) -> bool:
        need_integer(name, x)
        return bool(x % 2 == odd)

    return run


def zero_like(x: Value) -> Value:
    return type(x)(0) if has_width(x) else 0


def step(operate: Binary) -> Callable[[Value], Value]:
    """By 1 in the kind of the number."""
    return lambda x: operate(x, type(x)(1) if has_width(x) or isinstance(x, Fraction) else 1)


_minus = inverting(subtract, zero_like)

PLAIN: dict[str, Callable[..., Value]] = {
    "+": folding(add, 0),
    "-": with_binary(minus, subtract),
    "*": folding(multiply, 1),
    "/": inverting(divide, lambda x: 1),
    "%": remainder,
    "+%": folding(on_bits("+%", lambda a, b: a + b), 0),
    "-%": inverting(on_bits("-%", lambda a, b: a - b), zero_like),
    "*%": folding(on_bits("*%", lambda a, b: a * b), 1),
    "+|": folding(on_bits("+|", lambda a, b: a + b, saturated), 0),
    "-|": inverting(on_bits("-|", lambda a, b: a - b, saturated), zero_like),
    "*|": folding(on_bits("*|", lambda a, b: a * b, saturated), 1),
    "=": with_binary(all_equal, equal),
    "!=": lambda *values: not all_equal(*values),
    "<": ordering("<", operator.lt),
    ">": ordering(">", operator.gt),
    "<=": ordering("<=", operator.le),
    ">=": ordering(">=", operator.ge),
    "inc": step(add),
    "dec": step(subtract),
    "abs": absolute,
    "signum": sign,
    "min": smallest,
    "max": greatest,
    "clamp": clamp,
    "gcd": divisor,
    "lcm": multiple,
    "band": folding(on_bits("band", lambda a, b: a & b), -1),
    "bor": folding(on_bits("bor", lambda a, b: a | b), 0),
    "bxor": folding(on_bits("bxor", lambda a, b: a ^ b), 0),
    "bnot": bit_not,
    "lshift": shift_left("lshift", checked_shift),
    "lshift%": shift_left("lshift%", lambda result, a, count: wrapped(type(a), result)),
    "rshift": shift_right,
    "zero?": number_test("zero?", lambda x: x == 0),
    "positive?": number_test("positive?", lambda x: x > 0),
    "negative?": number_test("negative?", lambda x: x < 0),
    "even?": parity("even?", 0),
    "odd?": parity("odd?", 1),
    "nan?": number_test("nan?", lambda x: x != x),
    "inf?": number_test("inf?", lambda x: x in (math.inf, -math.inf)),
    "finite?": number_test("finite?", lambda x: x not in (math.inf, -math.inf) and x == x),
}
