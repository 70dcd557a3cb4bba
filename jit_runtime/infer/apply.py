"""Call of a function on arguments that are in a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call
from jit_runtime.infer.code import NOTHING, Val, i64, word
from jit_runtime.infer.prims import LIST, prim, values_of
from jit_runtime.infer.tests import kind_test
from jit_runtime.layout import words
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT, KINDS

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.continuations import Continuation


@prim("apply")
def apply(b: Builder, node: Call, builtin: Builtin, k: Continuation | None) -> Val:
    """(apply f a ... xs): spread the sequence behind the other arguments in the buffer, then call through the slow entry."""
    from jit_runtime.infer.machine_calls import emit_call, finish

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
    from jit_runtime.infer.value_calls import call_word
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
