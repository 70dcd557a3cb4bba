"""Back-edges: the guard, which interrupts a loop. Where a loop only computes and accesses elements of typed arrays, it runs in strips.

A strip is an inner loop of at most TURNS turns, whose count is known, without guard; the guard stands between strips. LLVM vectorises no
loop with a guard in it: it cannot count the turns until another thread moves the limit.

    head:   guard; read the arrays' fields; how many turns are certain to be in bounds? -> fast (that many turns) or slow (a few)
    fast:   the body without those bounds checks (`Bounds`)       slow: the body as it was built, which raises the errors
    again:  turns - 1; none left -> head

What a strip reads of the arrays themselves (length, store) is read in the head. LLVM would do so only for the first array: it does not know
that the others may be read where the first one's bounds check fails.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jit_runtime.infer.code import i64
from jit_runtime.ir.nodes import Block, Imm, Ins, Operand, Temp, Variable

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder

TURNS = 4096
"""Turns between two guards: some microseconds. Vectorised loops start anew in each strip, so not too few."""
SLOW_TURNS = 16
LARGEST_STEP = 1 << 30
SUMS = {"sadd_overflow": "add", "ssub_overflow": "sub"}


def back_edge(b: Builder, head: Block, again: Block, first: int) -> None:
    """Fill `again`, which jumps back to `head`. The loop's blocks are among those from number `first` on."""
    body = between(b.fn.blocks[first:], head, again)
    if not in_strips(body):
        b.at(again)
        b.guard()
        b.again(head)
        return
    slow = b.new("strip")
    slow.ins, head.ins = head.ins, []
    body = [slow if block is head else block for block in body]
    turns = b.fn.variable("turns", "i64")
    b.at(again)
    left = b.op("sub", b.get(turns), i64(1))
    b.set(turns, left)
    b.cbr(b.compare("ne", left, i64(0)), slow, head, "likely")
    b.at(head)
    b.guard()  # here, not behind the strip, so that LLVM sees two loops and not one with two back-edges
    turn = b.new("turns")
    b.again(turn)
    b.at(turn)
    headers = read_before(b, body)
    bounds = Bounds(b, body, again, headers)
    if not bounds.checks:
        b.set(turns, i64(TURNS))
        b.br(slow)
        return
    fast = bounds.copy(body)
    b.set(turns, i64(SLOW_TURNS))
    b.set(turns, bounds.certain_turns(slow))
    b.br(fast)


def between(blocks: list[Block], head: Block, again: Block) -> list[Block]:
    """The blocks on ways from `head` to `again`: what leaves the loop is no part of it."""
    before: dict[Block, list[Block]] = {}
    for block in blocks:
        for target in block.ins[-1].targets if block.ins else ():
            before.setdefault(target, []).append(block)
    found, work = {head}, [again]
    while work:
        block = work.pop()
        if block not in found:
            found.add(block)
            work += before.get(block, ())
    return [block for block in blocks if block in found]


def in_strips(body: list[Block]) -> bool:
    """No call that comes back, elements of typed arrays only (words are not worth it: short loops get slower), and indices that go on by
    constants: how many turns there are is a division otherwise, of 128 bits, at each start."""
    every = [ins for block in body for ins in block.ins]
    if any(ins.op == "call" and not ins.attr.noreturn for ins in every):
        return False
    read: dict[object, Operand] = {ins.dest: ins.args[0] for ins in every if ins.op == "get"}
    indices = {read.get(ins.args[0]) for ins in every if ins.op == "ult"}
    sums = {ins.dest for ins in every if ins.op in ("sadd_overflow", "ssub_overflow") and not isinstance(ins.args[1], Imm)}
    if any(ins.op == "set" and ins.args[0] in indices and ins.args[1] in sums for ins in every):
        return False
    elements = {(ins.dest or ins.args[0]).type for ins in every if ins.op in ("load", "store") and ins.attr == "element"}
    return bool(elements) and "ref" not in elements


# ---- fields of arrays ----


