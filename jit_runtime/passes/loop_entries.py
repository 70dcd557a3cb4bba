"""Loops that are entered while they run: a loop's header is a function of its live values (docs/abi.md, "Loop entries").

Both tiers are made from the same IR. Quick code counts the turns of each loop (`counted`); when a counter is used up it asks for optimised
code, and goes on there with the live values in the argument buffer. `entry` makes the function that takes them from there.

Before: IR as built, with its loops in `Function.back_edges`. Each copy gets the passes of its tier afterwards, so that both agree on what is
live at a header, whatever passes make of the loop. Nothing is on the root stack yet.
"""

from __future__ import annotations

from typing import NamedTuple

from jit_runtime.ir import ops
from jit_runtime.ir.nodes import BackEdge, Block, Function, Imm, Ins, Operand, Symbol, Temp, Variable
from jit_runtime.layout.records import TASK
from jit_runtime.passes.blocks import between, predecessors
from jit_runtime.passes.copies import with_callee
from jit_runtime.passes.strips import only_guards

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
    targets = list(dict.fromkeys(edge.head for edge in fn.back_edges))
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


def effects(fn: Function, block: Block, index: dict[Operand, int]) -> tuple[int, int]:
    """Of a block, as bits: what it uses before it defines it, and what it defines. `index`: numbers of temporaries and variables."""
    used = killed = 0
    homes = fn.homes
    for ins in reversed(block.ins):
        op, args = ins.op, ins.args
        made: Operand | None = ins.dest
        if op == "set":
            made, *args = args  # type: ignore[assignment]
        if made is not None:
            bit = 1 << index.setdefault(made, len(index))
            used, killed = used & ~bit, killed | bit
        for a in args:
            if type(a) is Temp or type(a) is Variable:
                used |= 1 << index.setdefault(a, len(index))
                if a in homes:
                    used |= 1 << index.setdefault(homes[a], len(index))
        if op in ("call", "tailcall") and type(ins.attr.callee) is Temp:
            used |= 1 << index.setdefault(ins.attr.callee, len(index))
    return used, killed


def live_at(fn: Function, wanted: list[Block]) -> dict[Block, list[Name]]:
    """Backward dataflow over all temporaries and variables, as bit sets."""
    index: dict[Operand, int] = {}
    use: dict[Block, int] = {}
    kill: dict[Block, int] = {}
    for block in fn.blocks:
        use[block], kill[block] = effects(fn, block, index)
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


class Copy:
    """Blocks of a function that are made again in another one: with temporaries of their own, or (`fresh` false) the same."""

    def __init__(self, made: Function, fn: Function, region: list[Block], *, fresh: bool) -> None:
        self.made, self.fn, self.region = made, fn, region
        self.blocks = {block: made.block(block.name.rsplit(".", 1)[0]) if fresh else Block(block.name) for block in region}
        if not fresh:
            made.blocks += self.blocks.values()
        defined = (ins.dest for block in region for ins in block.ins if ins.dest is not None) if fresh else ()
        self.temps: dict[Operand, Operand] = {dest: made.temp(dest.type) for dest in defined}

    def fill(self, outside: dict[Block, Block]) -> None:
        """`outside`: where jumps out of the region go."""
        temps, targets = self.temps, outside | self.blocks
        for block, copy in self.blocks.items():
            for i in block.ins:
                args, attr, dest = i.args, i.attr, i.dest
                if temps:
                    args, dest = tuple(temps.get(a, a) for a in args), temps.get(dest, dest)  # type: ignore[arg-type,assignment]
                    if i.op in ("call", "tailcall") and attr.callee in temps:
                        attr = with_callee(attr, temps[attr.callee])
                copy.ins.append(Ins(i.op, args, dest, attr, i.span, tuple(targets[t] for t in i.targets)))
        for edge in self.fn.back_edges:
            if edge.head in self.blocks and edge.block in self.blocks:
                arrays = {temps.get(a, a) for a in edge.arrays}
                self.made.back_edges.append(BackEdge(self.blocks[edge.head], self.blocks[edge.block], arrays, edge.span))
        for region, name in self.fn.homes.items():
            self.made.homes[temps.get(region, region)] = temps.get(name, name)  # type: ignore[assignment]


def bare(fn: Function, name: str) -> Function:
    """The function without its blocks."""
    return Function(name, list(fn.params), fn.result, fn.cconv, [], list(fn.variables), set(fn.attributes), fn.span, fn.next_id, fn.sites)


def copied(fn: Function) -> tuple[Function, dict[Block, Block]]:
    """The function with blocks and instructions of its own, which passes may rewrite."""
    made = bare(fn, fn.name)
    copy = Copy(made, fn, fn.blocks, fresh=False)
    copy.fill({})
    return made, copy.blocks


def counter_name(fn: Function, header: Header) -> str:
    return f"turns.{fn.name}.{header.number}"


def counted(fn: Function, found: list[Header]) -> Function:
    """The quick tier's copy: its loops count, and go over to optimised code when there is some."""
    made, blocks = copied(fn)
    only_guards(made)
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
    """A function that begins at a loop's header: it takes task, destination and environment, and the live values from the buffer.

    What lies behind the header is copied once for each loop around it: the first copy until the loop around this one takes its next turn, the
    second from there on, and so on. So each value is computed in one place, and loops have their headers as their only entries, for the passes.
    """
    made = bare(fn, name)
    made.params, made.attributes = made.params[:3], {"export"}
    start = made.block("enter")
    heads = [header.block, *loops_around(fn, header.block)]
    outside: dict[Block, Block] = {}
    for i, head in reversed(list(enumerate(heads))):
        copy = Copy(made, fn, reachable(head, heads[i + 1 :]), fresh=True)
        copy.fill(outside)
        outside[head] = copy.blocks[head]
    for i, live in enumerate(header.live):
        at = place(made, start, i)
        value = live if isinstance(live, Temp) else made.temp(live.type)
        start.ins.append(Ins("load", (at,), value))
        if isinstance(live, Variable):
            start.ins.append(Ins("set", (live, value)))
    start.ins.append(Ins("br", targets=(outside[header.block],)))
    return made


def loops_around(fn: Function, block: Block) -> list[Block]:
    """The headers of the loops around a loop, innermost first."""
    before = predecessors(fn.blocks)
    bodies = {edge.head: between(edge.head, edge.block, before) for edge in fn.back_edges if edge.head is not block}
    return sorted((head for head, body in bodies.items() if block in body), key=lambda head: len(bodies[head]))


def reachable(block: Block, stops: list[Block]) -> list[Block]:
    found, work = {block: None}, [block]
    while work:
        for target in work.pop().ins[-1].targets:
            if target not in found and target not in stops:
                found[target] = None
                work.append(target)
    return list(found)
