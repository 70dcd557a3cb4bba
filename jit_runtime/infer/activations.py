"""Regions of calls: a function that returns no reference makes what dies with it in a region of its own.

It is opened where something is made first: on the branch that makes it, behind what makes nothing. A branch that ends in a call gets none: the
call would have to leave it open. Nor does one that makes a few objects and calls nobody: that costs less where the caller makes its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Core, Global, If, Lambda, Let, Letrec, Local, Seq
from jit_runtime.infer.continuations import Close, Continuation
from jit_runtime.infer.inline import deliver_body
from jit_runtime.infer.placement import allocates, drop_unused, is_scalar, opened
from jit_runtime.infer.straight import begin_line, bindings, end_line, is_small, items
from jit_runtime.infer.switches import FEWEST, chain
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.order import certain

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


def deliver_call(b: Builder, lam: Lambda, result: int, k: Continuation) -> None:
    """The value of a function's body, with a region of its own where it gains by one. Copies inlined into their own caller share the caller's."""
    if not result or not is_scalar(result) or b.fn.name != b.unit.name:
        deliver_body(b, lam, k)
    elif lam.result is None or certain(b.kinds(lam.body), lam.result):
        deliver_part(b, lam.body, k)
    elif gains(b, lam.body):
        deliver_inside(b, k, lambda inner: deliver_body(b, lam, inner))
    else:
        deliver_body(b, lam, k)


def deliver_part(b: Builder, node: Core, k: Continuation) -> None:
    """Deliver a node in tail position of the body; the region is opened as late as possible."""
    if b.block is None:
        return
    outer, b.span = b.span, node.span
    match node:
        case If() if is_plain(b, node):
            deliver_branches(b, node, k)
        case Let() | Seq() if deliver_line(b, node, k):
            pass
        case _ if gains(b, node):
            deliver_inside(b, k, lambda inner: b.tail(node, inner))
        case _:
            b.tail(node, k)
    b.span = outer


def deliver_line(b: Builder, node: Let | Seq, k: Continuation) -> bool:
    """Deliver a straight line whose steps here make nothing, or what is gone when its extent ends; False where others are among them."""
    depth = begin_line(b, node)
    steps = [value for _, value in node.bindings] if isinstance(node, Let) else node.items[:-1]
    if any(allocates(b, value) and id(value) not in b.covered for value in steps):
        return False
    if isinstance(node, Let):
        bindings(b, node, b.place_of(k))
        deliver_part(b, node.body, k)
    else:
        items(b, node)
        deliver_part(b, node.items[-1], k)
    end_line(b, depth)
    return True


def is_plain(b: Builder, node: If) -> bool:
    """Two branches behind a test that makes nothing, and no switch."""
    return b.facts.live.get(id(node)) == (True, True) and not allocates(b, node.test) and len(chain(b, node)[0]) < FEWEST


def deliver_branches(b: Builder, node: If, k: Continuation) -> None:
    yes, no = b.new("then"), b.new("else")
    for block, part, reached in zip((yes, no), (node.then, node.otherwise), b.branch(node.test, yes, no), strict=True):
        if reached:
            b.at(block)
            deliver_part(b, part, k)
        else:
            b.fn.blocks.remove(block)


def deliver_inside(b: Builder, k: Continuation, deliver: Callable[[Continuation], None]) -> None:
    outer, b.span = b.span, None  # its birth site is the function
    space = opened(b, frozenset(), of_call=True)
    b.span = outer
    deliver(Close(k, b.place_of(k), space))
    drop_unused(space)
    b.spaces.pop()
    b.dest = space.outer


def gains(b: Builder, node: Core) -> bool:
    return allocates(b, node) and not ends_in_call(b, node) and not is_small(b, node)


def ends_in_call(b: Builder, node: Core) -> bool:
    match node:
        case If():
            return ends_in_call(b, node.then) or ends_in_call(b, node.otherwise)
        case Let():
            return ends_in_call(b, node.body)
        case Letrec():
            return ends_in_call(b, node.body) or any(ends_in_call(b, lam.body) for _, lam in node.bindings)
        case Seq():
            return ends_in_call(b, node.items[-1])
        case Call(fn=Local(var=var)) if var in b.shape.loops:
            return False
        case Call(fn=Global(name=name)):
            return not isinstance(b.unit.world.lookup(name), Builtin)
        case Call():
            return True
    return False
