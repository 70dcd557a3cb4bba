"""Segments: the machine stack and the root stack that Omni code runs on.

    stack:   guard | reserve ... limit ... -> grows down from stack_high
    roots:   root_bottom -> grows up ... root_limit | guard

`limit` leaves a reserve for what runs without a check: runtime functions and the C library. Both guards are
forbidden pages, whose faults become the same stack overflow (arch: omni_fault).
"""

from __future__ import annotations

from jit_runtime.engine import mapping
from jit_runtime.engine.arch_x86_64 import GUARD
from jit_runtime.engine.native import Struct
from jit_runtime.layout.records import SEGMENT

STACK_SIZE = 1 << 30
RESERVE = 256 << 10
ROOTS_PER_STACK = 4  # a frame of 32 bytes may hold 16 roots: no frame of real code does
KEEP = 8 << 20  # what stays committed after a deep recursion
SMALLEST = 4 << 20


class Segment:
    """`record` is the Segment record; `bounds` is the range of stack pointers and guard addresses that are this stack's."""

    def __init__(self, size: int = STACK_SIZE) -> None:
        self.size, self._stack, self._roots = _reserve(size)
        low, high = self._stack + GUARD, self._stack + GUARD + self.size
        root_limit = self._roots + self.size * ROOTS_PER_STACK
        mapping.forbid(self._stack, GUARD)
        mapping.forbid(root_limit, GUARD)
        self.record = Struct(SEGMENT)
        self.record.write(stack_low=low, stack_high=high, saved_sp=high, limit=low + min(RESERVE, self.size // 4))
        self.record.write(root_bottom=self._roots, root_limit=root_limit)
        self.bounds = (self._stack, high)
        self._stack_mark = high - KEEP
        self._root_mark = self._roots + KEEP

    def trim(self) -> None:
        """Give back what a deep recursion committed. Only while nothing runs on the segment."""
        if self.size <= 2 * KEEP:
            return
        if mapping.resident(self._stack_mark):
            mapping.discard(self._stack + GUARD, self.size - KEEP)
        if mapping.resident(self._root_mark):
            mapping.discard(self._root_mark, self.size * ROOTS_PER_STACK - KEEP)

    def close(self) -> None:
        mapping.release(self._stack, self.size + GUARD)
        mapping.release(self._roots, self.size * ROOTS_PER_STACK + GUARD)


def _reserve(size: int) -> tuple[int, int, int]:
    """Size used, stack, root stack. Less than asked where address space is limited (ulimit -v)."""
    while True:
        try:
            stack = mapping.reserve(size + GUARD)
            try:
                return size, stack, mapping.reserve(size * ROOTS_PER_STACK + GUARD)
            except MemoryError:
                mapping.release(stack, size + GUARD)
                raise
        except MemoryError:
            if size <= SMALLEST:
                raise
            size //= 4
