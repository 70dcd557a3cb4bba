"""Adapters: what an old slot holds after a definition changed the kinds of the result, or which method is meant."""

from __future__ import annotations

from jit_runtime.expand.core import Const, Lambda
from jit_runtime.infer.analysis import Analysis
from jit_runtime.infer.code import word
from jit_runtime.infer.continuations import Return
from jit_runtime.infer.conventions import Convention, collect, to_parts
from jit_runtime.infer.generic_calls import deliver_checked, through
from jit_runtime.infer.linker import Linker
from jit_runtime.infer.machine_calls import emit_call
from jit_runtime.infer.shape import MachineFunction, Shape
from jit_runtime.infer.unit import Unit
from jit_runtime.infer.world import Instance, World, dispatch
from jit_runtime.ir.nodes import Symbol
from jit_runtime.source.text import NOWHERE
from jit_runtime.types.kinds import ANY


class AdapterUnit(Unit):
    """Calls through the new slot; the result has to be in the old slot's kind set, else `redefined` is raised.

    `old`, `new`: the kind sets of the results, and how values travel."""

    def __init__(
        self, name: str, world: World, linker: Linker, target: str, inst: Instance, old: tuple[int, Convention], new: tuple[int, Convention]
    ) -> None:
        body = Const(None, NOWHERE)
        root = MachineFunction(Lambda(name, [], None, None, body, NOWHERE), body, None)
        super().__init__(f"adapter.{name}", world, linker, Analysis(Shape(root)))
        self.target, self.inst, self.old, self.new = target, inst, old, new

    def build(self) -> str:
        (old, convention), (new, wanted) = self.old, self.new
        b, values = self.entered(self.name, self.inst.key, convention)
        args = [op for value, way in zip(values, wanted.arguments, strict=True) for op in to_parts(b, value, way)]
        made = emit_call(b, b.load(Symbol(self.target), "ptr"), word(0), args, wanted.result, None)
        assert made is not None
        value = collect(b, made, wanted.result, new or ANY)
        deliver_checked(b, value, self.inst.method.function.name, old, Return(old, convention.result))
        return b.fn.name


class RedispatchUnit(Unit):
    """What a slot holds after another method was added that calls through it may mean now: it chooses again."""

    def __init__(self, slot: str, world: World, linker: Linker, inst: Instance, result: int, convention: Convention) -> None:
        body = Const(None, NOWHERE)
        root = MachineFunction(Lambda(slot, [], None, None, body, NOWHERE), body, None)
        super().__init__(f"again.{slot}", world, linker, Analysis(Shape(root)))
        self.inst, self.result, self.passed = inst, result, convention

    def build(self) -> str:
        function, key = self.inst.method.function, self.inst.key
        b, values = self.entered(self.name, key, self.passed)
        made = through(b, function, dispatch(function, key), values, None, ANY)
        deliver_checked(b, made, function.name, self.result, Return(self.result, self.passed.result))
        return b.fn.name
