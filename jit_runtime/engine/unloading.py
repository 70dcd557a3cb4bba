"""Code that was replaced: unmapped once no frame can return into it and no closure names it.

Between runs no frame exists. While Omni code runs, a conservative scan of its stack decides: any word that lies in a unit's
code may be a return address. Scans are batched, since one reads the whole stack. Closures are found by walking the heap
(runtime/code_use.omni), when as many units wait as make up for the walk.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from jit_runtime.engine.linking import Unit

UsedRanges = Callable[[int, int], object]
"""(address of a table of {low, high, used}, number of ranges): sets `used` where a closure's entry lies."""


class Retired:
    BATCH = 64
    HEAP_PER_UNIT = 1 << 18  # bytes of heap whose walk one unit's memory makes up for

    def __init__(self, closures_use: UsedRanges, held_bytes: Callable[[], int]) -> None:
        self._units: list[Unit] = []
        self._with_closures: list[Unit] = []
        self._closures_use, self._held_bytes = closures_use, held_bytes
        self._patience = self.BATCH

    def add(self, unit: Unit) -> None:
        (self._with_closures if unit.makes_closures else self._units).append(unit)

    def free_all(self) -> None:
        """Nothing runs: unload all that no closure can name."""
        while self._units:
            self._units.pop().close()

    def scan(self, low: int, high: int) -> None:
        """While code runs, now and then: unload what no word of the stack `low:high` points into."""
        if len(self._units) >= self.BATCH:
            ranges = Ranges(self._units)
            self._units = _unload(self._units, ranges.named_by_stack(low, high))

    def sweep(self, low: int = 0, high: int = 0) -> None:
        """Now and then: unload what no closure names, nor a word of the stack `low:high`."""
        if len(self._with_closures) < max(self._patience, self._held_bytes() // self.HEAP_PER_UNIT):
            return
        ranges = Ranges(self._with_closures)
        used = ranges.named_by_stack(low, high) | ranges.named_by_closures(self._closures_use)
        self._with_closures = _unload(self._with_closures, used)
        self._patience = max(self.BATCH, 2 * len(self._with_closures))


def _unload(units: list[Unit], used: set[Unit]) -> list[Unit]:
    for unit in units:
        if unit not in used:
            unit.close()
    return [unit for unit in units if unit in used]


class _Range(NamedTuple):
    low: int
    high: int
    unit: Unit


class Ranges:
    """The code of some units, in the order of addresses."""

    def __init__(self, units: list[Unit]) -> None:
        found = [_Range(low, high, unit) for unit in units for low, high, _ in unit.ranges]
        self._ranges = sorted(found, key=lambda one: one.low)

    def named_by_stack(self, low: int, high: int) -> set[Unit]:
        """Units that a word of the stack points into, or behind the last instruction of."""
        starts = [one.low for one in self._ranges]
        found = set()
        for word in set((ctypes.c_uint64 * ((high - low) // 8)).from_address(low)) if low != high else ():
            at = bisect_right(starts, word) - 1
            if at >= 0 and word <= self._ranges[at].high:
                found.add(self._ranges[at].unit)
        return found

    def named_by_closures(self, closures_use: UsedRanges) -> set[Unit]:
        table = (ctypes.c_uint64 * (3 * len(self._ranges)))()
        for i, one in enumerate(self._ranges):
            table[3 * i], table[3 * i + 1] = one.low, one.high
        closures_use(ctypes.addressof(table), len(self._ranges))
        return {one.unit for i, one in enumerate(self._ranges) if table[3 * i + 2]}
