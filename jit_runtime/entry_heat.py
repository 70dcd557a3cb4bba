"""How often the quick code of a function object's entry was called, and the optimised code that is on its way."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.tiering import HOT_CALLS

if TYPE_CHECKING:
    from jit_runtime.engine.background import Pending
    from jit_runtime.engine.engine import Engine
    from jit_runtime.infer.entries import EntryUnit


class EntryHeat:
    """`waiting`: the unit whose optimised code is being made elsewhere."""

    def __init__(self, engine: Engine, symbol: str, hot: Callable[[], int]) -> None:
        self.counter = ctypes.c_int64(0)
        self.waiting: tuple[EntryUnit, Pending] | None = None
        self.symbols = f"calls.{symbol}", f"often.{symbol}"
        engine.define(self.symbols[0], ctypes.addressof(self.counter))
        engine.define(self.symbols[1], engine.stub(lambda address, task: hot()))

    def again(self) -> tuple[str, str]:
        """Count from the start; the symbols of the counter and of the stub that is called when it is used up."""
        self.counter.value = HOT_CALLS
        return self.symbols
