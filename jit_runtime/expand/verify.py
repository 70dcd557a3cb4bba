"""The verifier of core code. What holds of what expansion leaves:

 1. Every node is of a class of expand/core.py.
 2. Every variable is bound in one place, and a `Local` or `SetLocal` that names it stands in its scope.
 3. What is assigned says so (`assigned`); what another lambda names says so (`captured`). Variables of a Letrec are never assigned.
 4. A node whose kind depends on where it stands stands in one place: facts are kept by node.
 5. Definitions stand at top level, under Seq, Let and Letrec only.

Linear and without recursion: programs nest deeply. Raises BadCore.
"""

from __future__ import annotations

from jit_runtime.expand import core as c


class BadCore(Exception):
    """A bug in the expander: never the user's mistake."""


def verify(top: c.Core) -> None:
    _Verifier().run(top)


class _Bind:
    """Steps of the walk besides visiting a node: variables come into scope (at a depth of lambdas) or leave it."""

    __slots__ = ("depth", "leave", "vars")

    def __init__(self, vars: list[c.Var], depth: int, leave: bool = False) -> None:
        self.vars, self.depth, self.leave = vars, depth, leave


class _Verifier:
    def __init__(self) -> None:
        self.scope: dict[c.Var, int] = {}  # what is bound here -> how many lambdas are around its binding
        self.seen: set[c.Var] = set()
        self.nodes: set[int] = set()
        self.work: list[tuple[c.Core | _Bind, int, bool]] = []  # step, lambdas around it, at top level?

    def run(self, top: c.Core) -> None:
        self.work.append((top, 0, True))
        while self.work:
            step, depth, outer = self.work.pop()
            if isinstance(step, _Bind):
                self.bind(step)
            else:
                self.work += reversed(self.steps(step, depth, outer))

    def bind(self, step: _Bind) -> None:
        for var in step.vars:
            if step.leave:
                del self.scope[var]
            elif var in self.seen:
                raise BadCore(f"`{var.name}` is bound twice")
            else:
                self.seen.add(var)
                self.scope[var] = step.depth

    def once(self, node: c.Core) -> None:
        if id(node) in self.nodes and not isinstance(node, c.Const | c.Global):
            raise BadCore(f"{type(node).__name__} `{node.span.text}` stands in two places")
        self.nodes.add(id(node))

    def steps(self, node: c.Core, depth: int, outer: bool) -> list[tuple[c.Core | _Bind, int, bool]]:
        """What the walk does next, in order."""
        self.once(node)

        def inner(*nodes: c.Core) -> list[tuple[c.Core | _Bind, int, bool]]:
            return [(child, depth, False) for child in nodes]

        def scoped(vars: list[c.Var], parts: list[tuple[c.Core | _Bind, int, bool]], at: int = depth) -> list[tuple[c.Core | _Bind, int, bool]]:
            return [(_Bind(vars, at), at, False), *parts, (_Bind(vars, at, leave=True), at, False)]

        match node:
            case c.Const() | c.Global():
                return []
            case c.Local():
                self.named(node.var, depth)
                return []
            case c.SetLocal():
                self.named(node.var, depth)
                if not node.var.assigned:
                    raise BadCore(f"`{node.var.name}` is assigned and does not say so")
                return inner(node.value)
            case c.SetGlobal() | c.Check():
                return inner(node.value)
            case c.If():
                return inner(node.test, node.then, node.otherwise)
            case c.Call():
                return inner(node.fn, *node.args)
            case c.Seq():
                return [(item, depth, outer) for item in node.items]
            case c.While():
                return inner(node.test, node.body)
            case c.Finally():
                return inner(node.body, node.cleanup)
            case c.Let():
                parts: list[tuple[c.Core | _Bind, int, bool]] = []
                for var, value in node.bindings:
                    parts += [(value, depth, False), (_Bind([var], depth), depth, False)]
                leave = _Bind([var for var, _ in node.bindings], depth, leave=True)
                return [*parts, (node.body, depth, outer), (leave, depth, False)]
            case c.Letrec():
                if any(var.assigned or not isinstance(lam, c.Lambda) for var, lam in node.bindings):
                    raise BadCore("a letrec binds lambdas and is never assigned")
                return scoped([var for var, _ in node.bindings], [*inner(*(lam for _, lam in node.bindings)), (node.body, depth, outer)])
            case c.Lambda():
                return self.function(node, depth + 1)
            case c.Handle():
                clauses = [scoped([*k.params, *([k.resume] if k.resume else [])], inner(k.body)) for k in node.clauses]
                return inner(node.body) + [step for steps in clauses for step in steps]
            case c.DefineValue() | c.DefineMethod() if not outer:
                raise BadCore(f"`{node.name}` is defined inside an expression")
            case c.DefineVersion():
                if not outer:
                    raise BadCore(f"a version of {node.kind!r} is defined inside an expression")
                return []
            case c.DefineValue():
                return inner(node.value)
            case c.DefineMethod():
                return inner(node.method)
        raise BadCore(f"{type(node).__name__} is no core node")

    def function(self, node: c.Lambda, depth: int) -> list[tuple[c.Core | _Bind, int, bool]]:
        parts: list[tuple[c.Core | _Bind, int, bool]] = []
        bound = [param.var for param in node.params] + ([node.rest] if node.rest else [])
        for param in node.params:
            if param.default is not None:
                parts.append((param.default, depth, False))
            parts.append((_Bind([param.var], depth), depth, False))
        if node.rest:
            parts.append((_Bind([node.rest], depth), depth, False))
        return [*parts, (node.body, depth, False), (_Bind(bound, depth, leave=True), depth, False)]

    def named(self, var: c.Var, depth: int) -> None:
        at = self.scope.get(var)
        if at is None:
            raise BadCore(f"`{var.name}` is named outside its scope")
        if at < depth and not var.captured:
            raise BadCore(f"`{var.name}` is captured and does not say so")
