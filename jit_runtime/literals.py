"""The constants of code. Immutable literals live in a region of their unit and go with it; symbols and kinds stay.

A literal's symbol is derived from its text; what it stands for is another object in each unit. While the unit is linked its
region counts as permanent, so storing a literal costs nothing. When the unit is gone, one walk over the heap for many such
regions finds out who names them (runtime/literals.omni); from then on they are owned or undead regions like others.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from jit_runtime.digest import short_digest
from jit_runtime.engine.constants import immediate_word
from jit_runtime.expand.core import Big, KindRef, Lst, Sym
from jit_runtime.infer.sites import CODE, BirthSite
from jit_runtime.layout import words
from jit_runtime.source.diagnostics import fail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jit_runtime.batch import Merged
    from jit_runtime.compiler import Compiler
    from jit_runtime.infer.unit import Unit
    from jit_runtime.source.text import Span
    from jit_runtime.tiering import Part

BATCH = 64  # regions of code that is gone, before the heap is walked for them
HEAP_PER_REGION = 1 << 18  # bytes of heap whose walk one region makes up for


class Literals:
    def __init__(self, compiler: Compiler) -> None:
        self._compiler, self._engine, self._constants = compiler, compiler.engine, compiler.constants
        self.permanent: dict[str, Sym | KindRef] = {}
        self._waiting: list[int] = []  # regions of code that is gone

    # ---- names ----

    def name(self, value: object) -> str:
        """The symbol of a literal in the text of a unit."""
        text = repr(self._compiler.world.universe.describe(value.kind)) if isinstance(value, KindRef) else repr(value)
        name = "lit." + short_digest(text)
        if isinstance(value, (Sym, KindRef)) and name not in self.permanent:
            self.permanent[name] = value
            self._engine.define(name, self.word(value, self._constants.region))
        return name

    @staticmethod
    def is_permanent(value: object) -> bool:
        return isinstance(value, (Sym, KindRef))

    # ---- objects ----

    def of_unit(self, unit: Unit | Merged | Part) -> tuple[int, dict[str, int]]:
        """The region of a unit's literals, 0 for none, and their words by name."""
        return self.made(unit.literals, *unit.whose) if unit.literals else (0, {})

    def made(self, values: Mapping[str, object], function: str | None, span: Span) -> tuple[int, dict[str, int]]:
        """The same for the literals of code that stands at a place."""
        if not values:
            return 0, {}
        region = self._engine.call("rt_literal_region", self._compiler.sites.number(BirthSite(CODE, function, span)))
        try:
            return region, {name: self.word(value, region) for name, value in values.items()}
        except MemoryError:
            self.code_gone(region)
            raise

    def word(self, value: object, region: int) -> int:
        """The word of an immutable constant, made in a region unless it is immediate or permanent."""
        found = immediate_word(value)
        if found is not None:
            return found
        make = self._constants
        if isinstance(value, str):
            return make.string(value, region)
        if isinstance(value, Sym):
            return make.symbol(value.name)
        if isinstance(value, KindRef):
            return self._compiler.kinds.word(value.kind)
        if isinstance(value, Lst):
            tail = self.word(value.tail, region) if value.tail is not None else words.NULL
            for item in reversed(value.items):
                tail = make.pair(self.word(item, region), tail, region)
            return tail
        if isinstance(value, (int, float)):
            return make.boxed(value, region)
        if isinstance(value, Big):
            return make.big(value.value, region)
        raise fail("X0900", None, f"not supported yet: a literal {type(value).__name__}")

    def constant(self, value: object) -> int:
        """The word of a literal that stays: a part of a kind."""
        return self.word(value, self._constants.region)

    # ---- the end ----

    def code_gone(self, region: int) -> None:
        """No code names the literals of a region any more."""
        self._waiting.append(region)

    def let_go(self) -> None:
        """Now and then, where every reference of running code is on the root stack: give the regions to who names them."""
        if len(self._waiting) < max(BATCH, self._engine.heap.read("held_bytes") // HEAP_PER_REGION):
            return
        gone, self._waiting = self._waiting, []
        cells = [value.cell for value in self._compiler.cells.values()]
        regions, owners = (ctypes.c_uint64 * len(gone))(*gone), (ctypes.c_uint64 * max(1, len(cells)))(*cells)
        self._engine.call("rt_let_literals_go", ctypes.addressof(regions), len(gone), ctypes.addressof(owners), len(cells))
