"""Calls of an instance by its own code: jumps to its head in tail position, which look for redefinition in the slow path of the guard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.code import word
from jit_runtime.infer.continuations import Return
from jit_runtime.infer.linker import OPTIMISED
from jit_runtime.infer.machine_calls import emit_call
from jit_runtime.infer.world import Instance
from jit_runtime.ir.nodes import Operand, Symbol, Variable
from jit_runtime.types.kinds import ANY

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


def is_self(b: Builder, inst: Instance) -> bool:
    return inst is b.unit.instance and b.unit.tier == OPTIMISED


def self_symbol(b: Builder) -> Operand:
    return Symbol(b.unit.callee)


def self_jump(b: Builder, args: list[Operand], k: object) -> bool:
    """A b.unit tail call becomes a jump to the function's head."""
    if b.fn is not b.unit.root or not isinstance(k, Return) or b.unit.head is None:
        return False
    head, variables = b.unit.head
    for variable, arg in zip(variables, args, strict=True):
        b.set(variable, arg)
    slow = b.guard_branch(head)
    b.at(slow)
    b.runtime("rt_guard", (b.task,), changes_nothing=True)
    follow_redefinition(b, variables)
    b.br(head)
    b.unit.loops = True
    return True


def follow_redefinition(b: Builder, variables: list[Variable]) -> None:
    """In the slow path of a b.unit loop's guard (a definition moves the limit): go on in the code the slot holds now."""
    assert b.unit.instance is not None and b.unit.convention is not None
    now = b.ins("load", (Symbol(b.unit.slot(b.unit.instance)),), "ptr", "monotonic")  # changes behind LLVM's back
    changed, same = b.new("redefined"), b.new("same")
    b.cbr(b.compare("eq", now, Symbol(b.unit.name)), same, changed, "likely")
    b.at(changed)
    emit_call(b, now, word(0), [b.get(v) for v in variables], b.unit.convention.result, b.unit.fill or Return(ANY, b.unit.convention.result))
    b.at(same)
