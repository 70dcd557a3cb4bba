"""Where values go: for each expression, which variables are part of its value, or are stored, on every way through it.

A *sink* says where a value ends up: in the value of the expression around it, in a container that is reached from a variable or a global, or
in a global. Placement lets values be born there (infer/homes.py). What is so on some ways only is left out: on the others it would be
garbage in a region that lives long. All of it is about where memory is taken; a wrong answer costs moves, never correctness.

One pass over an instance; loops and calls of itself start from "anything goes" and are walked until nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final

from jit_runtime.dataclass import dataclass, field
from jit_runtime.expand.core import (
    Call,
    Check,
    Core,
    DefineValue,
    Global,
    If,
    Lambda,
    Let,
    Letrec,
    Local,
    Seq,
    SetGlobal,
    Var,
)  # fmt: skip
from jit_runtime.infer.placement import children
from jit_runtime.infer.world import GenericFunction, GlobalValue, Instance, World
from jit_runtime.types.builtins import Builtin

if TYPE_CHECKING:
    from jit_runtime.infer.analysis import Analysis

MOST_ROUNDS = 4
MOST_TARGETS = 4
CONSTRUCTORS = frozenset({"cons", "list", "array", "box", "atom", "dict", "construct"})
VIEWS = frozenset({"array-view", "array-row"})
STORES = {"array-set!": 1, "array-push!": 1, "array-fill!": 1, "dict-set!": 1, "path-put!": 1, "box-set!": 1, "reset!": 1}
"""Builtins that store into their first argument -> the first argument that may be stored."""
READS = frozenset(
    {"car", "cdr", "list-item", "first", "rest", "nth", "array-ref", "item-at", "get", "dict-ref", "box-ref", "deref"}
    | {"path-get", "path-open!", "%car", "%cdr"}
)


class Result(Enum):
    RESULT = "part of the result"


RESULT: Final = Result.RESULT


@dataclass(frozen=True, slots=True)
class Stored:
    """In a container that is reached from a variable or a global, or (`assigned`) in the global itself."""

    root: Var | str
    assigned: bool = False


@dataclass(frozen=True, slots=True)
class Into:
    """In what a call's argument of this number reaches."""

    parameter: int


Sink = Result | Stored
ParameterSink = Result | Stored | Into | None
Flow = dict[Var, Sink]
"""Variables -> where they end up on every way; None instead of a flow: control does not come back."""


def root_of(world: World, node: Core) -> Var | str | None:
    """The variable or global through which a container is reached."""
    match node:
        case Local():
            return node.var
        case Global():
            return node.name if isinstance(world.lookup(node.name), GlobalValue) else None
        case Call(fn=Global(name=name), args=[first, *_]):
            found = world.lookup(name)
            return root_of(world, first) if isinstance(found, Builtin) and found.name in READS else None
    return None


def either(a: Flow | None, b: Flow | None) -> Flow | None:
    """One of two ways is taken."""
    if a is None or b is None:
        return b if a is None else a
    return {var: sink if sink is not RESULT else b[var] for var, sink in a.items() if var in b}


def both(a: Flow | None, b: Flow | None) -> Flow | None:
    """Both are evaluated. What is stored lives as long as the container, whatever else becomes of it."""
    if a is None or b is None:
        return None
    return {**a, **{var: sink for var, sink in b.items() if sink is not RESULT or var not in a}}


def into(flow: Flow | None, sink: Sink | None) -> Flow | None:
    """The value that a flow is about goes to a sink, or nowhere."""
    if flow is None or sink is RESULT:
        return flow
    if sink is None:
        return {var: at for var, at in flow.items() if at is not RESULT}
    return {var: sink if at is RESULT else at for var, at in flow.items()}


