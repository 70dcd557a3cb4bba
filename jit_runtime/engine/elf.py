"""Reading ELF64 little-endian object files: what linking and traces need to know about an emitted object."""

from __future__ import annotations

import struct
from typing import NamedTuple

_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
SYMTAB, RELA, NOBITS, UNWIND = 2, 4, 8, 0x70000001
WRITABLE, ALLOCATED, EXECUTABLE = 1, 2, 4  # SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR
FUNCTION = 2  # STT_FUNC
GLOBAL = 1  # STB_GLOBAL


class Section(NamedTuple):
    name: str
    type: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    align: int


class Symbol(NamedTuple):
    """`section` 0: undefined, has to be imported. `value` is the offset in its section."""

    name: str
    type: int
    binding: int
    section: int
    value: int
    size: int


class ObjectFile:
    """The sections and symbols of an object. Raises ValueError where the bytes are no such file."""

    __slots__ = ("data", "sections", "symbols")

    def __init__(self, data: bytes) -> None:
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a 64-bit little-endian ELF file")
        self.data = data
        try:
            self.sections = _sections(data)
            self.symbols = _symbols(data, self.sections)
        except (struct.error, IndexError) as e:
            raise ValueError(f"damaged ELF file: {e}") from e

    def undefined(self) -> list[str]:
        """Names to be imported."""
        return [s.name for s in self.symbols if s.section == 0 and s.name and s.name != "_GLOBAL_OFFSET_TABLE_"]

    def code(self) -> list[tuple[int, Section]]:
        """The sections with code: (index, section), empty ones left out."""
        return [(i, s) for i, s in enumerate(self.sections) if s.flags & EXECUTABLE and s.size]

    def bytes_of(self, section: Section) -> bytes:
        return self.data[section.offset : section.offset + section.size]

    def content(self, name: str) -> bytes:
        """The bytes of the section with this name; empty if there is none."""
        for s in self.sections:
            if s.name == name:
                return self.bytes_of(s)
        return b""

    def relocations(self, name: str) -> list[tuple[int, int, int]]:
        """Of a section: (offset in it, index of the symbol, addend)."""
        for s in self.sections:
            if s.type == RELA and self.sections[s.info].name == name:
                rows = struct.iter_unpack("<QQq", self.bytes_of(s))
                return [(offset, info >> 32, addend) for offset, info, addend in rows]
        return []


def _sections(data: bytes) -> list[Section]:
    start = struct.unpack_from("<Q", data, 40)[0]
    count, names_index = struct.unpack_from("<HH", data, 60)
    if start + count * _SECTION.size > len(data):
        raise IndexError("section table outside the file")
    rows = list(_SECTION.iter_unpack(data[start : start + count * _SECTION.size]))
    names = rows[names_index][4]
    return [Section(_string(data, names + r[0]), r[1], r[2], r[4], r[5], r[6], r[7], r[8]) for r in rows]


def _symbols(data: bytes, sections: list[Section]) -> list[Symbol]:
    for s in sections:
        if s.type == SYMTAB:
            names = sections[s.link].offset
            rows = _SYMBOL.iter_unpack(data[s.offset : s.offset + s.size])
            return [Symbol(_string(data, names + n), info & 15, info >> 4, section, value, size) for n, info, _, section, value, size in rows]
    return []


def _string(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode("utf-8", "replace")
