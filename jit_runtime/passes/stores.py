"""Fields of arrays that a loop reads, and which kind of store it is made for.

An array that can hold anything has words, Bools or raw Floats in its store, and each access tests for that (infer/elements.py). Where the array is
bound outside of the loop and nothing in the loop changes it, all these tests have one answer, which the loop's head can ask for.
"""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple, TypeVar

from jit_runtime.ir.nodes import Block, Imm, Ins, Operand
from jit_runtime.layout.objects import BY_NAME
from jit_runtime.passes.blocks import reverse_postorder

WORDS, BOOLS, FLOATS = (BY_NAME[name].id for name in ("store", "bools", "floats"))
TYPE = "i8"
"""What the type of a store is read as."""


class Field(NamedTuple):
    """Of an array, or of what another field names."""

    owner: Operand | Field
    offset: int
    type: str
    memory: str


def fields(body: list[Block], arrays: set[Operand]) -> dict[Ins, Field]:
    """Loads in the body of fields of arrays that are bound outside, and of their stores."""
    inside = {ins.dest for block in body for ins in block.ins}
    owners: dict[object, Operand | Field] = {array: array for array in arrays if array not in inside}
    addresses: dict[object, tuple[Operand | Field, int]] = {}
    found: dict[Ins, Field] = {}
    for ins in [ins for block in body for ins in block.ins]:
        base = ins.args[0] if ins.args else None
        if ins.op == "inttoptr" and base in owners:
            addresses[ins.dest] = owners[base], 0
        elif ins.op == "offset" and base in addresses and isinstance(ins.args[1], Imm):
            owner, start = addresses[base]
            addresses[ins.dest] = owner, start + int(ins.args[1].value)
        elif ins.op == "load" and ins.attr in ("length", "field") and base in addresses and ins.dest is not None:
            found[ins] = owners[ins.dest] = Field(*addresses[base], ins.dest.type, ins.attr)
    return found


class Kinds(NamedTuple):
    """`stores`: the type of the store that each array is expected to have. `answers`: which target a test of it then takes. `body`: the blocks
    that are left, none if the loop does not go round in them."""

    stores: dict[Field, int]
    answers: dict[Ins, int]
    body: list[Block]


def expected(body: list[Block], last: Block, read: dict[Ins, Field]) -> Kinds:
    stores, answers = answered(body, {ins: field for ins, field in read.items() if field.type == TYPE}, set(body))
    return Kinds(stores, answers, around(set(body), body[0], {last}, answers))


K = TypeVar("K")


def answered(body: list[Block], loads: dict[Ins, K], own: set[Block], otherwise: int | None = None) -> tuple[dict[K, int], dict[Ins, int]]:
    """`loads`: where types of stores are read, and what has the store. Expected are Bools where a test asks for them first, Floats where the way for
    them is one of `own`. Returns what each is expected to be, and which targets tests then take."""
    made = {ins.dest: ins for block in body for ins in block.ins if ins.dest is not None}
    tests: dict[K, list[tuple[Ins, int]]] = {}
    for block in body:
        jump = block.ins[-1]
        test = made.get(jump.args[0]) if jump.op == "cbr" else None  # type: ignore[arg-type]
        load = made.get(test.args[0]) if test is not None and test.op == "eq" else None  # type: ignore[arg-type]
        if load is not None and load in loads and test is not None and isinstance(test.args[1], Imm):
            tests.setdefault(loads[load], []).append((jump, int(test.args[1].value)))
    stores: dict[K, int] = {}
    answers: dict[Ins, int] = {}
    for key, asked in tests.items():
        if asked[0][1] == BOOLS:
            stores[key] = BOOLS
        elif any(kind == FLOATS and jump.targets[0] in own for jump, kind in asked):
            stores[key] = FLOATS
        elif otherwise is not None:
            stores[key] = otherwise
        answers |= {jump: 0 if kind == stores[key] else 1 for jump, kind in asked if key in stores}
    return stores, answers


def around(among: Container[Block], first: Block, ends: set[Block], answers: dict[Ins, int]) -> list[Block]:
    """The blocks on ways from the first one to one of the ends, if jumps go where they are expected to; each after those that dominate it."""
    before: dict[Block, list[Block]] = {}

    def after(block: Block) -> tuple[Block, ...]:
        jump = block.ins[-1]
        return (jump.targets[answers[jump]],) if jump in answers else jump.targets

    reached = reverse_postorder(first, among, after)
    for block in reached:
        for target in after(block):
            before.setdefault(target, []).append(block)
    found, work = set[Block](), [block for block in reached if block in ends]
    while work:
        block = work.pop()
        if block not in found:
            found.add(block)
            work += before.get(block, ())
    return [block for block in reached if block in found]
