"""Put every reference that is live across a safepoint on the root stack, and reload it afterwards.

Before: safepoints are calls marked `safepoint`. After: around each of them stand the stores of exactly the references
that are live behind it, the new height, the old height and the reloads (docs/abi.md, "Root stack"). Runs last: no pass
may move a reference across a safepoint afterwards.

A temporary that is live across a safepoint becomes a variable (it gets a second value, the reloaded one); LLVM's SROA
makes registers of variables again, with the stores only where control passes the safepoint.
"""

from __future__ import annotations

from jit_runtime.ir.nodes import Block, Function, Imm, Ins, Temp, Variable
from jit_runtime.layout.records import RECORDS

ROOT_TOP = RECORDS["Task"].offsets["root_top"]
Name = Temp | Variable


def root(fn: Function) -> None:
    """Rewrite one function in place."""
    sites = {id(b): [i for i, ins in enumerate(b.ins) if is_safepoint(ins)] for b in fn.blocks}
    if not any(sites.values()):
        return
    live_in, index = liveness(fn)
    kept = live_across(fn, sites, live_in, index)
    rooted = {name for names in kept.values() for name in names}
    if not rooted:
        return
    variables: dict[Name, Variable] = {t: fn.variable(f"r{t.id}", "ref") for t in rooted if isinstance(t, Temp)}
    base = fn.temp("ptr")
    for block in fn.blocks:
        block.ins = rewrite(fn, block, kept, variables, base)
    enter(fn, variables, base)


def is_safepoint(ins: Ins) -> bool:
    return ins.op == "call" and ins.attr.safepoint


def is_ref(operand: object) -> bool:
    return isinstance(operand, (Temp, Variable)) and operand.type == "ref"


def uses(ins: Ins) -> list[Name]:
    args = ins.args[1:] if ins.op == "set" else ins.args
    found = [a for a in args if is_ref(a)]
    if ins.op in ("call", "tailcall") and is_ref(ins.attr.callee):
        found.append(ins.attr.callee)
    return found  # type: ignore[return-value]


def defined(ins: Ins) -> Name | None:
    if ins.op == "set":
        return ins.args[0] if is_ref(ins.args[0]) else None  # type: ignore[return-value]
    return ins.dest if is_ref(ins.dest) else None


def liveness(fn: Function) -> tuple[dict[int, int], dict[Name, int]]:
    """Backward dataflow over references: the live-in set of each block as a bit set, and the bit of each name."""
    index: dict[Name, int] = {}

    def bit(name: Name) -> int:
        return 1 << index.setdefault(name, len(index))

    use: dict[int, int] = {}
    kill: dict[int, int] = {}
    for block in fn.blocks:
        used = killed = 0
        for ins in reversed(block.ins):
            made = defined(ins)
            if made is not None:
                used &= ~bit(made)
                killed |= bit(made)
            for name in uses(ins):
                used |= bit(name)
        use[id(block)], kill[id(block)] = used, killed
    live_in = dict(use)
    changed = True
    while changed:
        changed = False
        for block in reversed(fn.blocks):
            key = id(block)
            after = out_of(block, live_in)
            new = use[key] | (after & ~kill[key])
            if new != live_in[key]:
                live_in[key] = new
                changed = True
    return live_in, index


def out_of(block: Block, live_in: dict[int, int]) -> int:
    after = 0
    if block.ins:
        for target in block.ins[-1].targets:
            after |= live_in[id(target)]
    return after


def live_across(fn: Function, sites: dict[int, list[int]], live_in: dict[int, int], index: dict[Name, int]) -> dict[int, list[Name]]:
    """For each safepoint (by id of its instruction): the references live behind it that it does not define."""
    names = list(index)
    kept: dict[int, list[Name]] = {}
    for block in fn.blocks:
        if not sites[id(block)]:
            continue
        live = out_of(block, live_in)
        for ins in reversed(block.ins):
            made = defined(ins)
            if made is not None:
                live &= ~(1 << index[made])
            if is_safepoint(ins):
                kept[id(ins)] = [n for i, n in enumerate(names) if live >> i & 1]
            for name in uses(ins):
                live |= 1 << index[name]
    return kept


def rewrite(fn: Function, block: Block, kept: dict[int, list[Name]], variables: dict[Name, Variable], base: Temp) -> list[Ins]:
    out: list[Ins] = []
    for ins in block.ins:
        if any(a in variables for a in ins.args if isinstance(a, Temp)):
            ins.args = tuple(read(fn, variables[a], out) if isinstance(a, Temp) and a in variables else a for a in ins.args)
        names = kept.get(id(ins))
        if names:
            spill(fn, names, variables, base, out, ins)
        else:
            out.append(ins)
        if isinstance(ins.dest, Temp) and ins.dest in variables:
            out.append(Ins("set", (variables[ins.dest], ins.dest)))
    return out


def read(fn: Function, variable: Variable, out: list[Ins]) -> Temp:
    made = fn.temp("ref")
    out.append(Ins("get", (variable,), made))
    return made


def slot(fn: Function, base: Temp, i: int, out: list[Ins]) -> Temp:
    if i == 0:
        return base
    at = fn.temp("ptr")
    out.append(Ins("offset", (base, Imm("i64", 8 * i)), at))
    return at


def spill(fn: Function, names: list[Name], variables: dict[Name, Variable], base: Temp, out: list[Ins], ins: Ins) -> None:
    task = fn.params[0]
    homes = [variables[n] if isinstance(n, Temp) else n for n in names]
    for i, home in enumerate(homes):
        value = read(fn, home, out)
        out.append(Ins("store", (value, slot(fn, base, i, out))))
    top = slot(fn, base, len(homes), out)
    height = slot_of_task(fn, task, out)
    out.append(Ins("store", (top, height)))
    out.append(ins)
    if ins.attr.noreturn:
        return
    out.append(Ins("store", (base, slot_of_task(fn, task, out))))
    for i, home in enumerate(homes):
        fresh = fn.temp("ref")
        out.append(Ins("load", (slot(fn, base, i, out),), fresh))
        out.append(Ins("set", (home, fresh)))


def slot_of_task(fn: Function, task: Temp, out: list[Ins]) -> Temp:
    at = fn.temp("ptr")
    out.append(Ins("offset", (task, Imm("i64", ROOT_TOP)), at))
    return at


def enter(fn: Function, variables: dict[Name, Variable], base: Temp) -> None:
    """At entry: the base of this activation's part of the root stack, and the parameters that became variables."""
    head: list[Ins] = []
    at = fn.temp("ptr")
    head.append(Ins("offset", (fn.params[0], Imm("i64", ROOT_TOP)), at))
    head.append(Ins("load", (at,), base))
    for param in fn.params:
        if param in variables:
            head.append(Ins("set", (variables[param], param)))
    fn.blocks[0].ins[:0] = head


def verify_rooted(fn: Function) -> None:
    """True after the pass: no reference is live across a safepoint except in the root stack. Raises BadIR."""
    from jit_runtime.ir.verify import BadIR

    sites = {id(b): [i for i, ins in enumerate(b.ins) if is_safepoint(ins)] for b in fn.blocks}
    live_in, index = liveness(fn)
    for names in live_across(fn, sites, live_in, index).values():
        if names:
            raise BadIR(f"@{fn.name}: {', '.join(map(repr, names))} live across a safepoint, not rooted")
