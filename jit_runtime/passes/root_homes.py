"""Where rooted references are at each point: in their variable, in their slot of the root stack, or in both.

A reference is stored at the first safepoint that it is live across, and read back where it is used next, so code in which many
references cross many safepoints stays small. Where ways join of which one has not stored it, it is in its variable: the others
read it back at their end.
"""

from __future__ import annotations

from collections.abc import Iterable

from jit_runtime.ir.nodes import Block
from jit_runtime.passes.blocks import successors
from jit_runtime.passes.live_references import LiveReferences, bits_in


class Homes:
    """`rooted`: the references that cross safepoints. `slots`: of each, by the number of its bit.

    `stored`, `present`: what is in slots and in variables where a block begins. `wanted`: what it has to leave in variables.
    """

    def __init__(self, live: LiveReferences, rooted: int) -> None:
        self.live, self.rooted = live, rooted
        kept = (live.kept[id(row.ins)] for block in live.blocks for row in live.rows[block] if row.safepoint)
        self.slots = assign_slots(kept)
        self.before: dict[Block, list[Block]] = {block: [] for block in live.blocks}
        for block in live.blocks:
            for target in dict.fromkeys(successors(block)):
                self.before[target].append(block)
        self.stored = self.solve({block: self.storing(block) for block in live.blocks}, dict.fromkeys(live.blocks, 0))
        needed = {block: rooted & ~self.stored[block] for block in live.blocks}
        self.wanted = {block: self.wanted_behind(block, needed) for block in live.blocks}
        self.present = self.solve({block: self.bringing(block) for block in live.blocks}, needed)

    def solve(self, effects: dict[Block, tuple[int, int]], always: dict[Block, int]) -> dict[Block, int]:
        """What holds where a block begins, on all ways to it. `effects`: what goes on to hold in a block, and what holds at its end anyway;
        `always`: what is made to hold at its beginning."""
        first, *others = self.live.blocks
        found = dict.fromkeys(self.live.blocks, self.rooted)
        found[first] = always[first]
        changed = True
        while changed:
            changed = False
            for block in others:
                holds = self.rooted
                for before in self.before[block]:
                    stays, made = effects[before]
                    holds &= found[before] & stays | made
                holds |= always[block]
                if holds != found[block]:
                    found[block], changed = holds, True
        return found

    def storing(self, block: Block) -> tuple[int, int]:
        """Safepoints store; a definition makes what was stored old."""
        stays, made = self.rooted, 0
        for row in self.live.rows[block]:
            if row.safepoint:
                made |= self.live.kept[id(row.ins)]
            stays, made = stays & ~row.made, made & ~row.made
        return stays, made

    def bringing(self, block: Block) -> tuple[int, int]:
        """Uses and definitions leave a reference in its variable; a safepoint makes the variable old."""
        stays, made = self.rooted, 0
        for row in self.live.rows[block]:
            made |= row.used
            if row.safepoint:
                kept = self.live.kept[id(row.ins)]
                stays, made = stays & ~kept, made & ~kept
            made |= row.made
        return stays, (made | self.wanted[block]) & self.rooted

    def wanted_behind(self, block: Block, needed: dict[Block, int]) -> int:
        """What a block behind this one expects in variables."""
        wanted = 0
        for target in successors(block):
            wanted |= self.live.live_in[target] & needed[target]
        return wanted


def assign_slots(together: Iterable[int]) -> dict[int, int]:
    """A slot for each reference: those that are kept at one safepoint have different ones. `together`: by safepoint, in order, so that
    what is kept longer is lower."""
    beside: dict[int, int] = {}
    for names in together:
        for i in bits_in(names):
            beside[i] = beside.get(i, 0) | names
    slots: dict[int, int] = {}
    holders: list[int] = []  # by slot: the references that have it
    for i, others in beside.items():
        slot = next((at for at, names in enumerate(holders) if not names & others), len(holders))
        if slot == len(holders):
            holders.append(0)
        holders[slot] |= 1 << i
        slots[i] = slot
    return slots
