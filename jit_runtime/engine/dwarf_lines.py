"""The line program of an object's .debug_line (DWARF 4 and 5): which source line each code offset came from.

Only what LLVM emits is understood; anything else ends the table early. Read when an error is shown, never before.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from jit_runtime.engine.elf import ObjectFile

_LINE_STRP, _STRP, _STRING, _UDATA, _DATA16, _DATA8, _DATA4, _DATA2, _DATA1 = 0x1F, 0x0E, 0x08, 0x0F, 0x1E, 0x07, 0x06, 0x05, 0x0B
_FIXED = {_DATA16: 16, _DATA8: 8, _DATA4: 4, _DATA2: 2, _DATA1: 1}
_PATH = 1  # DW_LNCT_path


class Row(NamedTuple):
    """From `offset` of `section` on (up to the next row) code belongs to this line; line 0 where a sequence ends."""

    section: int
    offset: int
    line: int
    column: int
    file: str


class _Cursor:
    """Reads one section. `relocated` holds section offsets whose value is a symbol plus addend."""

    def __init__(self, elf: ObjectFile) -> None:
        self.elf = elf
        self.data = elf.content(".debug_line")
        self.strings = elf.content(".debug_line_str")
        self.other_strings = elf.content(".debug_str")
        self.relocated = {offset: (symbol, addend) for offset, symbol, addend in elf.relocations(".debug_line")}
        self.at = 0

    def number(self, format: str) -> int:
        value: int = struct.unpack_from("<" + format, self.data, self.at)[0]
        self.at += struct.calcsize("<" + format)
        return value

    def unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self) -> int:
        start = self.at
        value = self.unsigned()
        bits = 7 * (self.at - start)
        return value - (1 << bits) if value >> (bits - 1) else value

    def string(self) -> str:
        end = self.data.index(b"\0", self.at)
        text = self.data[self.at : end]
        self.at = end + 1
        return text.decode("utf-8", "replace")

    def string_at(self, table: bytes) -> str:
        offset = self.relocated[self.at][1] if self.at in self.relocated else None
        stored = self.number("I")
        start = stored if offset is None else offset
        return table[start : table.index(b"\0", start)].decode("utf-8", "replace")

    def address(self, size: int) -> tuple[int, int]:
        """Section and offset of a relocated code address."""
        symbol, addend = self.relocated.get(self.at, (0, 0))
        self.at += size
        target = self.elf.symbols[symbol]  # symbol 0: an address that is not code
        return target.section, target.value + addend


def line_rows(elf: ObjectFile) -> list[Row]:
    """All rows, sorted by section and offset; empty without debug information."""
    rows: list[Row] = []
    try:
        cursor = _Cursor(elf)
        while cursor.at < len(cursor.data):
            _unit(cursor, rows)
    except (IndexError, KeyError, ValueError, struct.error):
        pass
    return sorted(rows, key=lambda row: (row.section, row.offset, row.line != 0))


def _unit(c: _Cursor, rows: list[Row]) -> None:
    length = c.number("I")
    end = c.at + length
    version = c.number("H")
    if version >= 5:
        c.at += 2  # sizes of addresses and segment selectors
    program = c.number("I") + c.at
    minimum = c.number("B")
    c.at += 1  # operations per instruction
    c.at += 1  # default is_stmt
    line_base, line_range, opcode_base = c.number("b"), c.number("B"), c.number("B")
    operands = [c.number("B") for _ in range(opcode_base - 1)]
    files = _files_5(c) if version >= 5 else _files_4(c)
    c.at = program
    while c.at < end:
        _sequence(c, rows, files, (minimum, line_base, line_range, opcode_base, operands), end)
    c.at = end


def _files_5(c: _Cursor) -> list[str]:
    _entries(c)  # directories
    return _entries(c)


def _entries(c: _Cursor) -> list[str]:
    formats = [(c.unsigned(), c.unsigned()) for _ in range(c.number("B"))]
    names = []
    for _ in range(c.unsigned()):
        name = ""
        for content, form in formats:
            value = _form(c, form)
            if content == _PATH and isinstance(value, str):
                name = value
        names.append(name)
    return names


def _form(c: _Cursor, form: int) -> str | int:
    if form == _LINE_STRP:
        return c.string_at(c.strings)
    if form == _STRP:
        return c.string_at(c.other_strings)
    if form == _STRING:
        return c.string()
    if form == _UDATA:
        return c.unsigned()
    c.at += _FIXED[form]
    return 0


def _files_4(c: _Cursor) -> list[str]:
    while c.string():
        pass  # directories
    names = [""]
    while name := c.string():
        names.append(name)
        for _ in range(3):
            c.unsigned()
    return names


def _sequence(c: _Cursor, rows: list[Row], files: list[str], header: tuple[int, int, int, int, list[int]], end: int) -> None:
    """The state machine, until it ends a sequence."""
    minimum, line_base, line_range, opcode_base, operands = header
    section = offset = column = 0
    file = line = 1

    def emit(shown: int) -> None:
        name = files[file] if file < len(files) else ""
        rows.append(Row(section, offset, shown, column, name))

    while c.at < end:
        op = c.number("B")
        if op >= opcode_base:
            step = op - opcode_base
            offset += minimum * (step // line_range)
            line += line_base + step % line_range
            emit(line)
        elif op == 0:
            length = c.unsigned()
            after = c.at + length
            extended = c.number("B")
            if extended == 1:
                emit(0)
                c.at = after
                return
            if extended == 2:
                section, offset = c.address(length - 1)
            c.at = after
        elif op == 1:
            emit(line)
        elif op == 2:
            offset += minimum * c.unsigned()
        elif op == 3:
            line += c.signed()
        elif op == 4:
            file = c.unsigned()
        elif op == 5:
            column = c.unsigned()
        elif op == 8:
            offset += minimum * ((255 - opcode_base) // line_range)
        elif op == 9:
            offset += c.number("H")
        else:
            for _ in range(operands[op - 1]):
                c.unsigned()