def read_before(b: Builder, body: list[Block]) -> dict[Operand, Operand]:
    """Read fields of arrays of known kind that are bound outside, and of their stores, here; the body gets the values, through variables.
    Nothing in the body writes them. Returns the value of each variable."""
    inside = {ins.dest for block in body for ins in block.ins}
    known: dict[object, Operand] = {array: array for array in b.arrays if array not in inside}
    values: dict[tuple[Operand, int, str], tuple[Variable, Operand]] = {}
    addresses: dict[object, tuple[Operand, int]] = {}
    for ins in [ins for block in body for ins in block.ins]:
        base = ins.args[0] if ins.args else None
        if ins.op == "inttoptr" and base in known:
            addresses[ins.dest] = known[base], 0
        elif ins.op == "offset" and base in addresses and isinstance(ins.args[1], Imm):
            array, start = addresses[base]
            addresses[ins.dest] = array, start + int(ins.args[1].value)
        elif ins.op == "load" and ins.attr in ("length", "field") and base in addresses and ins.dest is not None:
            key = *addresses[base], ins.dest.type
            if key not in values:
                values[key] = read(b, *key, ins.attr)
            variable, value = values[key]
            known[ins.dest] = value
            ins.op, ins.args, ins.attr = "get", (variable,), None
    return dict(values.values())


def read(b: Builder, array: Operand, offset: int, type: str, memory: str) -> tuple[Variable, Operand]:
    value = b.load(b.pointer(array, offset), type, memory)
    variable = b.fn.variable("header", type)
    b.set(variable, value)
    return variable, value


# ---- bounds ----


@dataclass(frozen=True, slots=True)
class Check:
    """A bounds check that is known before the strip: `index` (if None, that of `counter` plus `step`) is below `limit`."""

    limit: Operand
    index: Operand | None = None
    counter: Variable | None = None
    step: int = 0


