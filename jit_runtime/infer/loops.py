"""Loops: `while`, and local functions that are called in tail position only. Each iteration may have a space of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import (
    Lambda,
    Letrec,
    While,
)  # fmt: skip
from jit_runtime.infer.closures import closures
from jit_runtime.infer.code import NOTHING, Val, rep_of
from jit_runtime.infer.continuations import Close, Continuation, Loop
from jit_runtime.infer.placement import (
    close_space,
    drop_unused,
    open_space,
    reset_space,
)
from jit_runtime.infer.struct_fields import loop_variables
from jit_runtime.ir.nodes import BackEdge, Block

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


def while_(b: Builder, node: While) -> Val:
    head, body, out, again = b.new("while"), b.new("body"), b.new("out"), b.new("again")
    space = open_space(b, [node.test, node.body], [])
    b.br(head)
    b.at(head)
    test = b.test(node.test)
    if b.block is None:
        if space is not None:
            b.dest = b.spaces.pop().outer
        return NOTHING
    b.cbr(test, body, out)
    b.at(body)
    b.effect(node.body)
    if space is not None and b.block is not None:
        reset_space(b, space)
    b.br(again)
    if space is not None:
        drop_unused(space)
    back_edge(b, head, again)
    b.at(out)
    if space is not None:
        b.dest = b.spaces.pop().outer
        if space.used:
            close_space(b, NOTHING, space, b.dest)
    return NOTHING


def letrec_tail(b: Builder, node: Letrec, k: Continuation) -> None:
    if not node.bindings or node.bindings[0][0] not in b.shape.loops:
        closures(b, node)
        b.tail(node.body, k)
        return
    virtual = loop_variables(b, node)
    objects = [p.var for _, lam in node.bindings for p in lam.params if p.var not in virtual or not virtual[p.var].is_raw()]
    repeats = not all(var in b.shape.joins for var, _ in node.bindings)
    space = open_space(b, [lam.body for _, lam in node.bindings], objects) if repeats else None
    b.storage.update(virtual)
    inner: Continuation = k if space is None else Close(k, b.place_of(k), space)
    for var, lam in node.bindings:
        for param in lam.params:
            if param.var in virtual:
                continue
            mask = b.facts.vars.get(param.var, 0)
            rep = "ref" if param.var in b.shape.boxed else rep_of(mask)
            b.storage[param.var] = b.fn.variable(param.var.name, rep)
        b.loops[var] = Loop(b.new(f"loop.{var.name}"), lam, len(b.spaces))
    place = b.dest
    b.tail(node.body, inner)
    heads = [b.loops[var].target for var, _ in node.bindings]
    if repeats:
        for var, _ in node.bindings:
            b.loops[var].target = b.new("again")
    for head, (_, lam) in zip(heads, node.bindings, strict=True):
        b.dest = place
        b.at(head)
        loop_body(b, lam, inner)
    if space is not None:
        drop_unused(space)
    if repeats:
        for head, (var, _) in zip(heads, node.bindings, strict=True):
            back_edge(b, head, b.loops[var].target)
    if space is not None:
        b.dest = b.spaces.pop().outer


def back_edge(b: Builder, head: Block, block: Block) -> None:
    """Jump back to a loop's head; the guard is built when the whole function is known."""
    b.at(block)
    b.br(head)
    b.fn.back_edges.append(BackEdge(head, block, b.arrays, b.place()))


def loop_body(b: Builder, lam: Lambda, k: Continuation) -> None:
    if b.block is not None and all(b.facts.vars.get(p.var, 0) for p in lam.params):
        if lam.result is None:
            b.tail(lam.body, k)
        else:
            value = b.expr(lam.body)
            if b.block is not None:
                b.deliver(b.checked(value, lam.result, f"the result of `{lam.name}`"), k)
    elif b.block is not None:
        b.unreachable()
