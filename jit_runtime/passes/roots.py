"""Put every reference that is live across a safepoint on the root stack, and read it back where it is used next.

Before: safepoints are calls marked `safepoint`. After: at each of them the root stack holds exactly the references that are live
behind it: those stored before, and those stored now (docs/abi.md, "Root stack"). Runs last: no pass may move a reference across a
safepoint afterwards.

A temporary that is live across a safepoint becomes a variable (it gets a second value, the one read back); LLVM's SROA
makes registers of variables again, with the stores only where control passes the safepoint.
"""

from __future__ import annotations

from jit_runtime.ir.nodes import Block, Function, Imm, Ins, Temp, Variable
from jit_runtime.layout.records import RECORDS
from jit_runtime.passes.live_references import LiveReferences, Name, Row, bits_in
from jit_runtime.passes.root_homes import Homes

ROOT_TOP = RECORDS["Task"].offsets["root_top"]


def root(fn: Function) -> None:
    """Rewrite one function in place."""
    if not any(ins.op == "call" and ins.attr.safepoint for block in fn.blocks for ins in block.ins):
        return
    live = LiveReferences(fn)
    rooted = 0
    for names in live.kept.values():
        rooted |= names
    if rooted:
        Rewriter(fn, live, rooted).function()
    fn.homes = {}  # what they were found behind is rooted now


class Rewriter:
    """Rewrites block after block: stores before safepoints, reads where a reference is used next."""

    def __init__(self, fn: Function, live: LiveReferences, rooted: int) -> None:
        self.fn, self.live, self.rooted = fn, live, rooted
        self.homes = Homes(live, rooted)
        self.base = fn.temp("ptr")
        self.variables: dict[Name, Variable] = {}  # of temporaries
        for i in bits_in(rooted):
            name = live.names[i]
            if isinstance(name, Temp):
                self.variables[name] = fn.variable(f"r{name.id}", "ref")
        self.out: list[Ins] = []
        self.stored = self.present = 0
        self.kept = self.kept_slots = 0  # at the last safepoint

    def function(self) -> None:
        for block in self.live.blocks:
            self.block(block)
        self.fn.blocks = self.live.blocks
        self.enter()

    def block(self, block: Block) -> None:
        self.out = []
        self.stored, self.present = self.homes.stored[block], self.homes.present[block]
        rows = iter(self.live.rows[block])
        row = next(rows, None)
        last = block.ins[-1]
        for ins in block.ins:
            if ins is last:
                self.bring(self.homes.wanted[block])
            if row is None or row.ins is not ins:
                self.out.append(ins)
                continue
            self.instruction(row)
            row = next(rows, None)
        block.ins = self.out

    def instruction(self, row: Row) -> None:
        ins = row.ins
        if row.used & self.rooted:
            self.bring(row.used & self.rooted)
            ins.args = tuple(self.get(self.variables[a]) if type(a) is Temp and a in self.variables else a for a in ins.args)
        kept = self.live.kept[id(ins)] if row.safepoint else 0
        if kept:
            self.safepoint(ins, kept)
        else:
            self.out.append(ins)
        if row.made & self.rooted:
            self.stored &= ~row.made
            self.present |= row.made
            if type(ins.dest) is Temp and ins.dest in self.variables:
                self.out.append(Ins("set", (self.variables[ins.dest], ins.dest)))

    def bring(self, names: int) -> None:
        """Read from their slots what is not in variables."""
        for i in bits_in(names & ~self.present):
            made = self.fn.temp("ref")
            self.out.append(Ins("load", (self.slot(self.homes.slots[i]),), made))
            self.out.append(Ins("set", (self.variable(i), made)))
        self.present |= names

    def safepoint(self, ins: Ins, kept: int) -> None:
        """The slots up to the highest that is live hold what is live, or nothing."""
        for i in bits_in(self.kept & ~kept):
            self.kept_slots &= ~(1 << self.homes.slots[i])
        for i in bits_in(kept & ~self.kept):
            self.kept_slots |= 1 << self.homes.slots[i]
        self.kept, top = kept, self.kept_slots.bit_length()
        for slot in bits_in(~self.kept_slots & (1 << top) - 1):
            self.out.append(Ins("store", (Imm("ref", 0), self.slot(slot))))
        for i in bits_in(kept & ~self.stored):
            self.out.append(Ins("store", (self.get(self.variable(i)), self.slot(self.homes.slots[i]))))
        self.out.append(Ins("store", (self.slot(top), self.height())))
        self.out.append(ins)
        self.stored |= kept
        self.present &= ~kept
        if not ins.attr.noreturn:
            self.out.append(Ins("store", (self.base, self.height())))

    def variable(self, i: int) -> Variable:
        name = self.live.names[i]
        return self.variables[name] if isinstance(name, Temp) else name

    def get(self, variable: Variable) -> Temp:
        made = self.fn.temp("ref")
        self.out.append(Ins("get", (variable,), made))
        return made

    def slot(self, i: int) -> Temp:
        if i == 0:
            return self.base
        at = self.fn.temp("ptr")
        self.out.append(Ins("offset", (self.base, Imm("i64", 8 * i)), at))
        return at

    def height(self) -> Temp:
        at = self.fn.temp("ptr")
        self.out.append(Ins("offset", (self.fn.params[0], Imm("i64", ROOT_TOP)), at))
        return at

    def enter(self) -> None:
        """At entry: the base of this activation's part of the root stack, and the parameters that became variables."""
        at = self.fn.temp("ptr")
        head = [Ins("offset", (self.fn.params[0], Imm("i64", ROOT_TOP)), at), Ins("load", (at,), self.base)]
        head += [Ins("set", (self.variables[param], param)) for param in self.fn.params if param in self.variables]
        self.fn.blocks[0].ins[:0] = head


def verify_rooted(fn: Function) -> None:
    """True after the pass: no reference is live across a safepoint except in the root stack. Raises BadIR."""
    from jit_runtime.ir.verify import BadIR

    live = LiveReferences(fn)
    for names in live.kept.values():
        if names:
            left = ", ".join(repr(live.names[i]) for i in bits_in(names))
            raise BadIR(f"@{fn.name}: {left} live across a safepoint, not rooted")
