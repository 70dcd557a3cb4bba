"""Pairs and lists in compiled code: made in place, taken apart behind a test of the tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.code import INT, NOTHING, Val, i64
from jit_runtime.infer.number_paths import QUICK
from jit_runtime.infer.prims import binary, prim, unary, values_of
from jit_runtime.infer.tests import kind_test
from jit_runtime.ir.nodes import Block, Imm, Operand
from jit_runtime.layout import words
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.expand.core import Call
    from jit_runtime.infer.build import Builder
    from jit_runtime.types.builtins import Builtin

PAIR = BIT["Pair"]
FAR = 8  # `nth` with a constant index below this is a chain of loads


@prim("cons")
@binary
def cons_(b: Builder, x: Val, y: Val, builtin: Builtin) -> Val:
    from jit_runtime.infer.pairs import cons

    return cons(b, x, y)


@prim("list")
def list_(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    from jit_runtime.infer.pairs import rest_list

    values = values_of(b, node)
    if values is None:
        return NOTHING
    return Val(rest_list(b, values), PAIR if values else BIT["Null"])


@prim("car", "cdr", "list-item")
@unary
def car(b: Builder, value: Val, builtin: Builtin) -> Val:
    code = CODES[{"car": "CAR", "cdr": "CDR", "list-item": "IMPROPER"}[builtin.name]]
    if not value.mask & PAIR:
        b.fail(code, b.to_word(value))
        return NOTHING
    if value.mask != PAIR:
        b.fail_unless(kind_test(b, value, PAIR), code, value)
    return Val(part(b, value.op, 8 if builtin.name == "cdr" else 0), ANY)


def part(b: Builder, pair: Operand, offset: int) -> Operand:
    return b.load(b.pointer(pair, offset - words.PAIR_TAG), "ref")


def along(b: Builder, at: Val, index: int, slow: Block) -> Operand:
    """Element `index` of a list, or on to `slow`."""
    for offset in [8] * index + [0]:
        inside = b.new("pair")
        b.cbr(kind_test(b, at, PAIR), inside, slow, "likely")
        b.at(inside)
        at = Val(part(b, at.op, offset), ANY)
    return at.op


@prim("nth")
def nth(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    """Along a list in place; arrays, strings, short lists and what is an error are the runtime's."""
    from jit_runtime.infer.builtin_calls import call_runtime

    values = values_of(b, node)
    if values is None:
        return NOTHING
    subject, index = values
    constant = int(index.op.value) if isinstance(index.op, Imm) else None
    if index.mask != INT or not subject.mask & PAIR or b.unit.tier == QUICK or (constant is not None and not 0 <= constant < FAR):
        return call_runtime(b, builtin, values)
    out, slow, done = b.fn.variable("element", "ref"), b.new("slow"), b.new("done")
    if constant is not None:
        b.set(out, along(b, subject, constant, slow))
        b.br(done)
    else:
        found = b.runtime("rt_list_at", (b.to_word(subject), index.op), "ref")
        b.set(out, found)
        b.cbr(b.compare("ne", b.bits(found), i64(words.DEFAULT)), done, slow, "likely")
    b.at(slow)
    b.set(out, call_runtime(b, builtin, values).op)
    b.br(done)
    b.at(done)
    return Val(b.get(out), ANY)
