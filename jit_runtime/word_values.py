"""How types/matching.py reads the values of the running program. Nothing moves meanwhile."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import TYPE_CHECKING

from jit_runtime.data_form import load, type_name
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT, TYPE_SHIFT
from jit_runtime.layout.records import STRUCT_INFO
from jit_runtime.types.kinds import Kind
from jit_runtime.types.structs import Struct
from jit_runtime.types.universe import Universe

if TYPE_CHECKING:
    from jit_runtime.kind_objects import KindObjects


class WordValues:
    """Values are words."""

    def __init__(self, kinds: KindObjects) -> None:
        self._kinds, self._compiler = kinds, kinds.compiler

    def concrete(self, value: int) -> Kind:
        return self._kinds.kind(self._compiler.engine.call("rt_kind_of", 0, value))

    def struct(self, value: int) -> Struct | None:
        found = struct_of(self._compiler.world.universe, value)
        return found and found.newest

    def held(self, value: int, name: str) -> int:
        return self._kinds.held(value, name)

    def items(self, value: int) -> Iterable[int] | None:
        """Of a list that ends."""
        items: list[int] = []
        while value & words.TAG_MASK == words.PAIR_TAG:
            items.append(load(value - words.PAIR_TAG))
            value = load(value - words.PAIR_TAG + 8)
        return items if value == words.NULL else None

    def as_kind(self, value: int) -> Kind | None:
        return self._kinds.kind(value) if value & words.TAG_MASK == words.OBJECT_TAG and type_name(value) == "kind" else None

    def instance(self, value: int, kind: Kind) -> bool:
        return bool(self._compiler.engine.call("rt_in_kind", value, self._kinds.word(kind)))

    def applied(self, value: int, arguments: list[Kind]) -> Kind:
        return self._compiler.world.universe.applied(self.concrete(value), arguments)


def struct_of(universe: Universe, word: int) -> Struct | None:
    """The version that a struct's instance was made with; None for any other value."""
    if word & words.TAG_MASK != words.OBJECT_TAG:
        return None
    header = ctypes.c_uint64.from_address(word - words.OBJECT_TAG).value
    if header >> TYPE_SHIFT & 0xFF != BY_NAME["struct"].id:
        return None
    number = ctypes.c_uint64.from_address((header >> EXTRA_SHIFT) + STRUCT_INFO.offsets["number"]).value
    return universe.structs[number]
