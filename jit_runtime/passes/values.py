"""Values of a function's variables and temporaries as a graph (SSA), beside the IR: equal values that are computed twice are one node.

Variables have one value per assignment and one per join of ways (`phi`). Lengths of arrays are values too: what they are depends on the array
and on the state of memory, which calls and stores of lengths change. Loads of anything else, calls and parameters are values of their own.
"""

from __future__ import annotations

from jit_runtime.ir.nodes import Function, Imm, Ins, Operand, Variable
from jit_runtime.ir.ops import OPS
from jit_runtime.passes.blocks import reverse_postorder, successors

TYPES = ("i64", "ref", "ptr")
EQUAL = {name for name, op in OPS.items() if not op.effects and op.targets == 0} - {"stack"}
"""Ops of which two with equal operands give the same value."""
KEEPS_LENGTHS = {"rt_word_to_int", "rt_word_to_float", "rt_int_to_word", "rt_float_to_word", "omni.store_ref", "rt_array_put", "rt_kind_index"}


class Value:
    """`block`: the number of the block from whose end on it is the same whenever control passes there; everything that it is made of is known
    there. `args`: operands; of a `phi` by predecessor (`ways`)."""

    __slots__ = ("args", "block", "number", "op", "same", "type", "ways")

    def __init__(self, op: str, block: int, args: tuple[Value, ...] = (), number: int = 0, type: str = "i64") -> None:
        self.op, self.block, self.args, self.number, self.type = op, block, args, number, type
        self.ways: list[int] = []
        self.same: Value | None = None

    def found(self) -> Value:
        """The value that it turned out to be."""
        at = self
        while at.same is not None:
            at = at.same
        return at


class Values:
    """`of` gives the value of an operand. Blocks are numbered in reverse postorder of what can be reached."""

    def __init__(self, fn: Function) -> None:
        self.blocks = reverse_postorder(fn.blocks[0])
        self.number = {block: i for i, block in enumerate(self.blocks)}
        self.before: list[list[int]] = [[] for _ in self.blocks]
        for i, block in enumerate(self.blocks):
            for target in dict.fromkeys(successors(block)):
                self.before[self.number[target]].append(i)
        self.above = self.dominators()
        self.depth = [0] * len(self.blocks)
        self.last = list(range(len(self.blocks)))
        self.number_tree()
        self.known: dict[object, Value] = {}
        self.constants: dict[int, Value] = {}
        self.phis: list[tuple[Value, Variable | None]] = []
        self.ends: list[dict[Variable | None, Value]] = [{} for _ in self.blocks]
        for p in fn.params:
            self.known[p] = Value("param", 0)
        for i, block in enumerate(self.blocks):
            for ins in block.ins:
                self.instruction(ins, i)
        self.fill_phis()
        self.merge()

    # ---- control ----

    def dominators(self) -> list[int]:
        above = [0] * len(self.blocks)
        changed, done = True, [i == 0 for i in range(len(self.blocks))]
        while changed:
            changed = False
            for i in range(1, len(self.blocks)):
                known = [p for p in self.before[i] if done[p]]
                best = known[0]
                for other in known[1:]:
                    while best != other:
                        if best > other:
                            best = above[best]
                        else:
                            other = above[other]
                if not done[i] or above[i] != best:
                    above[i], done[i], changed = best, True, True
        return above

    def number_tree(self) -> None:
        """Number the tree of dominators so that what a block dominates are consecutive numbers."""
        below: list[list[int]] = [[] for _ in self.blocks]
        for i in range(1, len(self.blocks)):
            below[self.above[i]].append(i)
            self.depth[i] = self.depth[self.above[i]] + 1
        self.place, work = [0] * len(self.blocks), [0]
        order: list[int] = []
        while work:
            at = work.pop()
            self.place[at] = len(order)
            order.append(at)
            work += below[at]
        for at in reversed(order):
            self.last[at] = max((self.last[i] for i in below[at]), default=self.place[at])

    def dominates(self, a: int, b: int) -> bool:
        """Does control pass block `a` on every way to block `b`?"""
        return self.place[a] <= self.place[b] <= self.last[a]

    # ---- building ----

    def of(self, a: Operand) -> Value:
        if isinstance(a, Imm) and isinstance(a.value, int):
            return self.constant(a.value)
        if a not in self.known:
            self.known[a] = Value("other", 0)
        return self.known[a].found()

    def constant(self, value: int) -> Value:
        value = (value + (1 << 63)) % (1 << 64) - (1 << 63)
        if value not in self.constants:
            self.constants[value] = Value("const", 0, (), value)
        return self.constants[value]

    def at_end(self, variable: Variable | None, block: int) -> Value:
        """The value of a variable at the end of a block; None: the state of memory that lengths depend on."""
        passed, at = [], block
        while variable not in self.ends[at]:
            passed.append(at)
            ways = self.before[at]
            if len(ways) == 1 and ways[0] < at:
                at = ways[0]
                continue
            made = Value("phi" if ways else "other", at)
            if ways:
                self.phis.append((made, variable))
            self.ends[at][variable] = made
        for one in passed:
            self.ends[one][variable] = self.ends[at][variable]
        return self.ends[at][variable]

    def instruction(self, ins: Ins, block: int) -> None:
        if ins.op == "set" and ins.args[0].type in TYPES:
            self.ends[block][ins.args[0]] = self.of(ins.args[1])  # type: ignore[index]
        elif ins.op == "get" and ins.args[0].type in TYPES:
            self.known[ins.dest] = self.at_end(ins.args[0], block)  # type: ignore[arg-type]
        elif ins.dest is not None:
            args = tuple(self.of(a) for a in ins.args if not isinstance(a, Variable))
            if ins.op == "load" and ins.attr == "length":
                self.known[ins.dest] = Value("length", block, (*args, self.at_end(None, block)))
            else:
                self.known[ins.dest] = Value(ins.op, block, args, type=ins.dest.type)
        if changes_lengths(ins):
            self.ends[block][None] = Value("memory", block)

    def fill_phis(self) -> None:
        for phi, variable in self.phis:  # grows meanwhile
            phi.ways = self.before[phi.block]
            phi.args = tuple(self.at_end(variable, way) for way in phi.ways)
        changed = True
        while changed:
            changed = False
            for phi, _ in self.phis:
                others = {arg.found() for arg in phi.args} - {phi}
                if phi.same is None and len(others) == 1:
                    phi.same, changed = others.pop(), True

    def merge(self) -> None:
        """Equal values become one, which is known where all that it is made of is."""
        seen: dict[tuple[object, ...], Value] = {}
        for value in self.known.values():
            if value.same is not None or value.op == "phi":
                continue
            value.args = tuple(arg.found() for arg in value.args)
            if value.op not in EQUAL and value.op != "length":
                continue
            key = value.op, value.type, *(id(arg) for arg in value.args)
            first = seen.setdefault(key, value)
            if first is not value:
                value.same = first
                continue
            value.block = max((arg.block for arg in value.args), key=self.depth.__getitem__, default=0)
        for phi, _ in self.phis:
            phi.args = tuple(arg.found() for arg in phi.args)


def changes_lengths(ins: Ins) -> bool:
    if ins.op == "call":
        name = getattr(ins.attr.callee, "name", None)
        return not ins.attr.noreturn and not ins.attr.changes_nothing and name not in KEEPS_LENGTHS
    if ins.op == "store":
        return ins.attr not in ("element", "field")
    return ins.op in ("atomic_rmw", "cmpxchg", "fence", "memcpy", "memmove", "memset")
