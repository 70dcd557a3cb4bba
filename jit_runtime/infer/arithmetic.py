"""`+ - * / %` on kinds that are known, and the tests where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Core, Global, Local
from jit_runtime.infer.code import FLOAT, INT, NOTHING, Val, i64, rep_of
from jit_runtime.infer.homes import argument_place, sinks_of
from jit_runtime.infer.machine_numbers import (
    double_of,
    machine_arithmetic,
    machine_negated,
    whole,
)
from jit_runtime.infer.number_paths import FLOAT_OPS, arithmetic_paths, as_word
from jit_runtime.infer.prims import OPEN, OTHER_BITS, prim, runtime_word
from jit_runtime.infer.transfer import NUMBER, OWN, arithmetic
from jit_runtime.ir.nodes import Imm, Operand, Temp
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


INT_OPS = {"+": "add", "-": "sub", "*": "mul"}
SLOW = {"+": "rt_add", "-": "rt_sub", "*": "rt_mul", "/": "rt_div", "%": "rt_rem"}


@prim("+", "-", "*", "/", "%", "inc", "dec")
def arith(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    value = arithmetic_value(b, node, builtin)
    return value if b.block is None else as_word(b, value)


def number(b: Builder, node: Core) -> Val:
    """The value of an operand of arithmetic. Unlike those of `Builder.expr` it may be left open (infer/number_paths.py)."""
    if isinstance(node, Local) and rep_of(b.kinds(node)) == "ref":
        held = b.storage.get(node.var)
        if isinstance(held, Temp) and held in b.doubles:
            return Val(held, b.kinds(node))
    if isinstance(node, Call) and isinstance(node.fn, Global) and b.block is not None:
        found = b.meant(node)
        if isinstance(found, Builtin) and found.name in OPEN and found.accepts(len(node.args)):
            outer, b.span = b.span, node.span
            value = OPEN[found.name](b, node, found)
            b.span = outer
            return value
    return b.expr(node)


def numbers_of(b: Builder, node: Call) -> list[Val] | None:
    """Values of the arguments, each born where it ends up; those that arithmetic makes are left open."""
    values: list[Val] = []
    place = b.dest
    for arg, sink in zip(node.args, sinks_of(b, node), strict=True):
        b.dest = argument_place(b, node, arg, sink, values)
        values.append(number(b, arg))
        b.dest = place
        if b.block is None:
            return None
    return values


def arithmetic_value(b: Builder, node: Call, builtin: Builtin) -> Val:
    values = numbers_of(b, node)
    if values is not None and builtin.name in ("inc", "dec"):
        return step(b, builtin.name, values[0])
    if values is None:
        return NOTHING
    name = builtin.name
    if not values:
        return Val(i64(0 if name == "+" else 1), INT)
    if len(values) == 1 and name == "-":
        return negated(b, as_word(b, values[0]))
    if len(values) == 1 and name == "/":
        values.insert(0, Val(i64(1), INT))
    result = values[0]
    if len(values) == 1:
        return numeric(b, result, name)
    for value in values[1:]:
        result = arith2(b, name, result, value)
        if b.block is None:
            return NOTHING
    return result


def step(b: Builder, name: str, value: Val) -> Val:
    """One more or less, in the kind of the number."""
    if value.mask & (OTHER_BITS | OWN) == 0:
        return arith2(b, "+" if name == "inc" else "-", value, Val(i64(1), INT))
    if whole(value):
        return arith2(b, "+" if name == "inc" else "-", value, Val(i64(1), value.mask))
    value = as_word(b, value)
    return runtime_word(b, f"rt_{name}", (b.to_word(value),), value.mask & NUMBER)


def negated(b: Builder, value: Val) -> Val:
    if value.mask == FLOAT:
        return Val(b.ins("fneg", (value.op,), "f64"), FLOAT)
    if value.mask == INT:
        b.fail_unless(b.compare("ne", value.op, i64(-(1 << 63))), CODES["OVERFLOW_ONE"], Val(b.unit.symbol(b, "-"), ANY), value)
        return Val(b.op("sub", i64(0), value.op), INT)
    return machine_negated(b, value) or runtime_word(b, "rt_neg", (b.to_word(value),), value.mask & NUMBER)


def numeric(b: Builder, value: Val, name: str) -> Val:
    """(+ x) is x, which has to be a number."""
    if not value.mask & ~NUMBER:
        return value
    arith2(b, "*" if name == "*" else "+", value, Val(i64(1 if name == "*" else 0), INT))  # only for the check
    return NOTHING if b.block is None else Val(value.op, value.mask & NUMBER)


def arith2(b: Builder, name: str, x: Val, y: Val) -> Val:
    mask = arithmetic(x.mask, y.mask)
    if x.mask == INT and y.mask == INT:
        return Val(int_arith(b, name, x.op, y.op), INT)
    made = machine_arithmetic(b, name, x, y) if (x.mask | y.mask) & ~(INT | FLOAT) else None
    if made is not None:
        return made
    if mask == FLOAT and not (x.mask | y.mask) & ~NUMBER and x.mask in (INT, FLOAT) and y.mask in (INT, FLOAT):
        xf, yf = double_of(b, x), double_of(b, y)
        return Val(b.runtime("fmod", (xf, yf), "f64") if name == "%" else b.op(FLOAT_OPS[name], xf, yf, "f64"), FLOAT)
    if mask:
        return arithmetic_paths(b, name, x, y, mask, SLOW[name])
    x, y = as_word(b, x), as_word(b, y)
    return runtime_word(b, SLOW[name], (b.to_word(x), b.to_word(y)), mask)


def int_arith(b: Builder, name: str, x: Operand, y: Operand) -> Operand:
    """Checked 64-bit arithmetic."""
    if name in INT_OPS:
        ok, bad = b.new("ok"), b.new("overflow")
        total = b.ins({"+": "sadd_overflow", "-": "ssub_overflow", "*": "smul_overflow"}[name], (x, y), "i64", targets=(ok, bad))
        b.at(bad)
        b.fail_ints(CODES["OVERFLOW"], b.unit.symbol(b, name), x, y)
        b.at(ok)
        return total
    if not (isinstance(y, Imm) and y.value not in (0, -1)):
        ok, bad = b.new("ok"), b.new("zero")
        b.cbr(b.compare("ne", y, i64(0)), ok, bad, "likely")
        b.at(bad)
        b.fail_ints(CODES["DIV_ZERO"], b.unit.symbol(b, name), x, y)
        b.at(ok)
        minus = b.compare("eq", y, i64(-1))
        if name == "/":
            least = b.compare("eq", x, i64(-(1 << 63)))
            ok, bad = b.new("ok"), b.new("overflow")
            b.cbr(b.ins("and", (minus, least), "i1"), bad, ok, "unlikely")
            b.at(bad)
            b.fail_ints(CODES["OVERFLOW"], b.unit.symbol(b, "/"), x, y)
            b.at(ok)
        else:
            y = b.ins("select", (minus, i64(1), y), "i64")
    return b.op("sdiv" if name == "/" else "srem", x, y)


OPEN.update(dict.fromkeys(("+", "-", "*", "/", "%", "inc", "dec"), arithmetic_value))
