"""From core AST to linked code, and what happens when a definition changes under code that is linked already.

The Compiler is the Linker of every unit. It keeps the world, compiles instances when their stub is called, gives
slots their adapters, and creates what units name by symbol: cells, literals, function objects.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from jit_runtime.closure_code import ExistingCode
from jit_runtime.code_accounting import Code, CodeAccounts
from jit_runtime.codegen.line_tables import only_place
from jit_runtime.dataclass import dataclass
from jit_runtime.decisions import Decisions, Question
from jit_runtime.definitions import Definitions
from jit_runtime.engine.constants import Constants
from jit_runtime.expand.core import Core, DefineValue
from jit_runtime.function_objects import FunctionObjects
from jit_runtime.infer.adapters import AdapterUnit, RedispatchUnit
from jit_runtime.infer.annotate import Inference
from jit_runtime.infer.conventions import Convention, convention_of, result_way
from jit_runtime.infer.linker import OPTIMISED, QUICK, mangle
from jit_runtime.infer.unit import Unit
from jit_runtime.infer.world import GenericFunction, GlobalValue, Instance, Method, World
from jit_runtime.kind_objects import KindObjects
from jit_runtime.literals import Literals
from jit_runtime.passes.form_data import WORDS, separate
from jit_runtime.pipeline import BUILD, EMIT, INFER, LINK, LOOPS, ROOTS, Pipeline
from jit_runtime.sites import Sites
from jit_runtime.tiering import Tiers
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import Kind
from jit_runtime.types.structs import Struct
from jit_runtime.types.universe import Universe

if TYPE_CHECKING:
    from jit_runtime.batch import Merged
    from jit_runtime.engine.engine import Engine
    from jit_runtime.tiering import Part


@dataclass(slots=True, eq=False)
class CodeSlot:
    """The compiler's side of a slot: whose code it holds and what callers assume of the result. `again`: calls choose a method anew."""

    slot: Any
    instance: Instance
    result: int
    convention: Convention
    unit: Any = None
    code: Code | None = None
    counter: Any = None
    version: Any = None
    again: bool = False

    def fits(self, inst: Instance, universe: Universe) -> bool:
        """Callers may go through this slot: it promises all that the instance returns, in the same representation, and what it takes apart is
        as it was."""
        same = result_way(universe, inst.result) == self.convention.result
        return not inst.result & ~self.result and same and self.convention.is_current


