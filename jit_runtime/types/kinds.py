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

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Protocol

from jit_runtime.types.machine import BY_NAME as MACHINE_BY_NAME
from jit_runtime.types.machine import MACHINES, OWN, PACKED, Machine, Packed


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


RAW = {BIT[name]: "i64" if not machine.floating else f"f{machine.bits}" for name, machine in MACHINE_BY_NAME.items()}
"""Machine kinds -> the IR type of their values."""


PACKED_KINDS = {BIT[name]: packed for name, packed in PACKED.items()}


class Field:
    """A field of a struct. `rep` is how its values travel: "ref" (a word), "i64" (a raw Int or whole machine number), "f64" (a raw Float), "f32" or
    "i1" (a Bool). `packed` is how they lie in the object, None for words; `offset` in bytes from the object's start.

    `parameter`: index of the struct's type parameter that is the field's kind, or None.
    """

    __slots__ = ("kind", "mutable", "name", "offset", "packed", "parameter", "rep")

    def __init__(self, name: str, kind: Kind | None, mutable: bool, parameter: int | None = None) -> None:
        self.name, self.kind, self.mutable, self.parameter = name, kind, mutable, parameter
        bit = kind.sure if kind is not None else 0
        self.rep = "i1" if bit == BIT["Bool"] else RAW.get(bit, "ref")
        self.packed: Packed | None = PACKED_KINDS.get(bit)
        self.offset = 0


def laid_out(fields: Sequence[Field], mutable: bool) -> tuple[int, int]:
    """Place fields; gives the offset of the identity word of a mutable struct, else 0, and the bytes of an instance. THE layout of structs: words
    come first, then the identity word, then raw fields, the widest first, so that each stands at a multiple of its width and none is apart."""
    at = 8
    for field in fields:
        if field.packed is None:
            field.offset = at
            at += 8
    identity = at if mutable else 0
    at += 8 if mutable else 0
    raw = [(field.packed.bytes, field) for field in fields if field.packed is not None]
    for bytes, field in sorted(raw, key=lambda one: -one[0]):
        field.offset = at
        at += bytes
    return identity, max(16, -(-at // 8) * 8)


class Primitive(Kind):
    """A primitive kind of a program. In a set it shares the bit of all that have the same kind of parent (types/machine.py): a test has to look.

    `number`: what its values carry (layout/words.py). `bit`: its place in the tables that say what is below an abstract kind; in no set.
    """

    __slots__ = ("bit", "machine", "number")
    sure = 0

    def __init__(self, name: str, parent: Kind, machine: Machine, number: int, bit: int) -> None:
        super().__init__(name, BIT[shared_with(parent)], parent)
        self.machine, self.number, self.bit = machine, number, bit

    @property
    def is_number(self) -> bool:
        return self.mask != BIT["Own Any"]


def shared_with(parent: Kind) -> str:
    """The kind whose bit the primitive kinds below a parent share."""
    at: Kind | None = parent
    while at is not None:
        if f"Own {at.name}" in OWN and at.name != "Any":
            return f"Own {at.name}"
        at = at.parent
    return "Own Any"


MOST_FIELDS = 200
MOST_REFERENCES = 46  # a shape word has a bit for each, from bit 17 on; bit 63 is its sign (layout/walkers.py)


class Struct(Kind):
    """One version of a struct, or of a variant of an enum (`enum` is then the enum's kind, which is what programs see).

    A definition that changes a struct makes another version, with a bit and a layout of its own; a value keeps the layout it was
    made with, so what compiled code knows of it stays true. The first version stands for the kind: its set has all versions
    (`nominal`, `versions`), and `newest` is the version that programs see values as.
    `variances`: one per type parameter. `number`: 1 for the first version, 2 for the next.
    """

    __slots__ = ("bit", "current", "enum", "fields", "identity", "mutable", "nominal", "number", "size", "variances", "versions")

    def __init__(
        self, name: str, bit: int, parent: Kind, variances: tuple[int, ...] = (), enum: Abstract | None = None, nominal: Struct | None = None
    ) -> None:
        super().__init__(name, bit, parent)
        self.bit, self.variances, self.enum = bit, variances, enum
        self.nominal, self.current = nominal or self, self
        self.versions: list[Struct] = [*nominal.versions, self] if nominal else [self]
        self.number = len(self.versions)
        self.complete(())

    def complete(self, fields: Sequence[Field]) -> None:
        """Give the struct its fields: afterwards, since they may name it."""
        self.fields = tuple(fields)
        self.mutable = any(field.mutable for field in fields)
        self.identity, self.size = laid_out(self.fields, self.mutable)

    def expect(self, version: Struct) -> None:
        """Definitions that are read from now on mean a new version; values are seen as it once it is `activate`d."""
        assert self.nominal is self
        self.versions.append(version)
        self._mask |= version.bit

    def activate(self, version: Struct) -> None:
        self.current = version
        self.parent = version.parent

    @property
    def newest(self) -> Struct:
        """The version that values are seen as."""
        return self.nominal.current

    @property
    def latest(self) -> Struct:
        """The version that was defined last, in the order of reading."""
        return self.nominal.versions[-1]

    @property
    def visible(self) -> Kind:
        """The kind that programs see."""
        return self.enum or self.nominal

    @property
    def is_constant(self) -> bool:
        """A variant without fields: its name is the value."""
        return self.enum is not None and not self.fields

    def what(self, field: Field) -> str:
        """What messages call a field."""
        return f"the field `{field.name}` of `{self.name}`"

    def field(self, name: str) -> Field | None:
        for field in self.fields:
            if field.name == name:
                return field
        return None


def kinds_in(mask: int) -> list[str]:
    """Names of the builtin concrete kinds in a set, in bit order."""
    return [name for name, bit in BIT.items() if mask & bit]
