"""Code that was replaced: unmapped once no frame can return into it.

Between runs no frame exists. While Omni code runs, a conservative scan of its stack decides: any word that lies in a unit's
code may be a return address. Scans are batched, since one reads the whole stack.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_right

from jit_runtime.engine.orc import Unit


class Retired:
    BATCH = 64

    def __init__(self) -> None:
        self._units: list[Unit] = []

    def __len__(self) -> int:
        return len(self._units)

    def add(self, unit: Unit) -> None:
        self._units.append(unit)

    def free_all(self) -> None:
        """Nothing runs: unload all."""
        while self._units:
            self._units.pop().close()

    def scan(self, low: int, high: int) -> None:
        """Unload what no word of the stack `low:high` points into."""
        kept = _named(self._units, low, high)
        for unit in self._units:
            if unit not in kept:
                unit.close()
        self._units = list(kept)


def _named(units: list[Unit], low: int, high: int) -> set[Unit]:
    ranges = sorted((start, end, i) for i, unit in enumerate(units) for start, end, _ in unit.ranges)
    starts = [start for start, _, _ in ranges]
    found = set()
    for word in set((ctypes.c_uint64 * ((high - low) // 8)).from_address(low)):
        at = bisect_right(starts, word) - 1
        if at >= 0 and word <= ranges[at][1]:
            found.add(units[ranges[at][2]])
    return found
