"""Kinds: names, hierarchy, sets of concrete kinds, and the order `below`.

A set of concrete kinds is an int with one bit per kind (the inference lattice: join is `|`). The builtin kinds have the low
bits; a session gives each concrete kind that a program defines the next one (`types/universe.py`). A set that contains an
open abstract kind has all the bits that are not given out yet, too (it is negative): kinds defined later may be below it.
So a set never becomes wrong, only less exact, and what is computed from it stays sound.

A kind has two sets: all its instances are of concrete kinds in `mask`, and all values of concrete kinds in `sure` are its
instances. They are equal for most kinds. Kinds with parameters (`{List Int}`), one value (`{#val 3}`) or one kind
(`{(Type {Int})}`) are sure of none: a test has to look at the value.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Protocol

from jit_runtime.types.machine import MACHINES, OWN
from jit_runtime.types.places import FIRST, PLACES


class Kind:
    """A kind. Compared by identity; kinds that are computed (unions, parameters) are made once per `key` by `interned`.

    `name` is the written form without braces. `parent` is the next-larger kind in the nominal hierarchy.
    """

    __slots__ = ("_mask", "abstract", "name", "parent")

    def __init__(self, name: str, mask: int, parent: Kind | None = None, abstract: bool = False) -> None:
        self.name, self._mask, self.parent, self.abstract = name, mask, parent, abstract

    @property
    def mask(self) -> int:
        """The set of concrete kinds whose values may be instances."""
        return self._mask

    @property
    def sure(self) -> int:
        """The set of concrete kinds whose values are all instances."""
        return self.mask

    @property
    def exact(self) -> int:
        """What a value is of that is known to be an instance: `mask` without bits that other kinds share."""
        return self.mask

    @property
    def head(self) -> Kind:
        """The kind without its parameters."""
        return self

    def __repr__(self) -> str:
        return "{" + self.name + "}"


# Concrete kinds in bit order, with their parent. Null and Pair are the two cases of List. A parameter stands behind a blank: what
# `{Array Int}` means. Array Any is what `[...]` makes; the others hold raw elements. The kinds `Own ...` are what the primitive kinds of
# programs are in a set (types/machine.py); no program sees them.
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
    *((machine.name, "AbstractFloat" if machine.floating else "Integer") for machine in MACHINES),
    *OWN.items(),
    *((f"Array {machine.name}", "Array") for machine in MACHINES),
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
OPEN = ("Any", "Number", "Real", "Integer", "AbstractFloat")  # kinds that programs may define kinds below
ALIASES = {"Int64": "Int", "Float64": "Float"}
PARAMETRIC = {"List": 1, "Array": 1, "Dict": 2, "Box": 1, "Atom": 1, "Iter": 1}
COVARIANT = ("List", "Iter")
NUMBERS = ("Int", "Float", "BigInt", *(machine.name for machine in MACHINES), "Own Integer", "Own AbstractFloat")
CONVERTIBLE = tuple(name for name in NUMBERS if " " not in name)  # kinds that are called with a number to make one of theirs
OF_VALUES = ("Int", "Float", "Bool", "Char", "Nothing", "String", "Symbol")  # kinds whose values have a kind of their own, `#val v`

MOST_NESTED = 8  # levels of parameters in the kind of a value: `(Some (Some ...))` may be as deep as memory allows

BIT = {name: 1 << i for i, (name, _) in enumerate(CONCRETE)}
BUILTIN = (1 << len(CONCRETE)) - 1
SIMPLE = BUILTIN | PLACES
"""Kinds that are no structs."""
assert len(CONCRETE) <= FIRST
ANY = -1


def _build() -> dict[str, Kind]:
    parents = dict(CONCRETE) | dict(ABSTRACT)
    masks = dict.fromkeys(parents, 0)
    for name, bit in BIT.items():
        at: str | None = name
        while at is not None:
            masks[at] |= bit
            at = parents[at]
    kinds: dict[str, Kind] = {}
    for name, _ in (*ABSTRACT, *CONCRETE):
        parent = parents[name]
        kinds[name] = Kind(name, ANY if name == "Any" else masks[name], kinds[parent] if parent else None, name not in BIT)
    ordered = {name: kinds[name] for name in parents}
    ordered["bottom"] = Kind("bottom", 0, None, True)
    return ordered | {alias: ordered[name] for alias, name in ALIASES.items()}


KINDS: dict[str, Kind] = _build()
BOTTOM = KINDS["bottom"]

# Every kind once, in the order that the runtime numbers them: the concrete ones first, in bit order.
NUMBERED = [name for name, kind in KINDS.items() if kind.name == name]


def either(masks: Iterable[int]) -> int:
    """The set of what is in any of the sets."""
    return reduce(or_, masks, 0)


class Union(Kind):
    """`(union [{A} {B}])`, in the order written; at least two members, none of them a union."""

    __slots__ = ("members",)

    def __init__(self, members: tuple[Kind, ...]) -> None:
        super().__init__("(union [" + " ".join(map(repr, members)) + "])", 0, None, True)
        self.members = members

    @property
    def mask(self) -> int:
        return either(member.mask for member in self.members)

    @property
    def sure(self) -> int:
        return either(member.sure for member in self.members)

    @property
    def exact(self) -> int:
        return either(member.exact for member in self.members)


class Applied(Kind):
    """A kind with parameters: `{List Int}`, `{Pair Int String}`. `variances`: +1 covariant, 0 invariant, -1 contravariant."""

    __slots__ = ("arguments", "base", "variances")
    sure = 0

    def __init__(self, base: Kind, arguments: tuple[Kind, ...], variances: tuple[int, ...]) -> None:
        super().__init__(" ".join([base.name, *(a.name if " " not in a.name else repr(a) for a in arguments)]), 0, base)
        self.base, self.arguments, self.variances = base, arguments, variances

    @property
    def mask(self) -> int:
        return self.base.mask

    @property
    def head(self) -> Kind:
        return self.base


class ValueKind(Kind):
    """`{#val v}`: the kind whose only instance is one value. `value` is a datum, `text` its written form."""

    __slots__ = ("text", "value")
    sure = 0

    def __init__(self, value: object, text: str, of: Kind) -> None:
        super().__init__(f"#val {text}", 0, of)
        self.value, self.text = value, text

    @property
    def mask(self) -> int:
        assert self.parent is not None
        return self.parent.mask


class TypeKind(Kind):
    """`{(Type {Int})}`: the kind whose only instance is one kind."""

    __slots__ = ("of",)
    sure = 0

    def __init__(self, of: Kind) -> None:
        super().__init__(f"(Type {of!r})", BIT["Kind"], KINDS["Kind"])
        self.of = of


class FunctionKind(Kind):
    """`{(fn [{A} {B}] {R})}`. A function is an instance whatever its parameters are (language.md S11.8)."""

    __slots__ = ("parameters", "result")

    def __init__(self, parameters: tuple[Kind, ...], result: Kind) -> None:
        super().__init__(f"(fn [{' '.join(map(repr, parameters))}] {result!r})", BIT["Function"], KINDS["Function"])
        self.parameters, self.result = parameters, result


class Later(Protocol):
    @property
    def later(self) -> int: ...


class Abstract(Kind):
    """An abstract kind that programs can define kinds below. Its set grows with the universe."""

    __slots__ = ("children", "closed", "universe", "variances")

    def __init__(self, name: str, mask: int, parent: Kind | None, universe: Later, variances: tuple[int, ...] = (), closed: bool = False) -> None:
        """`closed`: nothing can be defined below it later (an enum), once its members are there."""
        super().__init__(name, mask, parent, True)
        self.universe, self.variances, self.closed = universe, variances, closed
        self.children: list[Kind] = []

    @property
    def mask(self) -> int:
        return self._mask | (0 if self.closed else self.universe.later) | either(child.mask for child in self.children)

    @property
    def sure(self) -> int:
        return self._mask | either(child.sure for child in self.children)


class Variable(Kind):
    """A type variable of a `^:where` or of a parametric definition: an unknown kind below its bound."""

    __slots__ = ("bound", "index")

    def __init__(self, name: str, bound: Kind, index: int) -> None:
        super().__init__(name, 0, bound)
        self.bound, self.index = bound, index

    @property
    def mask(self) -> int:
        return self.bound.mask

    @property
    def sure(self) -> int:
        return self.bound.sure

    @property
    def exact(self) -> int:
        return self.bound.exact


def kinds_in(mask: int) -> list[str]:
    """Names of the builtin concrete kinds in a set, in bit order."""
    return [name for name, bit in BIT.items() if mask & bit]
