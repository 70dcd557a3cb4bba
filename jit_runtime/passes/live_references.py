"""Which references are live where: bit sets over the references of a function, and what each instruction does to them."""

from __future__ import annotations

from typing import NamedTuple

from jit_runtime.ir.nodes import Block, Function, Ins, Temp, Variable
from jit_runtime.passes.blocks import reverse_postorder

Name = Temp | Variable


class Row(NamedTuple):
    """An instruction that has to do with references: those that it uses and the one that it makes, as bit sets; is it a safepoint?
    `held`: of those that it uses, the ones that the regions it allocates in were found behind."""

    ins: Ins
    used: int
    made: int
    safepoint: bool
    held: int


class LiveReferences:
    """`names`: the reference of each bit. `rows`: of each block. `live_in`: the references that are live where a block begins.
    `kept`: for each safepoint (by id of its instruction) the references live behind it that it does not define, and those that it holds."""

    def __init__(self, fn: Function) -> None:
        self.regions = fn.homes
        self.blocks = reverse_postorder(fn.blocks[0])
        self.index: dict[Name, int] = {}
        self.rows = {block: self._rows(block) for block in self.blocks}
        self.names = list(self.index)
        self.live_in: dict[Block, int] = {}
        self.kept: dict[int, int] = {}
        if any(row.safepoint for rows in self.rows.values() for row in rows):
            self._solve()
            for block in self.blocks:
                self._note(block)

    def bit(self, name: Name) -> int:
        return 1 << self.index.setdefault(name, len(self.index))

    def out_of(self, block: Block) -> int:
        """What is live where a block ends."""
        after = 0
        for target in block.ins[-1].targets:
            after |= self.live_in[target]
        return after

    def _rows(self, block: Block) -> list[Row]:
        found = []
        for ins in block.ins:
            op, args, dest = ins.op, ins.args, ins.dest
            used = made = held = 0
            if dest is not None and dest.type == "ref":
                made = self.bit(dest)
            if op == "set":
                if args[0].type == "ref":
                    made = self.bit(args[0])  # type: ignore[arg-type]
                args = args[1:]
            for a in args:
                if a.type == "ref" and (type(a) is Temp or type(a) is Variable):
                    used |= self.bit(a)
                elif a in self.regions:
                    held |= self.bit(self.regions[a])
            safepoint = op == "call" and ins.attr.safepoint
            if used or held or made or safepoint:
                found.append(Row(ins, used | held, made, safepoint, held))
        return found

    def _solve(self) -> None:
        effects = {}
        for block in self.blocks:
            used = made = 0
            for row in reversed(self.rows[block]):
                used = used & ~row.made | row.used
                made |= row.made
            effects[block] = used, ~made
        self.live_in = {block: used for block, (used, _) in effects.items()}
        changed = True
        while changed:
            changed = False
            for block in reversed(self.blocks):
                used, stays = effects[block]
                new = used | self.out_of(block) & stays
                if new != self.live_in[block]:
                    self.live_in[block], changed = new, True

    def _note(self, block: Block) -> None:
        rows = self.rows[block]
        if any(row.safepoint for row in rows):
            live = self.out_of(block)
            for row in reversed(rows):
                live &= ~row.made
                if row.safepoint:
                    self.kept[id(row.ins)] = live | row.held
                live |= row.used


def bits_in(bits: int) -> list[int]:
    """The numbers of the bits that are set."""
    found = []
    while bits:
        low = bits & -bits
        found.append(low.bit_length() - 1)
        bits ^= low
    return found
