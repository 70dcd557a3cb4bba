"""`type?`: is a value an instance of a kind?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Const, KindRef
from jit_runtime.infer.code import BOOL, NOTHING, Val
from jit_runtime.infer.prims import prim, runtime_word, values_of
from jit_runtime.infer.tests import in_kind, kind_test, same_kind
from jit_runtime.infer.world import same_concrete
from jit_runtime.ir.nodes import Imm, Operand
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import BIT, Kind

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


@prim("type?", "instance?")
def is_kind(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    value = b.expr(node.args[0])
    if b.block is None:
        return NOTHING
    wanted = node.args[1]
    if isinstance(wanted, Const) and isinstance(wanted.value, KindRef):
        if builtin.name == "instance?" or not value.mask & BIT["Kind"]:
            return Val(in_kind(b, value, wanted.value.kind), BOOL)
        return Val(in_kind_or_below(b, value, wanted.value.kind), BOOL)
    kind = b.expr(wanted)
    if b.block is None:
        return NOTHING
    return runtime_word(b, "rt_is_kind" if builtin.name == "type?" else "rt_is_instance", (b.to_word(value), b.to_word(kind)), BOOL)


@prim("same-kind?")
def is_same_kind(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    known = same_concrete([value.mask for value in values])
    return Val(Imm("i1", 1) if known else same_kind(b, values), BOOL)


def in_kind_or_below(b: Builder, value: Val, kind: Kind) -> Operand:
    """Is the value an instance, or a kind below this one? Kinds are rare: what they are below is for the runtime to say."""
    out, done = b.fn.variable("test", "i1"), b.new("tested")
    other, below = b.new("other"), b.new("below")
    b.set(out, Imm("i1", 1))
    b.cbr(in_kind(b, value, kind), done, other)
    b.at(other)
    b.set(out, Imm("i1", 0))
    b.cbr(kind_test(b, value, BIT["Kind"]), below, done, "unlikely")
    b.at(below)
    answer = runtime_word(b, "rt_is_kind", (b.to_word(value), b.unit.constant(b, KindRef(kind)).op), BOOL)
    b.set(out, b.to_rep(answer, "i1"))
    b.br(done)
    b.at(done)
    return b.get(out)
