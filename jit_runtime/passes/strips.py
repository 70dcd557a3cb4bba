"""Guards of loops, which interrupt them. Where a loop only computes and accesses elements of typed arrays, it runs in strips.

A strip is an inner loop of at most TURNS turns, whose count is known, without guard; the guard stands between strips. LLVM vectorises no
loop with a guard in it: it cannot count the turns until another thread moves the limit.

    head:   guard; read the arrays' fields; for how many turns are the tests certain (passes/certain.py)? -> fast (that many turns) or slow (a few)
    fast:   the body without those tests; after the last turn -> slow, where the loop most likely ends
    slow:   the body as it was built, which raises the errors; after the last turn -> head

What a strip reads of the arrays themselves (length, store) is read in the head. LLVM would do so only for the first array: it does not know
that the others may be read where the first one's bounds check fails.

Before: the blocks of `Function.back_edges` only jump. After: there are none.
"""

from __future__ import annotations

from jit_runtime.infer.code import Code, i64
from jit_runtime.ir.nodes import BackEdge, Block, Function, Imm, InlinedPlace, Ins, Operand, Temp, Variable
from jit_runtime.passes.blocks import reverse_postorder, successors
from jit_runtime.passes.certain import SUMS, Certain, certain_turns

TURNS = 4096
"""Turns between two guards: some microseconds. Vectorised loops start anew in each strip, so not too few."""
SLOW_TURNS = 16


def guard_loops(fn: Function) -> None:
    """Fill the blocks of a function's back-edges."""
    before: dict[Block, list[Block]] = {}
    for block in fn.blocks:
        for target in successors(block):
            before.setdefault(target, []).append(block)
    heads = {edge.head for edge in fn.back_edges}
    bodies = [between(edge, before) for edge in fn.back_edges]
    for edge, body in zip(fn.back_edges, bodies, strict=True):
        b = Code(fn)
        edge.block.ins = []
        b.span, b.site = (edge.span.span, edge.span.site) if isinstance(edge.span, InlinedPlace) else (edge.span, None)
        if sum(block in heads for block in body) == 1 and in_strips(body):
            strips(b, edge, body)
        else:
            b.at(edge.block)
            b.guard()
            b.again(edge.head)
    fn.back_edges = []


def between(edge: BackEdge, before: dict[Block, list[Block]]) -> list[Block]:
    """The blocks on ways from the head to the back-edge, each after those that dominate it: what leaves the loop is no part of it."""
    found, work = {edge.head}, [edge.block]
    while work:
        block = work.pop()
        if block not in found:
            found.add(block)
            work += before.get(block, ())
    return reverse_postorder(edge.head, found)


def in_strips(body: list[Block]) -> bool:
    """No call that comes back, and elements of typed arrays only: words are not worth it, short loops get slower."""
    every = [ins for block in body for ins in block.ins]
    if any(ins.op == "call" and not ins.attr.noreturn for ins in every):
        return False
    elements = {(ins.dest or ins.args[0]).type for ins in every if ins.op in ("load", "store") and ins.attr == "element"}
    return bool(elements) and "ref" not in elements


def strips(b: Code, edge: BackEdge, body: list[Block]) -> None:
    head, again = edge.head, edge.block
    slow = b.new("strip")
    slow.ins, head.ins = head.ins, []
    body = [slow if block is head else block for block in body]
    turns = b.fn.variable("turns", "i64")
    b.at(again)
    left = b.op("sub", b.get(turns), i64(1))
    b.set(turns, left)
    b.cbr(b.compare("ne", left, i64(0)), slow, head, "likely")
    b.at(head)
    b.guard()  # here, not behind the strip, so that LLVM sees two loops and not one with two back-edges
    turn = b.new("turns")
    b.again(turn)
    b.at(turn)
    headers = read_before(b, body, edge.arrays)
    found = Certain(b.fn, body, again, headers)
    if not found.tests:
        b.set(turns, i64(TURNS))
        b.br(slow)
        return
    rest = b.new("rest")
    fast = copy(b.fn, body, found, {head: rest})
    b.set(turns, i64(SLOW_TURNS))
    b.set(turns, certain_turns(b, found, slow, TURNS))
    b.br(fast)
    b.at(rest)
    b.set(turns, i64(SLOW_TURNS))
    b.br(slow)


