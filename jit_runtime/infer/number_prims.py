"""Functions of numbers: roots, conversions, tests, least and greatest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call
from jit_runtime.infer.arithmetic import number, numeric
from jit_runtime.infer.code import BOOL, FLOAT, FLOAT32, INT, NOTHING, Val, i64
from jit_runtime.infer.machine_numbers import (
    UNSIGNED_64,
    converted,
    double_of,
    machine_negated,
    whole,
)
from jit_runtime.infer.number_paths import double_path
from jit_runtime.infer.prims import PRIMS, prim, runtime_word, unary, values_of
from jit_runtime.infer.transfer import NUMBER, arithmetic
from jit_runtime.ir.nodes import Imm
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY
from jit_runtime.types.primitives import MACHINE

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


@prim("sqrt")
def sqrt(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    value = number(b, node.args[0])
    if b.block is None:
        return NOTHING
    if value.mask in MACHINE:
        return Val(b.ins("fsqrt", (double_of(b, value),), "f64"), FLOAT)
    return double_path(b, value, lambda x: b.ins("fsqrt", (x,), "f64"), "rt_sqrt")


@prim("->float")
@unary
def float_of(b: Builder, value: Val, builtin: Builtin) -> Val:
    if value.mask in MACHINE:
        return Val(double_of(b, value), FLOAT)
    return runtime_word(b, "rt_to_float", (b.to_word(value),), FLOAT)


@prim("convert")
def convert(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    value, kind = values
    mask = b.kinds(node)
    return converted(b, value, mask, kind.op) or runtime_word(b, "rt_convert", (b.to_word(value), b.to_word(kind)), mask)


TESTS = {"zero?": ("eq", "feq"), "positive?": ("sgt", "fgt"), "negative?": ("slt", "flt")}


@prim(*TESTS)
@unary
def sign_test(b: Builder, value: Val, builtin: Builtin) -> Val:
    name = builtin.name
    if whole(value) and (value.mask not in UNSIGNED_64 or name == "zero?"):
        return Val(b.compare(TESTS[name][0], value.op, i64(0)), BOOL)
    if value.mask in (FLOAT, FLOAT32):
        return Val(b.compare(TESTS[name][1], value.op, Imm(value.op.type, 0.0)), BOOL)
    return runtime_word(b, {"zero?": "rt_zero", "positive?": "rt_positive", "negative?": "rt_negative"}[name], (b.to_word(value),), BOOL)


@prim("even?", "odd?")
@unary
def parity(b: Builder, value: Val, builtin: Builtin) -> Val:
    if not whole(value):
        return runtime_word(b, op_symbol(builtin), (b.to_word(value),), BOOL)
    bit = b.op("and", value.op, i64(1))
    return Val(b.compare("eq", bit, i64(0 if builtin.name == "even?" else 1)), BOOL)


# Ops without an inline form of their own: the runtime's out-of-line form (docs/abi.md, "Runtime functions behind builtins").
OUT_OF_LINE = ("signum", "nan?", "inf?", "finite?", "floor", "ceil", "round", "trunc", "->int", "type-of", "int->char", "char-digit?")


def out_of_line(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    return runtime_word(b, op_symbol(builtin), tuple(b.to_word(v) for v in values), b.kinds(node))


def op_symbol(builtin: Builtin) -> str:
    return "rt_" + builtin.native[1].replace("-", "_").replace("?", "")


@prim("abs")
@unary
def abs_(b: Builder, value: Val, builtin: Builtin) -> Val:
    if value.mask == FLOAT:
        return Val(b.ins("fabs", (value.op,), "f64"), FLOAT)
    if value.mask == INT:
        b.fail_unless(b.compare("ne", value.op, i64(-(1 << 63))), CODES["OVERFLOW_ONE"], Val(b.unit.symbol(b, "abs"), ANY), value)
        return Val(b.ins("select", (b.compare("slt", value.op, i64(0)), b.op("sub", i64(0), value.op), value.op), "i64"), INT)
    return machine_negated(b, value, "abs") or runtime_word(b, "rt_abs", (b.to_word(value),), value.mask & NUMBER)


@prim("min", "max")
def least(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    if whole(values[0]) and all(v.mask == values[0].mask for v in values):
        result = values[0].op
        sign = "s" if MACHINE[values[0].mask].signed else "u"
        for v in values[1:]:
            test = b.compare(sign + ("lt" if builtin.name == "min" else "gt"), v.op, result)
            result = b.ins("select", (test, v.op, result), "i64")
        return Val(result, values[0].mask)
    if values[0].mask in (FLOAT, FLOAT32) and all(v.mask == values[0].mask for v in values):
        return extreme_float(b, values, "fge" if builtin.name == "min" else "fle")
    if len(values) == 1:
        return numeric(b, values[0], "+")
    made = values[0]
    for v in values[1:]:
        made = runtime_word(b, "rt_" + builtin.name, (b.to_word(made), b.to_word(v)), arithmetic(made.mask, v.mask))
        if b.block is None:
            return NOTHING
    return made


def extreme_float(b: Builder, values: list[Val], stays: str) -> Val:
    """The first of the values with which all later ones compare as `stays`; not a number where one is none."""
    result = values[0].op
    for v in values[1:]:
        better = b.ins("select", (b.compare(stays, v.op, result), result, v.op), v.op.type)
        result = b.ins("select", (b.compare("fne", result, result), result, better), v.op.type)
    return Val(result, values[0].mask)


PRIMS.update(dict.fromkeys(OUT_OF_LINE, out_of_line))
