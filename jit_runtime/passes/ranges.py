"""Checks that cannot fail are removed: bounds of arrays, overflow of Ints.

What is proven are differences: x <= y + c, for values x and y (passes/values.py; y may be absent, 0) and a constant c. Known are the ranges of
some values (a length, what is masked), how sums with constants relate to their operands where their check was passed, and what conditional jumps
tell on the ways behind them. A value of a loop (a phi) is within a bound if it is when the loop is entered and each turn keeps it so: while a
way back is looked at, the bound is assumed (R. Bodik, R. Gupta, V. Sarkar: ABCD, 2000, and its extension to two sides).

All numbers are mathematical ones: a sum that may wrap says nothing. Before: any IR. After: the same, with some `cbr` of tests that always
hold turned into `br`, some `sadd_overflow` and the like into `add ... fits`, and no blocks that cannot be reached.
"""

from __future__ import annotations

from typing import NamedTuple

from jit_runtime.ir.nodes import Block, Function, Ins
from jit_runtime.ir.ops import LARGEST_LENGTH
from jit_runtime.passes.blocks import drop_unreachable
from jit_runtime.passes.values import Value, Values

LEAST, MOST = -(1 << 63), (1 << 63) - 1
MOST_STEPS = 150  # of one proof
CHECKED = {"sadd_overflow": "add", "ssub_overflow": "sub", "smul_overflow": "mul"}
SIGNED = {"slt", "sle", "sgt", "sge", "eq"}
NEGATED = {"slt": "sge", "sle": "sgt", "sgt": "sle", "sge": "slt", "ne": "eq", "ult": "uge", "uge": "ult", "ugt": "ule", "ule": "ugt"}


class Fact(NamedTuple):
    """Where control has passed `block`: the value it is about is at most (or at least) `other` plus `plus`. None: 0."""

    block: int
    other: Value | None
    plus: int


def remove_checks(fn: Function) -> None:
    """Rewrite one function in place."""
    if any(is_check(block) for block in fn.blocks):
        Ranges(fn).remove()
        drop_unreachable(fn)


def is_check(block: Block) -> bool:
    last = block.ins[-1] if block.ins else None
    return last is not None and (last.op in CHECKED or (last.op == "cbr" and fails(last.targets[1])))


def of_ints(ins: Ins) -> bool:
    """Narrower numbers overflow earlier, and their constants are spelled in more than one way."""
    return all(arg.type == "i64" for arg in ins.args)


def fails(block: Block) -> bool:
    return bool(block.ins) and block.ins[-1].op == "unreachable"


