"""Arithmetic that wraps or saturates, bit operations and shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call
from jit_runtime.infer.code import INT, NOTHING, Val, i64, rep_of
from jit_runtime.infer.machine_numbers import (
    machine_bits,
    machine_shift,
    whole,
    wrapped,
)
from jit_runtime.infer.prims import BITS, OTHER_BITS, binary, prim, runtime_word, unary, values_of
from jit_runtime.infer.tests import kind_test
from jit_runtime.infer.transfer import arithmetic
from jit_runtime.ir.nodes import Operand
from jit_runtime.layout import words
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY
from jit_runtime.types.primitives import MACHINE

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


INT_ONLY = {"+%": "add_wrap", "-%": "sub_wrap", "*%": "mul_wrap", "band": "band", "bor": "bor", "bxor": "bxor",
            "+|": "add_sat", "-|": "sub_sat", "*|": "mul_sat"}  # fmt: skip
WRAP = {"+%": "add", "-%": "sub", "*%": "mul", "band": "and", "bor": "or", "bxor": "xor"}
UNIT = {"+%": 0, "*%": 1, "band": -1, "bor": 0, "bxor": 0, "+|": 0, "*|": 1}


def int_operand(b: Builder, value: Val, name: str) -> Operand:
    """A raw Int; anything else is a type error of operation `name`."""
    if value.mask == INT:
        return value.op
    b.fail_unless(kind_test(b, value, INT), CODES["INT_EXPECTED"], Val(b.unit.symbol(b, name), ANY), value)
    return b.to_rep(Val(b.to_word(value), INT), "i64")


@prim("+%", "-%", "*%", "band", "bor", "bxor", "+|", "-|", "*|")
def int_only(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    name = builtin.name
    if not values:
        return Val(i64(UNIT[name]), INT)
    if len(values) == 1:
        if name not in ("-%", "-|"):
            int_operation(b, name, values[0], Val(i64(UNIT[name]), INT))  # only for the check
            return values[0]._replace(mask=values[0].mask & BITS)
        values *= 3  # x - x - x: from the zero of the number's own kind
    result = values[0]
    for value in values[1:]:
        result = int_operation(b, name, result, value)
        if b.block is None:
            return NOTHING
    return result


def int_operation(b: Builder, name: str, x: Val, y: Val) -> Val:
    if not (x.mask | y.mask) & OTHER_BITS:
        result, other = int_operand(b, x, name), int_operand(b, y, name)
        return Val(b.op(WRAP[name], result, other) if name in WRAP else saturating(b, name, result, other), INT)
    made = machine_bits(b, name, x, y)
    return made or int_paths(b, name, x, y)


def int_paths(b: Builder, name: str, x: Val, y: Val) -> Val:
    """Of kinds that are not known: two fixnums inline, else the runtime."""
    mask = arithmetic(x.mask & BITS, y.mask & BITS)
    xw, yw = b.to_word(x), b.to_word(y)
    slow_name = "rt_" + INT_ONLY[name]
    if not x.mask & y.mask & INT:
        return runtime_word(b, slow_name, (xw, yw), mask)
    out, fast, slow, done = b.fn.variable("bits", rep_of(mask)), b.new("fixnums"), b.new("slow"), b.new("done")
    both = b.op("and", b.op("or", b.bits(xw), b.bits(yw)), i64(3))
    b.cbr(b.compare("eq", both, i64(words.FIXNUM_TAG)), fast, slow, "likely")
    b.at(fast)
    xi, yi = (b.op("ashr", b.bits(w), i64(words.FIXNUM_SHIFT)) for w in (xw, yw))
    made = Val(b.op(WRAP[name], xi, yi) if name in WRAP else saturating(b, name, xi, yi), INT)
    b.set(out, b.to_rep(made, out.type))
    b.br(done)
    b.at(slow)
    b.set(out, b.to_rep(Val(b.runtime(slow_name, (b.task, b.dest, xw, yw), "ref"), mask), out.type))
    b.poll()
    b.br(done)
    b.at(done)
    return Val(b.get(out), mask)


def saturating(b: Builder, name: str, x: Operand, y: Operand) -> Operand:
    wrap, test = {"+|": ("add", "sadd_overflows"), "-|": ("sub", "ssub_overflows"), "*|": ("mul", "smul_overflows")}[name]
    total = b.op(wrap, x, y)
    over = b.ins(test, (x, y), "i1")
    sign = b.op("xor", x, y) if name == "*|" else x
    limit = b.ins("select", (b.compare("slt", sign, i64(0)), i64(-(1 << 63)), i64((1 << 63) - 1)), "i64")
    return b.ins("select", (over, limit, total), "i64")


@prim("bnot")
@unary
def bnot(b: Builder, value: Val, builtin: Builtin) -> Val:
    if whole(value):
        return Val(wrapped(b, b.op("xor", value.op, i64(-1)), MACHINE[value.mask]), value.mask)
    if value.mask & OTHER_BITS:
        return runtime_word(b, "rt_bnot", (b.to_word(value),), value.mask & BITS)
    return Val(b.op("xor", int_operand(b, value, "bnot"), i64(-1)), INT)


@prim("lshift", "lshift%", "rshift")
@binary
def shift(b: Builder, x: Val, n: Val, builtin: Builtin) -> Val:
    if x.mask & OTHER_BITS and not whole(x):
        return shift_paths(b, x, n, builtin)
    value, count = x.op if whole(x) else int_operand(b, x, builtin.name), int_operand(b, n, builtin.name)
    b.fail_unless(b.compare("ult", count, i64(64)), CODES["SHIFT"], Val(b.unit.symbol(b, builtin.name), ANY), Val(count, INT))
    if x.mask != INT and (made := machine_shift(b, builtin.name, x, count)):
        return made
    if builtin.name == "rshift":
        return Val(b.op("ashr", value, count), INT)
    result = b.op("shl", value, count)
    if builtin.name == "lshift":
        fits = b.compare("eq", b.op("ashr", result, count), value)
        b.fail_unless(fits, CODES["OVERFLOW"], Val(b.unit.symbol(b, "lshift"), ANY), Val(value, INT), Val(count, INT))
    return Val(result, INT)


def shift_paths(b: Builder, x: Val, n: Val, builtin: Builtin) -> Val:
    name = {"lshift": "rt_lshift", "lshift%": "rt_lshift_wrap", "rshift": "rt_rshift"}[builtin.name]
    return runtime_word(b, name, (b.to_word(x), b.to_word(n)), x.mask & BITS if n.mask & INT else 0)
