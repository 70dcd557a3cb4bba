"""The tables behind calls that may mean many methods (infer/decisions.py): which methods a class of values leaves possible.

A class is the number of a concrete kind: its bit in a set of kinds. A table has a row per class, with a word per tested argument and
64 methods: bit i says that the i-th method admits the class there. Code reads it without a lock: the address of a table is one
word, and what it points at never shrinks or moves. A kind is entered in all tables before its first instance exists.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.digest import short_digest
from jit_runtime.types.kinds import ANY, BIT, Kind, Union, Variable, either
from jit_runtime.types.machine import OWN
from jit_runtime.types.primitives import Primitive
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.engine.engine import Engine
    from jit_runtime.types.universe import Universe

FIRST_ROWS = 64
UNTOLD = either(BIT[name] for name in OWN)
"""Classes that primitive kinds of a program without a place share: their rows admit nothing, so that such values go to the function's entry."""


class Question(NamedTuple):
    """`positions`: the tested arguments. `tests`: for each method, in order of specificity, the kinds asked for at these positions."""

    positions: tuple[int, ...]
    tests: tuple[tuple[tuple[Kind, ...], ...], ...]

    @property
    def chunks(self) -> int:
        """Words that hold a bit for each method."""
        return -(-len(self.tests) // 64)

    @property
    def row_words(self) -> int:
        return len(self.positions) * self.chunks


class DecisionTable:
    """`cell` holds the address of the rows, before which stands their number."""

    def __init__(self, question: Question, classes: int) -> None:
        self.question = question
        self.cell = ctypes.c_uint64()
        self.rows = 0
        # What the code that reads the table takes the kinds for: later versions of a struct are not among them.
        self._masks = [[reduce(and_, (kind.mask for kind in kinds), ANY) for kinds in method] for method in question.tests]
        self._memory: list[ctypes.Array[ctypes.c_uint64]] = []  # older ones too: code may be reading them
        self.reserve(classes)

    def reserve(self, classes: int) -> None:
        """Have rows for so many classes; those of classes that are not there yet admit what asks for nothing."""
        if classes <= self.rows:
            return
        rows = max(FIRST_ROWS, 1 << (classes - 1).bit_length())
        words = self.question.row_words
        memory = (ctypes.c_uint64 * (1 + rows * words))(rows)
        if self._memory:
            size = 8 * self.rows * words
            ctypes.memmove(ctypes.addressof(memory) + 8, ctypes.addressof(self._memory[-1]) + 8, size)
        old, self.rows = self.rows, rows
        self._memory.append(memory)
        for position in range(len(self.question.positions)):
            for method, tests in enumerate(self.question.tests):
                sure = reduce(and_, (kind.sure for kind in tests[position]), ANY)
                self._admit(position, method, old, (sure & ~UNTOLD) >> old & (1 << rows - old) - 1)
        self.cell.value = ctypes.addressof(memory) + 8

    def _admit(self, position: int, method: int, first: int, classes: int) -> None:
        """Set the method's bit in the rows of the classes first, first + 1, ... that have a bit in `classes`."""
        memory, words, bit = self._memory[-1], self.question.row_words, 1 << method % 64
        at = 1 + first * words + position * self.question.chunks + method // 64
        while classes:
            if classes & 1:
                memory[at] |= bit
            at += words
            classes >>= 1

    def row(self, number: int) -> list[int]:
        """The words of a class."""
        at = 1 + number * self.question.row_words
        return self._memory[-1][at : at + self.question.row_words]

    def enter(self, kind: Struct | Primitive) -> None:
        """The row of a new kind."""
        number = kind.bit.bit_length() - 1
        self.reserve(number + 1)
        lineage = frozenset(ancestors(kind))
        for position in range(len(self.question.positions)):
            for method, tests in enumerate(self.question.tests):
                known = self._masks[method][position] >> number & 1
                self._admit(position, method, number, known if all(admits(kind, lineage) for kind in tests[position]) else 0)


def ancestors(kind: Struct | Primitive) -> Iterator[Kind]:
    at: Kind | None = kind.nominal if isinstance(kind, Struct) else kind
    while at is not None:
        yield at
        at = at.parent


def admits(kind: Kind, lineage: frozenset[Kind]) -> bool:
    """Are the values of a kind with these ancestors instances of a nominal kind?"""
    if isinstance(kind, Union):
        return any(admits(member, lineage) for member in kind.members)
    return (kind.bound if isinstance(kind, Variable) else kind) in lineage or kind.name == "Any"


class Decisions:
    """All tables of a session, by the symbol of their cell, which derives from what they answer."""

    def __init__(self, engine: Engine, universe: Universe) -> None:
        self._engine, self._universe = engine, universe
        self.tables: dict[str, DecisionTable] = {}
        self._generation = 0

    def new_generation(self) -> None:
        """Structs have another version: what is compiled from now on has tables of its own."""
        self._generation += 1

    def symbol(self, prefix: str, asked: Question) -> str:
        described = [[[self._universe.describe(kind) for kind in kinds] for kinds in method] for method in asked.tests]
        name = f"{prefix}.{short_digest(repr((self._generation, asked.positions, described)))}"
        if name not in self.tables:
            table = self.tables[name] = DecisionTable(asked, self._universe.classes)
            self._engine.define(name, ctypes.addressof(table.cell))
        return name

    def enter(self, kind: Struct | Primitive) -> None:
        """Tell all tables about a kind, before there is an instance of it."""
        for table in self.tables.values():
            table.enter(kind)
