"""Calls of instances, in place or through their slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.code import NOTHING, Val, word
from jit_runtime.infer.explain import note_call
from jit_runtime.infer.inline import inline, inlines
from jit_runtime.infer.machine_calls import call_rep, emit_call, finish
from jit_runtime.infer.pairs import rest_list
from jit_runtime.infer.quiet import is_quiet
from jit_runtime.infer.self_calls import is_self, self_jump, self_symbol
from jit_runtime.infer.virtual import Values, whole
from jit_runtime.infer.world import Instance
from jit_runtime.ir.nodes import Operand, Symbol

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.continuations import Continuation


def call_instance(b: Builder, inst: Instance, values: Values, k: Continuation | None) -> Val:
    method = inst.method
    if inlines(b, inst):
        b.unit.slot(inst)  # analysed for this slot, whose version is compared
        if inlines(b, inst):
            return inline(b, inst, list(values), k)
    args = [b.to_rep(whole(b, v), call_rep(m)) for v, m in zip(values[: inst.given], inst.key, strict=False)]
    if method.lam.rest is not None:
        args.append(rest_list(b, [whole(b, v) for v in values[inst.given :]]))
    mask = inst.result
    if is_self(b, inst):
        note_call(b, inst, "itself")
        if k is not None and self_jump(b, args, k):
            return NOTHING
        made = finish(b, emit_call(b, self_symbol(b), word(0), args, call_rep(mask), k), mask)
        return made._replace(region=b.dest) if b.unit.fresh else made
    note_call(b, inst, "through its slot")
    return through_slot(b, inst, args, k)


def call_through_slot(b: Builder, inst: Instance, values: list[Val], k: Continuation | None) -> Val:
    """A call of an instance that takes exactly these arguments, without looking at what it is."""
    return through_slot(b, inst, [b.to_rep(v, call_rep(m)) for v, m in zip(values, inst.key, strict=True)], k)


def through_slot(b: Builder, inst: Instance, args: list[Operand], k: Continuation | None) -> Val:
    slot, mask = Symbol(b.unit.slot(inst)), inst.result
    return finish(b, emit_call(b, b.load(slot, "ptr"), word(0), args, call_rep(mask), k), mask, makes=not is_quiet(b.unit.world, inst))
