"""Tests of kinds, boxes, strings, characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call
from jit_runtime.infer.allocation import allocate, init_field, init_part
from jit_runtime.infer.code import BOOL, INT, NOTHING, Val, i64, word
from jit_runtime.infer.prims import binary, object_operand, prim, unary
from jit_runtime.infer.tests import kind_test
from jit_runtime.infer.transfer import PREDICATES
from jit_runtime.ir.nodes import Imm
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


@prim("not")
def not_(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    truth = b.test(node.args[0])
    return NOTHING if b.block is None else Val(b.ins("xor", (truth, Imm("i1", 1)), "i1"), BOOL)


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


@prim("box", "atom")
@unary
def box(b: Builder, value: Val, builtin: Builtin) -> Val:
    op = b.to_word(value)
    made = allocate(b, builtin.name, 16)
    init_part(b, made, BY_NAME[builtin.name].offsets["value"], value, op)
    return Val(made, BIT["Box" if builtin.name == "box" else "Atom"], b.dest)


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
    init_field(b, op, BY_NAME["box"].offsets["value"], b.to_word(value), value.mask)
    return value


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