class Compiler:
    """`library(name)` gives the generic function of a builtin that is written in Omni."""

    def __init__(self, engine: Engine, library: Callable[[str], GenericFunction | None], pipeline: Pipeline | None = None) -> None:
        self.engine = engine
        self.pipeline = pipeline or Pipeline(engine)
        self.constants = Constants(engine)
        self.kinds = KindObjects(self)
        self.structs: set[Struct] = set()
        self.changed_words: dict[Struct, Any] = {}
        self.existing = ExistingCode(self)
        self.world = World()
        self.definitions = Definitions(self)
        self.decisions = Decisions(engine, self.world.universe)
        self.world.library = library
        self.inference = Inference(self.world)
        self.accounts = CodeAccounts(self)
        self.slots: dict[str, CodeSlot] = {}
        self.by_instance: dict[Instance, CodeSlot] = {}
        self.literals = Literals(self)
        engine.literals_gone = self.literals.code_gone
        self.sites = Sites(engine, lambda: [value.cell for value in self.cells.values()])
        self.cells: dict[str, GlobalValue] = {}
        self.defined = self.world.defined
        self.named_by_methods: set[str] = set()  # what functions name, defined or not
        self.objects = FunctionObjects(self)
        self.forms = 0
        self.tiers = Tiers(self)
        self.specialise = True
        self.batches: set[Any] = set()  # units of many functions: never unloaded

    # ---- compiling ----

    def form(self, core: Core) -> tuple[Any, int]:
        """Compile the expression of a top-level form; returns the unit (to be closed after running) and its entry."""
        facts = self.infer(core)
        self.forms += 1
        tier = self.tiers.first(facts)
        unit = Unit("form", self.world, self, facts, tier)
        name = self.build(unit, unit.form)
        once = tier == QUICK and not unit.makes_closures
        linked = self.link_once(unit) if once else self.tiers.link(unit, tier, None)
        return linked, linked[name]

    def infer(self, what: Core | Instance) -> Any:
        return self.pipeline.run(INFER, self.inference, what)

    def build(self, unit: Unit, make: Callable[..., object], *arguments: Any) -> str:
        """Fill a unit; the name of its main function."""
        self.pipeline.run(BUILD, unit, make, *arguments)
        return unit.name

    def instance(self, slot: CodeSlot) -> int:
        """Compile the instance of a slot (its stub was called). Returns the address to continue at."""
        inst = slot.instance
        if slot.again:
            unit = RedispatchUnit(slot.slot.name, self.world, self, inst, slot.result, slot.convention)
            name = self.build(unit, unit.build)
            slot.unit = self.link(unit, QUICK, [name])
            slot.slot.target = slot.unit[name]
            return int(slot.slot.target)
        self.infer(inst)
        if not slot.fits(inst, self.world.universe):
            return self.adapt(slot)
        tier = self.tiers.first(inst)
        made = self.unit_of(inst, slot, tier)
        return self.put(slot, self.tiers.link(made, tier, slot), made.name)

    def put(self, slot: CodeSlot, linked: Any, name: str) -> int:
        """Put code into a slot; old code is unloaded when it can be."""
        if slot.unit is not None:
            self.retire(slot.unit)
        slot.unit, slot.code = linked, linked.code.after(slot.code)
        slot.slot.target = linked[name]
        return linked[name]  # type: ignore[no-any-return]

    def retire(self, unit: Any) -> None:
        """Unload code that no slot names any more, when nothing else does."""
        if unit not in self.batches:
            self.tiers.over(unit)
            self.engine.retire(unit)
            if not self.engine.machine.compiling:
                self.literals.let_go()

    def heat(self, inst: Instance) -> tuple[str, str] | None:
        return self.tiers.heat(inst)

    def version(self, inst: Instance) -> tuple[str, int]:
        """Symbol of the word that counts the instance's definitions, and what it is now: code that inlined it compares."""
        slot = self.code_slot(inst)
        name = "version" + slot.slot.name[4:]
        if slot.version is None:
            slot.version = ctypes.c_int64(0)
            self.engine.define(name, ctypes.addressof(slot.version))
        return name, slot.version.value

    def unit_of(self, inst: Instance, slot: CodeSlot | None = None, tier: int = OPTIMISED) -> Unit:
        """The unit of an instance, for a slot whose callers assume the slot's result kinds."""
        slot = slot or self.code_slot(inst)
        self.infer(inst)
        assert inst.analysis is not None
        unit = Unit(f"fn.{slot.slot.name[5:]}", self.world, self, inst.analysis, tier)
        unit.convention = slot.convention
        saved, inst.result = inst.result, slot.result
        try:
            self.build(unit, unit.method, inst)
        finally:
            inst.result = saved
        return unit

    def fresh_instances(self) -> list[Instance]:
        """Instances that have a slot but no code yet."""
        return [slot.instance for slot in self.slots.values() if slot.unit is None]

    def stub_called(self, slot: CodeSlot, _: object) -> int:
        return self.instance(slot)

    def entry_called(self, compile: Callable[[], int]) -> int:
        """The stub of a function object was called; an exception becomes an error of the program."""
        try:
            return compile()
        except BaseException as error:
            self.engine.task.write(payload=self.engine.failed(error))
            return 0

    def adapt(self, old: CodeSlot) -> int:
        """The instance's result no longer fits what callers of this slot assume: give them an adapter."""
        inst = old.instance
        self.by_instance.pop(inst, None)
        new = self.code_slot(inst)
        promised, held = (old.result, old.convention), (new.result, new.convention)
        unit = AdapterUnit(old.slot.name, self.world, self, new.slot.name, inst, promised, held)
        name = self.build(unit, unit.build)
        linked = self.link(unit, QUICK, [name])
        old.unit = linked
        old.slot.target = linked[name]
        return linked[name]  # type: ignore[no-any-return]

    def link_unit(self, unit: Unit, tier: int) -> Any:
        """Link a unit of which closures may be made, and which may be running when a struct is redefined."""
        exports = self.exports_of(unit)
        return self.belongs(self.link(unit, tier, exports), unit)

    def exports_of(self, unit: Unit) -> list[str]:
        """Its main function and the code of its closures."""
        symbols = {closure.symbol for closure in unit.closure_code}
        for fn in unit.module.functions:
            if fn.name in symbols:
                fn.attributes.add("export")
        return [unit.name, *sorted(symbols - {unit.name})]

    def belongs(self, linked: Any, unit: Unit) -> Any:
        """Code of a unit was linked."""
        linked.makes_closures = unit.makes_closures
        self.existing.note(linked, unit)
        return linked

    def link(self, unit: Unit | Merged | Part, tier: int, exports: list[str]) -> Any:
        text = self.text_of(unit, tier)
        region, names = self.literals.of_unit(unit)
        return self.note(unit, self.pipeline.run(LINK, self.engine, text, exports, tier, names), region, tier)

    def link_once(self, unit: Unit) -> Any:
        """Link a form that runs once, and of which nothing stays: its object is that of all forms of this shape."""
        image = self.engine.image
        self.pipeline.run(ROOTS, self.pipeline.run(LOOPS, unit.module, QUICK))
        data = separate(unit.module, image.signatures)
        region, literals = self.literals.of_unit(unit)
        words = (ctypes.c_uint64 * len(data.words))(*data.words)
        names = {WORDS: ctypes.addressof(words)}
        for old, name in data.symbols.items():
            names[name] = literals.get(old) or self.engine.address(old) or 0
        linked = self.note(unit, self.pipeline.run(LINK, self.engine, self.emitted(unit), [unit.name], QUICK, names), region, QUICK)
        linked.keep.append(words)
        return self.belongs(linked, unit)

    def link_image(self, unit: Unit | Part, image: bytes, exports: list[str], seconds: float) -> Any:
        """Link what was compiled elsewhere, in so many seconds, from the text of a unit."""
        region, names = self.literals.of_unit(unit)
        return self.note(unit, self.engine.link(image, exports, names), region, OPTIMISED, seconds)

    def text_of(self, unit: Unit | Merged | Part, tier: int) -> str:
        """LLVM text for a tier."""
        self.pipeline.run(ROOTS, self.pipeline.run(LOOPS, unit.module, tier))
        return self.emitted(unit)

    def emitted(self, unit: Unit | Merged | Part) -> str:
        for fn in unit.module.functions:
            only = only_place(fn)
            if only is not None and fn.name in unit.places:
                unit.places[fn.name] = unit.places[fn.name]._replace(home=only)
                fn.span = None
        return str(self.pipeline.run(EMIT, unit.module, self.engine.image.inline_text))

    def note(self, unit: Unit | Merged | Part, linked: Any, literals: int, tier: int, elsewhere: float = 0.0) -> Any:
        linked.places, linked.literals = unit.places, literals
        self.sites.add_code(linked, unit.sites)
        linked.code = self.accounts.linked(unit.module, linked, tier, elsewhere)
        return linked

    def changed(self, struct: Struct) -> str:
        """Symbol of a word that is 0 while the struct's constructor makes this version: code that constructs looks at it."""
        self.changed_word(struct)
        return self.names_of(struct)[1]

    @staticmethod
    def names_of(struct: Struct) -> tuple[str, str]:
        """The symbols of a struct's first word and of the word that says whether it changed."""
        name = f"{mangle(struct.name)}.{struct.bit.bit_length()}"
        return f"struct.{name}", f"changed.{name}"

    def changed_word(self, struct: Struct) -> Any:
        word = self.changed_words.get(struct)
        if word is None:
            word = self.changed_words[struct] = ctypes.c_int64(0)
            self.engine.define(self.changed(struct), ctypes.addressof(word))
        return word

    # ---- Linker ----

    def slot(self, inst: Instance) -> str:
        return str(self.code_slot(inst).slot.name)

    def convention(self, inst: Instance) -> Convention:
        return self.code_slot(inst).convention

    def code_slot(self, inst: Instance) -> CodeSlot:
        found = self.by_instance.get(inst)
        if found is not None and found.fits(inst, self.world.universe):
            return found
        self.infer(inst)
        convention = convention_of(self.world, inst, inst.result)
        key = ".".join(f"{m:x}" for m in inst.key)
        base = f"slot.{mangle(inst.method.function.name)}.{inst.given}.{key}.{inst.result:x}{convention.suffix}"
        name, serial = base, 0
        while name in self.slots and self.slots[name].instance is not inst:
            serial += 1
            name = f"{base}.{serial}"
        made = self.slots.get(name)
        if made is None:
            made = self.new_slot(name, inst, inst.result, convention)
        else:
            made.slot.reset()  # it may hold an adapter to a slot that will hold one to this
        self.by_instance[inst] = made
        return made

    def restore_slot(self, name: str, method: Method, key: tuple[int, ...], given: int, result: int, convention: Convention) -> CodeSlot:
        """The slot of an instance as a cached batch knew it; the instance is analysed when something else asks for it."""
        known_as = (given, *key)
        inst = method.instances.get(known_as)
        if inst is None:
            inst = method.instances[known_as] = Instance(method, key, given)
        found = self.slots.get(name)
        if found is not None:
            return found
        inst.result |= result
        made = self.new_slot(name, inst, result, convention)
        self.by_instance.setdefault(inst, made)
        return made

    def new_slot(self, name: str, inst: Instance, result: int, convention: Convention) -> CodeSlot:
        made = self.slots[name] = CodeSlot(None, inst, result, convention)
        made.slot = self.engine.slot(name, convention.signature, partial(self.stub_called, made))
        return made

    def cell(self, value: GlobalValue) -> str:
        return "cell." + mangle(value.name)

    def define_cell(self, node: DefineValue) -> GlobalValue:
        """A global for a value definition; an existing one is kept (its cell may be in use), with the new declared kind."""
        value = self.cells.get(node.name)
        if value is None:
            value = self.cells[node.name] = GlobalValue(node.name, self.constants.cell(node.name))
            self.engine.define(self.cell(value), value.cell)
        if node.name in self.world.functions or self.world.values.get(node.name) is not value or value.kind is not node.kind:
            self.world.functions.pop(node.name, None)
            value.kind = node.kind
            self.world.values[node.name] = value
            self.definitions.name_changed(node.name)
        value.doc = node.doc
        return value

    def is_defined(self, value: GlobalValue) -> bool:
        return value.name in self.defined

    def literal(self, value: object) -> str:
        return self.literals.name(value)

    def function_object(self, found: GenericFunction | Builtin) -> str:
        return self.objects.name(found)

    def struct(self, struct: Struct) -> str:
        """The symbol whose address is the first word of a struct's instances."""
        name = self.names_of(struct)[0]
        if struct not in self.structs:
            self.structs.add(struct)
            self.changed_word(struct)
            self.engine.define(name, self.kinds.header(struct))
        return name

    def classes(self, kind: Kind) -> str:
        return self.kinds.classes(kind)

    def decision(self, function: GenericFunction, asked: Question) -> str:
        return self.decisions.symbol(f"decide.{mangle(function.name)}", asked)
