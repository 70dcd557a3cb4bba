"""Float functions, conversions between numbers, and numbers in text (language S7.5, S1.3, S1.4)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from jit_runtime.oracle.builtins_numbers import fits, need_number
from jit_runtime.oracle.machine_numbers import made, to_double
from jit_runtime.oracle.raised import expected, raise_error
from jit_runtime.oracle.values import BigInt, Char, Value, symbol
from jit_runtime.types import errors


def on_float(name: str, function: Callable[[float], float], otherwise: Callable[[float], float] = lambda x: math.nan) -> Callable[[Value], float]:
    """C's function: where Python raises (domain, range), `otherwise` gives what C returns."""

    def run(x: Value) -> float:
        need_number(name, x)
        try:
            return function(to_double(x))
        except (ValueError, OverflowError):
            return otherwise(to_double(x))

    return run


def logarithm_limit(x: float) -> float:
    return -math.inf if x == 0 else math.nan


def power(x: Value, y: Value) -> float:
    need_number("pow", x, y)
    base, exponent = to_double(x), to_double(y)
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        if base != 0:
            return math.nan
        odd = exponent == math.floor(exponent) and exponent % 2 == 1
        return math.copysign(math.inf, base) if odd else math.inf


def angle(y: Value, x: Value) -> float:
    need_number("atan2", y, x)
    return math.atan2(to_double(y), to_double(x))


def rounding(name: str, function: Callable[[float], float]) -> Callable[[Value], Value]:
    """Ints are unchanged; a Float stays a Float and keeps the sign of zero; inf and nan are unchanged."""

    def run(x: Value) -> Value:
        need_number(name, x)
        if not isinstance(x, float) or not math.isfinite(x):
            return x
        return made(type(x), math.copysign(float(function(x)), x))

    return run


def half_away(x: float) -> float:
    whole = math.trunc(x)
    return whole + int(math.copysign(1, x)) if abs(x - whole) >= 0.5 else whole


def to_int(x: Value) -> Value:
    if type(x) is Char:
        return x.code
    need_number("->int", x)
    if type(x) is int:
        return x
    if (isinstance(x, float) and not math.isfinite(x)) or not fits(int(x)):
        raise_error(errors.NOT_FINITE, symbol("->int"), x)
    return int(x)


def to_big(x: Value) -> Value:
    need_number("big", x)
    if isinstance(x, float) and not math.isfinite(x):
        raise_error(errors.NOT_FINITE, symbol("big"), x)
    return BigInt(x)


def to_float(x: Value) -> Value:
    need_number("->float", x)
    return to_double(x)


# ---- reading numbers (S1.3, S1.4) ----

DIGITS = r"[0-9](?:_?[0-9])*"
DECIMAL = re.compile(rf"[+-]?{DIGITS}\Z")
BASED = re.compile(r"([+-]?)0(?:x([0-9a-fA-F_]+)|b([01_]+)|o([0-7_]+))\Z")
FLOAT = re.compile(rf"[+-]?(?:{DIGITS}\.(?:{DIGITS})?|\.{DIGITS}|{DIGITS}(?=[eE]))(?:[eE][+-]?[0-9]+)?\Z")


def read_int(text: str) -> int | None:
    value = read_integer(text)
    return value if value is not None and fits(value) else None


def read_integer(text: str) -> int | None:
    based = BASED.match(text)
    value: int | None = None
    if DECIMAL.match(text):
        value = int(text.replace("_", ""))
    elif based:
        sign_text, *digits = based.groups()
        base, body = next((base, body.replace("_", "")) for base, body in zip((16, 2, 8), digits) if body)
        value = int(sign_text + body, base) if body else None
    return value


def parse_number(text: Value) -> Value:
    if type(text) is not str:
        expected("parse-number", "String", text)
    if text.endswith("n"):
        value = read_integer(text[:-1])
        return None if value is None else BigInt(value)
    value = read_int(text)
    return value if value is not None or not FLOAT.match(text) else float(text.replace("_", ""))


def string_to_int(text: Value) -> Value:
    return read_int(text) if type(text) is str else expected("string->int", "String", text)


def string_to_float(text: Value) -> Value:
    if type(text) is not str:
        expected("string->float", "String", text)
    value = parse_number(text)
    return None if value is None else to_double(value)


PLAIN: dict[str, Callable[..., Value]] = {
    "sqrt": on_float("sqrt", math.sqrt),
    "floor": rounding("floor", math.floor),
    "ceil": rounding("ceil", math.ceil),
    "round": rounding("round", half_away),
    "trunc": rounding("trunc", math.trunc),
    "->int": to_int,
    "->float": to_float,
    "big": to_big,
    "pow": power,
    "exp": on_float("exp", math.exp, lambda x: math.inf),
    "log": on_float("log", math.log, logarithm_limit),
    "log10": on_float("log10", math.log10, logarithm_limit),
    "log2": on_float("log2", math.log2, logarithm_limit),
    "sin": on_float("sin", math.sin),
    "cos": on_float("cos", math.cos),
    "tan": on_float("tan", math.tan),
    "asin": on_float("asin", math.asin),
    "acos": on_float("acos", math.acos),
    "atan": on_float("atan", math.atan),
    "atan2": angle,
    "sinh": on_float("sinh", math.sinh, lambda x: math.copysign(math.inf, x)),
    "cosh": on_float("cosh", math.cosh, lambda x: math.inf),
    "tanh": on_float("tanh", math.tanh),
    "parse-number": parse_number,
    "string->int": string_to_int,
    "string->float": string_to_float,
}
