"""Calls of function values that are not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call
from jit_runtime.infer.code import NOTHING, TASK, Val, i64, word
from jit_runtime.infer.explain import note_call
from jit_runtime.infer.homes import placed_arguments
from jit_runtime.infer.machine_calls import BUFFER, REGISTERS, emit_call, finish
from jit_runtime.ir.nodes import Operand
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, TYPE_SHIFT
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.continuations import Continuation


def call_slowly(b: Builder, fn: Operand, args: list[Operand]) -> Val:
    """Call a function value whose arity is not known: the runtime looks at it."""
    for i, arg in enumerate(args):
        b.store(arg, b.offset(b.task, TASK["arguments"] + 8 * i))
    b.store(i64(len(args)), b.task_field("argument_count"))
    entry = b.runtime("rt_call_slow", (b.task, fn), "ptr")
    padded = args[:REGISTERS] + [word(words.NOTHING)] * (REGISTERS - len(args))
    return finish(b, emit_call(b, entry, fn, padded + args[REGISTERS:], "ref", None), ANY)


def call_value(b: Builder, node: Call, k: Continuation | None) -> Val:
    """A call through the generic entry of whatever the operator evaluates to."""
    fn = b.placed(node.fn, b.youngest)
    values = placed_arguments(b, node) if b.block is not None else None
    if values is None:
        return NOTHING
    if not fn.mask & (BIT["Function"] | BIT["Kind"]):
        b.fail(CODES["NOT_FUNCTION"], b.to_word(fn))
        return NOTHING
    return call_word(b, b.to_word(fn), values, k)


def call_word(b: Builder, fn: Operand, values: list[Val], k: Continuation | None) -> Val:
    """Call a function value with any arguments; the result is a word."""
    note_call(b, None, "whatever function it is")
    args = [b.to_word(v) for v in values]
    count = len(args)
    if count > BUFFER:
        b.fail(CODES["TOO_MANY"], word(words.fixnum(count)))
        return NOTHING
    bits = b.bits(fn)
    look, fast, slow = b.new("callee"), b.new("fast"), b.new("slow")
    entry = b.fn.variable("entry", "ptr")
    is_object = b.compare("eq", b.op("and", bits, i64(words.TAG_MASK)), i64(words.OBJECT_TAG))
    b.cbr(is_object, look, slow, "likely")
    b.at(look)
    kind = b.op("and", b.op("lshr", b.header(fn), i64(TYPE_SHIFT)), i64(0xFF))
    is_function = b.compare("ult", b.op("sub", kind, i64(BY_NAME["closure"].id)), i64(2))
    check = b.new("arity")
    b.cbr(is_function, check, slow, "likely")
    b.at(check)
    info = b.op("and", b.field(fn, "closure", "info", "i64"), i64(0x1FF))
    b.cbr(b.compare("eq", info, i64(count)), fast, slow, "likely")
    b.at(slow)
    for i, arg in enumerate(args):
        b.store(arg, b.offset(b.task, TASK["arguments"] + 8 * i))
    b.store(i64(count), b.task_field("argument_count"))
    checked = b.runtime("rt_call_slow", (b.task, fn), "ptr")
    b.set(entry, checked)
    go = b.new("call")
    b.br(go)
    b.at(fast)
    b.set(entry, b.ins("inttoptr", (b.field(fn, "closure", "entry", "i64"),), "ptr"))
    b.br(go)
    b.at(go)
    padded = args[:REGISTERS] + [word(words.NOTHING)] * (REGISTERS - count)
    return finish(b, emit_call(b, b.get(entry), fn, padded + args[REGISTERS:], "ref", k), ANY)
