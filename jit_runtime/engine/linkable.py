"""An object file as it will lie in memory: what does not depend on where, nor on what it imports, is done once.

    code, constants | a word for each import, then for other addresses that code finds by such a word | jumps to imports that are called | data

Code and constants find each other, the words and the jumps by distances. So linking (engine/linking.py) is to copy the bytes and to fill in words,
and calls of what is near.
"""

from __future__ import annotations

import struct

from jit_runtime.engine.elf import ALLOCATED, EXECUTABLE, GLOBAL, NOBITS, RELA, UNWIND, WRITABLE, ObjectFile, Section
from jit_runtime.engine.mapping import PAGE
from jit_runtime.engine.relocations_x86_64 import CALL, INDIRECT, JUMP_SIZE, NEAR, WORD, jump

_NEAR, _WORD = struct.Struct("<i"), struct.Struct("<Q")


class Linkable:
    """Offsets count from the start of the bytes.

    `size`: of all; from `sealed` on it is data that code writes. `exports`: name -> offset. `code`: (low, high, section index).
    `imports`: names, whose addresses go to the words from `table` on. `own`: offsets of words with an address of the object itself -> its offset.
    `words`: other words: (offset, import, addend). `calls`: distances to imports, (offset, import, addend): they lead to a jump.
    """

    __slots__ = ("bytes", "calls", "code", "exports", "image", "imports", "own", "sealed", "size", "table", "words")

    def __init__(self, image: bytes) -> None:
        elf = ObjectFile(image)
        self.image = image
        starts, end = _placed([(i, s) for i, s in _loaded(elf) if not s.flags & WRITABLE], 0)
        relocations = _relocations(elf)
        self.imports: list[str] = []
        numbers = self._numbered(elf)
        slots = self._slots(relocations, numbers)
        self.table = -(-end // 8) * 8
        called = list(dict.fromkeys(numbers[s] for _, rows in relocations for _, kind, s, _ in rows if kind in CALL and s in numbers))
        jumps = self.table + 8 * len(slots)
        end = jumps + JUMP_SIZE * len(called)
        written = [(i, s) for i, s in _loaded(elf) if s.flags & WRITABLE]
        self.sealed = -(-end // PAGE) * PAGE
        if written:
            data, end = _placed(written, self.sealed)
            starts |= data
        self.size = end
        self.bytes = bytearray(end)
        for i, section in _loaded(elf):
            if section.type != NOBITS:
                self.bytes[starts[i] : starts[i] + section.size] = image[section.offset : section.offset + section.size]
        for i, number in enumerate(called):
            at = jumps + JUMP_SIZE * i
            self.bytes[at : at + JUMP_SIZE] = jump(self.table + 8 * number - at)
        self.own: list[tuple[int, int]] = []
        self.words: list[tuple[int, int, int]] = []
        self.calls: list[tuple[int, int, int]] = []
        self._relocate(elf, starts, relocations, numbers, slots, {number: jumps + JUMP_SIZE * i for i, number in enumerate(called)})
        self.exports = {s.name: starts[s.section] + s.value for s in elf.symbols if s.binding == GLOBAL and s.section in starts}
        self.code = tuple((starts[i], starts[i] + s.size, i) for i, s in _loaded(elf) if s.flags & EXECUTABLE)

    def _numbered(self, elf: ObjectFile) -> dict[int, int]:
        """Imports by the symbol's index."""
        numbers = {}
        for i, s in enumerate(elf.symbols):
            if s.section == 0 and s.name:
                numbers[i] = len(self.imports)
                self.imports.append(s.name)
        return numbers

    def _slots(self, relocations: Relocations, numbers: dict[int, int]) -> dict[int, int]:
        """The word of each symbol whose address code finds in one."""
        slots = dict(numbers)
        for _, rows in relocations:
            for _, kind, symbol, _ in rows:
                if kind in INDIRECT:
                    slots.setdefault(symbol, len(slots))
        return slots

    def _relocate(
        self, elf: ObjectFile, starts: dict[int, int], relocations: Relocations, numbers: dict[int, int], slots: dict[int, int], jumps: dict[int, int]
    ) -> None:
        places = {i: starts[s.section] + s.value for i, s in enumerate(elf.symbols) if s.section in starts}
        self.own += [(self.table + 8 * slot, places[symbol]) for symbol, slot in slots.items() if symbol not in numbers]
        for section, rows in relocations:
            start = starts[section]
            for offset, kind, symbol, addend in rows:
                at = start + offset
                if kind in INDIRECT:
                    _NEAR.pack_into(self.bytes, at, self.table + 8 * slots[symbol] + addend - at)
                elif kind in NEAR and symbol in places:
                    _NEAR.pack_into(self.bytes, at, places[symbol] + addend - at)
                elif kind in CALL:
                    self.calls.append((at, numbers[symbol], addend))
                    _NEAR.pack_into(self.bytes, at, jumps[numbers[symbol]] + addend - at)
                elif kind in WORD and symbol in places:
                    self.own.append((at, places[symbol] + addend))
                elif kind in WORD:
                    self.words.append((at, numbers[symbol], addend))
                else:
                    raise ValueError(f"a relocation of type {kind} for {elf.symbols[symbol].name}")


Relocations = list[tuple[int, list[tuple[int, int, int, int]]]]
"""By section that they change: (offset, type, index of the symbol, addend)."""


def _loaded(elf: ObjectFile) -> list[tuple[int, Section]]:
    """What is needed in memory. Nothing unwinds the stack by tables."""
    return [(i, s) for i, s in enumerate(elf.sections) if s.flags & ALLOCATED and s.type != UNWIND and s.name != ".eh_frame" and s.size]


def _placed(sections: list[tuple[int, Section]], at: int) -> tuple[dict[int, int], int]:
    """Where sections begin, one behind the other, and where the last one ends."""
    starts = {}
    for i, section in sections:
        at = -(-at // section.align) * section.align if section.align > 1 else at
        starts[i] = at
        at += section.size
    return starts, at


def _relocations(elf: ObjectFile) -> Relocations:
    loaded = {i for i, _ in _loaded(elf)}
    return [
        (s.info, [(offset, info & 0xFFFFFFFF, info >> 32, addend) for offset, info, addend in struct.iter_unpack("<QQq", elf.bytes_of(s))])
        for s in elf.sections
        if s.type == RELA and s.info in loaded
    ]
