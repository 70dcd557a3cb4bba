"""Which bits of a set of kinds belong to the primitive kinds of programs.

Bits FIRST .. FIRST + len(SHAPES) - 1 of each of the first BLOCKS blocks of 64 are *places*: each is for one shape of machine value, so the bit alone
tells how values travel and calculate, in every session. The eighth kind of one shape is the last that gets one: those that are defined later
have only the bit that the kinds of their parent share, and travel as words.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from jit_runtime.types.machine import OWN, WIDTHS, Machine


class Shape(NamedTuple):
    """`shared`: the bit's name that the kinds of the parent share (types/machine.py)."""

    shared: str
    bits: int
    signed: bool
    floating: bool = False

    @property
    def code(self) -> int:
        """The lowest bits of a kind's number (runtime/machine.omni)."""
        return WIDTHS.index(self.bits) << 1 | (not self.signed)


_WHOLE = [(bits, signed) for bits in WIDTHS for signed in (True, False) if bits > 1 or not signed]
SHAPES = (
    *(Shape("Own Integer", bits, signed) for bits, signed in _WHOLE),
    *(Shape("Own AbstractFloat", bits, True, floating=True) for bits in (32, 64)),
    *(Shape("Own Any", bits, signed) for bits, signed in _WHOLE),
)
FIRST, BLOCKS, BLOCK = 44, 8, 64
PLACES = sum(((1 << len(SHAPES)) - 1) << FIRST + BLOCK * block for block in range(BLOCKS))
PLACE_CLASSES = BLOCK * BLOCKS
assert FIRST + len(SHAPES) == BLOCK


class Place(NamedTuple):
    """What a place's bit tells of its kind. `number`: what its values carry (layout/words.py)."""

    shared: str
    machine: Machine
    number: int


@cache
def place_of(mask: int) -> Place | None:
    """Of a set that is one place."""
    if mask <= 0 or mask & (mask - 1) or not mask & PLACES:
        return None
    block, at = divmod(mask.bit_length() - 1, BLOCK)
    shape = SHAPES[at - FIRST]
    return Place(shape.shared, Machine("", shape.bits, shape.signed, shape.floating), block + 1 << 4 | shape.code)


def free_place(shared: str, machine: Machine, taken: int) -> int:
    """The bit of a place for a new kind; 0 where all are taken."""
    at = FIRST + SHAPES.index(Shape(shared, machine.bits, machine.signed, machine.floating))
    return next((bit for block in range(BLOCKS) if not (bit := 1 << at + BLOCK * block) & taken), 0)


def shape_table() -> list[int]:
    """By 16 * (index of the shared kind) + the code: the offset in a block."""
    shapes = {(list(OWN).index(shape.shared), shape.code): FIRST + i for i, shape in enumerate(SHAPES)}
    return [shapes.get((shared, code), 0) for shared in range(len(OWN)) for code in range(16)]
