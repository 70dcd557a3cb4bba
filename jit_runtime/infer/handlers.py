"""`handle` for errors and `try ... finally`: abort handlers on the machine stack (docs/abi.md, "Errors")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Clause, Finally, Handle
from jit_runtime.infer.closures import closure
from jit_runtime.infer.code import NOTHING, Val, i64, rep_of
from jit_runtime.infer.variables import bind
from jit_runtime.ir.nodes import Operand, Temp
from jit_runtime.layout.records import RECORDS
from jit_runtime.types.errors import INTERRUPTED
from jit_runtime.types.kinds import ANY

if TYPE_CHECKING:
    from jit_runtime.expand.core import Core
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.continuations import Continuation

ABORT_TAGS = ("raise", "error")


def protected_call(b: Builder, node: Core) -> tuple[Temp, Operand]:
    """Run the node's body as a function under a handler: its word (or the payload), and whether it raised."""
    mf = b.shape.functions[id(node)]
    env = closure(b, mf)
    handler = b.ins("stack", (), "ptr", RECORDS["Handler"].size)
    result = b.runtime("rt_try", (b.task, b.dest, env, b.unit.direct(mf), handler), "ref", safepoint=True)
    raised = b.compare("ne", b.load(b.task_field("raised"), "i64"), i64(0))
    return result, raised


def handle_tail(b: Builder, node: Handle, k: Continuation) -> None:
    result, raised = protected_call(b, node)
    caught, normal = b.new("caught"), b.new("normal")
    b.cbr(raised, caught, normal, "unlikely")
    b.at(normal)
    mask = b.kinds(node.body)
    returning = next((c for c in node.clauses if c.tag == "return"), None)
    if not mask:
        b.unreachable()
    else:
        value = Val(b.to_rep(Val(result, mask), rep_of(mask)), mask)
        if returning is None:
            b.deliver(value, k)
        else:
            bind(b, returning.params[0], value)
            b.tail(returning.body, k)
    b.at(caught)
    clause = next((c for c in node.clauses if c.tag in ABORT_TAGS), None)
    if clause is None:
        b.runtime("rt_reraise", (b.task, result), noreturn=True)
        b.unreachable()
        return
    _pass_interrupts_on(b, result)
    bind_payload(b, clause, result)
    b.tail(clause.body, k)


def _pass_interrupts_on(b: Builder, payload: Operand) -> None:
    """No clause takes an interrupt: a loop that handles its errors could not be stopped."""
    on, mine = b.new("interrupted"), b.new("error")
    b.cbr(b.compare("eq", b.load(b.task_field("error_code"), "i64"), i64(INTERRUPTED)), on, mine, "unlikely")
    b.at(on)
    b.runtime("rt_reraise", (b.task, payload), noreturn=True)
    b.unreachable()
    b.at(mine)


def bind_payload(b: Builder, clause: Clause, payload: Operand) -> None:
    """The first parameter is the payload; a resumption parameter of an abort clause is nothing."""
    for i, param in enumerate(clause.params):
        bind(b, param, Val(payload, ANY) if i == 0 else NOTHING)
    if clause.resume is not None:
        bind(b, clause.resume, NOTHING)


def finally_(b: Builder, node: Finally) -> Val:
    result, raised = protected_call(b, node)
    # The cleanup may run code that raises and catches, which overwrites what the task knows of the error: keep it.
    flag, code = b.fn.variable("raised", "i1"), b.fn.variable("code", "i64")
    b.set(flag, raised)
    b.set(code, b.load(b.task_field("error_code"), "i64"))
    b.effect(node.cleanup)
    if b.block is None:
        return NOTHING
    again, normal = b.new("again"), b.new("normal")
    b.cbr(b.get(flag), again, normal, "unlikely")
    b.at(again)
    b.store(b.get(code), b.task_field("error_code"))
    b.runtime("rt_reraise", (b.task, result), noreturn=True)
    b.unreachable()
    b.at(normal)
    mask = b.kinds(node.body)
    if not mask:
        b.unreachable()
        return NOTHING
    return Val(b.to_rep(Val(result, mask), rep_of(mask)), mask)
