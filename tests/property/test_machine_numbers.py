"""Random arithmetic on numbers of all kinds: native code, where kinds are known and where they are not, against the oracle."""

from __future__ import annotations

import random

import pytest

from jit_runtime.options import Options
from jit_runtime.oracle.session import OracleSession
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError

EDGES = {
    "Int8": (-128, -1, 0, 1, 5, 127), "Int16": (-32768, -7, 300, 32767), "Int32": (-2147483648, 70000, 2147483647),
    "UInt8": (0, 1, 7, 128, 255), "UInt16": (0, 3, 65535), "UInt32": (0, 65536, 4294967295),
    "UInt64": (0, 1, 12, 9223372036854775808, 18446744073709551615), "Int": (-9223372036854775808, -3, 0, 2, 9223372036854775807),
    "BigInt": (-5, 0, 1 << 70), "Float32": (0.5, -1.5, 0.1, 1e30, 16777217.0), "Float": (0.0, 2.5, -0.1, 1e19, 1e300),
    "Tiny": (-128, 3, 127), "Byte": (0, 200, 255), "Size": (0, 18446744073709551615), "Single": (0.1, -2.0), "Bits": (1, 5),
}  # fmt: skip
KINDS = """(define ^:parent {Integer} {primitive Tiny} [8])
(define ^:parent {Integer} ^:unsigned {primitive Byte} [8])
(define ^:parent {Integer} ^:unsigned {primitive Size} [64])
(define ^:parent {AbstractFloat} {primitive Single} [32])
(define {primitive Bits} [32])
(define hidden [x] (array-ref [x nothing] 0))"""
BINARY = (
    "+", "-", "*", "/", "%", "+%", "-%", "*%", "+|", "-|", "*|", "band", "bor", "bxor", "<", ">", "<=", ">=", "=", "!=", "min", "max",
    "gcd", "lcm", "compare", "eq?",
)  # fmt: skip
UNARY = (
    "-", "abs", "inc", "dec", "signum", "bnot", "-%", "zero?", "positive?", "negative?", "even?", "odd?", "floor", "round", "->int",
    "->float", "big", "sqrt", "+", "*", "nan?", "number?", "type-of", "written",
)  # fmt: skip
SHIFTS = ("lshift", "lshift%", "rshift")


def number(random: random.Random) -> str:
    kind = random.choice(list(EDGES))
    value = random.choice(EDGES[kind])
    if kind == "Int":
        return str(value)
    return f"({kind} {value}n)" if isinstance(value, int) else f"({kind} {value!r})"


def programs(seed: int, count: int) -> list[str]:
    """Each form's value is a number and its kind, or an error."""
    choose = random.Random(seed)
    forms = []
    for _ in range(count):
        what = choose.random()
        if what < 0.7:
            operation, operands = choose.choice(BINARY), [number(choose), number(choose)]
        elif what < 0.85:
            operation, operands = choose.choice(UNARY), [number(choose)]
        elif what < 0.95:
            operation, operands = choose.choice([kind for kind in EDGES if kind != "Bits"]), [number(choose)]
        else:
            operation, operands = choose.choice(SHIFTS), [number(choose), str(choose.choice((0, 1, 3, 7, 31, 63)))]
        hidden = choose.random() < 0.4
        written = " ".join(f"(hidden {operand})" if hidden else operand for operand in operands)
        forms.append(f"(let [r ({operation} {written})] (list r (type-of r)))")
    return forms


def outcome(session: Session | OracleSession, text: str) -> str | None:
    try:
        return session.eval(text, name="t", line=1).value_text
    except OmniError as error:
        return "error: " + error.diagnostics[0].message


@pytest.mark.parametrize("seed", range(4))
def test_native_arithmetic_is_the_oracles(seed: int) -> None:
    native, oracle = Session(Options()), OracleSession()
    try:
        native.eval(KINDS, name="kinds", line=1)
        oracle.eval(KINDS, name="kinds", line=1)
        for form in programs(seed, 120):
            assert (form, outcome(native, form)) == (form, outcome(oracle, form))
    finally:
        native.close()
