"""Immutable structs that are never objects: their fields are values and variables of the machine function.

An immutable struct has no identity (`eq?` compares its fields), so a variable of which only fields are read needs no object:
the arguments of the constructor are bound instead, of structs in its fields likewise. What is asked for the object after all makes one
where it is needed, so all this decides is where memory is saved, never what a program means. (Scalar replacement of aggregates.)
What is wanted of a variable: `demands.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jit_runtime.dataclass import dataclass
from jit_runtime.infer.code import Val, rep_of
from jit_runtime.infer.demands import Demand, below, replaceable
from jit_runtime.infer.world import World, within
from jit_runtime.ir.nodes import Block, Operand, Variable
from jit_runtime.types.kinds import ANY
from jit_runtime.types.structs import Field, Struct

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.code import Code

MOST_PARTS = 16  # of a struct and the structs in its fields


@dataclass(slots=True, eq=False)
class Virtual:
    """A struct as the places of its fields. `whole`: the object that they were read from, if there is one; then None stands for a
    field that was not."""

    struct: Struct
    fields: list[Part]
    whole: Operand | None = None

    @property
    def mask(self) -> int:
        return self.struct.bit

    def get(self, b: Code, field: Field) -> Val | Virtual:
        at = self.fields[self.struct.fields.index(field)]
        if isinstance(at, Virtual):
            return at
        if at is None:
            return self._load(b, field)
        mask = within(ANY, field.kind)
        op = b.get(at) if isinstance(at, Variable) else at
        return Val(b.to_rep(Val(op, mask), rep_of(mask)), mask)

    def _load(self, b: Code, field: Field) -> Val:
        from jit_runtime.infer.structs import load_field

        assert self.whole is not None
        return load_field(b, Val(self.whole, self.struct.bit), field)  # type: ignore[arg-type]

    def named(self, b: Code, name: str) -> Val | Virtual:
        field = self.struct.field(name)
        assert field is not None  # inference found it
        return self.get(b, field)

    def part(self, name: str) -> Virtual | None:
        """The struct in a field, where its fields stand for it."""
        field = self.struct.field(name)
        found = None if field is None else self.fields[self.struct.fields.index(field)]
        return found if isinstance(found, Virtual) else None

    def read(self, b: Code) -> Virtual:
        """The same with the values that its variables hold now."""
        return Virtual(self.struct, [_read(b, at) for at in self.fields], self.whole)

    def object(self, b: Builder) -> Val:
        """An object with these fields, in the current place."""
        from jit_runtime.infer.structs import allocated

        if self.whole is not None:
            return Val(self.whole, self.struct.bit)
        return allocated(b, self.struct, [whole(b, self.get(b, field)) for field in self.struct.fields])

    def is_raw(self) -> bool:
        """Does it hold no reference?"""
        return all(at.is_raw() if isinstance(at, Virtual) else at is not None and at.type != "ref" for at in self.fields)


Values = Sequence[Val | Virtual]
Part = Operand | Variable | Virtual | None


def _read(b: Code, at: Part) -> Operand | Virtual | None:
    if isinstance(at, Virtual):
        return at.read(b)
    return b.get(at) if isinstance(at, Variable) else at


def whole(b: Builder, value: Val | Virtual) -> Val:
    """The value itself, whatever stands for it."""
    return value.object(b) if isinstance(value, Virtual) else value


@dataclass(slots=True, eq=False)
class Fields:
    """The continuation that wants the fields of a struct."""

    block: Block
    virtual: Virtual
    place: Operand
    used: bool = False

    @property
    def mask(self) -> int:
        return self.virtual.struct.bit

    def take(self, b: Builder, value: Val | Virtual) -> None:
        store(b, self.virtual, value)
        self.used = True
        b.br(self.block)


def store(b: Builder, to: Virtual, value: Val | Virtual) -> None:
    """Store a struct into the variables of its fields."""
    from jit_runtime.infer.structs import load_field

    for at, field in zip(to.fields, to.struct.fields, strict=True):
        part = value.get(b, field) if isinstance(value, Virtual) else load_field(b, value, field)
        if isinstance(at, Virtual):
            store(b, at, part)
        else:
            assert isinstance(at, Variable)
            b.set(at, b.to_rep(whole(b, part), at.type))


def variables(b: Builder, struct: Struct, name: str, demand: Demand) -> Virtual:
    """A variable for each field, also of structs in fields that are not wanted as objects."""

    def made(struct: Struct, name: str, demand: Demand, room: int) -> Virtual:
        fields: list[Part] = []
        room -= len(struct.fields)
        for field in struct.fields:
            inner, wanted = part_struct(b.unit.world, field), below(demand, field.name)
            if inner is not None and () not in wanted and len(inner.fields) <= room:
                fields.append(made(inner, f"{name}.{field.name}", wanted, room))
                room -= len(inner.fields)
            else:
                fields.append(b.fn.variable(f"{name}.{field.name}", field.rep))
        return Virtual(struct, fields)

    return made(struct, name, demand, MOST_PARTS)


def part_struct(world: World, field: Field) -> Struct | None:
    """The struct that a field surely holds, if its fields can stand for it."""
    return replaceable(world, field.kind.mask) if field.kind is not None else None


def read_parts(b: Builder, value: Val, struct: Struct, demand: Demand) -> Virtual:
    """The fields of an object that are wanted, read now; those of structs in them likewise."""
    from jit_runtime.infer.structs import load_field

    fields: list[Part] = []
    for field in struct.fields:
        wanted, inner = below(demand, field.name), part_struct(b.unit.world, field)
        if not wanted:
            fields.append(None)
            continue
        part = load_field(b, value, field)
        fields.append(part.op if inner is None or () in wanted else read_parts(b, part, inner, wanted))
    return Virtual(struct, fields, value.op)
