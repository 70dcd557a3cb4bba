"""Tests in a loop's body whose outcome is known for a number of turns when the loop is at its head.

An index that is a counter (a variable that each turn makes larger or smaller by what does not change) stays in bounds for so many turns as
it has room; so do sums and products of counters and what does not change, as (i * n + k), and comparisons with the loop's own end. A strip of no
more turns than the least of these needs none of the tests, and such sums and products fit where they are indices.
"""

from __future__ import annotations

from typing import NamedTuple

from jit_runtime.dataclass import dataclass, field
from jit_runtime.infer.code import Code, i64
from jit_runtime.ir.nodes import Block, Function, Imm, Ins, Operand, Variable

SUMS = {"sadd_overflow": "add", "ssub_overflow": "sub"}
PRODUCTS = {"smul_overflow": "mul"}
CHECKED = SUMS | PRODUCTS
LARGEST_STEP = 1 << 30
LARGEST_PRODUCT = 1 << 62
OPPOSITE = {"slt": "sge", "sle": "sgt", "sgt": "sle", "sge": "slt", "eq": "ne"}


class Affine(NamedTuple):
    """In the strip's first turn `start` (a variable, a value, None: 0) plus `offset`, and in each turn `step` more; times `scale`, if there is one,
    which is from 1 to LARGEST_STEP where a strip is entered."""

    start: Operand | None
    offset: int
    step: int = 0
    scale: Operand | None = None


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
        """By how much the two come nearer in each turn, but for the scale."""
        return self.low.step - self.high.step

    @property
    def scale(self) -> Operand | None:
        """At most one of the two has one, and then the other does not change."""
        return self.low.scale or self.high.scale


@dataclass(slots=True)
class Certain:
    """`headers`: variables with lengths and stores of arrays, read at the head. `tests`: conditional jumps. `fits`: sums and products that need
    no check. `totals`: sums and products of which one operand at least does not change: the variable for what they are in the first turn,
    computed at the head, and the operands. `parts`: sums by the operands that they have."""

    fn: Function
    body: list[Block]
    again: Block
    headers: dict[Operand, Operand]
    tests: dict[Ins, Below] = field(default_factory=dict)
    fits: set[Ins] = field(default_factory=set)
    totals: dict[Ins, tuple[Variable, Affine, Affine]] = field(default_factory=dict)
    steps: dict[Operand, tuple[int, Operand | None]] = field(default_factory=dict)
    turning: dict[Ins, Operand] = field(default_factory=dict)
    parts: dict[Operand, list[Operand]] = field(default_factory=dict)
    values: dict[object, Affine] = field(default_factory=dict)

    def __post_init__(self) -> None:
        every = [ins for block in self.body for ins in block.ins]
        made: dict[object, Ins] = {ins.dest: ins for ins in every if ins.dest is not None}
        self.find_counters(every, made)
        self.find_values(every, made)
        self.find_tests(every, made)
        self.find_fitting(every)
        self.drop_totals()

    def find_counters(self, every: list[Ins], made: dict[object, Ins]) -> None:
        """`steps`: variables that the jump back, and nothing else, changes, by what does not change. `turning`: the sums that do it, and
        the variables."""
        jumps = [block for block in self.body if self.again in block.ins[-1].targets]
        last = jumps[0].ins if len(jumps) == 1 else []
        written = {ins.args[0] for ins in every if ins.op == "set"}
        for i, ins in enumerate(last):
            if ins.op == "set" and ins.args[0].type == "i64":
                variable, (step, scale) = ins.args[0], self.change_of(ins, made, written)
                once = sum(other.op == "set" and other.args[0] is variable for other in every) == 1
                read_after = any(other.op == "get" and other.args[0] is variable for other in last[i:])
                if step and once and not read_after:
                    self.steps[variable] = step, scale
                    self.turning[made[ins.args[1]]] = variable

    def change_of(self, ins: Ins, made: dict[object, Ins], written: set[Operand]) -> tuple[int, Operand | None]:
        """By what a `set` changes its variable in each turn: a constant and a scale, or 0."""
        total = made.get(ins.args[1])
        if total is None or not is_sum(total):
            return 0, None
        for x, y in (total.args, total.args[::-1])[: 2 if adds(total) else 1]:
            before = made.get(x)
            if before is None or before.op != "get" or before.args[0] is not ins.args[0]:
                continue
            if isinstance(y, Imm):
                step = int(y.value) if adds(total) else -int(y.value)
                return (step if abs(step) < LARGEST_STEP else 0), None
            read = made.get(y)
            if read is None:
                return (1 if adds(total) else -1), y
            if read.op == "get" and read.args[0] not in written:
                return (1 if adds(total) else -1), self.headers.get(read.args[0], read.args[0])
        return 0, None

    def find_values(self, every: list[Ins], made: dict[object, Ins]) -> None:
        written = {ins.args[0] for ins in every if ins.op == "set"}
        for ins in every:
            if ins.dest is None or ins.dest.type != "i64":
                continue
            if ins.op == "get" and (ins.args[0] in self.steps or ins.args[0] not in written):
                variable = ins.args[0]
                self.values[ins.dest] = Affine(self.headers.get(variable, variable), 0, *self.steps.get(variable, (0, None)))
            elif is_sum(ins) or is_product(ins):
                x, y = (self.affine(a, made) for a in ins.args)
                if x is not None and y is not None:
                    made_of = self.sum(ins, x, y) if is_sum(ins) else self.product(ins, x, y)
                    if made_of is not None:
                        self.values[ins.dest] = made_of

    def affine(self, a: Operand, made: dict[object, Ins]) -> Affine | None:
        if isinstance(a, Imm):
            return Affine(None, int(a.value))
        return self.values.get(a) if a in made else Affine(a, 0)

    def sum(self, ins: Ins, x: Affine, y: Affine) -> Affine | None:
        for one, other in ((x, y), (y, x))[: 2 if adds(ins) else 1]:
            if one.step and other.start is None and not other.step:
                offset = one.offset + (other.offset if adds(ins) else -other.offset)
                return one._replace(offset=offset) if abs(offset) < LARGEST_STEP else None
        if (x.step and y.step) or (y.step and not adds(ins)) or (ins in self.turning):
            return None
        moving = x if x.step else y
        total = self.total(ins, x, y)
        for part in (x.start, y.start):
            if part is not None:
                self.parts.setdefault(part, []).append(total)
        return Affine(total, 0, moving.step, moving.scale)

    def product(self, ins: Ins, x: Affine, y: Affine) -> Affine | None:
        moving, other = (x, y) if x.step else (y, x)
        if other.step:
            return None
        if not moving.step:
            return Affine(self.total(ins, x, y), 0)
        if other.start is None:
            step = moving.step * other.offset
            return Affine(self.total(ins, x, y), 0, step, moving.scale) if 0 < abs(step) < LARGEST_STEP else None
        if other.offset or moving.scale is not None or abs(moving.step) != 1:
            return None
        return Affine(self.total(ins, x, y), 0, moving.step, other.start)

    def total(self, ins: Ins, x: Affine, y: Affine) -> Operand:
        variable = self.fn.variable("total", "i64")
        self.totals[ins] = variable, x, y
        return variable

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
        if x is None or y is None or ((x.scale or y.scale) and x.step and y.step):
            return None
        return below(compare.op, x, y, stays, self.lengths())

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
            if ins.op not in CHECKED or (value is None and ins not in self.turning):
                continue
            low, high = room.get(value.start, (0, 0)) if value is not None and value.step else (0, 0)
            if ins in self.totals:
                fits = not self.step_of(ins) or self.bounded(self.totals[ins][0], room)
            elif value is None:
                fits = self.bounded(self.turning[ins], room)
            else:
                fits = value.offset != 0 and low <= value.offset <= high
            if fits:
                self.fits.add(ins)

    def drop_totals(self) -> None:
        """Of what changes, only what tests ask for is computed at the head."""
        asked = {value.start for test in self.tests.values() for value in (test.low, test.high)}
        for ins, (total, x, y) in reversed(list(self.totals.items())):
            if total in asked:
                asked |= {x.start, y.start}
            elif self.step_of(ins):
                del self.totals[ins]

    def step_of(self, ins: Ins) -> int:
        return self.values[ins.dest].step

    def bounded(self, start: Operand | None, room: dict[object, tuple[int, int]]) -> bool:
        """Is it an index, or a part of one?"""
        if start is None:
            return False
        return room.get(start, (0, 0))[1] == LARGEST_STEP or any(self.bounded(total, room) for total in self.parts.get(start, ()))


