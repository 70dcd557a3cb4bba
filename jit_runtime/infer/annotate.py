"""Abstract interpretation of one instance: a kind set for every expression and variable.

Forward dataflow on the core AST, flow-insensitive for variables (one set each, the join of all that is ever stored),
narrowed at branches whose test is a kind test. All sets only grow, and the walk repeats until none does. Calls of
generic functions use the current result of the callee's instance; `Inference` repeats until those are stable too.
"""

from __future__ import annotations

from functools import partial

from jit_runtime.expand.core import (
    Core,
    Lambda,
)  # fmt: skip
from jit_runtime.infer.analysis import Analysis
from jit_runtime.infer.fuse import fuse, still_means
from jit_runtime.infer.shape import MachineFunction, Shape, shape_of
from jit_runtime.infer.walk import Walk
from jit_runtime.infer.world import Instance, World
from jit_runtime.types.kinds import ANY


class Inference:
    """Analyses instances and what they call, to a fixpoint."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.queue: list[Instance] = []
        self.grown: set[Instance] = set()
        self.depth = 0

    def instance(self, inst: Instance) -> Instance:
        """Make the analysis of an instance, and of everything it calls, current."""
        if inst.stale:
            self.visit(inst)
        self.drain()
        return inst

    def form(self, core: Core) -> Analysis:
        """Analyse the expression of a top-level form."""
        shape = self.fused_shape(core)
        while True:
            walk = Walk(self, shape, None)
            walk.fixpoint(partial(walk.expr, shape.root.body, {}))
            self.grown.clear()
            self.drain()
            if not self.grown:
                return walk.facts

    def closure(self, shape: Shape, made: MachineFunction) -> Analysis:
        """Analyse one local function by itself; what it and others capture may be anything."""
        lam = made.node
        assert isinstance(lam, Lambda)
        while True:
            walk = Walk(self, shape, None)
            for function in shape.functions.values():
                for var in function.captures:
                    if var not in shape.lambda_of:
                        walk.store(var, ANY)
            walk.fixpoint(partial(walk.opened, lam))
            self.grown.clear()
            self.drain()
            if not self.grown:
                return walk.facts

    def fused_shape(self, core: Core) -> Shape:
        fused, names = fuse(core, self.world)
        shape = shape_of(fused)
        shape.relies = names
        return shape

    def drain(self) -> None:
        while self.queue:
            inst = self.queue.pop()
            if not inst.running:
                self.visit(inst)

    def result(self, callee: Instance, caller: Instance | None) -> int:
        """The callee's result as far as it is known; the caller is told when it grows."""
        if caller is not None:
            callee.callers.add(caller)
        if callee.stale and not callee.running:
            if self.depth < 40:
                self.visit(callee)
            elif callee not in self.queue:
                self.queue.append(callee)
        return callee.result

    def visit(self, inst: Instance) -> None:
        method = inst.method
        if method.shape is None or not still_means(method.shape.relies, self.world):
            method.shape = self.fused_shape(method.lam)
        inst.running, inst.stale = True, False
        self.depth += 1
        before = inst.result
        try:
            walk = Walk(self, method.shape, inst)
            walk.fixpoint(walk.method)
        except BaseException:
            inst.stale = True
            raise
        finally:
            self.depth -= 1
            inst.running = False
        inst.analysis = walk.facts
        inst.result |= walk.result
        for name in walk.facts.names:
            self.world.dependents.setdefault(name, set()).add(inst)
        if inst.result != before:
            self.grown.add(inst)
            self.queue.extend(c for c in inst.callers if c not in self.queue)