class Ranges:
    """Facts about a function's values, and proofs from them."""

    def __init__(self, fn: Function) -> None:
        self.values = Values(fn)
        self.made: dict[object, Ins] = {ins.dest: ins for block in self.values.blocks for ins in block.ins if ins.dest is not None}
        self.at_most: dict[Value, list[Fact]] = {}
        self.at_least: dict[Value, list[Fact]] = {}
        self.passed: dict[Value, int] = {}  # results of checked operations: the block behind the check
        self.steps = 0
        self.assumed: dict[tuple[Value, Value | None, bool], int] = {}
        self.path: set[tuple[Value, Value | None, bool]] = set()
        for i in range(len(self.values.blocks)):
            if len(self.values.before[i]) == 1:
                self.learn(i, self.values.before[i][0])

    # ---- facts ----

    def learn(self, at: int, before: int) -> None:
        """What the way into a block with one predecessor tells."""
        block, last = self.values.blocks[at], self.values.blocks[before].ins[-1]
        if last.op in CHECKED and of_ints(last) and last.targets[0] is block and last.targets[1] is not block:
            self.sum(at, last)
        if last.op == "cbr" and last.targets[0] is not last.targets[1] and last.args[0] in self.made:
            test = self.made[last.args[0]]
            op = test.op if last.targets[0] is block else NEGATED.get(test.op, "")
            if len(test.args) == 2 and of_ints(test):
                x, y = (self.values.of(a) for a in test.args)
                self.compared(at, op, x, y)

    def sum(self, at: int, ins: Ins) -> None:
        """A checked operation did not overflow."""
        assert ins.dest is not None
        made, x, y = self.values.of(ins.dest), self.values.of(ins.args[0]), self.values.of(ins.args[1])
        self.passed[made] = at
        if ins.op == "sadd_overflow":
            for one, other in ((x, y), (y, x)):
                if other.op == "const":
                    self.related(at, made, one, other.number)
        elif ins.op == "ssub_overflow" and y.op == "const":
            self.related(at, made, x, -y.number)

    def related(self, at: int, x: Value, y: Value, plus: int) -> None:
        """x = y + plus."""
        for one, other, difference in ((x, y, plus), (y, x, -plus)):
            self.at_most.setdefault(one, []).append(Fact(at, other, difference))
            self.at_least.setdefault(one, []).append(Fact(at, other, difference))

    def compared(self, at: int, op: str, x: Value, y: Value) -> None:
        if op in ("sgt", "sge", "ugt", "uge"):
            op, x, y = {"sgt": "slt", "sge": "sle", "ugt": "ult", "uge": "ule"}[op], y, x
        if op == "eq":
            self.related(at, x, y, 0)
        elif op in ("slt", "sle"):
            self.ordered(at, x, y, -1 if op == "slt" else 0)
        elif op in ("ult", "ule") and self.range_of(y)[0] >= 0:
            self.ordered(at, x, y, -1 if op == "ult" else 0)
            self.at_least.setdefault(x, []).append(Fact(at, None, 0))

    def ordered(self, at: int, x: Value, y: Value, plus: int) -> None:
        """x <= y + plus."""
        self.at_most.setdefault(x, []).append(Fact(at, y, plus))
        self.at_least.setdefault(y, []).append(Fact(at, x, -plus))

    def range_of(self, value: Value) -> tuple[int, int]:
        """What a value can be, whatever its operands are."""
        numbers = [arg.number if arg.op == "const" else None for arg in value.args]
        match value.op, numbers:
            case "const", _:
                return value.number, value.number
            case "length", _:
                return 0, LARGEST_LENGTH
            case "and", [*_, int(mask)] if mask >= 0:
                return 0, mask
            case "lshr", [_, int(count)] if 0 < count < 64:
                return 0, (1 << 64 - count) - 1
            case "srem", [_, int(divisor)] if divisor:
                return 1 - abs(divisor), abs(divisor) - 1
            case "urem", [_, int(divisor)] if divisor > 0:
                return 0, divisor - 1
            case ("popcount" | "ctlz" | "cttz"), _:
                return 0, 64
            case "zext", _ if value.type == "i64":
                return 0, 1 << 32
        return LEAST, MOST

    # ---- proofs ----

    def proves(self, x: Value, y: Value | None, c: int, block: int, most: bool) -> bool:
        """Is x at most (at least, if not `most`) y + c wherever control is in the block?"""
        self.steps, self.assumed, self.path = 0, {}, set()
        return self.bounded(x, y, c, block, most)

    def bounded(self, x: Value, y: Value | None, c: int, block: int, most: bool) -> bool:
        if y is not None and y.op == "const":
            c += y.number
            y = None
        if x is y:
            return within(0, c, most)
        if y is not None and x.op == "const":
            return self.bounded(y, None, x.number - c, block, not most)
        if y is None and within(self.range_of(x)[1 if most else 0], c, most):
            return True
        key = x, y, most
        if key in self.assumed:
            return within(self.assumed[key], c, most) and self.values.dominates(x.block, block)
        self.steps += 1
        if key in self.path or self.steps > MOST_STEPS:
            return False
        self.path.add(key)
        found = self.by_facts(x, y, c, block, most) or self.by_operation(x, y, c, block, most)
        self.path.discard(key)
        return found

    def by_facts(self, x: Value, y: Value | None, c: int, block: int, most: bool) -> bool:
        for fact in (self.at_most if most else self.at_least).get(x, ()):
            if self.values.dominates(fact.block, block):
                if fact.other is None:
                    if y is None and within(fact.plus, c, most):
                        return True
                elif self.bounded(fact.other, y, c - fact.plus, block, most):
                    return True
        return False

    def by_operation(self, x: Value, y: Value | None, c: int, block: int, most: bool) -> bool:
        if x.op == "phi":
            return self.each_way(x, y, c, most)
        if x.op in CHECKED:
            return x in self.passed and self.values.dominates(self.passed[x], block) and self.by_sign(x, y, c, block, most)
        if x.op == "select":
            return all(self.bounded(arg, y, c, block, most) for arg in x.args[1:])
        if x.op in ("ashr", "lshr", "sdiv", "srem"):
            return self.by_share(x, y, c, block, most) or (x.op == "ashr" and self.by_middle(x, y, c, block, most))
        return False

    def each_way(self, x: Value, y: Value | None, c: int, most: bool) -> bool:
        """A value that ways join: each of them keeps the bound, if the value before this turn of the loop did."""
        if y is not None and (y.block == x.block or not self.values.dominates(y.block, x.block)):
            return False
        key = x, y, most
        path, self.path, self.assumed[key] = self.path, set(), c
        found = all(self.bounded(arg, y, c, way, most) for way, arg in zip(x.ways, x.args, strict=True))
        self.path = path
        del self.assumed[key]
        return found

    def by_sign(self, x: Value, y: Value | None, c: int, block: int, most: bool) -> bool:
        """A sum, difference or product that did not overflow, by the signs of its operands."""
        a, b = x.args
        if x.op == "sadd_overflow":
            return any(self.signed(other, block, not most) and self.bounded(one, y, c, block, most) for one, other in ((a, b), (b, a)))
        if x.op == "ssub_overflow":
            return self.by_difference(a, b, y, c, block, most)
        return y is None and not most and c <= 0 and self.signed(a, block, True) and self.signed(b, block, True)

    def by_difference(self, a: Value, b: Value, y: Value | None, c: int, block: int, most: bool) -> bool:
        """a - b: by the order of the two, or by the sign of b."""
        if y is None and self.bounded(a, b, c, block, most):
            return True
        less = 1 if most else 0
        return any(self.bounded(b, None, one, block, not most) and self.bounded(a, y, c + one, block, most) for one in (less, 0))

    def by_share(self, x: Value, y: Value | None, c: int, block: int, most: bool) -> bool:
        """Quotients and remainders of what is not negative: neither are they, nor larger than it."""
        a, b = x.args
        if not self.signed(a, block, True):
            return False
        if x.op == "srem":
            positive = self.bounded(b, None, 1, block, False)
            return (most and positive and self.bounded(b, y, c + 1, block, True)) or self.shares(a, y, c, block, most)
        return b.op == "const" and b.number >= (1 if x.op == "sdiv" else 0) and self.shares(a, y, c, block, most)

    def by_middle(self, x: Value, y: Value | None, c: int, block: int, most: bool) -> bool:
        """Half of a + b is not outside of a and b, and below b where a is."""
        total, count = x.args
        if total.op != "sadd_overflow" or count.op != "const" or count.number != 1 or total not in self.passed:
            return False
        for a, b in (total.args, total.args[::-1]):
            if most and self.bounded(a, b, -1, block, True):
                return self.bounded(b, y, c + 1, block, True)
        return all(self.bounded(one, y, c, block, most) for one in total.args)

    def shares(self, a: Value, y: Value | None, c: int, block: int, most: bool) -> bool:
        """Is every number from 0 to a within the bound?"""
        return self.bounded(a, y, c, block, True) if most else y is None and c <= 0

    def signed(self, x: Value, block: int, positive: bool) -> bool:
        """Is it at least (else: at most) 0?"""
        return self.bounded(x, None, 0, block, not positive)

    # ---- checks ----

    def remove(self) -> None:
        for i, block in enumerate(self.values.blocks):
            last = block.ins[-1] if block.ins else None
            if last is None:
                continue
            if last.op in CHECKED and of_ints(last) and self.fits(last, i):
                last.op, target, span = CHECKED[last.op], last.targets[0], last.span
                last.attr, last.targets = "fits", ()
                block.ins.append(Ins("br", targets=(target,), span=span))
            elif last.op == "cbr" and fails(last.targets[1]) and last.args[0] in self.made and self.holds(self.made[last.args[0]], i):
                block.ins[-1] = Ins("br", targets=last.targets[:1], span=last.span)

    def holds(self, test: Ins, block: int) -> bool:
        """Does a test of two Ints always hold in this block?"""
        if len(test.args) != 2 or not of_ints(test):
            return False
        x, y = (self.values.of(a) for a in test.args)
        match test.op:
            case "ult":
                return self.range_of(y)[0] >= 0 and self.proves(x, None, 0, block, False) and self.proves(x, y, -1, block, True)
            case "slt" | "sle":
                return self.proves(x, y, -1 if test.op == "slt" else 0, block, True)
            case "sgt" | "sge":
                return self.proves(x, y, 1 if test.op == "sgt" else 0, block, False)
        return False

    def fits(self, ins: Ins, block: int) -> bool:
        """Can the result of a checked operation not overflow?"""
        x, y = (self.values.of(a) for a in ins.args)
        if ins.op == "smul_overflow":
            for one, other in ((x, y), (y, x)):
                if other.op == "const":
                    return self.between(one, MOST // max(abs(other.number), 1), block)
            return any(self.between(x, 1 << i, block) and self.between(y, 1 << 62 - i, block) for i in (16, 31, 46))
        for one, other in ((x, y), (y, x)) if ins.op == "sadd_overflow" else ((x, y),):
            if other.op == "const":
                plus = other.number if ins.op == "sadd_overflow" else -other.number
                return self.proves(one, None, MOST - plus if plus > 0 else LEAST - plus, block, plus > 0)
        if ins.op == "ssub_overflow" and all(self.proves(v, None, 0, block, False) for v in (x, y)):
            return True
        return self.between(x, 1 << 62, block) and self.between(y, 1 << 62, block)

    def between(self, x: Value, limit: int, block: int) -> bool:
        return self.proves(x, None, limit, block, True) and self.proves(x, None, -limit, block, False)


def within(value: int, c: int, most: bool) -> bool:
    return value <= c if most else value >= c
