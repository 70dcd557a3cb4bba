"""What a fused call is given: values that are evaluated before the loop, and functions, whose calls become code in it.

Before: a literal function, a local one, a name, `compose`, `partial`, any expression. After: its body in place of the call, or a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Core, Global, Lambda, Let, Local, Var
from jit_runtime.expand.rewrite import clone, nodes
from jit_runtime.infer.fused_pieces import again, parts_of
from jit_runtime.infer.fused_sources import Bindings
from jit_runtime.infer.fused_stages import Apply
from jit_runtime.infer.world import GenericFunction
from jit_runtime.types.builtins import Builtin, find_builtin

if TYPE_CHECKING:
    from jit_runtime.infer.world import World

SMALL = 40
"""Nodes of a local function that is copied to where it is applied."""


def builtin_name(world: World, name: str) -> str | None:
    """The builtin that a global name means now, by its own name."""
    row = None if name in world.functions or name in world.values else find_builtin(name)
    return None if row is None else row.name


class Operands:
    def __init__(self, world: World, core: Core) -> None:
        self.world, self.in_method = world, type(core) is Lambda
        self.local_functions = {
            var: value for node in nodes(core) if type(node) is Let for var, value in node.bindings if type(value) is Lambda and not var.assigned
        }
        self.names: dict[str, object] = {}
        self.before: Bindings = []  # of the call that is being replaced
        self.written = 0  # nodes of literal functions in it

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
        if type(node) is Local and node.var in self.local_functions:
            lam = self.local_functions[node.var]
            if sum(1 for _ in nodes(lam)) <= SMALL:
                return self.literal(clone(lam)), True
            return (lambda args: Call(Local(node.var, span), args, span)), True
        composed = self.composition(node, count) or self.partial(node, count)
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

    def partial(self, node: Core, count: int) -> Apply | None:
        """`(partial f a ...)`: the a come first."""
        if type(node) is not Call or type(node.fn) is not Global or not node.args or builtin_name(self.world, node.fn.name) != "partial":
            return None
        self.rely(node.fn.name)
        function, _ = self.function(node.args[0], count + len(node.args) - 1)
        front = [self.bind("argument", arg) for arg in node.args[1:]]
        return lambda args: function([*map(again, front), *args])
