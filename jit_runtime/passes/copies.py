"""Copies of some blocks of a function. What they compute and others use lives in variables from then on."""

from __future__ import annotations

from collections.abc import Callable

from jit_runtime.ir import ops
from jit_runtime.ir.nodes import Block, Function, Ins, Operand, Temp, Variable

Rewrite = Callable[[Ins, Ins], list[Ins]]


def copy(
    fn: Function, body: list[Block], instead: dict[Block, Block], rewrite: Rewrite, *, entered: bool = False
) -> tuple[dict[Block, Block], dict[Operand, Operand]]:
    """A copy of blocks, the first of which dominates the others.

    `instead`: where the copy jumps to instead of other blocks. `rewrite`: an instruction and its copy -> what to put for it. `entered`: the
    copy may go on in any of the blocks, past those that computed what it uses. Returns the copies of blocks and of temporaries.
    """
    shared = shared_by(fn, body, entered)
    body = [*body, *keep(fn, body, shared)]
    blocks = instead | {block: fn.block(block.name.rsplit(".", 1)[0]) for block in body}
    temps: dict[Operand, Operand] = {ins.dest: fn.temp(ins.dest.type) for block in body for ins in block.ins if ins.dest is not None}
    for block in body:
        for ins in block.ins:
            args = tuple(temps.get(a, a) for a in ins.args)
            targets = tuple(blocks.get(t, t) for t in ins.targets)
            attr = with_callee(ins.attr, temps[callee]) if (callee := called(ins)) in temps else ins.attr
            made = Ins(ins.op, args, temps.get(ins.dest) if ins.dest else None, attr, ins.span, targets)  # type: ignore[arg-type]
            blocks[block].ins += rewrite(ins, made)
    copies = set(blocks.values())
    for block in fn.blocks:
        if block not in copies:
            block.ins = with_reads(fn, block, shared)
    return blocks, temps


def unchanged(ins: Ins, made: Ins) -> list[Ins]:
    return [made]


def shared_by(fn: Function, body: list[Block], entered: bool) -> dict[Operand, Variable]:
    """What the body computes and blocks outside use (with `entered`: other blocks), each with its variable."""
    home = {ins.dest: block for block in body for ins in block.ins if ins.dest is not None}
    own = set() if entered else set(body)
    shared: dict[Operand, Variable] = {}
    for block in fn.blocks:
        for a in [a for ins in block.ins for a in (*ins.args, called(ins))] if block not in own else ():
            if isinstance(a, Temp) and a not in shared and home.get(a, block) is not block:
                shared[a] = fn.variable("shared", a.type)
    return shared


def keep(fn: Function, body: list[Block], shared: dict[Operand, Variable]) -> list[Block]:
    """Store what is computed in its variable. Returns blocks that belong to the body now."""
    own, added = set(body), []
    for block in body:
        for ins in [ins for ins in block.ins if ins.dest in shared]:
            assert ins.dest is not None
            kept = Ins("set", (shared[ins.dest], ins.dest), span=ins.span)
            if not ins.targets:
                block.ins.insert(block.ins.index(ins) + 1, kept)
            elif ins.targets[0] in own:
                ins.targets[0].ins.insert(0, kept)
            else:
                way = fn.block("kept")
                way.ins = [kept, Ins("br", targets=(ins.targets[0],), span=ins.span)]
                ins.targets = (way, *ins.targets[1:])
                added.append(way)
    return added


def with_reads(fn: Function, block: Block, shared: dict[Operand, Variable]) -> list[Ins]:
    """The block's instructions: what others compute is read from variables."""
    own: set[Operand] = set()
    changed: list[Ins] = []

    def now(a: Operand) -> Operand:
        if a not in shared or a in own:
            return a
        made = fn.temp(a.type)
        changed.append(Ins("get", (shared[a],), made))
        return made

    for ins in block.ins:
        if not (ins.op == "set" and ins.args[0] is shared.get(ins.args[1])):
            ins.args = tuple(now(a) for a in ins.args)
            callee = called(ins)
            if callee in shared:
                ins.attr = with_callee(ins.attr, now(callee))
        changed.append(ins)
        if ins.dest is not None:
            own.add(ins.dest)
    return changed


def called(ins: Ins) -> Temp | None:
    """The function that a call finds in a temporary."""
    callee = ins.attr.callee if ins.op in ("call", "tailcall") else None
    return callee if isinstance(callee, Temp) else None


def with_callee(attr: ops.Call, callee: Operand) -> ops.Call:
    return ops.Call(
        callee, attr.args, attr.result, attr.cconv, safepoint=attr.safepoint, noreturn=attr.noreturn, variadic=attr.variadic,
        notail=attr.notail, changes_nothing=attr.changes_nothing,
    )  # fmt: skip
