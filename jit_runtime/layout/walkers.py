"""Shapes of heap objects for the runtime's walkers: one word per type id, derived from the layout table.

bits 0-7: words before the tail, header included; bits 8-9: tail (0 none, 1 references, 2 bytes, counted by the
header's `extra`); bits 16-: bit i is set when word i is a reference. `python -m jit_runtime.layout.walkers`
rewrites `runtime/shapes.omni`; a test asserts that it is up to date.
"""

from __future__ import annotations

from pathlib import Path

from jit_runtime.layout.objects import BY_ID, Layout

TAILS = {None: 0, "ref": 1, "byte": 2}
PATH = Path(__file__).parent.parent / "runtime" / "shapes.omni"


def shape(row: Layout) -> int:
    mask = sum(1 << (i + 1) for i, (_, kind) in enumerate(row.fields) if kind == "ref")
    return mask << 16 | TAILS[row.tail] << 8 | len(row.fields) + 1


def shapes() -> list[int]:
    """By type id; unused ids have a shape without references and without size, which checks report."""
    return [shape(BY_ID[i]) if i in BY_ID else 0 for i in range(max(BY_ID) + 1)]


def text() -> str:
    return (
        "; Shapes of heap objects by type id, for scan-object and object-size. Written by jit_runtime/layout/walkers.py\n"
        "; from the layout table; what the bits mean stands there.\n\n"
        f"(define SHAPES {{CArray CInt64}} [{' '.join(map(str, shapes()))}])\n"
    )


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