@dataclass(slots=True)
class Bounds:
    """The bounds checks of a body whose index does not change, or is a counter (a variable that each turn makes 1 larger) plus a constant.

    If they hold in the first turn, those of counters hold for limit - index turns. In a strip of so many turns the tests are left out, and
    sums of those counters and constants cannot overflow. `sums`: those of two values that do not change, which are known before too.
    """

    b: Builder
    body: list[Block]
    again: Block
    headers: dict[Operand, Operand]
    checks: dict[Ins, Check] = field(default_factory=dict)
    steps: dict[object, tuple[Variable, int]] = field(default_factory=dict)
    sums: dict[Ins, tuple[Operand, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        every = [ins for block in self.body for ins in block.ins]
        counters = self.counters(every)
        inside = {ins.dest for ins in every}
        written = {ins.args[0] for ins in every if ins.op == "set"}
        still: dict[object, Operand] = {}
        for ins in every:
            if ins.op == "get" and ins.args[0] in counters:
                self.steps[ins.dest] = ins.args[0], 0
            elif ins.op == "get" and ins.args[0] not in written and ins.args[0].type == "i64":
                still[ins.dest] = ins.args[0]
            elif ins.op in SUMS and ins.args[0] in self.steps and isinstance(ins.args[1], Imm):
                counter, step = self.steps[ins.args[0]]
                step += int(ins.args[1].value) * (1 if ins.op == "sadd_overflow" else -1)
                if abs(step) < LARGEST_STEP:
                    self.steps[ins.dest] = counter, step
            elif ins.op in SUMS and all(a in still or a not in inside for a in ins.args):
                total = self.b.fn.variable("sum", "i64")
                self.sums[ins] = (total, *(still.get(a, a) for a in ins.args))
                still[ins.dest] = total
        tests = {block.ins[-1].args[0]: block for block in self.body if block.ins[-1].op == "cbr"}
        for ins in every:
            if ins.op != "ult" or ins.dest not in tests or self.body.count(tests[ins.dest].ins[-1].targets[1]):
                continue
            index, limit = ins.args[0], self.headers.get(still.get(ins.args[1], ins.args[1]))
            if limit is None:
                continue
            if index in self.steps:
                counter, step = self.steps[index]
                self.checks[ins] = Check(limit, None, counter, step)
            elif index not in inside:
                self.checks[ins] = Check(limit, index)
            elif index in still:
                self.checks[ins] = Check(limit, still[index])

    def counters(self, every: list[Ins]) -> set[Variable]:
        """Variables that the jump back, and nothing else, makes 1 larger."""
        jumps = [block for block in self.body if self.again in block.ins[-1].targets]
        if len(jumps) != 1:
            return set()
        last = jumps[0].ins
        read: dict[object, Operand] = {ins.dest: ins.args[0] for ins in every if ins.op == "get"}
        larger: dict[object, Operand | None] = {
            ins.dest: read.get(ins.args[0])
            for ins in every
            if ins.op == "sadd_overflow" and isinstance(ins.args[1], Imm) and ins.args[1].value == 1
        }
        found = set()
        for i, ins in enumerate(last):
            variable = ins.args[0] if ins.op == "set" else None
            if isinstance(variable, Variable) and larger.get(ins.args[1]) is variable:
                once = sum(other.op == "set" and other.args[0] is variable for other in every) == 1
                read_after = any(other.op == "get" and other.args[0] is variable for other in last[i:])
                if once and not read_after:
                    found.add(variable)
        return found

    def certain_turns(self, slow: Block) -> Operand:
        """How many turns have all checks hold, at most TURNS; where there are none, go to `slow`."""
        b, turns = self.b, None
        for ins, (total, *args) in self.sums.items():
            fits = b.new("fits")
            x, y = (b.get(a) if isinstance(a, Variable) else a for a in args)
            made = b.ins(ins.op, (x, y), "i64", targets=(fits, slow))
            b.at(fits)
            b.set(total, made)  # type: ignore[arg-type]
        seen: set[tuple[object, ...]] = set()
        for check in self.checks.values():
            key = check.limit, check.index, check.counter, check.step
            if key in seen:
                continue
            seen.add(key)
            index = check.index
            if check.counter is not None:
                index = b.get(check.counter)
                index = b.op("add", index, i64(check.step)) if check.step else index
            elif isinstance(index, Variable):
                index = b.get(index)
            assert index is not None
            inside = b.new("inside")
            b.cbr(b.compare("ult", index, check.limit), inside, slow, "likely")
            b.at(inside)
            if check.counter is not None:
                room = b.op("sub", check.limit, index)
                before = i64(TURNS) if turns is None else turns
                turns = b.ins("select", (b.compare("ult", room, before), room, before), "i64")
        return i64(TURNS) if turns is None else turns

    def copy(self, body: list[Block]) -> Block:
        """The body without the checks. Returns its first block."""
        fn = self.b.fn
        self.share(body)
        blocks = {block: fn.block(block.name.rsplit(".", 1)[0]) for block in body}
        temps: dict[Operand, Operand] = {}
        bounded = {check.counter for check in self.checks.values() if check.counter is not None}
        left_out = {ins.dest for ins in self.checks}
        for ins in [ins for block in body for ins in block.ins]:
            if ins.dest is not None:
                temps[ins.dest] = fn.temp(ins.dest.type)
        for block in body:
            for ins in block.ins:
                args = tuple(temps.get(a, a) for a in ins.args)
                targets = tuple(blocks.get(t, t) for t in ins.targets)
                made = Ins(ins.op, args, temps.get(ins.dest) if ins.dest else None, ins.attr, ins.span, targets)  # type: ignore[arg-type]
                if ins.op == "cbr" and ins.args[0] in left_out:
                    made = Ins("br", targets=targets[:1], span=ins.span)
                elif ins.op in SUMS and (ins in self.sums or (ins.dest in self.steps and self.steps[ins.dest][0] in bounded)):
                    made.op, made.attr, made.targets = SUMS[ins.op], "fits", ()
                    blocks[block].ins += [made, Ins("br", targets=targets[:1], span=ins.span)]
                    continue
                blocks[block].ins.append(made)
        return blocks[body[0]]

    def share(self, body: list[Block]) -> None:
        """What the body computes and blocks outside use has two origins from now on: it becomes a variable."""
        fn, own = self.b.fn, set(body)
        inside = {ins.dest for block in body for ins in block.ins if ins.dest is not None}
        shared: dict[Operand, Variable] = {}
        for block in fn.blocks:
            if block in own:
                continue
            changed: list[Ins] = []
            for ins in block.ins:
                args = list(ins.args)
                for i, a in enumerate(args):
                    if isinstance(a, Temp) and a in inside:
                        variable = shared[a] if a in shared else shared.setdefault(a, fn.variable("shared", a.type))
                        args[i] = fn.temp(a.type)
                        changed.append(Ins("get", (variable,), args[i], span=ins.span))  # type: ignore[arg-type]
                ins.args = tuple(args)
                changed.append(ins)
            block.ins = changed
        later: list[tuple[Block, Ins]] = []
        for block in body:
            changed = []
            for ins in block.ins:
                changed.append(ins)
                if ins.dest in shared:
                    keep = Ins("set", (shared[ins.dest], ins.dest), span=ins.span)
                    if ins.targets:
                        later.append((ins.targets[0], keep))
                    else:
                        changed.append(keep)
            block.ins = changed
        for block, keep in later:
            block.ins.insert(0, keep)
