"""Textbook programs that are hard for region systems: `textbook/NAME.omni` defines `(run n)`, which is measured at full size.

What a row says: peak of resident memory while it runs, beyond what the idle session holds, against the live data of the program; and the
time against the same program in SBCL and Chez, where `textbook/NAME.lisp` and `NAME.scm` exist.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "textbook"


class Textbook(NamedTuple):
    """`small`: an argument for tests and its value. `full`: the argument that is measured and its value. `live`: bytes that are alive at
    the peak of a full run, stack frames of its recursion included."""

    name: str
    small: int
    small_value: int
    full: int
    full_value: int
    live: int

    @property
    def text(self) -> str:
        return (FOLDER / f"{self.name}.omni").read_text()


MIB = 1 << 20
PROGRAMS = (
    Textbook("life", 20, 0, 1000, 2516, 0),
    Textbook("quicksort", 1000, 1000, 300_000, 300_000, 34 * MIB),
    Textbook("mergesort", 1000, 1000, 300_000, 300_000, 30 * MIB),
    Textbook("interpreter", 1000, 0, 10_000_000, 50_000_001, 0),
    Textbook("memo-table", 3000, 0, 3_000_000, 1_498_500_000, 0),
    Textbook("lru-cache", 3000, 0, 1_000_000, 3_000_000, 0),
    Textbook("ring-buffer", 6000, 0, 3_000_000, 11_878_400_000, MIB),
    Textbook("lzw", 2, 0, 1000, 847_000, 0),
    Textbook("string-builder", 10, 0, 30_000, 31_874_795, 0),
    Textbook("stream-tail", 1000, 1000, 10_000_000, 10_000_000, 0),
    Textbook("stream-head", 1000, 1000, 1_000_000, 1_000_000, 122 * MIB),
    Textbook("linked-list", 1000, 0, 3_000_000, 4_496_999_500_000, 0),
    Textbook("union-find", 2, 0, 1000, 8398, 0),
    Textbook("undo-history", 1000, 0, 200_000, 11, 0),
    Textbook("event-loop", 1000, 0, 500_000, 4_525_091, 0),
    Textbook("red-black", 1000, 0, 200_000, 55_000, 2 * MIB),
    Textbook("derivative", 10, 710, 50_000, 3_550_000, 0),
    Textbook("constant-folding", 5, 104, 17, 0, 0),
    Textbook("queens", 6, 0, 11, 2680, MIB),
    Textbook("knuth-bendix", 1, 6, 1000, 6000, 0),
)
