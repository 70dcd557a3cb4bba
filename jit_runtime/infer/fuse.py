"""Library functions that take functions become loops where function and sequence are written at the call.

`(reduce f init (map g (filter p xs)))` is one loop over xs: no iterator, no closure, no call per element. Before: the calls. After:
a local loop (contified by shape.py), in whose body the literal functions stand. Runs on the core code of a method or form, before
its shape is known. What is replaced are builtins only, never functions of the program: the names that were taken for builtins are
noted in the shape, and code is fused anew when one of them means something else.

The order of evaluation is that of the calls: functions and sequences from left to right, then per element what the iterators do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.expand.core import (
    Call,
    Const,
    Core,
    Global,
    If,
    KindRef,
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
from jit_runtime.expand.rewrite import clone, mentions, nodes, rewrite
from jit_runtime.infer.decide import decide
from jit_runtime.infer.world import GenericFunction
from jit_runtime.source.text import Span
from jit_runtime.types.builtins import Builtin, find_builtin
from jit_runtime.types.kinds import KINDS

if TYPE_CHECKING:
    from jit_runtime.infer.world import World

Bindings = list[tuple[Var, Core]]
Apply = Callable[[list[Core]], Core]
"""What a call of a function argument becomes."""
Next = Callable[[Core], Core]
"""The rest of a turn, given its element."""

LARGEST = 300
"""Nodes of literal functions that may be there once for each kind of sequence."""
SMALL_RANGE = 1000
"""A form that runs once is not worth a loop of its own for fewer turns."""
ITERATING = frozenset({"has-next", "reduce", "for-each", "any?", "every?", "find", "collect"})


def fuse(core: Core, world: World) -> tuple[Core, dict[str, object]]:
    """The core code with loops instead of calls, and what the names meant that this relies on."""
    core = decide(core, world.universe)
    if not any(type(node) is Global and builtin_name(world, node.name) in ITERATING for node in nodes(core)):
        return core, {}
    made = Fuser(world, type(core) is Lambda)
    return rewrite(core, made.replace), made.names


def still_means(names: dict[str, object], world: World) -> bool:
    return all(world.lookup(name) is meaning for name, meaning in names.items())


def builtin_name(world: World, name: str) -> str | None:
    """The builtin that a global name means now, by its own name."""
    row = None if name in world.functions or name in world.values else find_builtin(name)
    return None if row is None else row.name


Through = Callable[[Core, Next, Callable[[], Core]], Core]
"""(element, what uses it, how a turn ends without one)."""


class Source(NamedTuple):
    """`state`: variables of the loop with their first values; `element(next, end)`: a turn; `again`: the state of the next turn.

    `before`: what is bound before the loop.
    """

    state: Bindings
    element: Callable[[Next, Core], Core]
    again: list[Core]
    before: Sequence[tuple[Var, Core]] = ()


Alternative = tuple[Core, Callable[[], Source]]
"""A test, and the source where it holds; made anew for each loop, since facts are kept by node and variable."""
GoOn = Callable[[list[Core]], Core]
Use = Callable[[Core, Bindings, GoOn], Core]


class Stage:
    """What counts elements: a variable of the loop. `now` is the one that holds its value where code is being made.

    `over`: whether the loop ends before its next element.
    """

    def __init__(self, name: str, first: Core, over: Callable[[Core], Core] | None = None) -> None:
        self.name, self.first, self.over = name, first, over
        self.now = Var(name, first.span)


class Chain(NamedTuple):
    """A sequence as a loop: its sources, of which the first is taken whose test holds, and what happens to each element."""

    sources: list[Alternative]
    through: Through
    known: bool  # something in it is written at the call
    short: bool = False
    stages: tuple[Stage, ...] = ()


class Fuser:
    def __init__(self, world: World, in_method: bool) -> None:
        self.world, self.in_method = world, in_method
        self.names: dict[str, object] = {}
        self.before: Bindings = []  # of the call that is being replaced
        self.written = 0  # nodes of literal functions in it

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

    def rely(self, name: str) -> None:
        self.names[name] = self.world.lookup(name)

    def bind(self, name: str, value: Core) -> Local:
        """A variable of its own for a value that is evaluated before the loop."""
        var = Var(name, value.span)
        self.before.append((var, value))
        return Local(var, value.span)

    # ---- functions ----

    def function(self, node: Core, count: int) -> tuple[Apply, bool]:
        """What a call of an argument with `count` operands becomes, and whether it is known. Evaluates what has to be evaluated."""
        span = node.span
        if type(node) is Lambda:
            return self.literal(node), True
        if type(node) is Global:
            found = self.world.lookup(node.name)
            if isinstance(found, GenericFunction) or (isinstance(found, Builtin) and found.accepts(count)):
                self.rely(node.name)
                return (lambda args: Call(Global(node.name, span), args, span)), True
        composed = self.composition(node, count)
        if composed is not None:
            return composed, True
        value = self.bind("function", node)
        return (lambda args: Call(Local(value.var, span), args, span)), False

    def literal(self, node: Lambda) -> Apply:
        """The body in place of the call; parameters with kinds are checked by a call."""
        self.written += sum(1 for _ in nodes(node))
        uses = 0
        plain = node.rest is None and node.result is None and all(p.kind is None and p.default is None for p in node.params)

        def apply(args: list[Core]) -> Core:
            nonlocal uses
            uses += 1
            lam = node if uses == 1 else clone(node)
            if plain and len(args) == len(node.params):
                taken_apart = parts_of(lam.params[0].var, args[0], lam.body) if len(args) == 1 else None
                if taken_apart is not None or not args:
                    return taken_apart or lam.body
                return Let([(p.var, arg) for p, arg in zip(lam.params, args)], lam.body, lam.span)
            var = Var(node.name or "function", node.span)
            return Let([(var, lam)], Call(Local(var, node.span), args, node.span), node.span)

        return apply

    def composition(self, node: Core, count: int) -> Apply | None:
        """`(compose f g ...)`: the last one first."""
        if type(node) is not Call or type(node.fn) is not Global or not node.args or builtin_name(self.world, node.fn.name) != "compose":
            return None
        self.rely(node.fn.name)
        *outer, first = node.args
        parts = [*(self.function(arg, 1)[0] for arg in outer), self.function(first, count)[0]]

        def apply(args: list[Core]) -> Core:
            result = parts[-1](args)
            for part in reversed(parts[:-1]):
                result = part([result])
            return result

        return apply

    # ---- sequences ----

    def chain(self, node: Core, user: str, span: Span) -> Chain:
        """`user`: the builtin that takes the sequence, and `span` its call, for errors."""
        name = builtin_name(self.world, node.fn.name) if type(node) is Call and type(node.fn) is Global else None
        if type(node) is Call and type(node.fn) is Global and name in ("map", "filter") and len(node.args) == 2:
            self.rely(node.fn.name)
            function, _ = self.function(node.args[0], 1)
            inner = self.chain(node.args[1], name, node.span)
            through = mapped(inner.through, function) if name == "map" else filtered(inner.through, function)
            return Chain(inner.sources, through, True, inner.short, inner.stages)
        if type(node) is Call and type(node.fn) is Global and name == "enumerate" and len(node.args) == 1:
            self.rely(node.fn.name)
            inner, stage = self.chain(node.args[0], name, node.span), Stage("index", Const(0, node.span))
            return Chain(inner.sources, enumerated(inner.through, stage), True, inner.short, (*inner.stages, stage))
        if type(node) is Call and type(node.fn) is Global and name == "take" and len(node.args) == 2:
            self.rely(node.fn.name)
            span, count = node.span, self.bind("count", node.args[0])
            inner = self.chain(node.args[1], name, span)
            left = self.bind("left", call("count-argument", span, Const(Sym(name), span), again(count)))
            stage = Stage("left", left, lambda value: call("=", span, value, Const(0, span)))
            return Chain(inner.sources, taken(inner.through, stage), True, inner.short, (*inner.stages, stage))
        if type(node) is Call and type(node.fn) is Global and name == "range" and 1 <= len(node.args) <= 2:
            self.rely(node.fn.name)
            short = all(type(arg) is Const and type(arg.value) is int and abs(arg.value) <= SMALL_RANGE for arg in node.args)
            return Chain([self.range(node)], straight, True, short)
        return Chain(self.sequence(node, user, span), straight, False)

    def range(self, node: Call) -> Alternative:
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
        index = Var("index", span)

        def turn(use: Next, end: Core) -> Core:
            return If(call("<", span, Local(index, span), stop), use(Local(index, span)), end, span)

        more = call("+%", span, Local(index, span), Const(1, span))  # below `stop`, so it cannot overflow
        return Const(True, span), lambda: Source([(index, start)], turn, [more])

    def sequence(self, node: Core, user: str, span: Span) -> list[Alternative]:
        """Any sequence: a list by its pairs, an array by index, another one by its iterator. Kinds decide which of the loops is compiled."""
        value = self.bind("sequence", node)

        def here() -> Core:
            return Local(value.var, span)

        def listed() -> Source:
            rest = Var("rest", span)

            def turn(use: Next, end: Core) -> Core:
                return If(call("null?", span, Local(rest, span)), end, use(call("car", span, Local(rest, span))), span)

            return Source([(rest, here())], turn, [call("cdr", span, Local(rest, span))])

        def indexed() -> Source:
            at = Var("at", span)

            def turn(use: Next, end: Core) -> Core:
                more = call("<", span, Local(at, span), call("array-length", span, here()))
                return If(more, use(call("array-ref", span, here(), Local(at, span))), end, span)

            return Source([(at, Const(0, span))], turn, [call("+%", span, Local(at, span), Const(1, span))])

        def mixed() -> Source:
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
            elements = call("elements-of", span, Const(Sym(user), span), here())
            return Source([(rest, here()), (at, Const(0, span))], turn, again, [(it, elements)])

        return [
            (kind_test("known-kind?", here(), "List", span), listed),
            (kind_test("known-kind?", here(), "Array", span), indexed),
            (Const(True, span), mixed),
        ]

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
        for stage in chain.stages:
            stage.now = Var(stage.name, span)
            counters.append((stage.now, again(stage.first)))

        def go_on(values: list[Core]) -> Core:
            counts = [Local(stage.now, span) for stage in chain.stages]
            return Call(Local(name, span), [*(Local(var, span) for var in after), *counts, *values], span)

        def turn(element: Core) -> Core:
            item = Var("item", span)
            rest = chain.through(Local(item, span), lambda x: use(x, state, go_on), lambda: go_on([Local(var, span) for var, _ in state]))
            return Let([(item, element), *zip(after, source.again)], rest, span)

        variables = [*source.state, *counters, *state]
        body = source.element(turn, end(state))
        for stage in chain.stages:
            if stage.over is not None:
                body = If(stage.over(Local(stage.now, span)), end(state), body, span)
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


# ---- what happens to an element ----


def straight(element: Core, use: Next, skip: Callable[[], Core]) -> Core:
    return use(element)


def mapped(inner: Through, function: Apply) -> Through:
    def through(element: Core, use: Next, skip: Callable[[], Core]) -> Core:
        def turn(x: Core) -> Core:
            made = Var("item", x.span)
            return Let([(made, function([x]))], use(Local(made, x.span)), x.span)

        return inner(element, turn, skip)

    return through


def filtered(inner: Through, function: Apply) -> Through:
    def through(element: Core, use: Next, skip: Callable[[], Core]) -> Core:
        def turn(x: Core) -> Core:
            item = Var("item", x.span)
            return Let([(item, x)], If(function([Local(item, x.span)]), use(Local(item, x.span)), skip(), x.span), x.span)

        return inner(element, turn, skip)

    return through


def enumerated(inner: Through, stage: Stage) -> Through:
    def through(element: Core, use: Next, skip: Callable[[], Core]) -> Core:
        def turn(x: Core) -> Core:
            item, index = Var("item", x.span), stage.now
            return Let(
                [(item, x)],
                counting(stage, 1, x.span, lambda: use(call("list", x.span, Local(index, x.span), Local(item, x.span)))),
                x.span,
            )

        return inner(element, turn, skip)

    return through


def taken(inner: Through, stage: Stage) -> Through:
    def through(element: Core, use: Next, skip: Callable[[], Core]) -> Core:
        return inner(element, lambda x: counting(stage, -1, x.span, lambda: use(x)), skip)

    return through


def counting(stage: Stage, step: int, span: Span, make: Callable[[], Core]) -> Core:
    """Code after an element was counted."""
    before, stage.now = stage.now, Var(stage.name, span)
    try:
        return Let([(stage.now, call("+%", span, Local(before, span), Const(step, span)))], make(), span)
    finally:
        stage.now = before


def parts_of(var: Var, made: Core, body: Core) -> Core | None:
    """The body with the elements of a list in place of what takes it apart, where nothing else is done with it."""
    if not named(made, "%list") or var.assigned or not all(type(arg) in (Local, Const) for arg in made.args):  # type: ignore[union-attr]
        return None
    items = made.args  # type: ignore[union-attr]

    def change(node: Core) -> Core | None:
        if named(node, "%sequence-ref") and of(node, var) and is_int(node.args[1]) and 0 <= node.args[1].value < len(items):  # type: ignore[union-attr,operator]
            return again(items[node.args[1].value])  # type: ignore[union-attr,index]
        if type(node) is If and named(node.test, "%=") and named(node.test.args[0], "%sequence-length") and of(node.test.args[0], var):  # type: ignore[union-attr]
            length = node.test.args[1]  # type: ignore[union-attr]
            return node.then if is_int(length) and length.value == len(items) else None  # type: ignore[union-attr]
        return None

    found = rewrite(body, change)
    return None if mentions(found, var) else found


def of(node: Core, var: Var) -> bool:
    first = node.args[0]  # type: ignore[union-attr]
    return type(first) is Local and first.var is var


# ---- pieces ----


def again(node: Core) -> Core:
    """Another node for the same variable or constant: facts are kept by node."""
    return Local(node.var, node.span) if type(node) is Local else node


def call(name: str, span: Span, *args: Core) -> Call:
    return Call(Global("%" + name, span), list(args), span)


def kind_test(test: str, value: Core, kind: str, span: Span) -> Core:
    return call(test, span, value, Const(KindRef(KINDS[kind]), span))


def is_int(node: Core) -> bool:
    return type(node) is Const and type(node.value) is int


def named(node: Core, name: str) -> bool:
    return type(node) is Call and type(node.fn) is Global and node.fn.name == name