@dataclass(slots=True, eq=False)
class Flows:
    """The flows of one instance, form or closure. `of`: by id of the node. `parameters`: the sinks of the method's parameters."""

    world: World
    facts: Analysis
    of: dict[int, Flow | None] = field(default_factory=dict)
    parameters: tuple[ParameterSink, ...] | None = None
    loops: dict[Var, Flow | None] = field(default_factory=dict)

    def run(self) -> None:
        root = self.facts.shape.root
        if not isinstance(root.node, Lambda):
            self.node(root.body)
            return
        params = [param.var for param in root.node.params]
        for _ in range(MOST_ROUNDS):
            found = self.node(root.body)
            sinks = tuple(_of_parameter(params, found or {}, var) for var in params)
            if sinks == self.parameters:
                return
            self.parameters = sinks
        self.parameters = ()
        self.node(root.body)

    def node(self, at: Core) -> Flow | None:
        rule = RULES.get(type(at))
        found = rule(self, at) if rule is not None else self.other(at)
        if not self.facts.kinds.get(id(at), 0) and not self.jumps(at):
            found = None
        self.of[id(at)] = found
        return found

    def jumps(self, at: Core) -> bool:
        """Is it a call of a loop, whose value is the loop's?"""
        return isinstance(at, Call) and isinstance(at.fn, Local) and at.fn.var in self.loops

    def other(self, at: Core) -> Flow | None:
        """What may not be evaluated, or elsewhere."""
        for part in children(at):
            self.node(part)
        return {}

    def local(self, at: Local) -> Flow | None:
        return {at.var: RESULT}

    def if_(self, at: If) -> Flow | None:
        then, otherwise = self.facts.live.get(id(at), (False, False))
        test = into(self.node(at.test), None)
        yes, no = self.node(at.then) if then else None, self.node(at.otherwise) if otherwise else None
        return both(test, either(yes, no))

    def let(self, at: Let) -> Flow | None:
        found = self.node(at.body)
        for var, value in reversed(at.bindings):
            found = self.bound(var, value, found)
        return found

    def bound(self, var: Var, value: Core, body: Flow | None) -> Flow | None:
        """The flow of a body, seen from outside a variable that is bound around it."""
        made = self.node(value)
        if body is None:
            return None
        found = both(into(made, body.get(var)), {v: sink for v, sink in body.items() if v is not var})
        root = root_of(self.world, value)
        return None if found is None else renamed(found, var, root)

    def seq(self, at: Seq) -> Flow | None:
        found: Flow | None = {}
        for item in at.items[:-1]:
            found = both(found, into(self.node(item), None))
        return both(found, self.node(at.items[-1]))

    def letrec(self, at: Letrec) -> Flow | None:
        if not at.bindings or at.bindings[0][0] not in self.facts.shape.loops:
            for _, lam in at.bindings:
                self.node(lam.body)
            return self.node(at.body)
        mine = [var for var, _ in at.bindings]
        for var in mine:
            self.loops[var] = None
        for _ in range(MOST_ROUNDS):
            before = [self.loops[var] for var in mine]
            for var, lam in at.bindings:
                self.loops[var] = self.node(lam.body)
            if before == [self.loops[var] for var in mine]:
                break
        else:
            for var in mine:
                self.loops[var] = {}
        inner = {param.var for _, lam in at.bindings for param in lam.params}
        found = self.node(at.body)
        return None if found is None else {v: s for v, s in found.items() if v not in inner and not (isinstance(s, Stored) and s.root in inner)}

    def lambda_(self, at: Lambda) -> Flow | None:
        self.node(at.body)
        made = self.facts.shape.functions.get(id(at))
        return {} if made is None else {var: RESULT for var in made.captures if var not in self.facts.shape.boxed}

    def set_global(self, at: SetGlobal | DefineValue) -> Flow | None:
        return into(self.node(at.value), Stored(at.name, assigned=True))

    def check(self, at: Check) -> Flow | None:
        return self.node(at.value)

    def call(self, at: Call) -> Flow | None:
        flows = [self.node(arg) for arg in at.args]
        if isinstance(at.fn, Local) and self.jumps(at):
            return self.loop_call(at, flows, at.fn.var)
        found = {} if isinstance(at.fn, (Global, Local)) else into(self.node(at.fn), None)
        sinks = argument_sinks(self.world, self.facts, at)
        if sinks is None:
            return None
        for flow, sink in zip(flows, sinks, strict=True):
            found = both(found, into(flow, self.seen_from_here(at, sink)))
        return found

    def loop_call(self, at: Call, flows: list[Flow | None], loop: Var) -> Flow | None:
        """A jump: what becomes of the loop's variables becomes of the arguments."""
        found = self.loops[loop]
        if found is None:
            return None
        params = [param.var for param in self.facts.shape.loops[loop].params]
        made: Flow | None = {v: s for v, s in found.items() if v not in params}
        for flow, param in zip(flows, params, strict=False):
            made = both(made, into(flow, found.get(param)))
        return made

    def seen_from_here(self, at: Call, sink: ParameterSink) -> Sink | None:
        if not isinstance(sink, Into):
            return sink
        root = root_of(self.world, at.args[sink.parameter]) if sink.parameter < len(at.args) else None
        return None if root is None else Stored(root)


