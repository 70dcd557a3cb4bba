"""The guard of a local function, which one that calls nobody does without: it ends soon, and its frame fits below every limit."""

from __future__ import annotations

from jit_runtime.infer.code import Code
from jit_runtime.ir.nodes import Block, Function, Ins


class Guard:
    """Emits the guard at the place where the code stands, and remembers where it was."""

    def __init__(self, b: Code) -> None:
        assert b.block is not None
        self.fn: Function = b.fn
        self.block: Block = b.block
        self.before = len(b.block.ins)
        b.guard()
        self.go: Block = b.block

    def drop_in_leaf(self) -> None:
        """Once the function is built: no guard if it has no loop and calls neither functions of the program nor what may call them."""
        if not self.fn.back_edges and not any(may_call(ins) for block in self.fn.blocks for ins in block.ins):
            span = self.block.ins[-1].span
            self.block.ins[self.before :] = [Ins("br", targets=(self.go,), span=span)]


def may_call(ins: Ins) -> bool:
    return ins.op == "tailcall" or (ins.op == "call" and (ins.attr.safepoint or ins.attr.cconv == "tailcc"))
