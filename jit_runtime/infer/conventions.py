"""How arguments and results of instances travel: each as one machine value, or a struct as its fields (docs/abi.md, "Representations").

A *way* is an IR type, or the fields of a struct with the way of each. A slot keeps the convention it was made with, so all who call through
it agree with its code, whatever is defined later.

Results: by their kinds alone, so functions that call each other in tail position agree. Arguments: where the callee wants nothing but
fields (demands.py), most of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from jit_runtime.infer.code import TASK, Val, rep_of
from jit_runtime.infer.demands import EXIT, OBJECT, Demand, below, parameter_demand, replaceable
from jit_runtime.infer.structs import load_field
from jit_runtime.infer.virtual import Part, Virtual, part_struct, whole
from jit_runtime.infer.world import Instance, World
from jit_runtime.ir.nodes import Operand
from jit_runtime.types.structs import Field, Struct
from jit_runtime.types.universe import Universe

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder

MOST_RESULTS = 6  # fields of a struct that is returned as such
MOST_PASSED = 8  # of one that is passed as such, those of structs in it included
MOST_REFERENCES = 3  # among them: each is a root while a call runs


class Flat(NamedTuple):
    """A struct travels as its fields, in their order."""

    struct: Struct
    parts: tuple[Way, ...]


Way = str | Flat


class Convention(NamedTuple):
    arguments: tuple[Way, ...]
    result: Way

    @property
    def signature(self) -> str:
        """A letter for each machine value, the fields of a struct in parentheses: `i(ff)>f` (docs/abi.md)."""
        return "".join(map(spelled, self.arguments)) + ">" + spelled(self.result)

    @property
    def suffix(self) -> str:
        """Of the slot's symbol, where arguments are taken apart: slots of one instance that do so in different ways have different names."""
        if all(isinstance(way, str) for way in self.arguments):
            return ""
        return "." + self.signature.partition(">")[0].replace("(", "S").replace(")", "E")

    @property
    def is_current(self) -> bool:
        """Are the structs that arguments are taken apart by the newest versions?"""
        return all(map(is_current, self.arguments))


def is_current(way: Way) -> bool:
    return isinstance(way, str) or (way.struct.newest is way.struct and all(map(is_current, way.parts)))


def spelled(way: Way) -> str:
    if isinstance(way, Flat):
        return f"({''.join(map(spelled, way.parts))})"
    return "s" if way == "f32" else way[0]


def call_rep(mask: int) -> str:
    """Representation across calls of what travels as one value: Bool is a word."""
    rep = rep_of(mask)
    return "ref" if rep == "i1" else rep


def reps(ways: Way | tuple[Way, ...]) -> list[str]:
    """The IR types of the machine values."""
    if isinstance(ways, str):
        return [ways]
    parts = ways.parts if isinstance(ways, Flat) else ways
    return [rep for way in parts for rep in reps(way)]


def few(ways: list[str], most: int) -> bool:
    return len(ways) <= most and ways.count("ref") <= MOST_REFERENCES


def convention_of(world: World, inst: Instance, result: int) -> Convention:
    """What a new slot of an instance promises."""
    return Convention(tuple(argument_way(world, inst, i) for i in range(len(inst.key))), result_way(world.universe, result))


def result_way(universe: Universe, mask: int) -> Way:
    struct = universe.struct_of(mask)
    if struct is None or struct.mutable or not struct.fields or not few([field_way(field) for field in struct.fields], MOST_RESULTS):
        return call_rep(mask)
    return Flat(struct, tuple(map(field_way, struct.fields)))


def field_way(field: Field) -> str:
    return "ref" if field.rep == "i1" else field.rep


def argument_way(world: World, inst: Instance, index: int) -> Way:
    return passed_as(world, inst, index) or call_rep(inst.key[index])


def passed_as(world: World, inst: Instance, index: int) -> Flat | None:
    """The fields that stand for an argument, if they do."""
    struct = replaceable(world, inst.key[index]) if index < inst.given else None
    demand = OBJECT if struct is None else parameter_demand(world, inst, index)
    if struct is None or any(path == () or path[-1] == EXIT for path in demand):
        return None
    way = flat(world, struct, demand)
    assert inst.analysis is not None and inst.analysis.demands is not None
    enough = not inst.analysis.demands.complete or 2 * count_read(world, struct, demand) >= len(reps(way))
    return way if enough and few(reps(way), MOST_PASSED) else None


def flat(world: World, struct: Struct, demand: Demand) -> Flat:
    parts: list[Way] = []
    for field in struct.fields:
        inner, wanted = part_struct(world, field), below(demand, field.name)
        parts.append(field_way(field) if inner is None or not wanted or () in wanted else flat(world, inner, wanted))
    return Flat(struct, tuple(parts))


def count_read(world: World, struct: Struct, demand: Demand) -> int:
    """How many of the fields are read."""
    count = 0
    for field in struct.fields:
        inner, wanted = part_struct(world, field), below(demand, field.name)
        count += bool(wanted) if inner is None or () in wanted else count_read(world, inner, wanted)
    return count


# ---- values ----


def to_parts(b: Builder, value: Val | Virtual, way: Way) -> list[Operand]:
    """The machine values that stand for a value on its way."""
    if isinstance(way, str):
        return [b.to_rep(whole(b, value), way)]
    found: list[Operand] = []
    for field, part in zip(way.struct.fields, way.parts, strict=True):
        found += to_parts(b, value.get(b, field) if isinstance(value, Virtual) else load_field(b, value, field), part)
    return found


def from_parts(b: Builder, way: Way, mask: int, parts: Iterator[Operand]) -> Val | Virtual:
    """The value that machine values stand for."""
    if isinstance(way, str):
        return Val(b.to_rep(Val(next(parts), mask), rep_of(mask)), mask)
    fields: list[Part] = []
    for field, part in zip(way.struct.fields, way.parts, strict=True):
        if field.kind is not None:
            b.unit.rely_on(field.kind.exact)
        made = next(parts) if isinstance(part, str) else from_parts(b, part, part.struct.bit, parts)
        fields.append(made)  # type: ignore[arg-type]
    return Virtual(way.struct, fields)


def leave(b: Builder, value: Val | Virtual, way: Way) -> Operand:
    """Put a result where the caller looks for it: the first field is returned, the others wait in the argument buffer."""
    first, *others = to_parts(b, value, way)
    for i, part in enumerate(others):
        b.store(part, b.offset(b.task, TASK["arguments"] + 8 * i))
    return first


def collect(b: Builder, first: Operand, way: Way, mask: int) -> Val | Virtual:
    """The result of a call that has just returned."""
    types = reps(way)[1:]
    others = [b.load(b.offset(b.task, TASK["arguments"] + 8 * i), rep) for i, rep in enumerate(types)]
    return from_parts(b, way, mask, iter([first, *others]))


# ---- in caches ----


def described(convention: Convention) -> object:
    """Plain data: a struct is its number, before its parts."""

    def plain(way: Way) -> object:
        return way if isinstance(way, str) else (way.struct.bit.bit_length() - 1, *map(plain, way.parts))

    return [*map(plain, convention.arguments), plain(convention.result)]


def restored(universe: Universe, data: Any) -> Convention:
    def way(data: Any) -> Way:
        return data if isinstance(data, str) else Flat(universe.structs[data[0]], tuple(map(way, data[1:])))

    *arguments, result = map(way, data)
    return Convention(tuple(arguments), result)
