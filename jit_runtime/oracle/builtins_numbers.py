"""Arithmetic and comparison (language S7). Int is signed 64-bit: results that do not fit are errors, wrap or saturate, as the name says."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from itertools import pairwise

from jit_runtime.oracle.equality import NUMBERS, equal
from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import BigInt, Char, Value, symbol
from jit_runtime.types import errors

LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1
INTEGERS = (int, BigInt)
Binary = Callable[[Value, Value], Value]


def fits(value: int) -> bool:
    return LOWEST <= value <= HIGHEST


def wrap(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def saturate(value: int) -> int:
    return min(max(value, LOWEST), HIGHEST)


def need_number(name: str, *values: Value) -> None:
    for value in values:
        if type(value) not in NUMBERS:
            raise_error(errors.NUMBER_EXPECTED, symbol(name), value)


def need_int(name: str, *values: Value) -> None:
    for value in values:
        if type(value) is not int:
            raise_error(errors.INT_EXPECTED, symbol(name), value)


def need_integer(name: str, *values: Value) -> None:
    for value in values:
        if type(value) not in INTEGERS:
            raise_error(errors.INT_EXPECTED, symbol(name), value)


def to_double(x: Value) -> float:
    """The nearest Float: inf where Python raises."""
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def exact(a: Value, b: Value) -> bool:
    """Two whole numbers, of which one is a BigInt: so is the result."""
    return type(a) in INTEGERS and type(b) in INTEGERS and BigInt in (type(a), type(b))


# ---- arithmetic ----


def add(a: Value, b: Value) -> Value:
    return checked("+", a, b, operator.add)


def subtract(a: Value, b: Value) -> Value:
    return checked("-", a, b, operator.sub)


def multiply(a: Value, b: Value) -> Value:
    return checked("*", a, b, operator.mul)


def checked(name: str, a: Value, b: Value, operate: Binary) -> Value:
    """Two Ints exactly, an error if the result does not fit; otherwise in Float."""
    if type(a) is int and type(b) is int:
        result = operate(a, b)
        return result if LOWEST <= result <= HIGHEST else raise_error(errors.OVERFLOW, symbol(name), a, b)
    need_number(name, a, b)
    return BigInt(operate(int(a), int(b))) if exact(a, b) else operate(to_double(a), to_double(b))


def divide(a: Value, b: Value) -> Value:
    need_number("/", a, b)
    if type(a) is int and type(b) is int:
        if b == 0:
            raise_error(errors.DIV_ZERO, symbol("/"), a)
        result = truncating(a, b)
        return result if fits(result) else raise_error(errors.OVERFLOW, symbol("/"), a, b)
    if exact(a, b):
        return BigInt(truncating(int(a), int(b))) if b != 0 else raise_error(errors.DIV_ZERO, symbol("/"), a)
    return divide_floats(to_double(a), to_double(b))


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
    if type(a) is int and type(b) is int:
        return a - b * truncating(a, b) if b != 0 else raise_error(errors.DIV_ZERO, symbol("%"), a)
    if exact(a, b):
        return BigInt(a - b * truncating(int(a), int(b))) if b != 0 else raise_error(errors.DIV_ZERO, symbol("%"), a)
    x, y = to_double(a), to_double(b)
    return math.nan if y == 0 or math.isinf(x) else math.fmod(x, y)


def on_ints(name: str, operation: Callable[[int, int], int], finish: Callable[[int], int] = lambda x: x) -> Binary:
    def run(a: Value, b: Value) -> Value:
        need_int(name, a, b)
        return finish(operation(a, b))

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


def inverting(operation: Binary, unit: Value) -> Callable[..., Value]:
    """`(op a)` is `(op unit a)`, `(op a b c)` folds from the left."""

    def run(first: Value, *others: Value) -> Value:
        if not others:
            return operation(unit, first)
        for value in others:
            first = operation(first, value)
        return first

    return with_binary(run, operation)


def minus(first: Value, *others: Value) -> Value:
    """Negation of a Float is not `0 - x`: that would lose the sign of zero."""
    if not others and type(first) is float:
        return -first
    if not others and type(first) is int and first == LOWEST:
        raise_error(errors.OVERFLOW_ONE, symbol("-"), first)
    return _minus(first, *others)


def absolute(x: Value) -> Value:
    need_number("abs", x)
    if type(x) is BigInt:
        return BigInt(abs(x))
    return abs(x) if x != LOWEST or type(x) is float else raise_error(errors.OVERFLOW_ONE, symbol("abs"), x)


def sign(x: Value) -> Value:
    need_number("signum", x)
    if type(x) is float:
        return x if x == 0 or x != x else math.copysign(1.0, x)
    return type(x)((x > 0) - (x < 0))


def extreme(name: str, better: Binary) -> Callable[..., Value]:
    """min, max: a Float if any argument is, else a BigInt if any is; nan if any argument is."""

    def two(a: Value, b: Value) -> Value:
        need_number(name, a, b)
        if type(a) is int and type(b) is int:
            return better(a, b)
        if exact(a, b):
            return BigInt(better(a, b))
        x, y = to_double(a), to_double(b)
        return math.nan if x != x or y != y else better(x, y)

    def run(first: Value, *others: Value) -> Value:
        need_number(name, first)
        for value in others:
            first = two(first, value)
        return first

    return run


smallest, greatest = extreme("min", min), extreme("max", max)


def clamp(x: Value, low: Value, high: Value) -> Value:
    return greatest(low, smallest(x, high))


def shift_left(name: str, finish: Callable[[int, int, int], int]) -> Binary:
    def run(a: Value, count: Value) -> Value:
        need_shift(name, a, count)
        return finish(a << count, a, count)

    return run


def checked_shift(result: int, a: int, count: int) -> int:
    return result if fits(result) else raise_error(errors.OVERFLOW, symbol("lshift"), a, count)


def shift_right(a: Value, count: Value) -> Value:
    need_shift("rshift", a, count)
    return a >> count


def need_shift(name: str, a: Value, count: Value) -> None:
    need_int(name, a, count)
    if not 0 <= count <= 63:
        raise_error(errors.SHIFT, symbol(name), count)


def bit_not(a: Value) -> Value:
    need_int("bnot", a)
    return ~a


def divisor(*values: Value) -> Value:
    need_integer("gcd", *values)
    result = math.gcd(*values)
    if BigInt in map(type, values):
        return BigInt(result)
    return result if fits(result) else raise_error(errors.OVERFLOW_ONE, symbol("gcd"), values[0])


def multiple(*values: Value) -> Value:
    need_integer("lcm", *values)
    if BigInt in map(type, values):
        return BigInt(math.lcm(*values))
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


_minus = inverting(subtract, 0)

PLAIN: dict[str, Callable[..., Value]] = {
    "+": folding(add, 0),
    "-": with_binary(minus, subtract),
    "*": folding(multiply, 1),
    "/": inverting(divide, 1),
    "%": remainder,
    "+%": folding(on_ints("+%", lambda a, b: a + b, wrap), 0),
    "-%": inverting(on_ints("-%", lambda a, b: a - b, wrap), 0),
    "*%": folding(on_ints("*%", lambda a, b: a * b, wrap), 1),
    "+|": folding(on_ints("+|", lambda a, b: a + b, saturate), 0),
    "-|": inverting(on_ints("-|", lambda a, b: a - b, saturate), 0),
    "*|": folding(on_ints("*|", lambda a, b: a * b, saturate), 1),
    "=": with_binary(all_equal, equal),
    "!=": lambda *values: not all_equal(*values),
    "<": ordering("<", operator.lt),
    ">": ordering(">", operator.gt),
    "<=": ordering("<=", operator.le),
    ">=": ordering(">=", operator.ge),
    "inc": lambda x: add(x, 1),
    "dec": lambda x: subtract(x, 1),
    "abs": absolute,
    "signum": sign,
    "min": smallest,
    "max": greatest,
    "clamp": clamp,
    "gcd": divisor,
    "lcm": multiple,
    "band": folding(on_ints("band", lambda a, b: a & b), -1),
    "bor": folding(on_ints("bor", lambda a, b: a | b), 0),
    "bxor": folding(on_ints("bxor", lambda a, b: a ^ b), 0),
    "bnot": bit_not,
    "lshift": shift_left("lshift", checked_shift),
    "lshift%": shift_left("lshift%", lambda result, a, count: wrap(result)),
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
