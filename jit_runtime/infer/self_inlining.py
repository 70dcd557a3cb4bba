"""Recursion inlining: copies of a small recursive function that call each other, for LLVM to inline."""

from __future__ import annotations

from jit_runtime.ir.nodes import Function, Ins, Symbol

# Budget of self-inlining: levels by the number of self calls in the body, for bodies up to SMALL_BODY instructions.
SMALL_BODY = 150


LEVELS = {1: 3, 2: 3, 3: 2}


def recursion_levels(fn: Function) -> int:
    """How many levels of a recursive function to inline into itself: LLVM never does, and C compilers owe their fib to it."""
    count = sum(len(block.ins) for block in fn.blocks)
    calls = sum(1 for block in fn.blocks for ins in block.ins if is_call_of(ins, fn.name))
    return LEVELS.get(calls, 0) if count <= SMALL_BODY else 0


def is_call_of(ins: Ins, name: str) -> bool:
    return ins.op == "call" and isinstance(ins.attr.callee, Symbol) and ins.attr.callee.name == name


def rename_callee(fn: Function, old: str, new: str) -> None:
    for block in fn.blocks:
        for ins in block.ins:
            if is_call_of(ins, old):
                ins.attr.callee = Symbol(new)
