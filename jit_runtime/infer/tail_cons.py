"""Recursion modulo cons: (cons x (self ...)) in tail position is a loop that appends to a list.

The pair is made first, its tail is filled in when the value of the rest is there. So (define (map f xs)) as the textbooks write it
needs no stack and returns once. `Fill` is the continuation of such a function: `last` is the pair whose tail is still to be filled, or ()
while there is none; `first` is the pair that will be returned then.

All pairs are born in the function's destination, as they are without this. Nobody else can name the last one before it is filled; it may have been
retired, so its tail is filled in by the barrier.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Core, If, Let, Letrec, Seq
from jit_runtime.infer.allocation import init_field
from jit_runtime.infer.code import Val, word
from jit_runtime.infer.continuations import Fill
from jit_runtime.infer.inline import sure_instance
from jit_runtime.infer.placement import calls_builtin
from jit_runtime.ir.nodes import Operand
from jit_runtime.layout import words
from jit_runtime.types.kinds import BIT

if TYPE_CHECKING:
    from jit_runtime.infer.analysis import Analysis
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.world import Instance, World

EMPTY = Val(word(words.NULL), BIT["Null"])


def tails(node: Core) -> Iterator[Core]:
    """The nodes whose values are a node's value."""
    work = [node]
    while work:
        at = work.pop()
        match at:
            case If():
                work += [at.then, at.otherwise]
            case Let():
                work.append(at.body)
            case Letrec():
                work += [at.body, *(lam.body for _, lam in at.bindings)]
            case Seq():
                work.append(at.items[-1])
            case _:
                yield at


def goes_on(world: World, facts: Analysis, node: Core, inst: Instance) -> bool:
    """Is the node a cons onto what the instance itself may give?"""
    if not isinstance(node, Call) or not calls_builtin(world, node, ("cons",)) or len(node.args) != 2:
        return False
    return any(isinstance(rest, Call) and (sure_instance(facts, rest) is inst or goes_on(world, facts, rest, inst)) for rest in tails(node.args[1]))


def appends(world: World, facts: Analysis, body: Core, inst: Instance) -> bool:
    return any(goes_on(world, facts, node, inst) for node in tails(body))


def begin(b: Builder, mask: int, type: str) -> Fill:
    k = Fill(mask, type, b.fn.variable("first", "ref"), b.fn.variable("last", "ref"))
    b.set(k.first, EMPTY.op)
    b.set(k.last, EMPTY.op)
    return k


def append(b: Builder, node: Call, k: Fill) -> None:
    """(cons x rest): a pair at the end of the list, then the rest."""
    from jit_runtime.infer.pairs import cons

    place = b.dest
    b.dest = b.place_of(k)
    head = b.expr(node.args[0])
    if b.block is None:
        return
    pair = cons(b, head, EMPTY).op
    b.dest = place
    start, link, go = b.new("start"), b.new("link"), b.new("rest")
    b.cbr(is_empty(b, k), start, link, "unlikely")
    b.at(start)
    b.set(k.first, pair)
    b.br(go)
    b.at(link)
    init_field(b, b.get(k.last), 8, pair, BIT["Pair"], in_pair=True)
    b.br(go)
    b.at(go)
    b.set(k.last, pair)
    b.tail(node.args[1], k)


def is_empty(b: Builder, k: Fill) -> Operand:
    return b.compare("eq", b.bits(b.get(k.last)), b.bits(EMPTY.op))


def fill(b: Builder, value: Val, k: Fill) -> None:
    """Return a value, or the list that it is the rest of."""
    alone, linked = b.new("alone"), b.new("linked")
    op = b.to_word(value)
    b.cbr(is_empty(b, k), alone, linked)
    b.at(linked)
    init_field(b, b.get(k.last), 8, op, value.mask, in_pair=True)
    b.ins("ret", (b.get(k.first),))
    b.at(alone)
    b.ins("ret", (op,))
    b.block = None
