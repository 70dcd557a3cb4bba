"""What happens to an element of a fused sequence between its source and its use: `map`, `filter`, `take` and their like.

A stage is a function from code to code: it is given the element, what uses it, and how a turn ends otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from jit_runtime.expand.core import Const, Core, If, Let, Local, Var
from jit_runtime.infer.fused_pieces import call
from jit_runtime.source.text import Span

Apply = Callable[[list[Core]], Core]
"""What a call of a function argument becomes."""
Next = Callable[[Core], Core]
"""The rest of a turn, given its element."""


class Ways(NamedTuple):
    """How a turn ends without using its element: with the next turn, or with the loop."""

    skip: Callable[[], Core]
    stop: Callable[[], Core]


Through = Callable[[Core, Next, Ways], Core]


class Counter:
    """What counts elements: a variable of the loop. `now` is the one that holds its value where code is being made.

    `over`: whether the loop ends before its next element.
    """

    def __init__(self, name: str, first: Core, over: Callable[[Core], Core] | None = None) -> None:
        self.name, self.first, self.over = name, first, over
        self.now = Var(name, first.span)


class Beside:
    """The variable that holds the element of a second sequence, in the loop that is being made."""

    def __init__(self, span: Span) -> None:
        self.now = Var("item", span)


def straight(element: Core, use: Next, ways: Ways) -> Core:
    return use(element)


def held(x: Core, make: Callable[[Local], Core]) -> Core:
    """An element that is named several times."""
    item = Var("item", x.span)
    return Let([(item, x)], make(Local(item, x.span)), x.span)


def mapped(inner: Through, function: Apply) -> Through:
    def through(element: Core, use: Next, ways: Ways) -> Core:
        return inner(element, lambda x: held(function([x]), use), ways)

    return through


def filtered(inner: Through, function: Apply) -> Through:
    def through(element: Core, use: Next, ways: Ways) -> Core:
        def turn(x: Core) -> Core:
            return held(x, lambda item: If(function([item]), use(Local(item.var, x.span)), ways.skip(), x.span))

        return inner(element, turn, ways)

    return through


def taken_while(inner: Through, function: Apply) -> Through:
    def through(element: Core, use: Next, ways: Ways) -> Core:
        def turn(x: Core) -> Core:
            return held(x, lambda item: If(function([item]), use(Local(item.var, x.span)), ways.stop(), x.span))

        return inner(element, turn, ways)

    return through


def enumerated(inner: Through, counter: Counter) -> Through:
    def through(element: Core, use: Next, ways: Ways) -> Core:
        def turn(x: Core) -> Core:
            index = counter.now
            return held(x, lambda item: counting(counter, 1, x.span, lambda: use(call("list", x.span, Local(index, x.span), item))))

        return inner(element, turn, ways)

    return through


def taken(inner: Through, counter: Counter) -> Through:
    def through(element: Core, use: Next, ways: Ways) -> Core:
        return inner(element, lambda x: counting(counter, -1, x.span, lambda: use(x)), ways)

    return through


def dropped(inner: Through, counter: Counter) -> Through:
    def through(element: Core, use: Next, ways: Ways) -> Core:
        def turn(x: Core) -> Core:
            left = call("=", x.span, Local(counter.now, x.span), Const(0, x.span))
            return held(x, lambda item: If(left, use(item), counting(counter, -1, x.span, ways.skip), x.span))

        return inner(element, turn, ways)

    return through


def zipped(beside: Beside) -> Through:
    def through(element: Core, use: Next, ways: Ways) -> Core:
        return held(element, lambda item: use(call("list", item.span, item, Local(beside.now, item.span))))

    return through


def mapped_two(beside: Beside, function: Apply) -> Through:
    def through(element: Core, use: Next, ways: Ways) -> Core:
        return held(function([element, Local(beside.now, element.span)]), use)

    return through


def counting(counter: Counter, step: int, span: Span, make: Callable[[], Core]) -> Core:
    """Code after an element was counted."""
    before, counter.now = counter.now, Var(counter.name, span)
    try:
        return Let([(counter.now, call("+%", span, Local(before, span), Const(step, span)))], make(), span)
    finally:
        counter.now = before
