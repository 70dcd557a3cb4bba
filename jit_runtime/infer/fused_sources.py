"""Where the elements of a fused loop come from: a range, a list, an array, an iterator, two of them side by side.

For a sequence of unknown kind there are several sources, each with a test; kinds decide which of the loops is compiled. They are made
anew for each loop, since facts are kept by node and variable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from jit_runtime.expand.core import Const, Core, If, Let, Local, Sym, Var
from jit_runtime.expand.rewrite import clone
from jit_runtime.infer.fused_pieces import call, kind_test
from jit_runtime.infer.fused_stages import Beside, Next
from jit_runtime.source.text import Span

Bindings = list[tuple[Var, Core]]


class Source(NamedTuple):
    """`state`: variables of the loop with their first values; `element(next, end)`: a turn; `again`: the state of the next turn.

    `before`: what is bound before the loop.
    """

    state: Bindings
    element: Callable[[Next, Core], Core]
    again: list[Core]
    before: Sequence[tuple[Var, Core]] = ()


Alternative = tuple[Core, Callable[[], Source]]
"""A test, and the source where it holds."""


def counted(start: Core, stop: Core, span: Span) -> Alternative:
    """The Ints from one to another, in a variable."""
    index = Var("index", span)

    def turn(use: Next, end: Core) -> Core:
        return If(call("<", span, Local(index, span), clone(stop)), use(Local(index, span)), end, span)

    more = call("+%", span, Local(index, span), Const(1, span))  # below `stop`, so it cannot overflow
    return Const(True, span), lambda: Source([(index, clone(start))], turn, [more])


def elements(value: Var, user: str, span: Span) -> list[Alternative]:
    """Any sequence: a list by its pairs, an array by index, another one by its iterator. `user`: the builtin that takes it, for errors."""
    return [
        (kind_test("known-kind?", Local(value, span), "List", span), lambda: of_list(value, span)),
        (kind_test("known-kind?", Local(value, span), "Array", span), lambda: of_array(value, span)),
        (Const(True, span), lambda: of_any(value, user, span)),
    ]


def of_list(value: Var, span: Span) -> Source:
    rest = Var("rest", span)

    def turn(use: Next, end: Core) -> Core:
        return If(call("null?", span, Local(rest, span)), end, use(call("list-item", span, Local(rest, span))), span)

    return Source([(rest, Local(value, span))], turn, [call("cdr", span, Local(rest, span))])


def of_array(value: Var, span: Span) -> Source:
    at = Var("at", span)

    def turn(use: Next, end: Core) -> Core:
        more = call("<", span, Local(at, span), call("array-length", span, Local(value, span)))
        return If(more, use(call("item-at", span, Local(value, span), Local(at, span))), end, span)

    return Source([(at, Const(0, span))], turn, [call("+%", span, Local(at, span), Const(1, span))])


def of_any(value: Var, user: str, span: Span) -> Source:
    """A list by its pairs, anything else by calls: this code is there once for all kinds."""
    rest, at, item, it = Var("rest", span), Var("at", span), Var("item", span), Var("elements", span)

    def pair() -> Core:
        return call("pair?", span, Local(rest, span))

    def turn(use: Next, end: Core) -> Core:
        other = call("element", span, Local(it, span), Local(rest, span), Local(at, span))
        ended = If(call("null?", span, Local(rest, span)), call("end", span), other, span)
        element = If(pair(), call("car", span, Local(rest, span)), ended, span)
        used = If(call("end?", span, Local(item, span)), end, use(Local(item, span)), span)
        return Let([(item, element)], used, span)

    again: list[Core] = [
        If(pair(), call("cdr", span, Local(rest, span)), Local(rest, span), span),
        call("+%", span, Local(at, span), Const(1, span)),
    ]
    source = call("elements-of", span, Const(Sym(user), span), Local(value, span))
    return Source([(rest, Local(value, span)), (at, Const(0, span))], turn, again, [(it, source)])


def side_by_side(first: list[Alternative], second: list[Alternative], beside: Beside, span: Span) -> list[Alternative]:
    """An element of each, up to the end of the first that ends."""
    return [_both(a, b, beside, span) for a in first for b in second]


def _both(a: Alternative, b: Alternative, beside: Beside, span: Span) -> Alternative:
    def make() -> Source:
        one, other = a[1](), b[1]()
        here = beside.now = Var("item", span)

        def turn(use: Next, end: Core) -> Core:
            return one.element(lambda x: _with_second(x, other, here, use, clone(end)), end)

        return Source([*one.state, *other.state], turn, [*one.again, *other.again], [*one.before, *other.before])

    trivial = type(a[0]) is Const and type(b[0]) is Const
    return Const(True, span) if trivial else If(clone(a[0]), clone(b[0]), Const(False, span), span), make


def _with_second(x: Core, other: Source, here: Var, use: Next, end: Core) -> Core:
    first = Var("item", x.span)
    return Let([(first, x)], other.element(lambda y: Let([(here, y)], use(Local(first, x.span)), x.span), end), x.span)
