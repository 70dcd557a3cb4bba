"""Equality in compiled code: raw where both kinds are known, a compare of words where these decide, the runtime for what has parts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jit_runtime.infer.code import BOOL, FLOAT, INT, NOTHING, Val, i64
from jit_runtime.infer.comparisons import chain
from jit_runtime.infer.machine_numbers import double_of, machine_comparison
from jit_runtime.infer.number_paths import QUICK
from jit_runtime.infer.prims import binary, prim, values_of
from jit_runtime.infer.transfer import IDENTITY, NUMBER
from jit_runtime.ir.nodes import Imm, Operand
from jit_runtime.layout import words
from jit_runtime.types.kinds import BIT, BUILTIN, SIMPLE
from jit_runtime.types.places import PLACES
from jit_runtime.types.primitives import overlap

if TYPE_CHECKING:
    from jit_runtime.expand.core import Call
    from jit_runtime.infer.build import Builder
    from jit_runtime.types.builtins import Builtin


@prim("=", "!=")
def equality(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    if len(values) == 1:
        result: Operand = Imm("i1", 1)
    else:
        result = chain(b, values, partial(equal2, b)).op
    return Val(result if builtin.name == "=" else b.ins("xor", (result, Imm("i1", 1)), "i1"), BOOL)


def equal2(b: Builder, x: Val, y: Val) -> Operand:
    if x.mask == INT and y.mask == INT:
        return b.compare("eq", x.op, y.op)
    if FLOAT in (x.mask, y.mask) and exact_float(x) and exact_float(y):
        return b.compare("feq", double_of(b, x), double_of(b, y))
    made = machine_comparison(b, "=", x, y) if (x.mask | y.mask) & ~(INT | FLOAT) else None
    if made is not None:
        return made
    if x.op.type == "i1" and y.op.type == "i1":
        return b.ins("xor", (b.ins("xor", (x.op, y.op), "i1"), Imm("i1", 1)), "i1")
    if not x.mask & ~IDENTITY or not y.mask & ~IDENTITY:
        return b.compare("eq", b.bits(b.to_word(x)), b.bits(b.to_word(y)))
    if INT in (x.mask, y.mask):
        return equal_int(b, x, y) if x.mask == INT else equal_int(b, y, x)
    name = "rt_equal" if b.unit.tier == QUICK else "rt_equal_words"
    return is_true(b, b.runtime(name, (b.task, b.dest, b.to_word(x), b.to_word(y)), "ref"))


def equal_int(b: Builder, x: Val, y: Val) -> Operand:
    """An Int and a word: a fixnum is compared raw; pairs, and immediates that are no machine numbers, equal no number; the runtime does the rest."""
    out, fast, other, slow, done = b.fn.variable("equal", "i1"), b.new("fixnum"), b.new("other"), b.new("slow"), b.new("done")
    yb = b.bits(b.to_word(y))
    b.cbr(b.compare("eq", b.op("and", yb, i64(words.FIXNUM_MASK)), i64(words.FIXNUM_TAG)), fast, other, "likely")
    b.at(fast)
    if isinstance(x.op, Imm):
        b.set(out, b.compare("eq", b.bits(b.to_word(x)), yb))
    else:
        b.set(out, b.compare("eq", x.op, b.op("ashr", yb, i64(words.FIXNUM_SHIFT))))
    b.br(done)
    b.at(other)
    b.set(out, Imm("i1", 0))
    no_number = words.PAIR_TAG & words.IMMEDIATE_TAG  # the bits of these two, under a mask that objects and flonums do not pass
    constant = b.compare("eq", b.op("and", yb, i64(words.OBJECT_TAG)), i64(no_number))
    machine = b.compare("eq", b.op("and", yb, i64(0xFF)), i64(words.MACHINE_CLASS))
    b.cbr(b.ins("select", (machine, Imm("i1", 0), constant), "i1"), done, slow)
    b.at(slow)
    b.set(out, is_true(b, b.runtime("rt_equal", (b.task, b.dest, b.to_word(x), b.to_word(y)), "ref")))
    b.br(done)
    b.at(done)
    return b.get(out)


def is_true(b: Builder, word: Operand) -> Operand:
    return b.compare("eq", b.bits(word), i64(words.TRUE))


def exact_float(value: Val) -> bool:
    """Is it a Float, or an Int that a Float can hold? The comparison of an Int with a Float is exact."""
    return value.mask == FLOAT or (value.mask == INT and isinstance(value.op, Imm) and abs(value.op.value) <= 1 << 53)


@prim("eq?")
@binary
def eq(b: Builder, x: Val, y: Val, builtin: Builtin) -> Val:
    if x.mask & y.mask & (NUMBER | BIT["Own Any"] | ~BUILTIN) or overlap(x.mask & SIMPLE, y.mask & SIMPLE) & PLACES:
        name = "rt_eq" if b.unit.tier == QUICK else "rt_eq_words"
        return Val(is_true(b, b.runtime(name, (b.task, b.dest, b.to_word(x), b.to_word(y)), "ref")), BOOL)
    return Val(b.compare("eq", b.bits(b.to_word(x)), b.bits(b.to_word(y))), BOOL)
