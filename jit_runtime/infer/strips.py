"""Back-edges: the guard, which interrupts a loop. Where a loop only computes and accesses elements of arrays, it runs in strips.

A strip is an inner loop of at most TURNS turns, whose count is known, without guard; the guard stands between strips. LLVM vectorises no
loop with a guard in it: it cannot count the turns until another thread moves the limit.

What a strip reads of the arrays themselves (length, store, its type) is read before it. LLVM does so only for the first array: it
does not know that the others may be read where the first one's bounds check fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.code import i64
from jit_runtime.ir.nodes import Block, Imm, Operand, Variable

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder

TURNS = 4096
"""Turns between two guards: some microseconds. Vectorised loops start anew in each strip, so not too few."""


def back_edge(b: Builder, head: Block, again: Block, first: int) -> None:
    """Fill `again`, which jumps back to `head`. The loop's blocks are among those from number `first` on."""
    body = between(b.fn.blocks[first:], head, again)
    if not in_strips(body):
        b.at(again)
        b.guard()
        b.br(head)
        return
    inner = b.new("strip")
    inner.ins, head.ins = head.ins, []
    body = [inner if block is head else block for block in body]
    turns = b.fn.variable("turns", "i64")
    b.at(head)
    b.guard()  # here, not behind the strip, so that LLVM sees two loops and not one with two back-edges
    read_before(b, body)
    b.set(turns, i64(TURNS))
    b.br(inner)
    b.at(again)
    left = b.op("sub", b.get(turns), i64(1))
    b.set(turns, left)
    b.cbr(b.compare("ne", left, i64(0)), inner, head, "likely")


def between(blocks: list[Block], head: Block, again: Block) -> list[Block]:
    """The blocks on ways from `head` to `again`: what leaves the loop is no part of it."""
    before: dict[Block, list[Block]] = {}
    for block in blocks:
        for target in block.ins[-1].targets if block.ins else ():
            before.setdefault(target, []).append(block)
    found, work = {head}, [again]
    while work:
        block = work.pop()
        if block not in found:
            found.add(block)
            work += before.get(block, ())
    return [block for block in blocks if block in found]


def in_strips(body: list[Block]) -> bool:
    """No call that comes back, elements of typed arrays only (words are not worth it: short loops get slower), and indices that go on by
    constants: how many turns there are is a division otherwise, of 128 bits, at each start."""
    all = [ins for block in body for ins in block.ins]
    if any(ins.op == "call" and not ins.attr.noreturn for ins in all):
        return False
    read: dict[object, Operand] = {ins.dest: ins.args[0] for ins in all if ins.op == "get"}
    indices = {read.get(ins.args[0]) for ins in all if ins.op == "ult"}
    sums = {ins.dest for ins in all if ins.op in ("sadd_overflow", "ssub_overflow") and not isinstance(ins.args[1], Imm)}
    if any(ins.op == "set" and ins.args[0] in indices and ins.args[1] in sums for ins in all):
        return False
    elements = {(ins.dest or ins.args[0]).type for ins in all if ins.op in ("load", "store") and ins.attr == "element"}
    return bool(elements) and "ref" not in elements


def read_before(b: Builder, body: list[Block]) -> None:
    """Read fields of arrays of known kind that are bound outside, and of their stores, here; the body gets the values.
    Nothing in the body writes them."""
    inside = {ins.dest for block in body for ins in block.ins}
    known: dict[object, Operand] = {array: array for array in b.arrays if array not in inside}
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


def read(b: Builder, array: Operand, offset: int, type: str, memory: str) -> tuple[Variable, Operand]:
    value = b.load(b.pointer(array, offset), type, memory)
    variable = b.fn.variable("header", type)
    b.set(variable, value)
    return variable, value
