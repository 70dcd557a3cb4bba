"""Tests in a loop's body whose outcome is known for a number of turns when the loop is at its head.

An index that is a counter (a variable that each turn makes larger or smaller by a constant) plus a constant stays in bounds for so many
turns as it has room; so does a comparison of two of them, or of one with what does not change: the loop's own end. A strip of no more
turns than the least of these needs none of the tests, and sums of those counters and constants fit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from jit_runtime.infer.code import Code, i64
from jit_runtime.ir.nodes import Block, Function, Imm, Ins, Operand, Variable

SUMS = {"sadd_overflow": "add", "ssub_overflow": "sub"}
LARGEST_STEP = 1 << 30
OPPOSITE = {"slt": "sge", "sle": "sgt", "sgt": "sle", "sge": "slt", "eq": "ne"}


class Affine(NamedTuple):
    """In the strip's first turn `start` (a variable, a value, None: 0) plus `offset`, and in each turn `step` more."""

    start: Operand | None
    offset: int
    step: int = 0


class Below(NamedTuple):
    """The test that `low` is less than `high` (`equal`: or the same). `bounds`: `high` is a length, and `low` at least 0.

    `stays`: which target is taken while it holds.
    """

    low: Affine
    high: Affine
    stays: int
    equal: bool = False
    bounds: bool = False

    @property
    def approach(self) -> int:
        """By how much the two come nearer in each turn."""
        return self.low.step - self.high.step


@dataclass(slots=True)
class Certain:
    """`headers`: variables with lengths and stores of arrays, read at the head. `tests`: conditional jumps. `fits`: sums that need no
    check. `totals`: sums of two values that do not change: their variable, computed at the head, and the two."""

    fn: Function
    body: list[Block]
    again: Block
    headers: dict[Operand, Operand]
    tests: dict[Ins, Below] = field(default_factory=dict)
    fits: set[Ins] = field(default_factory=set)
    totals: dict[Ins, tuple[Variable, Affine, Affine]] = field(default_factory=dict)
    steps: dict[Operand, int] = field(default_factory=dict)
    values: dict[object, Affine] = field(default_factory=dict)

    def __post_init__(self) -> None:
        every = [ins for block in self.body for ins in block.ins]
        made: dict[object, Ins] = {ins.dest: ins for ins in every if ins.dest is not None}
        self.find_counters(every, made)
        self.find_values(every, made)
        self.find_tests(every, made)
        self.find_fitting(every)

    def find_counters(self, every: list[Ins], made: dict[object, Ins]) -> None:
        """`steps`: variables that the jump back, and nothing else, changes, by a constant."""
        jumps = [block for block in self.body if self.again in block.ins[-1].targets]
        last = jumps[0].ins if len(jumps) == 1 else []
        for i, ins in enumerate(last):
            if ins.op == "set":
                variable, step = ins.args[0], change_of(ins, made)
                once = sum(other.op == "set" and other.args[0] is variable for other in every) == 1
                read_after = any(other.op == "get" and other.args[0] is variable for other in last[i:])
                if step and once and not read_after:
                    self.steps[variable] = step

    def find_values(self, every: list[Ins], made: dict[object, Ins]) -> None:
        written = {ins.args[0] for ins in every if ins.op == "set"}
        for ins in every:
            if ins.dest is None or ins.dest.type != "i64":
                continue
            if ins.op == "get" and (ins.args[0] in self.steps or ins.args[0] not in written):
                variable = ins.args[0]
                self.values[ins.dest] = Affine(self.headers.get(variable, variable), 0, self.steps.get(variable, 0))
            elif is_sum(ins):
                x, y = (self.affine(a, made) for a in ins.args)
                if x is not None and y is not None:
                    self.sum(ins, x, y)

    def affine(self, a: Operand, made: dict[object, Ins]) -> Affine | None:
        if isinstance(a, Imm):
            return Affine(None, int(a.value))
        return self.values.get(a) if a in made else Affine(a, 0)

    def sum(self, ins: Ins, x: Affine, y: Affine) -> None:
        assert ins.dest is not None
        if x.step == y.step == 0:
            total = self.fn.variable("sum", "i64")
            self.totals[ins] = total, x, y
            self.values[ins.dest] = Affine(total, 0)
        elif y.start is None:
            offset = x.offset + (y.offset if adds(ins) else -y.offset)
            if abs(offset) < LARGEST_STEP:
                self.values[ins.dest] = x._replace(offset=offset)

    def find_tests(self, every: list[Ins], made: dict[object, Ins]) -> None:
        own = set(self.body)
        for ins in every:
            if ins.op == "cbr" and ins.args[0] in made and (ins.targets[0] in own) != (ins.targets[1] in own):
                compare, stays = made[ins.args[0]], 0 if ins.targets[0] in own else 1
                found = self.test(compare, made, stays) if len(compare.args) == 2 else None
                if found is not None and found.low.start is not found.high.start:
                    self.tests[ins] = found

    def test(self, compare: Ins, made: dict[object, Ins], stays: int) -> Below | None:
        if any(a.type != "i64" for a in compare.args):
            return None
        x, y = (self.affine(a, made) for a in compare.args)
        return None if x is None or y is None else below(compare.op, x, y, stays, self.lengths())

    def lengths(self) -> set[Operand]:
        return {value for value in self.headers.values() if value.type == "i64"}

    def find_fitting(self, every: list[Ins]) -> None:
        """A counter that is an index is small; one that is less than something can become 1 larger."""
        room: dict[object, tuple[int, int]] = {}
        for test in self.tests.values():
            if test.bounds:
                room[test.low.start] = -LARGEST_STEP, LARGEST_STEP
            elif not test.equal:
                for one, low, high in ((test.low, 0, 1), (test.high, -1, 0)):
                    if one.offset == 0 and one.step:
                        had = room.get(one.start, (0, 0))
                        room[one.start] = min(had[0], low), max(had[1], high)
        for ins in every:
            value = self.values.get(ins.dest)
            low, high = room.get(value.start, (0, 0)) if value is not None and value.step else (0, 0)
            if ins.op in SUMS and value is not None and (ins in self.totals or (value.offset and low <= value.offset <= high)):
                self.fits.add(ins)


