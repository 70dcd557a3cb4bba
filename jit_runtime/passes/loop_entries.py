"""Loops that are entered while they run: a loop's header is a function of its live values (docs/abi.md, "Loop entries").

Both tiers are made from the same IR. Quick code counts the turns of each loop (`counted`); when a counter is used up it asks for optimised
code, and goes on there with the live values in the argument buffer. `entry` makes the function that takes them from there.

Before: a `br` that goes back to a loop's header, behind the loop's guard, is marked AGAIN. Nothing is on the root stack yet: the roots pass
runs afterwards, on each copy.
"""

from __future__ import annotations

from typing import NamedTuple

from jit_runtime.ir import ops
from jit_runtime.ir.nodes import Block, Function, Imm, Ins, Operand, Symbol, Temp, Variable
from jit_runtime.layout.records import TASK

MOST_LIVE = 200  # values; the argument buffer has room for more
ARGUMENTS = TASK.offsets["arguments"]
HOT_LOOP = "rt_hot_loop"
Name = Temp | Variable


class Header(NamedTuple):
    """A loop: the block that its turns begin with, and what is live there besides task, destination and environment."""

    number: int
    block: Block
    live: list[Name]


def headers(fn: Function) -> list[Header]:
    """The loops of a function that can be entered. None of a function with memory in its frame, which would not outlive the jump."""
    targets = list(dict.fromkeys(block.ins[-1].targets[0] for block in fn.blocks if is_back_edge(block.ins[-1])))
    if not targets or any(ins.op == "stack" for block in fn.blocks for ins in block.ins):
        return []
    live = live_at(fn, targets)
    passed = set(fn.params[:3])
    found = []
    for number, block in enumerate(targets):
        names = sorted((name for name in live[block] if name not in passed), key=lambda name: name.id)
        if len(names) <= MOST_LIVE:
            found.append(Header(number, block, names))
    return found


def is_back_edge(ins: Ins) -> bool:
    return ins.op == "br" and ins.attr == ops.AGAIN


def uses(fn: Function, ins: Ins) -> list[Operand]:
    found: list[Operand] = [a for a in (ins.args[1:] if ins.op == "set" else ins.args) if isinstance(a, (Temp, Variable))]
    found += [fn.homes[a] for a in found if a in fn.homes]
    if ins.op in ("call", "tailcall") and isinstance(ins.attr.callee, Temp):
        found.append(ins.attr.callee)
    return found


def defined(ins: Ins) -> Operand | None:
    return ins.args[0] if ins.op == "set" else ins.dest


def live_at(fn: Function, wanted: list[Block]) -> dict[Block, list[Name]]:
    """Backward dataflow over all temporaries and variables, as bit sets."""
    index: dict[Operand, int] = {}
    use: dict[Block, int] = {}
    kill: dict[Block, int] = {}
    for block in fn.blocks:
        used = killed = 0
        for ins in reversed(block.ins):
            made = defined(ins)
            if made is not None:
                bit = 1 << index.setdefault(made, len(index))
                used, killed = used & ~bit, killed | bit
            for name in uses(fn, ins):
                used |= 1 << index.setdefault(name, len(index))
        use[block], kill[block] = used, killed
    live = dict(use)
    changed = True
    while changed:
        changed = False
        for block in reversed(fn.blocks):
            after = 0
            for target in block.ins[-1].targets:
                after |= live[target]
            new = use[block] | (after & ~kill[block])
            if new != live[block]:
                live[block], changed = new, True
    return {block: [name for name, i in index.items() if live[block] >> i & 1] for block in wanted}  # type: ignore[misc]


# ---- copies ----


def copied(fn: Function, name: str | None = None) -> tuple[Function, dict[Block, Block]]:
    """The function with blocks and instructions of its own, which passes may rewrite."""
    made = Function(name or fn.name, list(fn.params), fn.result, fn.cconv, [], list(fn.variables), set(fn.attributes), fn.span, fn.next_id, fn.sites)
    made.homes = dict(fn.homes)
    blocks = {block: Block(block.name) for block in fn.blocks}
    for block, copy in blocks.items():
        copy.ins = [Ins(i.op, i.args, i.dest, i.attr, i.span, tuple(blocks[t] for t in i.targets)) for i in block.ins]
        made.blocks.append(copy)
    return made, blocks


def counter_name(fn: Function, header: Header) -> str:
    return f"turns.{fn.name}.{header.number}"


def counted(fn: Function, found: list[Header]) -> Function:
    """The quick tier's copy: its loops count, and go over to optimised code when there is some."""
    made, blocks = copied(fn)
    for header in found:
        target = blocks[header.block]
        for block in list(made.blocks):
            if is_back_edge(block.ins[-1]) and block.ins[-1].targets[0] is target:
                block.ins.pop()
                count_turn(made, block, target, counter_name(fn, header), header.live)
    return made


