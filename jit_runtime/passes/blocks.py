"""Orders of blocks."""

from __future__ import annotations

from collections.abc import Container

from jit_runtime.ir.nodes import Block


def reverse_postorder(first: Block, among: Container[Block] | None = None) -> list[Block]:
    """The blocks that can be reached from `first`, by ways in `among`: each after those that dominate it.

    Of two targets the first comes first, if possible: without optimisation the text's order is the layout.
    """
    seen, order = {first}, []
    work = [(first, reversed(successors(first)))]
    while work:
        block, rest = work[-1]
        for target in rest:
            if target not in seen and (among is None or target in among):
                seen.add(target)
                work.append((target, reversed(successors(target))))
                break
        else:
            order.append(block)
            work.pop()
    order.reverse()
    return order


def successors(block: Block) -> tuple[Block, ...]:
    return block.ins[-1].targets if block.ins else ()
