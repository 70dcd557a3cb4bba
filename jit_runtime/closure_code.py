"""What a struct's new version or a primitive kind means for code that exists: closures get new code, and code that is running may forbid it.

A closure goes on to name the code it was made with. That code knows versions of structs: which there are, where their fields
are. So when one is added, the heap is walked for closures whose code knows the struct, their lambdas are compiled once more, with
nothing known of what they captured, and the closures name the new code from then on.
Code that runs goes on. It reads no wrong word, because values keep their layout; but what it reads unchecked, since a field or a
variable was declared to be of a kind, could be a value of the new version: then the definition is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from jit_runtime.infer.linker import OPTIMISED, Closure
from jit_runtime.infer.local_entries import generic_entry
from jit_runtime.infer.unit import Unit
from jit_runtime.source.diagnostics import fail
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler


LEAST_ROOM = 64


class Known(NamedTuple):
    """`structs`: the versions that a unit's code knows. `relies`: those that it takes unchecked from what was declared."""

    structs: int
    relies: int
    closures: tuple[Closure, ...]
    name: str


class ExistingCode:
    """`known`: by linked unit, of those that know structs or have code of closures, and may outlive a definition."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._known: dict[Any, Known] = {}
        self._room = LEAST_ROOM  # entries until those of unloaded code are dropped
        self._primitives = 0  # kinds of the program that all code knows of

    def note(self, linked: Any, unit: Unit) -> None:
        """A unit was linked."""
        structs = unit.known_structs()
        if structs or unit.closure_code:
            name = unit.instance.method.function.name if unit.instance is not None else "a form"
            self._remember(linked, Known(structs, unit.relies, tuple(unit.closure_code), name))

    def note_batch(self, linked: Any, structs: int, relies: int) -> None:
        """A unit of many forms, which makes no closures, was linked."""
        if structs:
            self._remember(linked, Known(structs, relies, (), "a form"))

    def _remember(self, linked: Any, known: Known) -> None:
        if len(self._known) >= self._room:
            self._forget_unloaded()
            self._room = max(LEAST_ROOM, 2 * len(self._known))
        self._known[linked] = known

    def _forget_unloaded(self) -> None:
        self._known = {linked: known for linked, known in self._known.items() if not linked.closed}

    def _live(self, mask: int | None) -> dict[Any, Known]:
        """Of the units that are linked still, those that know a version in the set; None: all."""
        self._forget_unloaded()
        return {linked: known for linked, known in self._known.items() if mask is None or known.structs & mask}

    # ---- code that is running ----

    def require_free(self, struct: Struct) -> None:
        """Raises X018 where code that is running takes values of the struct unchecked."""
        mask = struct.visible.mask & ~struct.bit
        relying = {linked: known for linked, known in self._live(mask).items() if known.relies & mask}
        running = self._compiler.engine.units_running(list(relying))
        if running:
            names = ", ".join(sorted(relying[linked].name for linked in running))
            text = f"{struct.visible!r} cannot be defined again now: code is running that reads it where it is declared ({names})"
            raise fail("X018", None, text, "define it when that has returned")

    # ---- code that is called later ----

    def admit_primitives(self) -> None:
        """Before the first value of a program's primitive kind: code that exists tells kinds by classes, of which it has none of its
        own, and what is of an abstract kind above it was none of these."""
        defined = len(self._compiler.world.universe.primitives)
        if defined != self._primitives:
            self._primitives = defined
            self.renew(None)

    def renew(self, struct: Struct | None) -> None:
        """All that goes through a slot or a function's entry is compiled again at its next call, and closures get new code."""
        compiler = self._compiler
        for slot in list(compiler.slots.values()):
            compiler.definitions.invalidate(slot.instance)
            if slot.again:
                slot.slot.reset()
        compiler.objects.kinds_changed()
        self.renew_closures(struct)

    def renew_closures(self, struct: Struct | None) -> None:
        """Closures whose code knows the struct get code that knows its new version; None: all closures get code anew."""
        rows = []
        for linked, known in self._live(None if struct is None else struct.visible.mask & ~struct.bit).items():
            rows += [(linked[closure.symbol], closure) for closure in known.closures]
        rows.sort(key=lambda row: row[0])
        engine = self._compiler.engine
        used = engine.entries_used([address for address, _ in rows])
        made = [(address, *self._compile(closure)) for (address, closure), is_used in zip(rows, used, strict=True) if is_used]
        engine.replace_entries([(old, linked[name]) for old, linked, name in made])
        for _, linked, _ in made:
            self._compiler.retire(linked)  # from now on only closures name it

    def _compile(self, closure: Closure) -> tuple[Any, str]:
        unit = ClosureUnit(closure, self._compiler)
        compiler = self._compiler
        name = compiler.build(unit, unit.build)
        linked = compiler.link_unit(unit, OPTIMISED)
        linked.makes_closures = True
        return linked, name


class ClosureUnit(Unit):
    """The code of one lambda, whatever it captured."""

    def __init__(self, closure: Closure, compiler: Compiler) -> None:
        self.again = closure
        facts = compiler.inference.closure(closure.shape, closure.lam)
        super().__init__(f"again.{closure.symbol}", compiler.world, compiler, facts, OPTIMISED)

    def build(self) -> str:
        """Its entry is a closure's code again."""
        self.name = generic_entry(self, self.again.lam)
        self.closure_code[Closure(self.again.shape, self.again.lam, self.name)] = None
        self.finish()
        return self.name
