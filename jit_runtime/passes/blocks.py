"""Orders of blocks."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from jit_runtime.ir.nodes import Block, Function


def reverse_postorder(first: Block, among: Container[Block] | None = None, after: Callable[[Block], tuple[Block, ...]] | None = None) -> list[Block]:
    """The blocks that can be reached from `first`, by ways in `among` (and by those that `after` tells): each after those that dominate it.

    Of two targets the first comes first, if possible: without optimisation the text's order is the layout.
    """
    after = after or successors
    seen, order = {first}, []
    work = [(first, reversed(after(first)))]
    while work:
        block, rest = work[-1]
        for target in rest:
            if target not in seen and (among is None or target in among):
                seen.add(target)
                work.append((target, reversed(after(target))))
                break
        else:
            order.append(block)
            work.pop()
    order.reverse()
    return order


def drop_unreachable(fn: Function) -> None:
    reached = set(reverse_postorder(fn.blocks[0]))
    fn.back_edges = [edge for edge in fn.back_edges if edge.head in reached and edge.block in reached]
    fn.blocks = [block for block in fn.blocks if block in reached]


def successors(block: Block) -> tuple[Block, ...]:
    return block.ins[-1].targets if block.ins else ()


def predecessors(blocks: Iterable[Block]) -> dict[Block, list[Block]]:
    found: dict[Block, list[Block]] = {}
    for block in blocks:
        for target in successors(block):
            found.setdefault(target, []).append(block)
    return found


def between(head: Block, last: Block, before: dict[Block, list[Block]]) -> list[Block]:
    """The blocks of a loop, on ways from its head to the block of its back-edge, each after those that dominate it: what leaves the loop is no
    part of it."""
    found, work = {head}, [last]
    while work:
        block = work.pop()
        if block not in found:
            found.add(block)
            work += before.get(block, ())
    return reverse_postorder(head, found)
