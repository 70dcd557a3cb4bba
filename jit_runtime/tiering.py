"""Tiers: what is compiled quick and what optimised, and how code that runs gets from one to the other.

Small code with loops is optimised at once, code without loops when it was called often. What takes LLVM long (`BIG`) is never waited for: it runs
as quick code while a helper process optimises it (engine/background.py). Counters in the quick code come by now and then to ask for it: at the
entry of a function without loops; at the back-edges of loops, which are entered while they run (passes/loop_entries.py). So code is installed
by the thread that runs the program, at points of its own choice, and no lock is needed.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from jit_runtime.infer.analysis import Analysis
from jit_runtime.infer.linker import OPTIMISED, QUICK
from jit_runtime.infer.specialisation import gains_by_heat
from jit_runtime.infer.unit import Unit
from jit_runtime.ir.nodes import Function, Module
from jit_runtime.passes.loop_entries import Header, copied, counted, counter_name, entry, headers
from jit_runtime.pipeline import LOOPS

if TYPE_CHECKING:
    from jit_runtime.compiler import CodeSlot, Compiler
    from jit_runtime.engine.background import Pending
    from jit_runtime.infer.world import Instance

HOT_CALLS = 1000
HOT_TURNS = 1000
BIG = 120
"""Instructions. LLVM takes some 0.2 ms to optimise one: 20 ms."""
DEEPER = 128 << 10
"""Bytes of stack since a function's optimised code was asked for. Frames of quick code are up to ten times as large: a recursion that
goes deep does not wait in it."""
PATIENCE = 0.005  # seconds between two questions of a loop whose optimised code is on its way
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)


class Part:
    """Functions of a unit in the shape that one tier needs."""

    def __init__(self, unit: Unit, functions: list[Function]) -> None:
        self.module = Module(unit.name, functions, unit.module.data)
        self.places = dict(unit.places)
        self.sites, self.literals, self.whose = unit.sites, unit.literals, unit.whose


class Awaited(NamedTuple):
    """A hot function whose optimised code is on its way. `text`: what it is made from. `quick`: the code it runs meanwhile; `stack`: the
    stack pointer when it was asked for."""

    unit: Unit
    text: str
    pending: Pending
    quick: int
    stack: int


class Loop:
    """A counter in quick code. `turns` until the next question, `asked`: when the last one was."""

    __slots__ = ("__weakref__", "asked", "counter", "fn", "header", "looping", "turns")

    def __init__(self, looping: Looping, fn: Function, header: Header, turns: int) -> None:
        self.looping, self.fn, self.header, self.turns = looping, fn, header, turns
        self.counter = ctypes.c_int64(turns)
        self.asked = 0.0

    @property
    def entry_name(self) -> str:
        return f"{self.fn.name}.enter{self.header.number}"

    def ask_again(self) -> None:
        """After as many turns as take PATIENCE."""
        now = time.perf_counter()
        if self.asked:
            self.turns = max(1, int(self.turns * PATIENCE / max(now - self.asked, PATIENCE / 8)))
        self.asked = now
        self.counter.value = self.turns


class Looping:
    """Quick code with loops, and what it takes to go on in optimised code. Its unit keeps it.

    `wanted`: loops that became hot. `waiting`: the unit with entries for them that is being compiled. `optimised`: the last one that arrived.
    """

    def __init__(self, unit: Unit, slot: CodeSlot | None, found: list[tuple[Function, list[Header]]], turns: int) -> None:
        self.unit, self.slot = unit, slot
        self.loops = [Loop(self, fn, header, turns) for fn, made in found for header in made]
        self.quick: Any = None
        self.wanted: list[Loop] = []
        self.waiting: tuple[Part, Pending] | None = None
        self.optimised: Any = None
        self.over = False

    @property
    def current(self) -> bool:
        """Is its code still what the slot (or the form) runs?"""
        if self.slot is None:
            return not self.over
        return any(made is not None and self.slot.slot.target == made[self.unit.name] for made in (self.quick, self.optimised))

    def part(self) -> Part:
        """The whole unit, with entries for the loops that are wanted."""
        part = Part(self.unit, [copied(fn)[0] for fn in self.unit.module.functions])
        for loop in self.wanted:
            part.module.functions.append(entry(loop.fn, loop.header, loop.entry_name))
            if loop.fn.name in part.places:
                part.places[loop.entry_name] = part.places[loop.fn.name]
        return part


class Tiers:
    """`big`: from how many instructions on code is not optimised at once. `waits`: loops wait for their optimised code (OMNI_STRESS=tiers)."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler, self._engine = compiler, compiler.engine
        self.big, self.turns, self.waits = BIG, HOT_TURNS, False
        self.never_optimise = False
        self.loops_entered = 0
        self.failure: Exception | None = None  # of a compilation that a loop asked for
        self._loops: WeakValueDictionary[int, Loop] = WeakValueDictionary()
        self._calls: dict[CodeSlot, Awaited] = {}
        self._callback = CALLBACK(self._hot_loop)
        self._engine.task.write(loop_entry=ctypes.cast(self._callback, ctypes.c_void_p).value or 0)

    def eager(self) -> None:
        """Every loop starts quick and goes over after a few turns."""
        self.big, self.turns, self.waits = 0, 3, True

    # ---- first code ----

    def first(self, what: Analysis | Instance) -> int:
        """The tier that a unit is built for when it is compiled for the first time: both tiers of code with loops share their IR."""
        facts = what if isinstance(what, Analysis) else what.analysis
        assert facts is not None
        shape = facts.shape
        looping = any(fn.loops for fn in (shape.root, *shape.functions.values()))
        return OPTIMISED if looping and not self.never_optimise else QUICK

    def link(self, unit: Unit, tier: int, slot: CodeSlot | None) -> Any:
        """Link a unit for the first time."""
        if tier == QUICK or self._is_optimised_at_once(unit):
            return self._compiler.link_unit(unit, tier)
        exports = self._compiler.exports_of(unit)
        if size(unit.module) < self.big:
            small = Part(unit, [copied(fn)[0] for fn in unit.module.functions])
            if size(self._compiler.pipeline.run(LOOPS, small.module, tier)) < self.big:
                return self._compiler.belongs(self._compiler.link(small, tier, exports), unit)
        found = [(fn, loops) for fn in unit.module.functions if (loops := headers(fn))]
        if not found:
            return self._compiler.link_unit(unit, tier)
        made = Looping(unit, slot, found, self.turns)
        for loop in made.loops:
            address = ctypes.addressof(loop.counter)
            self._engine.define(counter_name(loop.fn, loop.header), address)
            self._loops[address] = loop
        with_loops = dict(found)
        functions = [counted(fn, with_loops[fn]) if fn in with_loops else copied(fn)[0] for fn in unit.module.functions]
        linked = self._compiler.belongs(self._compiler.link(Part(unit, functions), QUICK, exports), unit)
        made.quick = linked
        linked.keep.append(made)
        return linked

    @staticmethod
    def _is_optimised_at_once(unit: Unit) -> bool:
        """However large it is: closures of a form may outlive the form, and without loops nothing is left while it runs."""
        return (unit.instance is None and unit.makes_closures) or not any(fn.back_edges for fn in unit.module.functions)

    # ---- hot functions ----

    def heat(self, inst: Instance) -> tuple[str, str] | None:
        """Symbols of a call counter and of the stub to go to when it reaches 0; None: the code stays as it is."""
        if self.never_optimise:
            return None
        compiler, engine = self._compiler, self._engine
        slot = compiler.by_instance[inst]
        counter, stub = "heat" + slot.slot.name[4:], "hot" + slot.slot.name[4:]
        if slot.counter is None:
            slot.counter = ctypes.c_int64(0)
            engine.define(counter, ctypes.addressof(slot.counter))
            hot: Callable[[], int] = partial(self._hot_function, slot)
            engine.define(stub, engine.stub(lambda address, task: compiler.entry_called(hot)))
        slot.counter.value = HOT_CALLS
        return counter, stub

    def _hot_function(self, slot: CodeSlot) -> int:
        """The quick code was called often. Callers of a method's general instance may get instances of their own now."""
        if slot in self._calls:
            return self._arrived(slot)
        compiler = self._compiler
        if gains_by_heat(slot.instance):
            slot.instance.method.hot = True
            for caller in list(slot.instance.callers):
                if caller is not slot.instance:
                    compiler.definitions.invalidate(caller)
        unit = compiler.unit_of(slot.instance, slot, OPTIMISED)
        compiler.pipeline.run(LOOPS, unit.module, OPTIMISED)
        if self.waits or size(unit.module) < self.big:
            return compiler.put(slot, compiler.link_unit(unit, OPTIMISED), unit.name)
        compiler.exports_of(unit)
        text = compiler.text_of(unit, OPTIMISED)
        pending = self._engine.object_later(text, OPTIMISED)
        self._calls[slot] = Awaited(unit, text, pending, int(slot.slot.target), self._engine.stack_pointer)
        return self._arrived(slot)

    def _arrived(self, slot: CodeSlot) -> int:
        """The optimised code of a hot function, if it is still wanted and either there or not to be waited for, else what the slot holds."""
        unit, text, pending, quick, stack = self._calls[slot]
        wanted = slot.slot.target == quick
        deep = stack - self._engine.stack_pointer > DEEPER
        if wanted and not pending.done and not deep:
            slot.counter.value = HOT_CALLS
            return quick
        del self._calls[slot]
        if wanted:
            started = time.perf_counter()
            image = self._engine.take(pending) if pending.done else self._engine.object_of(text, OPTIMISED)
            if image is not None:
                seconds = pending.seconds + time.perf_counter() - started
                made = self._compiler.link_image(unit, image, self._compiler.exports_of(unit), seconds)
                self._compiler.put(slot, self._compiler.belongs(made, unit), unit.name)
        return int(slot.slot.target)

    # ---- hot loops ----

    def _hot_loop(self, counter: int, task: int) -> int:
        """What quick code calls when a counter is used up: an entry of optimised code, or 0."""
        loop = self._loops.get(counter)
        try:
            return 0 if loop is None else self._entry_of(loop)
        except KeyboardInterrupt:
            self._engine.interrupt()  # the program's, at its next guard
        except Exception as error:
            self.failure = error
        return 0

    def _entry_of(self, loop: Loop) -> int:
        looping = loop.looping
        if not looping.current:
            return 0  # it counts on from 2^64
        if loop not in looping.wanted and looping.waiting is None:
            looping.wanted.append(loop)
            part = looping.part()
            looping.waiting = part, self._engine.object_later(self._compiler.text_of(part, OPTIMISED), OPTIMISED)
        if looping.waiting is not None and (self.waits or looping.waiting[1].done):
            self._install(looping)
        if looping.optimised is None or loop.entry_name not in looping.optimised.addresses:
            loop.ask_again()
            return 0
        self.loops_entered += 1
        loop.counter.value = self.turns
        return int(looping.optimised[loop.entry_name])

    def _install(self, looping: Looping) -> None:
        """The optimised unit arrived: the slot gets it; a form keeps it until it ends."""
        assert looping.waiting is not None
        (part, pending), looping.waiting = looping.waiting, None
        image = self._engine.take(pending)
        if image is None:
            return
        compiler, unit = self._compiler, looping.unit
        entries = [loop.entry_name for loop in looping.wanted]
        made = compiler.belongs(compiler.link_image(part, image, [*compiler.exports_of(unit), *entries], pending.seconds), unit)
        before, looping.optimised = looping.optimised, made
        if looping.slot is not None:
            compiler.put(looping.slot, made, unit.name)
        elif before is not None:
            compiler.retire(before)

    def over(self, unit: Any) -> None:
        """A form ended: its quick code asks no more."""
        for made in unit.keep:
            if isinstance(made, Looping) and made.slot is None:
                made.over = True
                if made.optimised is not None:
                    self._compiler.retire(made.optimised)


def size(module: Module) -> int:
    return sum(len(block.ins) for fn in module.functions for block in fn.blocks)