def is_sum(ins: Ins) -> bool:
    """A sum or difference, checked or known to fit."""
    return ins.op in SUMS or (ins.op in SUMS.values() and ins.attr == "fits")


def adds(ins: Ins) -> bool:
    return ins.op in ("sadd_overflow", "add")


def change_of(ins: Ins, made: dict[object, Ins]) -> int:
    """By which constant a `set` changes its variable, if it does."""
    total = made.get(ins.args[1])
    if total is None or not is_sum(total) or not isinstance(total.args[1], Imm):
        return 0
    before, step = made.get(total.args[0]), int(total.args[1].value)
    if before is None or before.op != "get" or before.args[0] is not ins.args[0] or abs(step) >= LARGEST_STEP:
        return 0
    return step if adds(total) else -step


def below(op: str, x: Affine, y: Affine, stays: int, lengths: set[Operand]) -> Below | None:
    """The test that keeps the loop going as one of order, if it is one for some turns."""
    if op == "ult":
        return Below(x, y, stays, bounds=True) if stays == 0 and y.start in lengths and y.offset == 0 else None
    if stays == 1:
        op = OPPOSITE.get(op, "")
    if op == "ne" and x.step != y.step:
        return Below(x, y, stays) if x.step > y.step else Below(y, x, stays)
    if op in ("slt", "sle"):
        return Below(x, y, stays, equal=op == "sle")
    if op in ("sgt", "sge"):
        return Below(y, x, stays, equal=op == "sge")
    return None


# ---- at the head ----


def certain_turns(b: Code, found: Certain, slow: Block, most: int) -> Operand:
    """For how many turns all tests hold, at most `most`; where one does not hold now, go to `slow`."""
    for ins, (total, x, y) in found.totals.items():
        b.set(total, total_now(b, ins, value_now(b, x), value_now(b, y), slow))
    turns: Operand = i64(most - 1)
    for test in dict.fromkeys(test._replace(stays=0) for test in found.tests.values()):
        low, high = value_now(b, test.low), value_now(b, test.high)
        holds = b.new("holds")
        b.cbr(b.compare("ult" if test.bounds else "sle" if test.equal else "slt", low, high), holds, slow, "likely")
        b.at(holds)
        more = further_turns(b, test, low, high)
        if more is not None:
            turns = b.ins("select", (b.compare("ult", more, turns), more, turns), "i64")
    return b.op("add", turns, i64(1))


def total_now(b: Code, ins: Ins, x: Operand, y: Operand, slow: Block) -> Operand:
    """A sum that is known to fit where it stands may overflow here: then nothing asks for it."""
    if ins.op not in SUMS:
        return b.op(ins.op, x, y)
    fits = b.new("fits")
    made = b.ins(ins.op, (x, y), "i64", targets=(fits, slow))
    b.at(fits)
    return made


def value_now(b: Code, value: Affine) -> Operand:
    if value.start is None:
        return i64(value.offset)
    now = b.get(value.start) if isinstance(value.start, Variable) else value.start
    return b.op("add", now, i64(value.offset)) if value.offset else now


def further_turns(b: Code, test: Below, low: Operand, high: Operand) -> Operand | None:
    """For how many turns after this one the test holds; None: for all."""
    if test.bounds and test.low.step < 0:
        room, step = low, -test.low.step
    elif test.approach > 0:
        room, step = b.op("sub", high, low), test.approach
        room = room if test.equal else b.op("sub", room, i64(1))
    else:
        return None
    return room if step == 1 else b.op("udiv", room, i64(step))
