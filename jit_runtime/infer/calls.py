"""Calls: of known local functions, of generic functions through slots, of builtins, of unknown values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Global, Lambda, Local, Var
from jit_runtime.infer.allocation import new_box
from jit_runtime.infer.builtin_calls import call_builtin
from jit_runtime.infer.closures import needs_closure
from jit_runtime.infer.code import NOTHING, Val, word
from jit_runtime.infer.continuations import Continuation, Fill
from jit_runtime.infer.conventions import call_rep
from jit_runtime.infer.demands import demand_of
from jit_runtime.infer.generic_calls import call_generic
from jit_runtime.infer.homes import flow_of_turn, place_of_sink, placed_arguments
from jit_runtime.infer.machine_calls import emit_call, finish
from jit_runtime.infer.placement import leave_spaces, reset_space
from jit_runtime.infer.struct_fields import arguments_or_fields, construct_fields, deliver_virtual, fields_of
from jit_runtime.infer.value_calls import call_value
from jit_runtime.infer.variables import read
from jit_runtime.infer.virtual import Virtual, store, whole
from jit_runtime.infer.world import GenericFunction
from jit_runtime.ir.nodes import Operand, Variable
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import ANY

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.shape import MachineFunction

def call(b: Builder, node: Call) -> Val:
    return whole(b, dispatch_call(b, node, None))


def call_tail(b: Builder, node: Call, k: Continuation) -> None:
    from jit_runtime.infer.tail_cons import append, goes_on

    fn = node.fn
    if isinstance(fn, Local) and fn.var in b.loops:
        jump(b, node, fn, b.place_of(k))
        return
    if construct_fields(b, node, k) or deliver_virtual(b, node, k):
        return
    if isinstance(k, Fill) and b.unit.instance is not None and goes_on(b.unit.world, b.facts, node, b.unit.instance):
        append(b, node, k)
        return
    outer, b.dest = b.dest, b.place_of(k)
    b.deliver(dispatch_call(b, node, k), k)
    b.dest = outer


def next_values(b: Builder, node: Call, lam: Lambda, loop: Var, place: Operand) -> list[Val | Virtual] | None:
    """What a loop's variables are in the next turn. `place`: where the loop's value goes."""
    flow = flow_of_turn(b, loop, node.args)
    values: list[Val | Virtual] = []
    outer = b.dest
    for param, arg in zip(lam.params, node.args, strict=True):
        b.dest = place_of_sink(b, flow.get(param.var), arg, place)
        target = b.storage.get(param.var)
        made = fields_of(b, arg, target.struct, demand_of(b.unit.world, b.facts, param.var)) if isinstance(target, Virtual) else b.expr(arg)
        b.dest = outer
        if made is None or b.block is None:
            return None
        values.append(made)
    return values


def jump(b: Builder, node: Call, fn: Local, place: Operand) -> None:
    """A call of a loop: assign its parameters and branch."""
    loop = b.loops[fn.var]
    lam = loop.lam
    values = next_values(b, node, lam, fn.var, place)
    if values is None:
        return
    for i, (param, value) in enumerate(zip(lam.params, values, strict=True)):
        if param.kind is not None and isinstance(value, Val):
            values[i] = b.checked(value, param.kind, f"`{param.var.name}`")
            if b.block is None:
                return
    for param, value in zip(lam.params, values, strict=True):
        variable = b.storage[param.var]
        if isinstance(value, Virtual):
            assert isinstance(variable, Virtual)
            store(b, variable, value)
            continue
        assert isinstance(variable, Variable)
        b.set(variable, new_box(b, b.to_word(value)) if param.var in b.shape.boxed else b.to_rep(value, variable.type))
    leave_spaces(b, loop.spaces, [kept_mask(b, p.var) for p in lam.params])
    if loop.spaces and len(b.spaces) >= loop.spaces and b.spaces[loop.spaces - 1].loops(fn.var):
        reset_space(b, b.spaces[loop.spaces - 1])
    b.br(loop.target)


def kept_mask(b: Builder, var: Var) -> int:
    """The kinds of what a loop's variable holds."""
    found = b.storage.get(var)
    if isinstance(found, Virtual) and found.is_raw():
        return 0
    return ANY if var in b.shape.boxed else b.facts.vars.get(var, 0)


def dispatch_call(b: Builder, node: Call, k: Continuation | None) -> Val | Virtual:
    fn = node.fn
    outer = b.span
    b.span = node.span
    try:
        if isinstance(fn, Local) and fn.var in b.shape.known:
            lam = b.shape.lambda_of[fn.var]
            plain = lam.rest is None and all(p.default is None for p in lam.params)
            if plain and len(node.args) == len(lam.params):
                return call_known(b, node, fn, lam, k)
        if isinstance(fn, Global):
            found = b.meant(node)
            if isinstance(found, GenericFunction):
                values = arguments_or_fields(b, node)
                return NOTHING if values is None else call_generic(b, node, found, values, k)
            if isinstance(found, Builtin):
                return call_builtin(b, node, found, k)
        return call_value(b, node, k)
    finally:
        b.span = outer


def call_known(b: Builder, node: Call, fn: Local, lam: Lambda, k: Continuation | None) -> Val:
    values = placed_arguments(b, node)
    if values is None:
        return NOTHING
    made = b.shape.known[fn.var]
    ops_: list[Operand] = []
    for param, value in zip(lam.params, values, strict=True):
        if param.kind is not None:
            value = b.checked(value, param.kind, f"`{param.var.name}`")
            if b.block is None:
                return NOTHING
        ops_.append(b.to_rep(value, call_rep(b.facts.vars.get(param.var, ANY))))
    env: Operand = word(0)
    if needs_closure(b.shape, fn.var):
        env = read(b, fn.var).op
    mask = b.facts.results.get(id(lam), 0)
    return finish(b, emit_call(b, b.unit.direct(made), env, ops_, call_rep(mask), k), mask)


def known_signature(b: Builder, made: MachineFunction) -> tuple[list[str], str]:
    lam = made.node
    assert isinstance(lam, Lambda)
    return [call_rep(b.facts.vars.get(p.var, ANY)) for p in lam.params], call_rep(b.facts.results.get(id(lam), 0))



