"""`*1 *2 *3` and `*e`: the values of the last three entries at a prompt, and the message of the last error.

They are ordinary globals, so each value lives in the region its cell owns and goes when it is pushed out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Const, DefineValue
from jit_runtime.layout.records import CELL
from jit_runtime.layout.words import NOTHING
from jit_runtime.source.text import NOWHERE

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler

VALUES, ERROR = ("*1", "*2", "*3"), "*e"


class Recent:
    """Call `value` and `error` while the form's base region is open."""

    def __init__(self, compiler: Compiler) -> None:
        self._engine = compiler.engine
        self._cells = {name: compiler.define_cell(DefineValue(name, None, Const(None, NOWHERE), NOWHERE)).cell for name in (*VALUES, ERROR)}
        for name, cell in self._cells.items():
            self._engine.call("rt_cell_set", cell, NOTHING)
            compiler.defined.add(name)

    def value(self, word: int) -> None:
        """Push a value; `nothing` is not kept."""
        if word == NOTHING:
            return
        for older, newer in (("*3", "*2"), ("*2", "*1")):
            self._engine.call("rt_cell_set", self._cells[older], self._read(newer))
        self._engine.call("rt_cell_set", self._cells["*1"], word)

    def error(self, payload: int) -> None:
        self._engine.call("rt_cell_set", self._cells[ERROR], payload)

    def _read(self, name: str) -> int:
        from ctypes import c_uint64

        return c_uint64.from_address(self._cells[name] + CELL.offsets["value"]).value
