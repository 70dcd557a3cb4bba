"""The builtin kinds: names, hierarchy, and the bit each concrete kind has in a set of kinds.

A set of concrete kinds is an int with one bit per kind (the inference lattice: join is `|`).
An abstract kind is the set of what is below it. One row here adds a kind.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """`mask` is the set of concrete kinds whose values are instances."""

    name: str
    mask: int
    parent: str | None = None
    abstract: bool = False

    def __repr__(self) -> str:
        return "{" + self.name + "}"


# Concrete kinds in bit order, with their parent. Null and Pair are the two cases of List. A parameter stands behind a blank: what
# `{Array Int}` means. Array Any is what `[...]` makes; the others hold raw elements.
CONCRETE = (
    ("Int", "Integer"),
    ("Float", "AbstractFloat"),
    ("Bool", "Any"),
    ("Char", "Any"),
    ("Nothing", "Any"),
    ("String", "Any"),
    ("Symbol", "Any"),
    ("Null", "List"),
    ("Pair", "List"),
    ("Array Any", "Array"),
    ("Dict", "Any"),
    ("Function", "Any"),
    ("Kind", "Any"),
    ("Box", "Any"),
    ("Atom", "Any"),
    ("Iter", "Any"),
    ("Code", "Any"),
    ("Array Int", "Array"),
    ("Array Float", "Array"),
    ("Array Char", "Array"),
    ("Array Bool", "Array"),
    ("BigInt", "Integer"),
)
ABSTRACT = (
    ("Any", None),
    ("Number", "Any"),
    ("Real", "Number"),
    ("Integer", "Real"),
    ("AbstractFloat", "Real"),
    ("List", "Any"),
    ("Array", "Any"),
)
ALIASES = {"Int64": "Int", "Float64": "Float"}

BIT = {name: 1 << i for i, (name, _) in enumerate(CONCRETE)}
ANY = (1 << len(CONCRETE)) - 1


def _build() -> dict[str, Kind]:
    parents = dict(CONCRETE) | dict(ABSTRACT)
    masks = dict.fromkeys(parents, 0)
    for name, bit in BIT.items():
        at: str | None = name
        while at is not None:
            masks[at] |= bit
            at = parents[at]
    kinds = {name: Kind(name, masks[name], parents[name], name not in BIT) for name in parents}
    kinds["bottom"] = Kind("bottom", 0, None, True)
    return kinds | {alias: kinds[name] for alias, name in ALIASES.items()}


KINDS: dict[str, Kind] = _build()


# Every kind once, in the order that the runtime numbers them: the concrete ones first, in bit order.
NUMBERED = [name for name, kind in KINDS.items() if kind.name == name]


def kinds_in(mask: int) -> list[str]:
    """Names of the concrete kinds in a set, in bit order."""
    return [name for name, bit in BIT.items() if mask & bit]


def smallest_kind(mask: int) -> Kind:
    """The smallest kind that contains the set."""
    return min((k for k in KINDS.values() if mask & ~k.mask == 0), key=lambda k: (k.mask.bit_count(), k.name))
