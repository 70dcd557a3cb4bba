"""Fields of arrays that a loop reads, and which kind of store it is made for.

An array that can hold anything has words, Bools or raw Floats in its store, and each access tests for that (infer/elements.py). Where the array is
bound outside of the loop and nothing in the loop changes it, all these tests have one answer, which the loop's head can ask for.
"""

from __future__ import annotations

from typing import NamedTuple

from jit_runtime.ir.nodes import Block, Imm, Ins, Operand
from jit_runtime.layout.objects import BY_NAME

BOOLS, FLOATS = BY_NAME["bools"].id, BY_NAME["floats"].id


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
    """Bools where a test asks for them first; Floats where these are not left to the runtime."""
    made = {ins.dest: ins for block in body for ins in block.ins if ins.dest is not None}
    tests: dict[Field, list[tuple[Ins, int]]] = {}
    for block in body:
        jump = block.ins[-1]
        test = made.get(jump.args[0]) if jump.op == "cbr" else None  # type: ignore[arg-type]
        load = made.get(test.args[0]) if test is not None and test.op == "eq" else None  # type: ignore[arg-type]
        if load in read and test is not None and isinstance(test.args[1], Imm) and load is not None and read[load].type == "i8":
            tests.setdefault(read[load], []).append((jump, int(test.args[1].value)))
    kinds = Kinds({}, {}, [])
    own = set(body)
    for field, asked in tests.items():
        if asked[0][1] == BOOLS:
            kinds.stores[field] = BOOLS
        elif any(kind == FLOATS and jump.targets[0] in own for jump, kind in asked):
            kinds.stores[field] = FLOATS
        for jump, kind in asked if field in kinds.stores else ():
            kinds.answers[jump] = 0 if kind == kinds.stores[field] else 1
    return kinds._replace(body=around(body, last, kinds.answers))


def around(body: list[Block], last: Block, answers: dict[Ins, int]) -> list[Block]:
    """The blocks in which the loop goes round if these jumps go where they are expected to."""
    if not answers:
        return body
    reached, work = {body[0]}, [body[0]]
    before: dict[Block, list[Block]] = {}
    while work:
        block = work.pop()
        jump = block.ins[-1]
        for target in jump.targets if jump not in answers else (jump.targets[answers[jump]],):
            before.setdefault(target, []).append(block)
            if target not in reached:
                reached.add(target)
                work.append(target)
    found, work = set[Block](), [last] if last in reached else []
    while work:
        block = work.pop()
        if block not in found:
            found.add(block)
            work += before.get(block, ())
    return [block for block in body if block in found]


