"""`*1 *2 *3` and `*e`: the values of the last three entries at a prompt, and the message of the last error.

They are ordinary globals, so each value lives in the region its cell owns and goes when it is pushed out. What they alone keep
alive is bounded: beyond `budget` bytes the oldest are dropped, which is told once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.amounts import bytes_text
from jit_runtime.data_form import load
from jit_runtime.engine.native import Struct
from jit_runtime.expand.core import Const, DefineValue
from jit_runtime.layout.records import CELL, REGION
from jit_runtime.layout.words import NOTHING
from jit_runtime.regions import edges_of
from jit_runtime.source.diagnostics import Diagnostic
from jit_runtime.source.text import NOWHERE

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler

VALUES, ERROR = ("*1", "*2", "*3"), "*e"


class Recent:
    """Call `value` and `error` while the form's base region is open."""

    def __init__(self, compiler: Compiler, budget: int) -> None:
        self._budget, self._told = budget, False
        self._engine, self._sites = compiler.engine, compiler.sites
        self._cells = {name: compiler.define_cell(DefineValue(name, None, Const(None, NOWHERE), NOWHERE)).cell for name in (*VALUES, ERROR)}
        for name, cell in self._cells.items():
            self._engine.call("rt_cell_set", cell, NOTHING)
            compiler.defined.add(name)

    def value(self, word: int) -> None:
        """Push a value; `nothing` is not kept."""
        if word == NOTHING:
            return
        for older, newer in (("*3", "*2"), ("*2", "*1")):
            self._engine.call("rt_cell_set", self._cells[older], self._read(newer), load(self._cells[newer] + CELL.offsets["site"]))
        self._engine.call("rt_cell_set", self._cells["*1"], word, self._sites.latest)

    def error(self, payload: int) -> None:
        self._engine.call("rt_cell_set", self._cells[ERROR], payload, self._sites.latest)

    def bound(self) -> Diagnostic | None:
        """Drop the oldest values beyond the budget. What to tell the first time. Between forms only."""
        dropped, kept, seen = [], 0, set[int]()
        for name in VALUES:
            kept += self._alone_kept(self._cells[name], seen)
            if kept > self._budget and self._read(name) != NOTHING:
                self._engine.call("rt_cell_set", self._cells[name], NOTHING)
                dropped.append(name)
        if not dropped:
            return None
        self._engine.call("rt_free_undead")
        told, self._told = self._told, True
        return None if told else _note(dropped, self._budget)

    def _alone_kept(self, cell: int, seen: set[int]) -> int:
        """Bytes of regions that only the history keeps: what the program's globals own does not count."""
        work, bytes = [load(cell + CELL.offsets["region"])], 0
        while work:
            address = work.pop()
            if address and address not in seen and self._is_ours(region := Struct(REGION, address)):
                seen.add(address)
                bytes += region.read("held")
                work += edges_of(region)
        return bytes

    def _is_ours(self, region: Struct) -> bool:
        """Owned by cells of the history only, or by none and named by one region."""
        owner = region.read("owner")
        if not owner:
            return region.read("external_rc") == 1
        while owner and owner in self._cells.values():
            owner = load(owner + CELL.offsets["next"])
        return not owner

    def _read(self, name: str) -> int:
        return load(self._cells[name] + CELL.offsets["value"])


def _note(dropped: list[str], budget: int) -> Diagnostic:
    message = f"{' '.join(dropped)} dropped: the history of the prompt keeps at most {bytes_text(budget)} alive (told once)"
    return Diagnostic("W002", None, message, help="name what you need; OMNI_HISTORY=1G keeps more, (forget) drops all", severity="warning")
