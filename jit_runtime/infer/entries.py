"""Generic entries: the code behind functions as values. They dispatch on the number of arguments and on their kinds."""

from __future__ import annotations

from jit_runtime.expand.core import Const, Lambda
from jit_runtime.infer.analysis import Analysis
from jit_runtime.infer.build import Builder
from jit_runtime.infer.closures import VARIADIC
from jit_runtime.infer.code import Val, i64, word
from jit_runtime.infer.continuations import Return
from jit_runtime.infer.conventions import to_parts
from jit_runtime.infer.generic_calls import arities, through
from jit_runtime.infer.linker import Linker
from jit_runtime.infer.local_entries import check_count
from jit_runtime.infer.machine_calls import emit_call, received
from jit_runtime.infer.shape import MachineFunction, Shape
from jit_runtime.infer.unit import Unit
from jit_runtime.infer.world import GenericFunction, Instance, World, dispatch
from jit_runtime.ir.nodes import Operand, Symbol
from jit_runtime.source.text import NOWHERE
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT


class EntryUnit(Unit):
    """The generic entry of a generic function: dispatches on the number of arguments and on their kinds. `heat`: symbols of the counter of
    its calls and of the stub that optimises it; None: it is optimised, or stays as it is."""

    dispatches = True

    def __init__(self, function: GenericFunction, world: World, linker: Linker, heat: tuple[str, str] | None = None) -> None:
        body = Const(None, NOWHERE)
        root = MachineFunction(Lambda(function.name, [], None, None, body, NOWHERE), body, None)
        super().__init__(f"entry.{function.name}", world, linker, Analysis(Shape(root)))
        self.target, self.heat = function, heat

    @property
    def fixed(self) -> int | None:
        """The one number of arguments that all methods take, or None."""
        counts = {len(m.lam.params) for m in self.target.methods}
        fixed = all(m.lam.rest is None and m.required == len(m.lam.params) for m in self.target.methods)
        return counts.pop() if fixed and len(counts) == 1 else None

    @property
    def info(self) -> int:
        return VARIADIC if self.fixed is None else self.fixed

    def build(self) -> str:
        count = self.fixed
        fn, given = self.function(self.name, ["ref"] * (count or 0), "ref")
        fn.attributes.add("export")
        b = self.start(fn, self.facts.shape.root)
        self.count_call(b, fn, self.heat)
        if count is not None:
            self.call(b, [Val(op, ANY) for op in self.read_arguments(b, given, ["ref"] * count)])
        else:
            self.by_count(b)
        return fn.name

    def by_count(self, b: Builder) -> None:
        passed = b.load(b.task_field("argument_count"), "i64")
        at = b.task_field("arguments")
        counts = sorted({c for m in self.target.methods for c in range(m.required, len(m.lam.params) + 1)})
        for count in counts:
            yes, no = b.new("count"), b.new("next")
            b.cbr(b.compare("eq", passed, i64(count)), yes, no)
            b.at(yes)
            self.call(b, [Val(b.load(b.offset(at, 8 * i), "ref"), ANY) for i in range(count)])
            b.at(no)
        for method in self.target.methods:
            if method.lam.rest is None:
                continue
            fixed = len(method.lam.params)
            yes, no = b.new("rest"), b.new("next")
            b.cbr(b.compare("ugt", passed, i64(fixed)), yes, no)
            b.at(yes)
            args: list[Operand] = [b.load(b.offset(at, 8 * i), "ref") for i in range(fixed)]
            rest = b.runtime("rt_rest_list", (b.task, b.dest, i64(fixed), passed), "ref")
            self.with_rest(b, method.instance((ANY,) * fixed), args, rest)
            b.at(no)
        name = self.symbol(b, self.target.name)
        b.fail(CODES["ARITY"], name, b.to_word(Val(passed, BIT["Int"])), self.constant(b, arities(self.target)).op)

    def with_rest(self, b: Builder, inst: Instance, args: list[Operand], rest: Operand) -> None:
        slot, convention = self.slot(inst), self.linker.convention(inst)
        values = [op for arg, mask, way in zip(args, inst.key, convention.arguments, strict=False) for op in to_parts(b, Val(arg, mask), way)]
        made = emit_call(b, b.load(Symbol(slot), "ptr"), word(0), [*values, rest], convention.result, Return(ANY, "ref"))
        value = received(b, made, inst.result, convention.result)
        if b.block is not None:
            b.deliver(value, Return(ANY, "ref"))

    def call(self, b: Builder, values: list[Val]) -> None:
        found = dispatch(self.target, (ANY,) * len(values))
        mask = 0
        for target in found.targets:
            if target.instance is not None:
                self.slot(target.instance)  # analyses it: its result is known from here on
                mask |= target.instance.result
        value = through(b, self.target, found, values, Return(ANY, "ref"), mask or ANY)
        if b.block is not None:
            b.deliver(value, Return(ANY, "ref"))


class BuiltinUnit(Unit):
    """A variadic runtime builtin as a value: its arguments are in the buffer already."""

    def build(self, symbol: str, builtin: Builtin) -> str:
        fn, _ = self.function(self.name, [], "ref")
        fn.attributes.add("export")
        b = self.start(fn, self.facts.shape.root)
        count = b.load(b.task_field("argument_count"), "i64")
        if builtin.min_args:
            check_count(b, builtin.name, count, builtin.min_args, None)
        result = b.runtime(symbol, (b.task, b.dest, count), "ref")
        b.ins("ret", (result,))
        return fn.name