def count_turn(fn: Function, block: Block, target: Block, counter: str, live: list[Name]) -> None:
    hot, enter = fn.block("hot"), fn.block("enter")
    left, less, over = fn.temp("i64"), fn.temp("i64"), fn.temp("i1")
    block.ins += [
        Ins("load", (Symbol(counter),), left),
        Ins("sub", (left, Imm("i64", 1)), less),
        Ins("store", (less, Symbol(counter))),
        Ins("eq", (less, Imm("i64", 0)), over),
        Ins("cbr", (over,), attr="unlikely", targets=(hot, target)),
    ]
    entry, there = fn.temp("ptr"), fn.temp("i1")
    task = fn.params[0]
    hot.ins = [
        Ins("call", (task, Symbol(counter)), entry, ops.Call(Symbol(HOT_LOOP), ("ptr", "ptr"), "ptr")),
        Ins("ne", (entry, Imm("ptr", 0)), there),
        Ins("cbr", (there,), targets=(enter, target)),
    ]
    for i, name in enumerate(live):
        value: Operand = name
        if isinstance(name, Variable):
            value = fn.temp(name.type)
            enter.ins.append(Ins("get", (name,), value))
        enter.ins.append(Ins("store", (value, place(fn, enter, i))))
    attr = ops.Call(entry, tuple(p.type for p in fn.params[:3]), fn.result, fn.cconv)
    enter.ins.append(Ins("tailcall", tuple(fn.params[:3]), None, attr))


def place(fn: Function, block: Block, i: int) -> Temp:
    """Where the value number `i` is passed."""
    at = fn.temp("ptr")
    block.ins.append(Ins("offset", (fn.params[0], Imm("i64", ARGUMENTS + 8 * i)), at))
    return at


def entry(fn: Function, header: Header, name: str) -> Function:
    """A function that begins at a loop's header: it takes task, destination and environment, and the live values from the buffer."""
    made, blocks = copied(fn, name)
    made.params = made.params[:3]
    made.attributes = {"export"}
    start = Block("enter")
    made.blocks = [start, *reachable(blocks[header.block])]
    again = {ins.dest for block in made.blocks for ins in block.ins if isinstance(ins.dest, Temp)}
    twice = {live: made.variable(f"t{live.id}", live.type) for live in header.live if isinstance(live, Temp) and live in again}
    for i, live in enumerate(header.live):
        at = place(made, start, i)
        value = live if isinstance(live, Temp) and live not in twice else made.temp(live.type)
        start.ins.append(Ins("load", (at,), value))
        home = live if isinstance(live, Variable) else twice.get(live)
        if home is not None:
            start.ins.append(Ins("set", (home, value)))
    start.ins.append(Ins("br", targets=(blocks[header.block],)))
    if twice:
        demote(made, twice)
    return made


def reachable(block: Block) -> list[Block]:
    found, work = {block: None}, [block]
    while work:
        for target in work.pop().ins[-1].targets:
            if target not in found:
                found[target] = None
                work.append(target)
    return list(found)


def demote(fn: Function, homes: dict[Temp, Variable]) -> None:
    """Temporaries that have two values now, one from the buffer and one that is computed again, live in variables."""
    now: dict[Operand, Variable] = dict(homes.items())
    fn.homes = {now.get(region, region): now.get(name, name) for region, name in fn.homes.items()}
    for block in fn.blocks[1:]:
        out: list[Ins] = []
        for ins in block.ins:
            ins.args = tuple(read(fn, homes[a], out) if isinstance(a, Temp) and a in homes else a for a in ins.args)
            if ins.op in ("call", "tailcall") and ins.attr.callee in homes:
                ins.attr = with_callee(ins.attr, read(fn, homes[ins.attr.callee], out))
            out.append(ins)
            if isinstance(ins.dest, Temp) and ins.dest in homes:
                if ops.is_terminator(ins.op):
                    ins.targets = tuple(behind(fn, target, homes[ins.dest], ins.dest) for target in ins.targets)
                else:
                    out.append(Ins("set", (homes[ins.dest], ins.dest)))
        block.ins = out


def read(fn: Function, variable: Variable, out: list[Ins]) -> Temp:
    made = fn.temp(variable.type)
    out.append(Ins("get", (variable,), made))
    if variable in fn.homes:
        fn.homes[made] = fn.homes[variable]
    return made


def behind(fn: Function, target: Block, variable: Variable, value: Temp) -> Block:
    """A block on the way to `target` that keeps what the instruction before it computed."""
    made = fn.block("kept")
    made.ins = [Ins("set", (variable, value)), Ins("br", targets=(target,))]
    return made


def with_callee(attr: ops.Call, callee: Operand) -> ops.Call:
    return ops.Call(
        callee, attr.args, attr.result, attr.cconv, safepoint=attr.safepoint, noreturn=attr.noreturn, variadic=attr.variadic,
        notail=attr.notail, changes_nothing=attr.changes_nothing,
    )  # fmt: skip
