"""Builtins that compile to instructions: one function per family, chosen by kind sets.

A prim gets the call node and evaluates the arguments itself. Where the kinds are not known it tests for the fast case
inline and calls the runtime otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Core, Global, Local
from jit_runtime.infer.code import BOOL, CHAR, FLOAT, FLOAT32, INT, NOTHING, UINT64, Val, i64, rep_of, word
from jit_runtime.infer.machine_numbers import (
    converted,
    double_of,
    machine_arithmetic,
    machine_bits,
    machine_comparison,
    machine_negated,
    machine_shift,
    whole,
    wrapped,
)
from jit_runtime.infer.number_paths import FLOAT_OPS, arithmetic_paths, as_word, comparison_paths, double_path
from jit_runtime.infer.tests import kind_test
from jit_runtime.infer.transfer import BIG, INTEGER, MACHINE, NUMBER, PREDICATES, arithmetic
from jit_runtime.ir.nodes import Imm, Operand, Temp
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT, KINDS

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder, Continuation

Prim = Callable[["Builder", "Call", "Builtin", "Continuation | None"], Val]
PRIMS: dict[str, Prim] = {}
TRUTHS: dict[str, Callable[[Builder, Call], Operand]] = {}
"""Builtins that answer a test (an i1) with less work than a value. The block may be None afterwards, as after a prim."""
LIST = BIT["Null"] | BIT["Pair"]
BITS = INTEGER & ~BIG
OTHER_BITS = BITS & ~INT
"""Whole numbers of a width, and those that are no Ints."""


def prim(*names: str) -> Callable[[Prim], Prim]:
    def add(f: Prim) -> Prim:
        PRIMS.update(dict.fromkeys(names, f))
        return f

    return add


def values_of(b: Builder, node: Call) -> list[Val] | None:
    values = []
    for arg in node.args:
        values.append(b.expr(arg))
        if b.block is None:
            return None
    return values


def unary(f: Callable[[Builder, Val, Builtin], Val]) -> Prim:
    def run(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
        values = values_of(b, node)
        return NOTHING if values is None else f(b, values[0], builtin)

    return run


def binary(f: Callable[[Builder, Val, Val, Builtin], Val]) -> Prim:
    def run(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
        values = values_of(b, node)
        return NOTHING if values is None else f(b, values[0], values[1], builtin)

    return run


def runtime_word(b: Builder, name: str, args: tuple[Operand, ...], mask: int) -> Val:
    """A runtime function (task dest ...) -> word that may allocate."""
    result = b.runtime(name, (b.task, b.dest, *args), "ref")
    if not mask:
        b.unreachable()
        return NOTHING
    b.poll()
    return Val(b.to_rep(Val(result, mask), rep_of(mask)), mask)


# ---- arithmetic ----

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
        if isinstance(found, Builtin) and PRIMS.get(found.name) is arith and found.accepts(len(node.args)):
            outer, b.span = b.span, node.span
            value = arithmetic_value(b, node, found)
            b.span = outer
            return value
    return b.expr(node)


def numbers_of(b: Builder, node: Call) -> list[Val] | None:
    values = []
    for arg in node.args:
        values.append(number(b, arg))
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
    if value.mask & OTHER_BITS == 0:
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


# ---- comparison ----

SIGNED = {"<": "slt", ">": "sgt", "<=": "sle", ">=": "sge"}
ORDERED = {"<": "flt", ">": "fgt", "<=": "fle", ">=": "fge"}
SLOW_COMPARE = {"<": "rt_lt", ">": "rt_gt", "<=": "rt_le", ">=": "rt_ge"}


@prim("<", ">", "<=", ">=")
def comparison(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = numbers_of(b, node)
    if values is None:
        return NOTHING
    if len(values) == 1:
        compare2(b, builtin.name, values[0], values[0])
        return Val(Imm("i1", 1), BOOL)
    return chain(b, values, partial(compare2, b, builtin.name))


def chain(b: Builder, values: list[Val], test: Callable[[Val, Val], Operand]) -> Val:
    """The test holds of all neighbours (the values are evaluated, so no short circuit is needed)."""
    result = test(values[0], values[1])
    for x, y in pairwise(values[1:]):
        result = b.ins("and", (result, test(x, y)), "i1")
    return Val(result, BOOL)


def compare2(b: Builder, name: str, x: Val, y: Val) -> Operand:
    if x.mask == INT and y.mask == INT:
        return b.compare(SIGNED[name], x.op, y.op)
    if x.mask == FLOAT and y.mask == FLOAT:
        return b.compare(ORDERED[name], x.op, y.op)
    if x.mask == CHAR and y.mask == CHAR:
        return b.compare(SIGNED[name], b.bits(x.op), b.bits(y.op))
    made = machine_comparison(b, name, x, y) if (x.mask | y.mask) & ~(INT | FLOAT) else None
    if made is not None:
        return made
    if x.mask & NUMBER and y.mask & NUMBER:
        return comparison_paths(b, x, y, SIGNED[name], ORDERED[name], SLOW_COMPARE[name])
    xw, yw = b.to_word(as_word(b, x)), b.to_word(as_word(b, y))
    result = b.runtime(SLOW_COMPARE[name], (b.task, b.dest, xw, yw), "ref")
    return b.compare("eq", b.bits(result), i64(words.TRUE))


@prim("not")
def not_(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    truth = b.test(node.args[0])
    return NOTHING if b.block is None else Val(b.ins("xor", (truth, Imm("i1", 1)), "i1"), BOOL)


# ---- kinds ----

KIND_PREDICATES = {n: m for n, m in PREDICATES.items() if n != "list?"} | {"kind?": BIT["Kind"], "iter?": BIT["Iter"]}


@prim(*KIND_PREDICATES)
@unary
def predicate(b: Builder, value: Val, builtin: Builtin) -> Val:
    mask = KIND_PREDICATES[builtin.name]
    if not value.mask & ~mask or not value.mask & mask:
        return Val(Imm("i1", 1 if value.mask & mask else 0), BOOL)
    return Val(kind_test(b, value, mask), BOOL)


@prim("end")
def end(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    return Val(word(words.END), ANY)


@prim("known-kind?")
def known_kind(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    from jit_runtime.expand.core import Const, KindRef

    value, wanted = b.expr(node.args[0]), node.args[1]
    assert isinstance(wanted, Const) and isinstance(wanted.value, KindRef)
    return Val(Imm("i1", 0 if value.mask & ~wanted.value.kind.mask else 1), BOOL)


@prim("end?", "pull?")
@unary
def is_end(b: Builder, value: Val, builtin: Builtin) -> Val:
    marker = words.END if builtin.name == "end?" else words.PULL
    return Val(b.compare("eq", b.bits(b.to_word(value)), i64(marker)), BOOL)




# ---- boxes ----


def object_operand(b: Builder, value: Val, kind: str, name: str, code: str = "EXPECTED") -> Operand:
    """The word of a value that has to be of one kind; otherwise a type error of operation `name`."""
    op = b.to_word(value)
    if value.mask != BIT[kind]:
        if not value.mask & BIT[kind]:
            b.fail(CODES[code], b.unit.symbol(b, name), b.unit.symbol(b, kind), op)
            return op
        symbol, wanted = Val(b.unit.symbol(b, name), ANY), Val(b.unit.symbol(b, kind), ANY)
        b.fail_unless(kind_test(b, Val(op, value.mask), BIT[kind]), CODES[code], symbol, wanted, Val(op, value.mask))
    return op


@prim("box", "atom")
@unary
def box(b: Builder, value: Val, builtin: Builtin) -> Val:
    op = b.to_word(value)
    made = b.allocate(builtin.name, 16)
    b.init_field(made, BY_NAME[builtin.name].offsets["value"], op, value.mask)
    return Val(made, BIT["Box" if builtin.name == "box" else "Atom"])


@prim("box-ref")
@unary
def box_ref(b: Builder, value: Val, builtin: Builtin) -> Val:
    op = object_operand(b, value, "Box", "box-ref")
    return NOTHING if b.block is None else Val(b.field(op, "box", "value", "ref"), ANY)


@prim("box-set!", "reset!")
@binary
def box_set(b: Builder, target: Val, value: Val, builtin: Builtin) -> Val:
    kind = "Box" if builtin.name == "box-set!" else "Atom"
    op = object_operand(b, target, kind, builtin.name)
    if b.block is None:
        return NOTHING
    b.init_field(op, BY_NAME["box"].offsets["value"], b.to_word(value), value.mask)
    return value


# ---- strings, chars ----


@prim("string-length", "string-empty?")
@unary
def string_length(b: Builder, value: Val, builtin: Builtin) -> Val:
    op = object_operand(b, value, "String", builtin.name)
    if b.block is None:
        return NOTHING
    length = b.field(op, "string", "length", "i64")
    return Val(length, INT) if builtin.name == "string-length" else Val(b.compare("eq", length, i64(0)), BOOL)


@prim("char->int")
@unary
def char_to_int(b: Builder, value: Val, builtin: Builtin) -> Val:
    op = object_operand(b, value, "Char", "char->int")
    return NOTHING if b.block is None else Val(b.op("lshr", b.bits(op), i64(words.CHAR_SHIFT)), INT)


@prim("identity")
@unary
def identity(b: Builder, value: Val, builtin: Builtin) -> Val:
    return value


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
    if whole(value) and (value.mask != UINT64 or name == "zero?"):
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


PRIMS.update(dict.fromkeys(OUT_OF_LINE, out_of_line))


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
    if len(values) == 1:
        return numeric(b, values[0], "+")
    made = values[0]
    for v in values[1:]:
        made = runtime_word(b, "rt_" + builtin.name, (b.to_word(made), b.to_word(v)), arithmetic(made.mask, v.mask))
        if b.block is None:
            return NOTHING
    return made


@prim("apply")
def apply(b: Builder, node: Call, builtin: Builtin, k: Continuation | None) -> Val:
    """(apply f a ... xs): spread the sequence behind the other arguments in the buffer, then call through the slow entry."""
    from jit_runtime.infer.calls import emit_call, finish

    values = values_of(b, node)
    if values is None:
        return NOTHING
    from jit_runtime.infer.code import TASK

    if values[1:]:
        values[-1] = listed(b, values[-1])
        if b.block is None:
            return NOTHING
    fn, *front = [b.to_word(v) for v in values]
    if not front:
        b.fail(CODES["ARITY"], b.unit.symbol(b, "apply"), word(words.fixnum(1)), b.unit.constant(b, "at least 2").op)
        return NOTHING
    for i, op in enumerate(front[:-1]):
        b.store(op, b.offset(b.task, TASK["arguments"] + 8 * i))
    b.runtime("rt_spread", (b.task, b.dest, i64(len(front) - 1), front[-1]))
    entry = b.runtime("rt_call_slow", (b.task, fn), "ptr")
    at = b.task_field("arguments")
    registers = [b.load(b.offset(at, 8 * i), "ref") for i in range(3)]
    return finish(b, emit_call(b, entry, fn, list(registers), "ref", k), ANY)


def listed(b: Builder, sequence: Val) -> Val:
    """A list or array as it is; the elements of another sequence as a list, by the library."""
    from jit_runtime.infer.calls import call_word
    from jit_runtime.infer.world import GenericFunction

    plain = LIST | KINDS["Array"].mask
    library = b.unit.world.lookup("%sequence")
    if not sequence.mask & ~plain or not isinstance(library, GenericFunction):
        return sequence
    other, go = b.new("elements"), b.new("apply")
    out = b.fn.variable("sequence", "ref")
    op = b.to_word(sequence)
    b.set(out, op)
    b.cbr(kind_test(b, Val(op, sequence.mask), plain), go, other, "likely")
    b.at(other)
    made = call_word(b, b.unit.function_object(b, library), [Val(b.unit.symbol(b, "apply"), BIT["Symbol"]), Val(op, sequence.mask)], None)
    b.set(out, made.op)
    b.br(go)
    b.at(go)
    return Val(b.get(out), plain)
