"""Machine numbers of known kinds as instructions (docs/numbers.md).

A whole number travels as an i64, widened by its kind's sign; a Float32 as an f32. What two kinds have in common is `promoted` of types/machine.py; an
exact result that its kind cannot hold is an error. Each function here gives None where the runtime has to do it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.infer.code import INT, Val, i64
from jit_runtime.infer.transfer import arithmetic
from jit_runtime.ir.nodes import Imm, Operand
from jit_runtime.types.errors import CODES
from jit_runtime.types.machine import Machine
from jit_runtime.types.primitives import MACHINE

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder

FLOAT_OPS = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv"}
WRAPPING = {"+": "add", "-": "sub", "*": "mul", "+%": "add", "-%": "sub", "*%": "mul", "band": "and", "bor": "or", "bxor": "xor"}
EXACT_IN_SINGLE = 1 << 24
UNSIGNED_64 = frozenset(kind for kind, machine in MACHINE.items() if machine.bits == 64 and not machine.signed)


def both_known(x: Val, y: Val) -> bool:
    return x.mask in MACHINE and y.mask in MACHINE


# ---- conversions of raw values ----


def double_of(b: Builder, value: Val) -> Operand:
    """A double from a number in a raw representation."""
    op = value.op
    if op.type == "f64":
        return op
    if isinstance(op, Imm):
        return Imm("f64", float(op.value))
    if op.type == "f32":
        return b.ins("fpext", (op,), "f64")
    return b.ins("uitofp" if value.mask in UNSIGNED_64 else "sitofp", (op,), "f64")


def single_of(b: Builder, value: Val) -> Operand:
    return value.op if value.op.type == "f32" else b.ins("fptrunc", (double_of(b, value),), "f32")


def exact_single(value: Val) -> bool:
    """Is it a Float32, or a constant that is exact as one?"""
    op = value.op
    return op.type == "f32" or (isinstance(op, Imm) and op.type == "i64" and abs(op.value) <= EXACT_IN_SINGLE)


def wrapped(b: Builder, op: Operand, machine: Machine) -> Operand:
    """Modulo 2^bits."""
    if machine.bits == 64:
        return op
    if isinstance(op, Imm):
        return i64(machine.wrapped(int(op.value)))
    return b.ins("sext" if machine.signed else "zext", (b.ins("trunc", (op,), f"i{machine.bits}"),), "i64")


def in_range(b: Builder, op: Operand, machine: Machine) -> Operand:
    """Does the kind, of less than 64 bits, hold the number? A negative one counts as a large one where there is no sign."""
    if machine.signed:
        return b.compare("eq", wrapped(b, op, machine), op)
    return b.compare("ule", op, i64(machine.high))


# ---- arithmetic ----


def machine_arithmetic(b: Builder, name: str, x: Val, y: Val) -> Val | None:
    """+ - * / % of two numbers of known kinds, not both Int or both Float."""
    if not both_known(x, y):
        return None
    kind = arithmetic(x.mask, y.mask)
    machine = MACHINE[kind]
    if machine.floating:
        return Val(float_arithmetic(b, name, x, y, kind), kind)
    if kind in UNSIGNED_64 and not (without_sign(x) and without_sign(y)):
        return None
    fail = failing(b, name, x, y)
    if name in ("/", "%"):
        return Val(divided(b, name, x.op, y.op, machine, fail), kind)
    if machine.bits == 64:
        return Val((sum_unsigned if kind in UNSIGNED_64 else sum_signed)(b, name, x.op, y.op, fail), kind)
    total = b.op(WRAPPING[name], x.op, y.op)
    unless(b, in_range(b, total, machine), fail, "OVERFLOW_KINDS")
    return Val(total, kind)


def float_arithmetic(b: Builder, name: str, x: Val, y: Val, kind: int) -> Operand:
    """Operands of Float32 are exact as Floats, and so the result is rounded once or as if once."""
    if MACHINE[kind].bits == 32 and name in FLOAT_OPS and exact_single(x) and exact_single(y):
        return b.op(FLOAT_OPS[name], single_of(b, x), single_of(b, y), "f32")
    xf, yf = double_of(b, x), double_of(b, y)
    result = b.runtime("fmod", (xf, yf), "f64") if name == "%" else b.op(FLOAT_OPS[name], xf, yf, "f64")
    return result if MACHINE[kind].bits == 64 else b.ins("fptrunc", (result,), "f32")


def without_sign(value: Val) -> bool:
    return not MACHINE[value.mask].signed or (isinstance(value.op, Imm) and value.op.value >= 0)


Fail = Callable[[str], None]


def failing(b: Builder, name: str, *values: Val) -> Fail:
    return lambda code: b.fail(CODES[code], b.unit.symbol(b, name), *(b.to_word(v) for v in values))


def unless(b: Builder, test: Operand, fail: Fail, code: str) -> None:
    """Go on where the test holds."""
    ok, bad = b.new("ok"), b.new("overflow")
    b.cbr(test, ok, bad, "likely")
    b.at(bad)
    fail(code)
    b.at(ok)


def sum_signed(b: Builder, name: str, x: Operand, y: Operand, fail: Fail) -> Operand:
    ok, bad = b.new("ok"), b.new("overflow")
    total = b.ins(f"s{WRAPPING[name]}_overflow", (x, y), "i64", targets=(ok, bad))
    b.at(bad)
    fail("OVERFLOW_KINDS")
    b.at(ok)
    return total


def sum_unsigned(b: Builder, name: str, x: Operand, y: Operand, fail: Fail) -> Operand:
    total = b.op(WRAPPING[name], x, y)
    if name == "*":
        test = b.compare("eq", b.op("mulhi", x, y), i64(0))
    else:
        test = b.compare("uge", total, x) if name == "+" else b.compare("uge", x, y)
    unless(b, test, fail, "OVERFLOW_KINDS")
    return total


def divided(b: Builder, name: str, x: Operand, y: Operand, machine: Machine, fail: Fail) -> Operand:
    if not (isinstance(y, Imm) and y.value != 0):
        unless(b, b.compare("ne", y, i64(0)), fail, "DIV_ZERO")
    if not machine.signed and machine.bits == 64:
        return b.op("udiv" if name == "/" else "urem", x, y)
    if machine.bits == 64:
        minus = b.compare("eq", y, i64(-1))
        if name == "/":
            bad = b.ins("and", (minus, b.compare("eq", x, i64(-(1 << 63)))), "i1")
            unless(b, b.ins("xor", (bad, Imm("i1", 1)), "i1"), fail, "OVERFLOW_KINDS")
        else:
            y = b.ins("select", (minus, i64(1), y), "i64")
    result = b.op("sdiv" if name == "/" else "srem", x, y)
    if machine.bits < 64:
        unless(b, in_range(b, result, machine), fail, "OVERFLOW_KINDS")
    return result


def machine_negated(b: Builder, value: Val, name: str = "-") -> Val | None:
    """(- x), or (abs x) where x is negative."""
    if value.mask not in MACHINE:
        return None
    machine = MACHINE[value.mask]
    if machine.floating:
        return Val(b.ins("fneg" if name == "-" else "fabs", (value.op,), value.op.type), value.mask)
    if not machine.signed and name == "abs":
        return value
    fail = failing(b, name, value)
    minus = b.op("sub", i64(0), value.op)
    result = minus if name == "-" else b.ins("select", (b.compare("slt", value.op, i64(0)), minus, value.op), "i64")
    if machine.bits < 64:
        unless(b, in_range(b, result, machine), fail, "OVERFLOW_KIND")
    elif machine.signed:
        unless(b, b.compare("ne", value.op, i64(machine.low)), fail, "OVERFLOW_KIND")
    else:
        unless(b, b.compare("eq", value.op, i64(0)), fail, "OVERFLOW_KIND")
    return Val(result, value.mask)


# ---- bits ----


def machine_bits(b: Builder, name: str, x: Val, y: Val) -> Val | None:
    """Wrapping arithmetic and bitwise operations."""
    if name not in WRAPPING or not whole(x) or not whole(y):
        return None
    kind = arithmetic(x.mask, y.mask)
    return Val(wrapped(b, b.op(WRAPPING[name], x.op, y.op), MACHINE[kind]), kind)


def whole(value: Val) -> bool:
    return value.mask in MACHINE and not MACHINE[value.mask].floating


def machine_shift(b: Builder, name: str, x: Val, count: Operand) -> Val | None:
    """`count` is in 0..63."""
    if not whole(x):
        return None
    machine, value = MACHINE[x.mask], x.op
    back = "ashr" if machine.signed else "lshr"
    if name == "rshift":
        return Val(b.op(back, value, count), x.mask)
    shifted = b.op("shl", value, count)
    if name == "lshift":
        same = b.compare("eq", b.op(back, shifted, count), value)
        if machine.bits < 64:
            same = b.ins("and", (same, in_range(b, shifted, machine)), "i1")
        unless(b, same, failing(b, name, x, Val(count, INT)), "OVERFLOW_KINDS")
    return Val(wrapped(b, shifted, machine), x.mask)


# ---- comparison ----

SIGNED = {"<": "slt", ">": "sgt", "<=": "sle", ">=": "sge", "=": "eq"}
UNSIGNED = {"<": "ult", ">": "ugt", "<=": "ule", ">=": "uge", "=": "eq"}
ORDERED = {"<": "flt", ">": "fgt", "<=": "fle", ">=": "fge", "=": "feq"}


def machine_comparison(b: Builder, name: str, x: Val, y: Val) -> Operand | None:
    """An i1. The comparison of a whole number with a Float or a Float32 is exact, so only some of those are done here."""
    if not both_known(x, y):
        return None
    if whole(x) and whole(y):
        if x.mask not in UNSIGNED_64 and y.mask not in UNSIGNED_64:
            return b.compare(SIGNED[name], x.op, y.op)
        return b.compare(UNSIGNED[name], x.op, y.op) if without_sign(x) and without_sign(y) else None
    if not all(MACHINE[v.mask].floating or MACHINE[v.mask].bits <= 32 or is_small(v) for v in (x, y)):
        return None
    if (x.op.type == "f32" and exact_single(y)) or (y.op.type == "f32" and exact_single(x)):
        return b.compare(ORDERED[name], single_of(b, x), single_of(b, y))
    return b.compare(ORDERED[name], double_of(b, x), double_of(b, y))


def is_small(value: Val) -> bool:
    return isinstance(value.op, Imm) and abs(value.op.value) <= 1 << 53


# ---- conversion ----


def converted(b: Builder, value: Val, kind: int, kind_word: Operand) -> Val | None:
    """A number of a known kind as one of another machine kind; out of line, the error."""
    if value.mask not in MACHINE or kind not in MACHINE:
        return None
    machine, have = MACHINE[kind], MACHINE[value.mask]
    if value.mask == kind:
        return value
    if machine.floating:
        return Val(double_of(b, value) if machine.bits == 64 else single_of(b, value), kind)

    def fail(code: str) -> None:
        b.runtime("rt_convert", (b.task, b.dest, b.to_word(value), kind_word), "ref")
        b.unreachable()

    if have.floating:
        return Val(whole_of_double(b, double_of(b, value), machine, fail), kind)
    if not holds_all(machine, have):
        unless(b, fits(b, value.op, have, machine), fail, "OUT_OF_RANGE")
    return Val(value.op, kind)


def holds_all(machine: Machine, of: Machine) -> bool:
    return machine.low <= of.low and of.high <= machine.high


def fits(b: Builder, op: Operand, have: Machine, machine: Machine) -> Operand:
    if isinstance(op, Imm):
        return Imm("i1", int(machine.low <= op.value <= machine.high))
    if machine.bits == 64:
        return b.compare("sge", op, i64(0))  # of Int and UInt64 one does not hold the other's highest bit
    if have.bits == 64 and not have.signed:
        return b.compare("ule", op, i64(machine.high))
    return in_range(b, op, machine)


def whole_of_double(b: Builder, x: Operand, machine: Machine, fail: Fail) -> Operand:
    """Without the fraction."""
    t = b.ins("ftrunc", (x,), "f64")
    low, beyond = Imm("f64", float(machine.low)), Imm("f64", float(machine.high + 1))
    test = b.ins("and", (b.compare("fge", t, low), b.compare("flt", t, beyond)), "i1")
    unless(b, test, fail, "OUT_OF_RANGE")
    return b.ins("fptosi" if machine.signed else "fptoui", (t,), "i64")