# ---- fields of arrays ----


def read_before(b: Code, body: list[Block], arrays: set[Operand]) -> dict[Operand, Operand]:
    """Read fields of arrays of known kind that are bound outside, and of their stores, here; the body gets the values, through variables.
    Nothing in the body writes them. Returns the value of each variable."""
    inside = {ins.dest for block in body for ins in block.ins}
    known: dict[object, Operand] = {array: array for array in arrays if array not in inside}
    values: dict[tuple[Operand, int, str], tuple[Variable, Operand]] = {}
    addresses: dict[object, tuple[Operand, int]] = {}
    for ins in [ins for block in body for ins in block.ins]:
        base = ins.args[0] if ins.args else None
        if ins.op == "inttoptr" and base in known:
            addresses[ins.dest] = known[base], 0
        elif ins.op == "offset" and base in addresses and isinstance(ins.args[1], Imm):
            array, start = addresses[base]
            addresses[ins.dest] = array, start + int(ins.args[1].value)
        elif ins.op == "load" and ins.attr in ("length", "field") and base in addresses and ins.dest is not None:
            key = *addresses[base], ins.dest.type
            if key not in values:
                values[key] = read(b, *key, ins.attr)
            variable, value = values[key]
            known[ins.dest] = value
            ins.op, ins.args, ins.attr = "get", (variable,), None
    return dict(values.values())


def read(b: Code, array: Operand, offset: int, type: str, memory: str) -> tuple[Variable, Operand]:
    value = b.load(b.pointer(array, offset), type, memory)
    variable = b.fn.variable("header", type)
    b.set(variable, value)
    return variable, value


# ---- the body without its tests ----


def copy(fn: Function, body: list[Block], found: Certain, instead: dict[Block, Block]) -> Block:
    """The body without the tests that are certain. `instead`: where it jumps to instead of other blocks. Returns its first block."""
    share(fn, body)
    blocks = instead | {block: fn.block(block.name.rsplit(".", 1)[0]) for block in body}
    temps: dict[Operand, Operand] = {}
    for ins in [ins for block in body for ins in block.ins]:
        if ins.dest is not None:
            temps[ins.dest] = fn.temp(ins.dest.type)
    for block in body:
        for ins in block.ins:
            args = tuple(temps.get(a, a) for a in ins.args)
            targets = tuple(blocks.get(t, t) for t in ins.targets)
            made = Ins(ins.op, args, temps.get(ins.dest) if ins.dest else None, ins.attr, ins.span, targets)  # type: ignore[arg-type]
            if ins in found.tests:
                made = Ins("br", targets=(targets[found.tests[ins].stays],), span=ins.span)
            elif ins in found.fits:
                made.op, made.attr, made.targets = SUMS[ins.op], "fits", ()
                blocks[block].ins += [made, Ins("br", targets=targets[:1], span=ins.span)]
                continue
            blocks[block].ins.append(made)
    return blocks[body[0]]


def share(fn: Function, body: list[Block]) -> None:
    """What the body computes and blocks outside use has two origins from now on: it becomes a variable."""
    own = set(body)
    inside = {ins.dest for block in body for ins in block.ins if ins.dest is not None}
    shared: dict[Operand, Variable] = {}
    for block in fn.blocks:
        if block not in own:
            block.ins = with_reads(fn, block, inside, shared)
    for block in body:
        for ins in list(block.ins):
            if ins.dest in shared:
                keep = Ins("set", (shared[ins.dest], ins.dest), span=ins.span)
                if ins.targets:
                    ins.targets[0].ins.insert(0, keep)
                else:
                    block.ins.insert(block.ins.index(ins) + 1, keep)


def with_reads(fn: Function, block: Block, inside: set[Temp], shared: dict[Operand, Variable]) -> list[Ins]:
    changed: list[Ins] = []
    for ins in block.ins:
        args = list(ins.args)
        for i, a in enumerate(args):
            if isinstance(a, Temp) and a in inside:
                variable = shared[a] if a in shared else shared.setdefault(a, fn.variable("shared", a.type))
                args[i] = fn.temp(a.type)
                changed.append(Ins("get", (variable,), args[i], span=ins.span))  # type: ignore[arg-type]
        ins.args = tuple(args)
        changed.append(ins)
    return changed
