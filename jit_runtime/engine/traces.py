"""From return addresses to functions and places: the trace that an error shows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from jit_runtime.engine.dwarf_lines import Row, line_rows
from jit_runtime.engine.elf import FUNCTION, ObjectFile
from jit_runtime.engine.linking import Unit


class Frame(NamedTuple):
    """`symbol` is the function's name in the object of `unit`; `line` is 0 where the object does not tell."""

    unit: Unit
    symbol: str
    line: int
    column: int


class _Tables:
    """Of one object: functions and lines by (section, offset)."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        elf = ObjectFile(unit.image)
        self._functions = sorted((s.section, s.value, s.value + s.size, s.name) for s in elf.symbols if s.type == FUNCTION and s.section)
        self._rows: list[Row] = line_rows(elf)
        self._starts = [(row.section, row.offset) for row in self._rows]

    def frame(self, section: int, offset: int) -> Frame | None:
        at = bisect_right(self._functions, (section, offset, 1 << 62, "")) - 1
        if at < 0:
            return None
        in_section, low, high, name = self._functions[at]
        if in_section != section or not low <= offset < high:
            return None
        row = self._row(section, offset)
        return Frame(self._unit, name, row.line, row.column) if row else Frame(self._unit, name, 0, 0)

    def _row(self, section: int, offset: int) -> Row | None:
        at = bisect_right(self._starts, (section, offset)) - 1
        while at >= 0 and self._rows[at].section == section and self._rows[at].line == 0 and self._rows[at].offset == offset:
            at -= 1
        if at < 0 or self._rows[at].section != section or self._rows[at].line == 0:
            return None
        return self._rows[at]


def frames(trace: Iterable[int], units: Iterable[Unit]) -> list[Frame]:
    """The frames of code of these units, innermost first."""
    known = list(units)
    code = sorted((low, high, section, index) for index, unit in enumerate(known) for low, high, section in unit.ranges)
    tables: dict[int, _Tables] = {}
    found = []
    for return_address in trace:
        address = return_address - 1
        at = bisect_right(code, (address, 1 << 64, 0, 0)) - 1
        if at < 0 or address >= code[at][1]:
            continue
        low, _, section, index = code[at]
        if index not in tables:
            tables[index] = _Tables(known[index])
        frame = tables[index].frame(section, address - low)
        if frame:
            found.append(frame)
    return found