def renamed(flow: Flow, var: Var, root: Var | str | None) -> Flow:
    """Containers reached from a variable, seen from where the variable is not bound: they are reached from what it was bound to."""
    if not any(isinstance(sink, Stored) and sink.root is var for sink in flow.values()):
        return flow
    made: Flow = {}
    for name, sink in flow.items():
        if not isinstance(sink, Stored) or sink.root is not var:
            made[name] = sink
        elif root is not None:
            made[name] = Stored(root)
    return made


def _of_parameter(params: list[Var], flow: Flow, var: Var) -> ParameterSink:
    sink = flow.get(var)
    if isinstance(sink, Stored) and isinstance(sink.root, Var):
        return Into(params.index(sink.root)) if sink.root in params else None
    return sink


def argument_sinks(world: World, facts: Analysis, node: Call) -> list[ParameterSink] | None:
    """Where the arguments of a call end up. None: it means nothing but the instance itself, of which nothing is known yet."""
    nowhere: list[ParameterSink] = [None] * len(node.args)
    found = world.lookup(node.fn.name) if isinstance(node.fn, Global) else None
    if isinstance(found, GenericFunction):
        if found.makes(len(node.args)) is not None:
            return [RESULT] * len(node.args)
        dispatched = facts.dispatches.get(id(node))
        targets = [t.instance for t in dispatched.targets if t.instance is not None] if dispatched is not None else []
        return joined([parameters(world, inst, facts) for inst in targets], len(node.args)) if 0 < len(targets) <= MOST_TARGETS else nowhere
    if not isinstance(found, Builtin):
        return nowhere
    if found.name in CONSTRUCTORS:
        return [RESULT] * len(node.args)
    if found.name in VIEWS:
        return [RESULT, *nowhere[1:]]
    if found.name == "append" and node.args:
        return [*nowhere[:-1], RESULT]
    if found.name in STORES:
        return [Into(0) if i >= STORES[found.name] else None for i in range(len(node.args))]
    return nowhere


def joined(targets: list[tuple[ParameterSink, ...] | None], count: int) -> list[ParameterSink] | None:
    """What all that a call may mean do with its arguments. None: one of them is not known yet, so it does not count."""
    known = [sinks for sinks in targets if sinks is not None]
    if not known:
        return None
    made: list[ParameterSink] = []
    for i in range(count):
        sinks = {sink[i] if i < len(sink) else None for sink in known}
        made.append(sinks.pop() if len(sinks) == 1 else None)
    return made


def parameters(world: World, inst: Instance, caller: Analysis) -> tuple[ParameterSink, ...] | None:
    """The sinks of an instance's parameters."""
    if inst.analysis is None or inst.method.lam.rest is not None:
        return ()
    made = flows_of(world, inst.analysis)
    return made.parameters if inst.analysis is caller or made.parameters is not None else ()


def flows_of(world: World, facts: Analysis) -> Flows:
    """The flows of what was analysed, found once."""
    if facts.flows is None:
        facts.flows = Flows(world, facts)
        facts.flows.run()
    return facts.flows


RULES: dict[type, Callable[..., Flow | None]] = {
    Local: Flows.local, If: Flows.if_, Let: Flows.let, Seq: Flows.seq, Letrec: Flows.letrec, Lambda: Flows.lambda_,
    SetGlobal: Flows.set_global, DefineValue: Flows.set_global, Check: Flows.check, Call: Flows.call,
}  # fmt: skip
