"""What `region-stats`, `regions`, `who-holds` and `forget` answer: the regions of the heap as values of the language.

Nothing moves while an answer is made, so words may be kept meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from jit_runtime.data_form import load, text_of
from jit_runtime.engine.constants import immediate_word
from jit_runtime.engine.native import Struct
from jit_runtime.holders import holders
from jit_runtime.layout import words
from jit_runtime.layout.records import CELL, REGION

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler

LEVELS = ("regions_live", "held_bytes", "mapped_bytes", "undead_bytes")
COUNTERS = (
    "regions_created", "regions_reused", "regions_reclaimed", "bytes_allocated", "evacuations", "objects_moved", "bytes_moved",
    "forwarding_hits", "splices", "retains", "log_entries", "barrier_slow", "exits", "resets", "promotions", "compactions", "merges",
)  # fmt: skip
STATES = {1: "open", 2: "owned", 3: "undead", 4: "permanent"}
HISTORY = ("*1", "*2", "*3")


class Accounting:
    def __init__(self, compiler: Compiler) -> None:
        self._compiler, self._engine = compiler, compiler.engine
        self.answers: tuple[Callable[[int, int], int], ...] = (self._stats, self._regions, self._who_holds, self._forget, self._code_stats)

    # ---- the questions, in the order of runtime/session.omni ----

    def _stats(self, _: int, dest: int) -> int:
        self._engine.call("rt_stats_sync")
        return self._dict({name.replace("_", "-"): self._engine.heap.read(name) for name in LEVELS + COUNTERS}, dest)

    def _regions(self, _: int, dest: int) -> int:
        self._engine.call("rt_stats_sync")
        return self._list([self._dict(self._described(r), dest) for r in sorted(self.regions(), key=lambda r: r.read("serial"))], dest)

    def _who_holds(self, value: int, dest: int) -> int:
        """Paths from globals: a list for each, the global's name and then what to follow: field names, positions, keys."""
        if value & 3 != 1:
            return words.NULL
        globals = {name: cell for name, cell in self._cells() if load(cell) != words.UNBOUND}
        paths = holders(value, {name: load(cell + CELL.offsets["value"]) for name, cell in globals.items()}, self._symbol)
        return self._list([self._list([self._symbol(name), *steps], dest) for name, steps in paths], dest)

    def _forget(self, number: int, dest: int) -> int:
        """Empty a slot of the history, all for `nothing`; what only it held goes at the next safepoint."""
        wanted = HISTORY if number == words.NOTHING else (f"*{number >> words.FIXNUM_SHIFT}",)
        for name in wanted:
            if name in HISTORY and name in self._compiler.cells:
                self._engine.call("rt_cell_set", self._compiler.cells[name].cell, words.NOTHING)
        self._engine.heap.write(undead_budget=0)
        self._engine.task.write(poll=1)
        return words.NOTHING

    def _code_stats(self, subject: int, dest: int) -> int:
        """Of the session, or of one function; `nothing` for what is no function of the program."""
        accounts = self._compiler.accounts
        if subject == words.NOTHING:
            return self._dict({name.replace("_", "-"): count for name, count in accounts.read().items()}, dest)
        name = text_of(subject)
        function = self._compiler.world.functions.get(name)
        return words.NOTHING if function is None else self._dict(accounts.of_function(function), dest)

    # ---- regions ----

    def regions(self) -> Iterator[Struct]:
        """All that are not free: the open ones, the owned ones, undead ones, and those that stay."""
        heap = self._engine.heap
        for first, link in ((self._engine.task.read("youngest"), "older"), (heap.read("owned"), "next"), (heap.read("undead"), "next")):
            address = first
            while address:
                region = Struct(REGION, address)
                yield region
                address = region.read(link)
        for name in ("permanent", "constants"):
            yield Struct(REGION, heap.read(name))

    def _described(self, region: Struct) -> dict[str, Any]:
        edges, capacity = region.read("edges"), region.read("edge_capacity")
        retained = [load(edges + 8 * i) for i in range(capacity)] if region.read("edge_count") else []
        return {
            "id": region.read("serial"),
            "state": STATES[region.read("state")],
            "bytes": region.read("held"),
            "peak": region.read("peak"),
            "received": region.read("allocated") + region.read("bytes_in"),
            "owners": sorted(name for name, cell in self._cells() if load(cell + CELL.offsets["region"]) == region.address),
            "retains": sorted(Struct(REGION, r).read("serial") for r in retained if r),
        }

    def _cells(self) -> Iterator[tuple[str, int]]:
        for name, value in self._compiler.cells.items():
            yield name, value.cell

    # ---- making values ----

    def _symbol(self, name: str) -> int:
        return self._compiler.constants.symbol(name)

    def _word(self, value: Any, dest: int) -> int:
        if isinstance(value, str):
            return self._symbol(value)
        if isinstance(value, dict):
            return self._dict(value, dest)
        if isinstance(value, list):
            return self._list([self._word(item, dest) for item in value], dest)
        found = immediate_word(value)
        assert found is not None
        return found

    def _list(self, items: list[int], dest: int) -> int:
        made = words.NULL
        for item in reversed(items):
            made = self._engine.call("rt_cons", dest, item, made)
        return made

    def _dict(self, values: dict[str, Any], dest: int) -> int:
        made = self._engine.call("rt_dict", dest, 0)
        for name, value in values.items():
            self._engine.call("rt_dict_set", dest, made, self._symbol(name), self._word(value, dest))
        return made
