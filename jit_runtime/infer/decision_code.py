"""A decision graph as code: nested tests, with parts bound where they are first looked at, and a local function for what several
ways come to. Such a function is only called in tail position and never from within itself: shape.py makes its calls jumps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jit_runtime.dataclass import dataclass, field, replace
from jit_runtime.expand.core import Call, Const, Core, Global, If, Lambda, Let, Letrec, Local, Param, Var
from jit_runtime.expand.rewrite import clone
from jit_runtime.infer.decision_graph import Asked, Branch, Decision, Leaf, span_of
from jit_runtime.infer.knowledge import Path
from jit_runtime.source.text import Span

Read = dict[Path, Var]
"""Parts that were read already."""


@dataclass(slots=True, eq=False)
class Shared:
    """A decision that several ways come to. `calls`: so far, with what was read where they stand."""

    var: Var
    calls: list[tuple[Call, Read]] = field(default_factory=list)


def code_of(root: Decision, finish: Callable[[Any], Any]) -> Core:
    """`finish` is applied to the code of results and of the program's tests, each copied as often as it is needed."""
    return _Writer(root, finish).write(root)


class _Writer:
    def __init__(self, root: Decision, finish: Callable[[Any], Any]) -> None:
        self.finish = finish
        self.written: set[int] = set()  # code of the program that stands somewhere already
        self.order = _callers_first(root)
        uses: dict[Decision, int] = {}
        for node in self.order:
            for after in _after(node):
                uses[after] = uses.get(after, 0) + 1
        self.shared = {node: Shared(Var("clause", span_of(node))) for node in self.order if uses.get(node, 0) > 1}

    def write(self, root: Decision) -> Core:
        result = self.decision(root, {path: path[1] for path in _looked_at(root) if path[0] == "var" and not path[2:]})
        for node in self.order:
            if node in self.shared:
                shared = self.shared[node]
                result = Letrec([(shared.var, self.function(node, shared.calls))], result, span_of(root))
        return result

    def function(self, node: Decision, calls: list[tuple[Call, Read]]) -> Lambda:
        """Parts that were read on all ways to it are its parameters."""
        span = span_of(node)
        if isinstance(node, Leaf):
            return self.result_function(node, calls)
        parts = [path for path in calls[0][1] if path in _looked_at(node) and all(path in read for _, read in calls)]
        read = {path: replace(calls[0][1][path], captured=False) for path in parts}
        for call, known in calls:
            call.args = [Local(known[path], span) for path in parts]
        return Lambda(None, [Param(read[path]) for path in parts], None, None, self.body(node, read), span)

    def result_function(self, leaf: Leaf, calls: list[tuple[Call, Read]]) -> Lambda:
        """Its parameters are the variables that stand for parts."""
        pairs = [*leaf.names.items(), *leaf.bound]
        variables = {var: _fresh(var) for var, _ in pairs}
        for call, read in calls:
            call.args = [self.reading(path, read, call.span) for _, path in pairs]
        params = [Param(variables[var]) for var, _ in pairs]
        return Lambda(None, params, None, None, self.own(leaf.code, variables), leaf.code.span)

    def own(self, code: Core, variables: dict[Var, Var]) -> Any:
        """The program's code with other names for parts, in nodes of its own."""
        if not variables and id(code) not in self.written:
            self.written.add(id(code))
            return self.finish(code)
        return clone(self.finish(code), variables)

    # ---- decisions ----

    def decision(self, node: Decision, read: Read) -> Core:
        if node in self.shared:
            shared = self.shared[node]
            call = Call(Local(shared.var, span_of(node)), [], span_of(node))
            shared.calls.append((call, dict(read)))
            return call
        return self.body(node, read)

    def body(self, node: Decision, read: Read) -> Core:
        if isinstance(node, Leaf):
            return self.result(node, read)
        if isinstance(node, Asked):
            return self.asked(node, dict(read))
        return self.branch(node, dict(read))

    def branch(self, node: Branch, read: Read) -> Core:
        call, span = node.call, node.call.span
        bindings: list[tuple[Var, Core]] = []
        part = self.part(node.path, read, bindings, span)
        assert isinstance(call, Call) and isinstance(call.fn, Global)
        test = Call(Global(call.fn.name, span), [Local(part, span), *map(clone, call.args[1:])], span)
        made = If(test, self.decision(node.yes, read), self.decision(node.no, read), span)
        return Let(bindings, made, span) if bindings else made

    def asked(self, node: Asked, read: Read) -> Core:
        span = node.test.span
        bindings: list[tuple[Var, Core]] = []
        names = {var: self.part(path, read, bindings, span) for var, path in node.names.items()}
        for path, name in node.kept:
            read[name] = self.part(path, read, bindings, span)
        test = self.own(node.test, names)
        after = {path: var for path, var in read.items() if node.lasts(path)}
        made = If(test, self.decision(node.yes, after), self.decision(node.no, after), span)
        return Let(bindings, made, span) if bindings else made

    def result(self, leaf: Leaf, read: Read) -> Core:
        variables = {var: _fresh(var) for var in (*leaf.names, *(var for var, _ in leaf.bound))}
        span = leaf.code.span
        bindings = [(variables[var], self.reading(path, read, span)) for var, path in [*leaf.names.items(), *leaf.bound]]
        code = self.own(leaf.code, variables)
        return Let(bindings, code, span) if bindings else code

    # ---- parts ----

    def part(self, path: Path, read: Read, bindings: list[tuple[Var, Core]], span: Span) -> Var:
        """A variable that holds a part; it is read here if it was not before."""
        if path not in read:
            if path[0] == "var":
                root: Var = path[1]
                return root
            for inner in path[1:]:
                if inner[0] not in ("var", "const"):
                    self.part(inner, read, bindings, span)
            value = self.reading(path, read, span)
            read[path] = Var("part", span)
            bindings.append((read[path], value))
        return read[path]

    def reading(self, path: Path, read: Read, span: Span) -> Core:
        """An expression for a part."""
        if path in read:
            return Local(read[path], span)
        if path[0] == "var":
            return Local(path[1], span)
        if path[0] == "const":
            return Const(path[2], span)
        return Call(Global(path[0], span), [self.reading(inner, read, span) for inner in path[1:]], span)


def _fresh(var: Var) -> Var:
    return replace(var, assigned=False, part=False) if var.part else replace(var)


def _after(node: Decision) -> tuple[Decision, ...]:
    return () if isinstance(node, Leaf) else (node.yes, node.no)


def _callers_first(root: Decision) -> list[Decision]:
    """All decisions, each behind those that lead to it."""
    order: list[Decision] = []
    seen: set[Decision] = set()
    stack: list[tuple[Decision, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(after, False) for after in _after(node)]
    order.reverse()
    return order


def _looked_at(node: Decision) -> set[Path]:
    """The parts that are read from here on."""
    found: set[Path] = set()
    seen: set[Decision] = set()
    work = [node]
    while work:
        at = work.pop()
        if at in seen:
            continue
        seen.add(at)
        paths = [at.path] if isinstance(at, Branch) else list(at.names.values())
        if isinstance(at, Leaf):
            paths += [path for _, path in at.bound]
        if isinstance(at, Asked):
            paths += [path for path, _ in at.kept]
        for path in paths:
            _with_inner(path, found)
        work += _after(at)
    return found


def _with_inner(path: Path, found: set[Path]) -> None:
    found.add(path)
    if path[0] != "var" and path[0] != "const":
        for inner in path[1:]:
            _with_inner(inner, found)
