"""Ways without calls get code of their own, where arrays that can hold anything are accessed.

An element may be a Float, and then all is loads and arithmetic; or anything else, and the runtime is called, which may move arrays and give them
other stores. Where both ways join again nothing that was read of an array is known any more. So the blocks on ways without such calls are
copied, and where a way has one it goes on in the code as it was built, which does not come back before the loop's next turn:

    entry -> hot: the copy, a loop that reads the fields of arrays once       the loop's next turn after a call: -> hot
             |  a call is due
             v
             the rest of this turn, as it was built

Likewise a function without loops. Before: IR as built. After: the same, larger.
"""

from __future__ import annotations

from jit_runtime.ir.nodes import BackEdge, Block, Function, Ins
from jit_runtime.passes.blocks import between, predecessors, reverse_postorder, successors
from jit_runtime.passes.copies import copy, unchanged
from jit_runtime.passes.stores import TYPE, WORDS, answered, around

IS_DOUBLE = "is-double"
READS_ONLY = {"rt_word_to_int", "rt_word_to_float", "rt_kind_index"}
MOST = 1500
"""Instructions that are copied."""
FEWEST = 2
"""Accesses of elements in a function without loops that are worth it."""


def split_hot_paths(fn: Function) -> None:
    """Rewrite one function in place."""
    if not fn.back_edges:
        split_function(fn)
        return
    before = predecessors(fn.blocks)
    heads = {edge.head for edge in fn.back_edges}
    bodies = [(edge, between(edge.head, edge.block, before)) for edge in fn.back_edges]
    for edge, body in bodies:
        if sum(block in heads for block in body) == 1:
            split_loop(fn, edge, body)


def split_loop(fn: Function, edge: BackEdge, body: list[Block]) -> None:
    kept = hot(body, {edge.block}, {})
    if not any(is_access(ins) for block in kept for ins in block.ins):
        return
    enter = fn.block("enter")
    for block in fn.blocks:
        redirect(block, edge.head, enter)
    blocks, temps = copy(fn, kept, {enter: enter}, unchanged, entered=True)
    head, again = blocks[kept[0]], blocks[edge.block]
    redirect(again, enter, head)
    enter.ins = [Ins("br", targets=(head,), span=edge.block.ins[-1].span)]
    fast = BackEdge(head, again, edge.arrays | {temps[a] for a in edge.arrays if a in temps}, edge.span)
    fn.back_edges.insert(fn.back_edges.index(edge), fast)
    edge.head = enter


def split_function(fn: Function) -> None:
    body = reverse_postorder(fn.blocks[0])
    accesses = {ins: ins for block in body for ins in block.ins if is_access(ins)}
    if len(accesses) < FEWEST or any(ins.op == "stack" for block in body for ins in block.ins):
        return
    quiet = {block for block in body if not any(may_change(ins) for ins in block.ins)}
    answers = answered(body, accesses, quiet, WORDS)[1] | dict.fromkeys(asks_for_doubles(body), 0)
    kept = hot(body, {block for block in body if not successors(block) and not fails(block)}, answers)
    if sum(is_access(ins) for block in kept for ins in block.ins) < FEWEST:
        return
    first = copy(fn, kept, {}, unchanged, entered=True)[0][kept[0]]
    fn.blocks.remove(first)
    fn.blocks.insert(0, first)


def asks_for_doubles(body: list[Block]) -> list[Ins]:
    """Jumps that ask whether arithmetic left a double open."""
    flags = {ins.dest for block in body for ins in block.ins if ins.op == "get" and ins.args[0].name == IS_DOUBLE}  # type: ignore[union-attr]
    return [block.ins[-1] for block in body if block.ins[-1].op == "cbr" and block.ins[-1].attr == "likely" and block.ins[-1].args[0] in flags]


def redirect(block: Block, old: Block, new: Block) -> None:
    if old in successors(block):
        block.ins[-1].targets = tuple(new if target is old else target for target in block.ins[-1].targets)


def hot(body: list[Block], ends: set[Block], answers: dict[Ins, int]) -> list[Block]:
    """The blocks on ways from the first one to one of `ends` without calls, if jumps go where they are expected to. None if there is nothing to leave
    out, or too much to copy."""
    among = {block for block in body if not any(may_change(ins) for ins in block.ins)}
    if len(among) == len(body) or body[0] not in among:
        return []
    kept = around(among, body[0], ends, answers)
    return kept if sum(len(block.ins) for block in kept) <= MOST else []


def may_change(ins: Ins) -> bool:
    """May it change what is known of an array?"""
    if ins.op != "call":
        return False
    return not (ins.attr.noreturn or ins.attr.changes_nothing or getattr(ins.attr.callee, "name", None) in READS_ONLY)


def fails(block: Block) -> bool:
    return block.ins[-1].op in ("unreachable", "trap")


def is_access(ins: Ins) -> bool:
    """Does it look at the store of an array that can hold anything?"""
    return ins.op == "load" and ins.attr == "field" and ins.dest is not None and ins.dest.type == TYPE
