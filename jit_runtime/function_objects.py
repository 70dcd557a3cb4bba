"""Functions as values: one permanent object for each, whose entry dispatches at run time and is compiled when it is first called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jit_runtime.dataclass import dataclass
from jit_runtime.entry_heat import EntryHeat
from jit_runtime.expand.core import Const, Lambda
from jit_runtime.infer.analysis import Analysis
from jit_runtime.infer.builtin_functions import as_generic
from jit_runtime.infer.entries import BuiltinUnit, EntryUnit
from jit_runtime.infer.linker import OPTIMISED, QUICK, mangle
from jit_runtime.infer.number_prims import op_symbol
from jit_runtime.infer.shape import MachineFunction, Shape
from jit_runtime.infer.world import GenericFunction
from jit_runtime.layout import words
from jit_runtime.source.text import NOWHERE
from jit_runtime.tiering import size
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import Kind

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler


@dataclass(slots=True, eq=False)
class FunctionObject:
    """The permanent object, whose first words the entry code fills in."""

    symbol: str
    word: int
    function: GenericFunction
    stub: int
    unit: Any = None
    heat: EntryHeat | None = None


class FunctionObjects:
    """`made`: by symbol."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler, self._world, self._constants = compiler, compiler.world, compiler.constants
        self.made: dict[str, FunctionObject] = {}
        self._builtins: dict[str, GenericFunction] = {}

    def name(self, found: GenericFunction | Builtin) -> str:
        """The symbol of a function's object, which is made if it is not there yet."""
        function = found if isinstance(found, GenericFunction) else self._builtin_function(found)
        name = self._symbol(found)
        if name not in self.made:
            info = 1 << 8 if isinstance(found, Builtin) and self._is_direct(found) else EntryUnit(function, self._world, self._compiler).info
            made = FunctionObject(name, 0, function, 0)
            compile = (lambda: self._builtin_entry(made, found)) if isinstance(found, Builtin) else (lambda: self._entry(made))
            made.stub = self._compiler.engine.stub(lambda address, task: self._compiler.entry_called(compile))
            made.word = self._constants.function(function.name, made.stub, info)
            self.made[name] = made
            self._compiler.engine.define(name, made.word)
        return name

    def _symbol(self, found: GenericFunction | Builtin) -> str:
        """The library's function and the program's of the same name are two objects: the second may call the first."""
        kind = "builtin" if isinstance(found, Builtin) else "lib" if self._world.library(found.name) is found else "fun"
        return f"{kind}.{mangle(found.name)}"

    def is_builtin(self, word: int) -> bool:
        """Is this function object that of a builtin, whatever the program calls by its name?"""
        return any(made.word == word for name, made in self.made.items() if name.startswith("builtin."))

    def maker(self, kind: Kind) -> int:
        """The function object that makes instances of a struct or a primitive kind."""
        found = self._world.lookup(kind.name)
        return self.made[self.name(found)].word if isinstance(found, GenericFunction) else words.NOTHING

    # ---- definitions ----

    def redefined(self, function: GenericFunction) -> None:
        """The function has other methods than before."""
        made = self.made.get(self._symbol(function))
        if made is not None:
            made.function = function
            self._reset(made)

    def result_changed(self, function: GenericFunction) -> None:
        """The entry converts the old result kinds."""
        made = self.made.get(self._symbol(function))
        if made is not None and made.unit is not None:
            self._reset(made)

    def kinds_changed(self) -> None:
        """What the entries tell kinds by is not so any more."""
        for name, made in self.made.items():
            if made.unit is not None and not name.startswith("builtin."):
                self._reset(made)

    def _reset(self, made: FunctionObject) -> None:
        """Compile the entry again at its next call."""
        if made.unit is not None:
            self._compiler.retire(made.unit)
            made.unit = None
        if made.heat is not None:
            made.heat.waiting = None
        self._constants.set_function(made.word, made.stub, EntryUnit(made.function, self._world, self._compiler).info)

    # ---- entries ----

    def _entry(self, made: FunctionObject) -> int:
        """Compile the generic entry of a function object."""
        if made.heat is None and not self._compiler.tiers.never_optimise:
            made.heat = EntryHeat(self._compiler.engine, made.symbol, lambda: self._compiler.entry_called(lambda: self._hot_entry(made)))
        unit = self._entry_unit(made, None if made.heat is None else made.heat.again())
        return self._put(made, self._compiler.link(unit, QUICK, [unit.name]), unit)

    def _entry_unit(self, made: FunctionObject, heat: tuple[str, str] | None) -> EntryUnit:
        self._infer(made.function)
        unit = EntryUnit(made.function, self._world, self._compiler, heat)
        self._compiler.build(unit, unit.build)
        self._infer(made.function)
        return unit

    def _hot_entry(self, made: FunctionObject) -> int:
        """The quick code of an entry was called often: the optimised code, or the quick one as long as that is on its way."""
        heat, compiler = made.heat, self._compiler
        assert heat is not None
        if heat.waiting is None:
            unit = self._entry_unit(made, None)
            if compiler.tiers.waits or size(unit.module) < compiler.tiers.big:
                return self._put(made, compiler.link(unit, OPTIMISED, [unit.name]), unit)
            heat.waiting = unit, compiler.engine.object_later(compiler.text_of(unit, OPTIMISED), OPTIMISED)
        unit, pending = heat.waiting
        if not pending.done:
            heat.again()
            return int(made.unit[unit.name])
        heat.waiting = None
        image = compiler.engine.take(pending)
        return int(made.unit[unit.name]) if image is None else self._put(made, compiler.link_image(unit, image, [unit.name], pending.seconds), unit)

    def _put(self, made: FunctionObject, linked: Any, unit: EntryUnit) -> int:
        """The object's calls go to new code."""
        if made.unit is not None:
            self._compiler.retire(made.unit)
        made.unit = linked
        self._constants.set_function(made.word, linked[unit.name], unit.info)
        return int(linked[unit.name])

    def _infer(self, function: GenericFunction) -> None:
        for method in function.methods:
            for inst in list(method.instances.values()):
                self._compiler.infer(inst)

    @staticmethod
    def _is_direct(builtin: Builtin) -> bool:
        """A runtime function that takes its arguments from the buffer."""
        return (builtin.max_args is None and builtin.native[0] == "rt") or builtin.name in ("list", "array", "array-ref", "array-set!")

    def _builtin_entry(self, made: FunctionObject, builtin: Builtin) -> int:
        if not self._is_direct(builtin):
            return self._entry(made)
        compiler = self._compiler
        empty = Lambda(builtin.name, [], None, None, Const(None, NOWHERE), NOWHERE)
        unit = BuiltinUnit(f"entry.{builtin.name}", self._world, compiler, Analysis(Shape(MachineFunction(empty, empty.body, None))))
        symbol = builtin.native[1] if builtin.native[0] == "rt" else op_symbol(builtin)
        name = compiler.build(unit, unit.build, symbol, builtin)
        made.unit = linked = compiler.link(unit, QUICK, [name])
        self._constants.set_function(made.word, linked[name], 1 << 8)
        return linked[name]  # type: ignore[no-any-return]

    def _builtin_function(self, builtin: Builtin) -> GenericFunction:
        if builtin.name not in self._builtins:
            self._builtins[builtin.name] = as_generic(builtin)
        return self._builtins[builtin.name]
