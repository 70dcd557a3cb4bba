"""Adapters: what an old slot holds after a redefinition changed the kinds of the result."""

from __future__ import annotations

from jit_runtime.expand.core import Const, Lambda
from jit_runtime.infer.annotate import Analysis
from jit_runtime.infer.build import Return
from jit_runtime.infer.calls import call_rep, emit_call
from jit_runtime.infer.code import Val, rep_of, word
from jit_runtime.infer.shape import MachineFunction, Shape
from jit_runtime.infer.tests import kind_test
from jit_runtime.infer.unit import Linker, Unit
from jit_runtime.infer.world import Instance, World
from jit_runtime.ir.nodes import Symbol
from jit_runtime.source.text import NOWHERE
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY


class AdapterUnit(Unit):
    """Calls through the new slot; the result has to be in the old slot's kind set, else `redefined` is raised."""

    def __init__(self, name: str, world: World, linker: Linker, target: str, inst: Instance, old: int, new: int) -> None:
        body = Const(None, NOWHERE)
        root = MachineFunction(Lambda(name, [], None, None, body, NOWHERE), body, None)
        super().__init__(f"adapter.{name}", world, linker, Analysis(Shape(root)))
        self.target, self.inst, self.old, self.new = target, inst, old, new

    def build(self) -> str:
        reps = [call_rep(m) for m in self.inst.key]
        result = call_rep(self.old)
        fn, given = self.function(self.name, reps, result)
        fn.attributes.add("export")
        b = self.start(fn, self.facts.shape.root)
        args = self.read_arguments(b, given, reps)
        made = emit_call(b, b.load(Symbol(self.target), "ptr"), word(0), args, call_rep(self.new), None)
        assert made is not None
        value = Val(b.to_rep(Val(made, self.new), rep_of(self.new)), self.new or ANY)
        fits = kind_test(b, value, self.old)
        ok, bad = b.new("ok"), b.new("redefined")
        b.cbr(fits, ok, bad, "likely")
        b.at(bad)
        b.fail(CODES["REDEFINED"], self.symbol(b, self.inst.method.function.name), b.to_word(value))
        b.at(ok)
        b.deliver(Val(b.to_rep(value, rep_of(self.old & self.new)), self.old & self.new), Return(self.old, result))
        return fn.name
