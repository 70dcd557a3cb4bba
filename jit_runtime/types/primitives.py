"""Kinds of machine values: how they travel and lie in memory, and those that programs define.

A set has the values of a primitive kind of a program if it has the kind's place (types/places.py), or the bit that all with the same kind of parent
share. What may be any number has only the shared bit, so it goes for kinds that are defined later, too.
"""

from __future__ import annotations

from jit_runtime.types.kinds import BIT, Kind
from jit_runtime.types.machine import BY_NAME, OWN, PACKED, Machine
from jit_runtime.types.places import PLACES, place_of


def _numbers(shared: str) -> dict[int, Machine]:
    """Places of primitive kinds of a program -> what their values are."""
    found = [(bit, place_of(bit)) for bit in (1 << at for at in range(PLACES.bit_length()))]
    return {bit: place.machine for bit, place in found if place is not None and place.shared == shared}


OWN_PLACES = {BIT[name]: _numbers(name) for name in OWN}
"""Shared bit -> the places of the kinds that share it. A set with the bit has all of them."""
OWN_BITS = {bit: machine for places in OWN_PLACES.values() for bit, machine in places.items()}
MACHINE = {BIT[name]: machine for name, machine in BY_NAME.items()} | OWN_PLACES[BIT["Own Integer"]] | OWN_PLACES[BIT["Own AbstractFloat"]]
"""Kinds of numbers whose values are machine values -> what they are."""
RAW = {bit: "i64" if not machine.floating else f"f{machine.bits}" for bit, machine in MACHINE.items()}
"""These kinds -> the IR type of their values."""
PACKED_KINDS = {BIT[name]: packed for name, packed in PACKED.items()} | {bit: m.packed for bit, m in MACHINE.items() if bit & PLACES}
PACKED_KINDS |= {bit: machine.packed for bit, machine in OWN_PLACES[BIT["Own Any"]].items() if machine.bits < 64}
"""Kinds whose values lie raw in memory: numbers, Bools, Chars, and bits that are no number where their words are never objects."""
COVERED = {shared: sum(places) for shared, places in OWN_PLACES.items()}


def overlap(a: int, b: int) -> int:
    """The set of what is in both sets."""
    both = a & b
    for shared, places in COVERED.items():
        if not both & shared:
            both |= (b & places if a & shared else 0) | (a & places if b & shared else 0)
    return both


class Primitive(Kind):
    """A primitive kind of a program. `number`: what its values carry (layout/words.py). `bit`: its place; of a kind without one, which is in no set,
    where it stands in the tables that say what is below an abstract kind. `shared`: the shared bit."""

    __slots__ = ("bit", "machine", "number", "shared")

    def __init__(self, name: str, parent: Kind, machine: Machine, number: int, bit: int) -> None:
        self.shared = BIT[shared_with(parent)]
        super().__init__(name, self.shared | (bit & PLACES), parent)
        self.machine, self.number, self.bit = machine, number, bit

    @property
    def sure(self) -> int:
        return self.bit & PLACES

    @property
    def exact(self) -> int:
        return self.sure or self.shared

    @property
    def is_number(self) -> bool:
        return self.shared != BIT["Own Any"]


def shared_with(parent: Kind) -> str:
    """The kind whose bit the primitive kinds below a parent share."""
    at: Kind | None = parent
    while at is not None:
        if f"Own {at.name}" in OWN and at.name != "Any":
            return f"Own {at.name}"
        at = at.parent
    return "Own Any"