def is_sum(ins: Ins) -> bool:
    """A sum or difference, checked or known to fit."""
    return ins.op in SUMS or (ins.op in SUMS.values() and ins.attr == "fits")


def adds(ins: Ins) -> bool:
    return ins.op in ("sadd_overflow", "add")


def is_product(ins: Ins) -> bool:
    return ins.op in PRODUCTS or (ins.op in PRODUCTS.values() and ins.attr == "fits")


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
        if ins.op in PRODUCTS and found.step_of(ins):
            go_on(b, "ult", b.op("add", b.get(total), i64(LARGEST_PRODUCT)), i64(-2 * LARGEST_PRODUCT), slow)  # it changes by less than as much again
    for scale in dict.fromkeys(test.scale for test in found.tests.values() if test.scale is not None):
        go_on(b, "ult", b.op("sub", value_now(b, Affine(scale, 0)), i64(1)), i64(LARGEST_STEP), slow)
    turns: Operand = i64(most - 1)
    for test in dict.fromkeys(test._replace(stays=0) for test in found.tests.values()):
        low, high = value_now(b, test.low), value_now(b, test.high)
        go_on(b, "ult" if test.bounds else "sle" if test.equal else "slt", low, high, slow)
        more = further_turns(b, test, low, high)
        if more is not None:
            turns = b.ins("select", (b.compare("ult", more, turns), more, turns), "i64")
    return b.op("add", turns, i64(1))


def long_enough(b: Code, found: Certain, slow: Block, least: int) -> None:
    """Where the loop's own end is near, go to `slow`. Totals are not computed yet."""
    totals = {total for total, _, _ in found.totals.values()}
    for test in dict.fromkeys(test._replace(stays=0) for test in found.tests.values()):
        if not test.bounds and test.approach > 0 and test.scale is None and not totals & {test.low.start, test.high.start}:
            near = b.op("sub", value_now(b, test.high), value_now(b, test.low))
            go_on(b, "uge", near, i64(least * test.approach), slow)


def go_on(b: Code, test: str, x: Operand, y: Operand, slow: Block) -> None:
    """Here, where the test holds, else in `slow`."""
    holds = b.new("holds")
    b.cbr(b.compare(test, x, y), holds, slow, "likely")
    b.at(holds)


def total_now(b: Code, ins: Ins, x: Operand, y: Operand, slow: Block) -> Operand:
    """What is known to fit where it stands may overflow here: then nothing asks for it, or for a turn in which it wraps back."""
    if ins.op not in CHECKED:
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
    if test.scale is not None:
        by = value_now(b, Affine(test.scale, 0))
        return b.op("udiv", room, by if step == 1 else b.op("mul", by, i64(step)))
    return room if step == 1 else b.op("udiv", room, i64(step))
