"""Adapters: what an old slot holds after a definition changed the kinds of the result, or which method is meant."""

from __future__ import annotations

from jit_runtime.expand.core import Const, Lambda
from jit_runtime.infer.analysis import Analysis
from jit_runtime.infer.code import Val, rep_of, word
from jit_runtime.infer.continuations import Return
from jit_runtime.infer.generic_calls import deliver_checked, through
from jit_runtime.infer.linker import Linker
from jit_runtime.infer.machine_calls import call_rep, emit_call
from jit_runtime.infer.shape import MachineFunction, Shape
from jit_runtime.infer.unit import Unit
from jit_runtime.infer.world import Instance, World, dispatch
from jit_runtime.ir.nodes import Symbol
from jit_runtime.source.text import NOWHERE
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
        deliver_checked(b, value, self.inst.method.function.name, self.old, Return(self.old, result))
        return fn.name


class RedispatchUnit(Unit):
    """What a slot holds after another method was added that calls through it may mean now: it chooses again."""

    def __init__(self, slot: str, world: World, linker: Linker, inst: Instance, result: int) -> None:
        body = Const(None, NOWHERE)
        root = MachineFunction(Lambda(slot, [], None, None, body, NOWHERE), body, None)
        super().__init__(f"again.{slot}", world, linker, Analysis(Shape(root)))
        self.inst, self.result = inst, result

    def build(self) -> str:
        function, key = self.inst.method.function, self.inst.key
        reps, result = [call_rep(m) for m in key], call_rep(self.result)
        fn, given = self.function(self.name, reps, result)
        fn.attributes.add("export")
        b = self.start(fn, self.facts.shape.root)
        values = [Val(b.to_rep(Val(op, m), rep_of(m)), m) for op, m in zip(self.read_arguments(b, given, reps), key, strict=True)]
        made = through(b, function, dispatch(function, key), values, None, ANY)
        deliver_checked(b, made, function.name, self.result, Return(self.result, result))
        return fn.name
