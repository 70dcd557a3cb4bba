"""Calls of instances, in place or through their slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.code import NOTHING, Val, word
from jit_runtime.infer.conventions import Convention, to_parts
from jit_runtime.infer.explain import note_call
from jit_runtime.infer.inline import inline, inlines
from jit_runtime.infer.machine_calls import emit_call, received
from jit_runtime.infer.pairs import rest_list
from jit_runtime.infer.quiet import is_quiet
from jit_runtime.infer.self_calls import is_self, self_jump, self_symbol
from jit_runtime.infer.virtual import Values, Virtual, whole
from jit_runtime.infer.world import Instance
from jit_runtime.ir.nodes import Operand, Symbol

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.continuations import Continuation


def call_instance(b: Builder, inst: Instance, values: Values, k: Continuation | None) -> Val | Virtual:
    if inlines(b, inst):
        b.unit.slot(inst)  # analysed for this slot, whose version is compared
        if inlines(b, inst):
            return inline(b, inst, list(values), k)
    if not is_self(b, inst):
        note_call(b, inst, "through its slot")
        return call_through_slot(b, inst, values, k)
    note_call(b, inst, "itself")
    convention = b.unit.convention
    assert convention is not None
    args = machine_arguments(b, inst, values, convention)
    if k is not None and self_jump(b, args, k):
        return NOTHING
    made = received(b, emit_call(b, self_symbol(b), word(0), args, convention.result, k), inst.result, convention.result)
    return made._replace(region=b.dest) if b.unit.fresh and isinstance(made, Val) else made


def call_through_slot(b: Builder, inst: Instance, values: Values, k: Continuation | None) -> Val | Virtual:
    """A call of an instance, without looking at what it is."""
    slot, convention = Symbol(b.unit.slot(inst)), b.unit.linker.convention(inst)
    args, quiet = machine_arguments(b, inst, values, convention), is_quiet(b.unit.world, inst)
    made = emit_call(b, b.load(slot, "ptr"), word(0), args, convention.result, k)
    return received(b, made, inst.result, convention.result, makes=not quiet)


def machine_arguments(b: Builder, inst: Instance, values: Values, convention: Convention) -> list[Operand]:
    """The machine values of the arguments, those of a rest parameter in a list."""
    args: list[Operand] = []
    for value, way in zip(values[: inst.given], convention.arguments, strict=False):
        args += to_parts(b, value, way)
    if inst.method.lam.rest is not None:
        args.append(rest_list(b, [whole(b, value) for value in values[inst.given :]]))
    return args
