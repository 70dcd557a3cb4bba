"""One unit of compilation: the machine functions of a top-level form, an instance, or an entry, as one IR module.

What lives outside the unit is named by symbols that the linker resolves: slots `slot.*`, cells `cell.*`, literals `lit.*`,
function objects `fun.*`. Names derive from content, never from addresses or serial numbers, so that the same source
gives the same LLVM text in every session (the object cache depends on it).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jit_runtime.expand.core import Chr, DefineValue, KindRef, Lambda, Lst, Sym, Uninitialized
from jit_runtime.infer.activations import deliver_call
from jit_runtime.infer.analysis import CONSTANT_KINDS, Analysis
from jit_runtime.infer.build import Builder
from jit_runtime.infer.code import NOTHING, Code, Val, i64, word
from jit_runtime.infer.continuations import Fill, Return
from jit_runtime.infer.conventions import Convention, Way, call_rep, from_parts, reps
from jit_runtime.infer.explain import Allocation, CallNote
from jit_runtime.infer.leaves import Guard
from jit_runtime.infer.linker import OPTIMISED, QUICK, Closure, Linker, Place, mangle
from jit_runtime.infer.local_entries import from_buffer
from jit_runtime.infer.machine_calls import place_arguments
from jit_runtime.infer.placement import is_fresh
from jit_runtime.infer.self_inlining import recursion_levels, rename_callee
from jit_runtime.infer.shape import MachineFunction
from jit_runtime.infer.sites import BirthSite
from jit_runtime.infer.tail_cons import appends, begin
from jit_runtime.infer.variables import bind, bind_passed
from jit_runtime.infer.virtual import Virtual
from jit_runtime.infer.world import GenericFunction, GlobalValue, Instance, World
from jit_runtime.ir import ops
from jit_runtime.ir.nodes import Block, Function, Imm, Module, Operand, Site, Symbol, Temp, Variable
from jit_runtime.layout import words
from jit_runtime.source.text import NOWHERE, Span
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import ANY, BIT, SIMPLE, either
from jit_runtime.types.structs import Struct


class Unit:
    """`dispatches`: it stands for a whole generic function, so it knows all methods that there are."""

    dispatches = False

    def __init__(self, name: str, world: World, linker: Linker, facts: Analysis, tier: int = OPTIMISED) -> None:
        self.tier = tier
        self.name, self.world, self.linker, self.facts = mangle(name), world, linker, facts
        self.module = Module(self.name)
        self.queue: list[tuple[MachineFunction, Function]] = []
        self.names: dict[int, str] = {}
        self.entries: dict[int, str] = {}
        self.instance: Instance | None = None
        self.convention: Convention | None = None  # of the instance
        self.loops = False
        self.makes_closures = False
        self.closure_code: dict[Closure, None] = {}
        self.structs = 0  # versions of structs that the code knows, beside those in facts
        self.relies = 0  # those that it takes unchecked from what was declared
        self.inlined_facts: list[Analysis] = []
        self.head: tuple[Block, list[Variable]] | None = None
        self.fill: Fill | None = None
        self.root: Function | None = None
        self.form_function: Function | None = None
        self.places: dict[str, Place] = {}
        self.callee = ""
        self.fresh = False
        self.allocations: dict[Allocation, None] = {}
        self.calls: dict[Span, dict[CallNote, None]] = {}
        self.sites: dict[BirthSite, int] = {}
        self.inlined_at: list[Site] = []  # of all functions of the unit, which LLVM may inline into each other
        self.literals: dict[str, object] = {}  # those that live as long as the code, by symbol

    # ---- what a unit is made of ----

    def function(self, name: str, reps: list[str], result: str) -> tuple[Function, list[Temp]]:
        """A tailcc function with arguments in these representations; returns it and one operand per argument still to be read."""
        fn = Function(name, [], result)
        fn.params = [fn.temp("ptr"), fn.temp("ptr"), fn.temp("ref")]
        ints, doubles, _ = place_arguments(reps)
        by_position = {i: fn.temp(reps[i]) for i in ints + doubles}
        fn.params += [by_position[i] for i in ints] + [by_position[i] for i in doubles]
        self.module.functions.append(fn)
        return fn, [by_position.get(i) for i in range(len(reps))]  # type: ignore[misc]

    def read_arguments(self, b: Code, given: list[Temp], reps: list[str]) -> list[Operand]:
        """Operands for all arguments, those of the buffer loaded: before the first safepoint."""
        at = b.task_field("arguments") if None in given else b.task
        return [g if g is not None else b.load(b.offset(at, 8 * i), reps[i]) for i, g in enumerate(given)]

    def form(self) -> str:
        """The unit of a top-level form: a function without arguments that returns a word."""
        fn, _ = self.function(self.name, [], "ref")
        fn.attributes.add("export")
        self.form_function = fn
        b = self.start(fn, self.facts.shape.root)
        b.tail(self.facts.shape.root.body, Return(ANY, "ref"))
        self.finish()
        return fn.name

    def method(self, inst: Instance) -> str:
        """The unit of an instance. In the optimised tier a small recursive function is inlined into itself a few levels deep."""
        self.instance = inst
        root = self.level(inst, self.name, self.name)
        root.attributes.add("export")
        levels = recursion_levels(root) if self.tier == OPTIMISED and inst.result else 0
        self.finish()
        if levels:
            rename_callee(root, self.name, f"{self.name}.in1")
            for i in range(1, levels + 1):
                callee = f"{self.name}.in{i + 1}" if i < levels else self.name
                self.level(inst, f"{self.name}.in{i}", callee).attributes.add("inline")
                self.finish()
        return self.name

    def level(self, inst: Instance, name: str, callee: str) -> Function:
        """One copy of the method's machine function; its calls of itself go to `callee`. Only the first has a guard."""
        lam = self.facts.shape.root.node
        assert isinstance(lam, Lambda) and self.convention is not None
        ways = self.convention.arguments
        fn, given = self.function(name, reps(ways), reps(self.convention.result)[0])
        self.root, self.callee, self.head, self.fill = fn, callee, None, None
        self.fresh = is_fresh(lam.body, inst, self.facts, self.world)
        self.names, self.entries = {}, {}
        b = self.start(fn, self.facts.shape.root)
        args = self.read_arguments(b, given, reps(ways))
        if self.tier == QUICK:
            self.count_call(b, fn, self.linker.heat(inst))
            if not self.is_leaf():
                b.guard()
        elif self.calls_itself(inst):
            args = self.enter_self_loop(b, inst, lam, args, outermost=name == self.name)
        elif not self.is_leaf():
            b.guard()
        self.bind_parameters(b, inst, lam, iter(args))
        self.body(b, lam, inst.result, self.convention.result)
        return fn

    def enter_self_loop(self, b: Builder, inst: Instance, lam: Lambda, args: list[Operand], *, outermost: bool) -> list[Operand]:
        """Where calls of itself in tail position jump to: the arguments are variables."""
        variables = [b.fn.variable(f"{lam.name or 'fn'}.{i}", arg.type) for i, arg in enumerate(args)]
        for variable, arg in zip(variables, args, strict=True):
            b.set(variable, arg)
        if b.fn.result == "ref" and appends(self.world, self.facts, lam.body, inst):
            self.fill = begin(b, inst.result, b.fn.result)
        head = b.new("self")
        self.head = (head, variables)
        if outermost:
            b.guard()
        b.br(head)
        b.at(head)
        return [b.get(v) for v in variables]

    def bind_parameters(self, b: Builder, inst: Instance, lam: Lambda, args: Iterator[Operand]) -> None:
        """Bind the parameters to what was passed, the others to their defaults."""
        assert self.convention is not None
        params = [p.var for p in lam.params[: inst.given]] + ([lam.rest] if lam.rest is not None else [])
        for var, mask, way in zip(params, inst.key, self.convention.arguments, strict=True):
            bind_passed(b, var, from_parts(b, way, mask, args))
        for param in lam.params[inst.given :]:
            assert param.default is not None
            value = b.expr(param.default)
            if b.block is not None and param.kind is not None:
                value = b.checked(value, param.kind, f"`{param.var.name}`")
            if b.block is not None:
                bind(b, param.var, value)

    def entered(self, name: str, key: Sequence[int], convention: Convention) -> tuple[Builder, list[Val | Virtual]]:
        """A function that is entered like an instance of this key, and its arguments."""
        fn, given = self.function(name, reps(convention.arguments), reps(convention.result)[0])
        fn.attributes.add("export")
        b = self.start(fn, self.facts.shape.root)
        args = iter(self.read_arguments(b, given, reps(convention.arguments)))
        return b, [from_parts(b, way, mask, args) for way, mask in zip(convention.arguments, key, strict=True)]

    def count_call(self, b: Builder, fn: Function, symbols: tuple[str, str] | None) -> None:
        """Quick tier: after so many calls, go to the stub that compiles the optimised code, with the arguments as they came."""
        if symbols is None:
            return
        counter, stub = symbols
        hot, go = b.new("hot"), b.new("cool")
        left = b.op("sub", b.load(Symbol(counter), "i64"), i64(1))
        b.store(left, Symbol(counter))
        b.cbr(b.compare("eq", left, i64(0)), hot, go, "unlikely")
        b.at(hot)
        attr = ops.Call(Symbol(stub), tuple(p.type for p in fn.params), fn.result, "tailcc")
        b.ins("tailcall", tuple(fn.params), None, attr)
        b.block = None
        b.at(go)

    def calls_itself(self, inst: Instance) -> bool:
        return any(t.instance is inst for d in self.facts.dispatches.values() for t in d.targets)

    def is_leaf(self) -> bool:
        return not self.facts.dispatches and not self.facts.shape.loops and not self.facts.shape.functions and not self.facts.shape.root.loops

    def body(self, b: Builder, lam: Lambda, result: int, way: Way) -> None:
        if b.block is None:
            return
        deliver_call(b, lam, result, self.fill or Return(result, way))

    def start(self, fn: Function, mf: MachineFunction, *, glue: bool = False) -> Builder:
        """`glue`: code that stands between caller and callee and that traces leave out."""
        home = self.facts.shape.root.node.span
        if not glue and home is not NOWHERE:
            fn.span, fn.sites = home, self.inlined_at
            node = mf.node
            name = (node.name or "fn") if isinstance(node, Lambda) else None
            self.places[fn.name] = Place(name, home, not isinstance(node, Lambda) and mf.parent is not None, fn.sites)
        b = Builder(self, fn, mf)
        b.at(b.new("entry"))
        b.dest = b.home = b.load(b.task_field("youngest"), "ptr")
        self.loops |= mf.loops
        return b

    def finish(self) -> None:
        while self.queue:
            mf, fn = self.queue.pop()
            self.local_function(mf, fn)

    # ---- local functions ----

    def direct(self, mf: MachineFunction) -> Operand:
        """The code of a local function by its known signature."""
        name = self.names.get(id(mf))
        if name is None:
            name = self.names[id(mf)] = f"{self.name}.{len(self.module.functions)}"
            reps, result = self.signature(mf)
            fn, _ = self.function(name, reps, result)
            self.queue.append((mf, fn))
        return Symbol(name)

    def signature(self, mf: MachineFunction) -> tuple[list[str], str]:
        lam = mf.node
        if not isinstance(lam, Lambda):
            return [], "ref"
        if self.slow_arity(lam):
            return [], call_rep(self.facts.results.get(id(lam), 0))
        return [call_rep(self.facts.vars.get(p.var, ANY)) for p in lam.params], call_rep(self.facts.results.get(id(lam), 0))

    @staticmethod
    def slow_arity(lam: Lambda) -> bool:
        return lam.rest is not None or any(p.default is not None for p in lam.params)

    def local_function(self, mf: MachineFunction, fn: Function) -> None:
        b = self.start(fn, mf)
        lam = mf.node
        if not isinstance(lam, Lambda):
            b.tail(mf.body, Return(ANY, "ref"))
            return
        guard = Guard(b)
        if self.slow_arity(lam):
            from_buffer(b, lam)
        else:
            reps, _ = self.signature(mf)
            ints, doubles, _spilled = place_arguments(reps)
            registers = dict(zip(ints + doubles, fn.params[3:], strict=True))
            args = self.read_arguments(b, [registers.get(i) for i in range(len(reps))], reps)  # type: ignore[misc]
            for param, arg in zip(lam.params, args, strict=True):
                bind(b, param.var, Val(arg, self.facts.vars.get(param.var, ANY)))
        result = self.facts.results.get(id(lam), 0)
        self.body(b, lam, result, call_rep(result))
        guard.drop_in_leaf()

    # ---- closures ----

    # ---- things outside the unit ----

    def constant(self, b: Code, value: object) -> Val:
        if isinstance(value, bool):
            return Val(Imm("i1", int(value)), BIT["Bool"])
        if isinstance(value, int):
            return Val(Imm("i64", value, written=True), BIT["Int"])
        if isinstance(value, float):
            return Val(Imm("f64", value, written=True), BIT["Float"])
        if value is None:
            return NOTHING
        if isinstance(value, Chr):
            return Val(word(words.char(value.code)), BIT["Char"])
        if isinstance(value, Uninitialized):
            return Val(word(words.UNINITIALIZED), BIT["Nothing"])
        if isinstance(value, Lst):
            if not value.items:
                return Val(word(words.NULL), BIT["Null"])
            return Val(self.literal(value), BIT["Pair"])
        mask = CONSTANT_KINDS.get(type(value), ANY)
        if isinstance(value, KindRef) and value.kind.mask > 0:
            self.structs |= value.kind.mask & ~SIMPLE
        return Val(self.literal(value), mask)

    def literal(self, value: object) -> Operand:
        name = self.linker.literal(value)
        if not isinstance(value, (Sym, KindRef)):
            self.literals[name] = value
        return Symbol(name, "ref")

    @property
    def whose(self) -> tuple[str | None, Span]:
        """The function that the code is of, None for a form, and where it is written."""
        name = self.instance.method.function.name if self.instance is not None else None
        return name, self.facts.shape.root.node.span

    def known_structs(self) -> int:
        """The versions of structs that the code knows."""
        masks = (mask for facts in (self.facts, *self.inlined_facts) for part in (facts.kinds, facts.vars) for mask in part.values())
        return (self.structs | either(mask for mask in masks if mask > 0)) & ~SIMPLE

    def rely_on(self, mask: int) -> None:
        """A value of a declared kind is taken for one of these, without a look at it."""
        if mask > 0:
            self.relies |= mask & ~SIMPLE
            self.structs |= mask & ~SIMPLE

    def struct_header(self, b: Code, struct: Struct) -> Operand:
        """The first word of a fresh instance, as an i64."""
        self.structs |= struct.bit
        return b.ins("ptrtoint", (Symbol(self.linker.struct(struct)),), "i64")

    def symbol(self, b: Code, name: str) -> Operand:
        return self.constant(b, Sym(name)).op

    def cell(self, value: GlobalValue) -> str:
        return self.linker.cell(value)

    def defined(self, value: GlobalValue) -> bool:
        return self.linker.is_defined(value)

    def define_cell(self, node: DefineValue) -> str:
        return self.linker.cell(self.linker.define_cell(node))

    def function_object(self, b: Code, found: GenericFunction | Builtin) -> Operand:
        return Symbol(self.linker.function_object(found), "ref")

    def slot(self, inst: Instance) -> str:
        return self.linker.slot(inst)

    # ---- self calls ----

