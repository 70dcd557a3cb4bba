"""Calls that may mean many methods: the classes of the arguments pick the method from a table, instead of one test after another.

Few methods are told apart by comparing headers, most specific first, which predicts well and is inlined. With more of them the words of the
table (decisions.py) for the classes of all tested arguments are combined by `and`: the lowest bit left is the most specific method.
So a call costs the same whichever method it means, and however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jit_runtime.decisions import Question
from jit_runtime.infer.code import Val, i64
from jit_runtime.infer.virtual import Virtual, whole
from jit_runtime.ir.nodes import Block, Operand, Symbol
from jit_runtime.types.kinds import Abstract, Kind
from jit_runtime.types.order import is_nominal

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.world import Dispatch, GenericFunction, Target
    from jit_runtime.types.universe import Universe

FEW_TESTS = 4  # that are made one after the other; a test of an open kind reads a table itself and counts twice
MOST_HERE = 64  # methods that one call may branch to; with more it goes through the function's entry


def question(found: Dispatch, universe: Universe, *, final: bool) -> Question | None:
    """What to ask of the arguments where a table decides, else None: few tests, or some that classes do not answer. Primitive kinds without a
    place share a class, whose row admits nothing, so they need somebody else to ask; `final`: there is nobody."""
    if universe.crowded and final:
        return None
    tests = [test for target in found.targets for test in target.tests]
    if sum(2 if isinstance(kind, Abstract) else 1 for _, kind in tests) <= FEW_TESTS:
        return None
    if any(target.same for target in found.targets) or not all(is_nominal(kind) for _, kind in tests):
        return None
    positions = tuple(sorted({index for index, _ in tests}))
    return Question(positions, tuple(tuple(kinds_at(target, index) for index in positions) for target in found.targets))


def kinds_at(target: Target, index: int) -> tuple[Kind, ...]:
    return tuple(kind for at, kind in target.tests if at == index)


def choose(b: Builder, function: GenericFunction, asked: Question, values: Sequence[Val | Virtual]) -> list[Block]:
    """Go to the block of the first method that admits the arguments; builds on where none does."""
    table = b.load(Symbol(b.unit.linker.decision(function, asked)), "ptr")
    none = b.new("none")
    rows = b.load(b.offset(table, -8), "i64")
    words = [row_of(b, table, rows, whole(b, values[index]), asked.row_words, none) for index in asked.positions]
    blocks = [b.new("method") for _ in asked.tests]
    for chunk in range(asked.chunks):
        admitted: Operand | None = None
        for position, row in enumerate(words):
            word = b.load(b.offset(row, 8 * (position * asked.chunks + chunk)), "i64")
            admitted = word if admitted is None else b.op("and", admitted, word)
        assert admitted is not None
        further = none if chunk == asked.chunks - 1 else b.new("further")
        here = blocks[64 * chunk : 64 * chunk + 64]
        b.ins("switch", (b.ins("cttz", (admitted,), "i64"),), attr=tuple(range(len(here))), targets=(further, *here))
        b.at(further)
    return blocks


def row_of(b: Builder, table: Operand, rows: Operand, value: Val, words: int, none: Block) -> Operand:
    """The address of the row of a value's class. Classes that the table has no row for yet go to `none`."""
    number = b.runtime("rt_class", (b.to_word(value),), "i64")
    inside = b.new("class")
    b.cbr(b.compare("ult", number, rows), inside, none, "likely")
    b.at(inside)
    return b.offset(table, b.op("mul", number, i64(8 * words)))
