"""Textbook programs that are hard for region systems: `textbook/NAME.omni` defines `(run n)`, which is measured at full size.

What a row says: peak of resident memory while it runs, beyond what the idle session holds, against the live data of the program; and the
time against the same program in SBCL and Chez, where `textbook/NAME.lisp` and `NAME.scm` exist.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "textbook"


class Textbook(NamedTuple):
    """`small`: an argument for tests. `full`: the argument that is measured, and its value. `live`: bytes alive at the peak of a full run,
    the stack frames of its recursion included. `flat`: memory does not depend on the argument."""

    name: str
    small: int
    full: int
    value: int
    live: int = 0
    flat: bool = True

    @property
    def text(self) -> str:
        return (FOLDER / f"{self.name}.omni").read_text()


MIB = 1 << 20
PROGRAMS = (
    Textbook("life", 20, 1000, 2516),
    Textbook("quicksort", 1000, 300_000, 300_000, 38 * MIB, flat=False),
    Textbook("mergesort", 1000, 300_000, 300_000, 38 * MIB, flat=False),
    Textbook("interpreter", 1000, 10_000_000, 50_000_001),
    Textbook("memo-table", 3000, 3_000_000, 1_498_500_000),
    Textbook("lru-cache", 3000, 1_000_000, 3_000_000),
    Textbook("ring-buffer", 6000, 3_000_000, 12_271_222_784, MIB),
    Textbook("lzw", 2, 1000, 847_000),
    Textbook("string-builder", 10, 30_000, 31_874_795),
    Textbook("stream-tail", 1000, 10_000_000, 10_000_000),
    Textbook("stream-head", 1000, 1_000_000, 1_000_000, 122 * MIB, flat=False),
    Textbook("linked-list", 1000, 3_000_000, 4_496_999_500_000),
    Textbook("union-find", 2, 1000, 8398),
    Textbook("undo-history", 1000, 200_000, 11),
    Textbook("event-loop", 1000, 500_000, 4_525_091),
    Textbook("red-black", 1000, 200_000, 55_000, 2 * MIB, flat=False),
    Textbook("derivative", 10, 50_000, 3_550_000),
    Textbook("constant-folding", 5, 17, 517_904, 55 * MIB, flat=False),
    Textbook("queens", 6, 11, 2680, MIB, flat=False),
    Textbook("knuth-bendix", 1, 1000, 6000),
)
