"""Library functions that take functions become loops where function and sequence are written at the call.

`(reduce f init (map g (filter p xs)))` is one loop over xs: no iterator, no closure, no call per element. Before: the calls. After:
a local loop (contified by shape.py), in whose body the literal functions stand. Runs on the core code of a method or form, before
its shape is known. What is replaced are builtins only, never functions of the program: the names that were taken for builtins are
noted in the shape, and code is fused anew when one of them means something else.

The order of evaluation is that of the calls: functions and sequences from left to right, then per element what the iterators do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.expand.core import (
    Call,
    Const,
    Core,
    Global,
    If,
    Lambda,
    Let,
    Letrec,
    Local,
    Param,
    Seq,
    Sym,
    Var,
    While,
)  # fmt: skip
from jit_runtime.expand.rewrite import mentions, nodes, rewrite
from jit_runtime.infer.decide import decide
from jit_runtime.infer.fused_operands import Operands, builtin_name
from jit_runtime.infer.fused_pieces import again, call, is_int, named
from jit_runtime.infer.fused_sources import Alternative, Bindings, Source, counted, elements, side_by_side
from jit_runtime.infer.fused_stages import (
    Apply,
    Beside,
    Counter,
    Through,
    Ways,
    dropped,
    enumerated,
    filtered,
    mapped,
    mapped_two,
    straight,
    taken,
    taken_while,
    zipped,
)
from jit_runtime.infer.unused import without_unused
from jit_runtime.source.text import Span

if TYPE_CHECKING:
    from jit_runtime.infer.world import World


LARGEST = 300
"""Nodes of literal functions that may be there once for each kind of sequence."""
SMALL_RANGE = 1000
"""A form that runs once is not worth a loop of its own for fewer turns."""
ITERATING = frozenset({"has-next", "reduce", "for-each", "any?", "every?", "find", "collect"})


def fuse(core: Core, world: World) -> tuple[Core, dict[str, object]]:
    """The core code with loops instead of calls, and what the names meant that this relies on."""
    core = decide(without_unused(core), world.universe)
    if not any(type(node) is Global and builtin_name(world, node.name) in ITERATING for node in nodes(core)):
        return core, {}
    made = Fuser(world, core)
    return rewrite(core, made.replace), made.names


def still_means(names: dict[str, object], world: World) -> bool:
    return all(world.lookup(name) is meaning for name, meaning in names.items())


GoOn = Callable[[list[Core]], Core]
Use = Callable[[Core, Bindings, GoOn], Core]


class Chain(NamedTuple):
    """A sequence as a loop: its sources, of which the first is taken whose test holds, and what happens to each element."""

    sources: list[Alternative]
    through: Through
    known: bool  # something in it is written at the call
    short: bool = False
    counters: tuple[Counter, ...] = ()


class Fuser(Operands):
    def replace(self, node: Core) -> Core | None:
        """A node whose parts are done already; None: it stays."""
        if type(node) is Let:
            return self.turns(node)
        if type(node) is not Call or type(node.fn) is not Global:
            return None
        name = builtin_name(self.world, node.fn.name)
        rule = CONSUMERS.get(name or "")
        if rule is None or len(node.args) != rule.arguments:
            return None
        outer, self.before, self.written = self.before, [], 0
        names = dict(self.names)
        try:
            self.rely(node.fn.name)
            result = rule.make(self, node)
            if result is None:
                self.names = names
                return None
            return Let(self.before, result, node.span) if self.before else result
        finally:
            self.before = outer

    # ---- sequences ----

    def chain(self, node: Core, user: str, span: Span) -> Chain:
        """`user`: the builtin that takes the sequence, and `span` its call, for errors."""
        if type(node) is Call and type(node.fn) is Global:
            rule = STAGES.get((builtin_name(self.world, node.fn.name) or "", len(node.args)))
            if rule is not None:
                self.rely(node.fn.name)
                return rule(self, node)
        return Chain(elements(self.bind("sequence", node).var, user, span), straight, False)

    def with_function(self, node: Call, stage: Callable[[Through, Apply], Through], name: str) -> Chain:
        function, _ = self.function(node.args[0], 1)
        inner = self.chain(node.args[1], name, node.span)
        return Chain(inner.sources, stage(inner.through, function), True, inner.short, inner.counters)

    def map(self, node: Call) -> Chain:
        return self.with_function(node, mapped, "map")

    def filter(self, node: Call) -> Chain:
        return self.with_function(node, filtered, "filter")

    def take_while(self, node: Call) -> Chain:
        return self.with_function(node, taken_while, "take-while")

    def enumerate(self, node: Call) -> Chain:
        inner, counter = self.chain(node.args[0], "enumerate", node.span), Counter("index", Const(0, node.span))
        return Chain(inner.sources, enumerated(inner.through, counter), True, inner.short, (*inner.counters, counter))

    def take(self, node: Call) -> Chain:
        inner, left = self.with_count(node, "take")
        counter = Counter("left", left, lambda value: call("=", node.span, value, Const(0, node.span)))
        return Chain(inner.sources, taken(inner.through, counter), True, inner.short, (*inner.counters, counter))

    def drop(self, node: Call) -> Chain:
        inner, left = self.with_count(node, "drop")
        counter = Counter("left", left)
        return Chain(inner.sources, dropped(inner.through, counter), True, inner.short, (*inner.counters, counter))

    def with_count(self, node: Call, name: str) -> tuple[Chain, Local]:
        count = self.bind("count", node.args[0])
        inner = self.chain(node.args[1], name, node.span)
        return inner, self.bind("left", call("count-argument", node.span, Const(Sym(name), node.span), again(count)))

    def zip(self, node: Call) -> Chain:
        beside = Beside(node.span)
        return Chain(self.two(node.args, "zip", beside, node.span), zipped(beside), True)

    def map_two(self, node: Call) -> Chain:
        beside, (function, _) = Beside(node.span), self.function(node.args[0], 2)
        return Chain(self.two(node.args[1:], "map", beside, node.span), mapped_two(beside, function), True)

    def two(self, sequences: list[Core], user: str, beside: Beside, span: Span) -> list[Alternative]:
        first, second = [self.source(node, user, span) for node in sequences]
        return side_by_side(first, second, beside, span)

    def source(self, node: Core, user: str, span: Span) -> list[Alternative]:
        """A range, or any sequence that is there already."""
        if type(node) is Call and type(node.fn) is Global and builtin_name(self.world, node.fn.name) == "range" and len(node.args) <= 2:
            return self.chain(node, user, span).sources
        return elements(self.bind("sequence", node).var, user, span)

    def range(self, node: Call) -> Chain:
        """Counts in a variable. An operand that is no Int goes to `range`, which raises."""
        span, ends = node.span, []
        values = [arg if is_int(arg) else self.bind("end", arg) for arg in node.args]
        for value in values:
            if is_int(value):
                ends.append(value)
            else:
                fails = Seq([call("range", span, *map(again, values)), Const(0, span)], span)
                ends.append(self.bind("end", If(call("int?", span, again(value)), again(value), fails, span)))
        start, stop = ends if len(ends) == 2 else (Const(0, span), ends[0])
        short = all(is_int(arg) and abs(arg.value) <= SMALL_RANGE for arg in node.args)  # type: ignore[union-attr,arg-type]
        return Chain([counted(start, stop, span)], straight, True, short)

    # ---- loops ----

    def loop(self, chain: Chain, state: Callable[[], Bindings], use: Use, end: Callable[[Bindings], Core], span: Span) -> Core:
        """`use(element, state, again)`: a turn; `again(new state)` goes on. `end`: the value after the last element."""
        *others, (_, last) = chain.sources
        result = self.one_loop(chain, last(), state(), use, end, span)
        for test, source in reversed(others):
            result = If(test, self.one_loop(chain, source(), state(), use, end, span), result, span)
        return result

    def one_loop(self, chain: Chain, source: Source, state: Bindings, use: Use, end: Callable[[Bindings], Core], span: Span) -> Core:
        name = Var("loop", span)
        after = [Var(var.name, span) for var, _ in source.state]
        counters: Bindings = []
        for counter in chain.counters:
            counter.now = Var(counter.name, span)
            counters.append((counter.now, again(counter.first)))

        def go_on(values: list[Core]) -> Core:
            counts = [Local(counter.now, span) for counter in chain.counters]
            return Call(Local(name, span), [*(Local(var, span) for var in after), *counts, *values], span)

        def turn(element: Core) -> Core:
            item = Var("item", span)
            ways = Ways(lambda: go_on([Local(var, span) for var, _ in state]), lambda: end(state))
            rest = chain.through(Local(item, span), lambda x: use(x, state, go_on), ways)
            return Let([(item, element), *zip(after, source.again)], rest, span)

        variables = [*source.state, *counters, *state]
        body = source.element(turn, end(state))
        for counter in chain.counters:
            if counter.over is not None:
                body = If(counter.over(Local(counter.now, span)), end(state), body, span)
        function = Lambda(None, [Param(var) for var, _ in variables], None, None, body, span)
        result = Letrec([(name, function)], Call(Local(name, span), [first for _, first in variables], span), span)
        return Let(list(source.before), result, span) if source.before else result

    def turns(self, node: Let) -> Core | None:
        """What `for` and `foreach` expand to: an iterator that only its `While` loop uses."""
        if len(node.bindings) != 1 or type(node.body) is not While:
            return None
        (iterator, source), loop = node.bindings[0], node.body
        turn = loop.body
        if not (named(source, "%iter") and named(loop.test, "%has-next") and type(turn) is Let and turn.bindings):
            return None
        first = turn.bindings[0][1]
        if not (named(first, "%next") and mentions(loop.test, iterator) == mentions(first, iterator) == 1 and mentions(turn, iterator) == 1):
            return None
        span = loop.span
        outer, self.before, self.written = self.before, [], 0
        try:
            chain = self.chain(source.args[0], "iter", source.span)  # type: ignore[union-attr]

            body = Lambda(None, [Param(turn.bindings[0][0])], None, None, Let(turn.bindings[1:], turn.body, turn.span), turn.span)
            apply = self.literal(body)
            if not self.worth(chain):
                return None

            def use(x: Core, state: Bindings, go_on: GoOn) -> Core:
                return Seq([apply([x]), go_on([])], span)

            result = self.loop(chain, list, use, lambda state: Const(None, span), span)
            return Let(self.before, result, span) if self.before else result
        finally:
            self.before = outer

    # ---- consumers ----

    def reduce(self, node: Call) -> Core | None:
        f, init, xs = node.args
        span = node.span
        function, known = self.function(f, 2)
        first = init if type(init) is Const else self.bind("init", init)
        chain = self.chain(xs, "reduce", span)

        def use(x: Core, state: Bindings, go_on: GoOn) -> Core:
            return go_on([function([Local(state[0][0], span), x])])

        return self.fused(chain, known, lambda: [(Var("result", span), again(first))], use, lambda state: Local(state[0][0], span), span)

    def searching(self, node: Call, user: str, use: Callable[[Core, Core, Core], Core], end: object) -> Core | None:
        """`use(the function's answer, the element, the next turn)`."""
        span = node.span
        function, known = self.function(node.args[0], 1)
        chain = self.chain(node.args[1], user, span)

        def turn(x: Core, state: Bindings, go_on: GoOn) -> Core:
            item = Var("item", span)
            return Let([(item, x)], use(function([Local(item, span)]), Local(item, span), go_on([])), span)

        return self.fused(chain, known, list, turn, lambda state: Const(end, span), span)  # type: ignore[arg-type]

    def for_each(self, node: Call) -> Core | None:
        return self.searching(node, "for-each", lambda answer, item, more: Seq([answer, more], node.span), None)

    def any(self, node: Call) -> Core | None:
        return self.searching(node, "any?", lambda answer, item, more: If(answer, Const(True, node.span), more, node.span), False)

    def every(self, node: Call) -> Core | None:
        return self.searching(node, "every?", lambda answer, item, more: If(answer, more, Const(False, node.span), node.span), True)

    def find(self, node: Call) -> Core | None:
        return self.searching(node, "find", lambda answer, item, more: If(answer, item, more, node.span), None)

    def collect(self, node: Call) -> Core | None:
        span = node.span
        chain = self.chain(node.args[0], "collect", span)
        made = self.bind("made", call("array", span))

        def use(x: Core, state: Bindings, go_on: GoOn) -> Core:
            return Seq([call("array-push!", span, again(made), x), go_on([])], span)

        return self.fused(chain, False, list, use, lambda state: again(made), span)

    def fused(
        self, chain: Chain, known: bool, state: Callable[[], Bindings], use: Use, end: Callable[[Bindings], Core], span: Span
    ) -> Core | None:
        """The loop, where something is known, and not much has to be there several times."""
        return self.loop(chain, state, use, end, span) if (known or chain.known) and self.worth(chain) else None

    def worth(self, chain: Chain) -> bool:
        """A form runs once: only a range that is not short, or of unknown length, is worth it. Not much may be there several times."""
        if len(chain.sources) > 1:
            return self.in_method and self.written <= LARGEST
        return self.in_method or not chain.short


STAGES: dict[tuple[str, int], Callable[[Fuser, Call], Chain]] = {
    ("map", 2): Fuser.map,
    ("map", 3): Fuser.map_two,
    ("filter", 2): Fuser.filter,
    ("take-while", 2): Fuser.take_while,
    ("enumerate", 1): Fuser.enumerate,
    ("take", 2): Fuser.take,
    ("drop", 2): Fuser.drop,
    ("zip", 2): Fuser.zip,
    ("range", 1): Fuser.range,
    ("range", 2): Fuser.range,
}
"""Calls that are stages or sources of a loop, by builtin and number of arguments."""


class Consumer(NamedTuple):
    arguments: int
    make: Callable[[Fuser, Call], Core | None]


CONSUMERS = {
    "reduce": Consumer(3, Fuser.reduce),
    "for-each": Consumer(2, Fuser.for_each),
    "any?": Consumer(2, Fuser.any),
    "every?": Consumer(2, Fuser.every),
    "find": Consumer(2, Fuser.find),
    "collect": Consumer(1, Fuser.collect),
}
