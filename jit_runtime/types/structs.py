"""Structs: their versions, their fields, and where these lie in an instance."""

from __future__ import annotations

from collections.abc import Sequence

from jit_runtime.types.kinds import BIT, Abstract, Kind
from jit_runtime.types.machine import Packed
from jit_runtime.types.primitives import PACKED_KINDS, RAW


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
