"""Memory for code: whole pages of a large reservation, so that code reaches the runtime and its own data with 32 bits.

Pages are writable before they are executable and never both. What was given back can not be executed, and takes no memory.
"""

from __future__ import annotations

import threading

from jit_runtime.engine import mapping

RESERVED = 256 << 20
FEW = 16  # pages: more are taken as multiples of it, so that holes fit again


class CodeMemory:
    """`reservation` bytes of address space at a time; where one is used up another follows, anywhere."""

    def __init__(self, reservation: int = RESERVED) -> None:
        self._reservation = reservation
        self._next = self._end = 0
        self._holes: dict[int, list[int]] = {}  # by size
        self._lock = threading.Lock()

    def take(self, size: int) -> int:
        """The address of `size` zeroed bytes that can be written. Raises MemoryError."""
        size = rounded(size)
        with self._lock:
            holes = self._holes.get(size)
            address = holes.pop() if holes else self._more(size)
        mapping.protect(address, size, mapping.READ_WRITE)
        return address

    def _more(self, size: int) -> int:
        if self._next + size > self._end:
            length = max(self._reservation, size)
            self._next = mapping.reserve(length)
            self._end = self._next + length
            mapping.forbid(self._next, length)
        self._next += size
        return self._next - size

    @staticmethod
    def seal(address: int, size: int) -> None:
        """Let these bytes be executed, and not be written any more."""
        mapping.protect(address, size, mapping.READ_EXECUTE)

    def give_back(self, address: int, size: int) -> None:
        """What `take` gave for this size."""
        size = rounded(size)
        mapping.discard(address, size)
        mapping.forbid(address, size)
        with self._lock:
            self._holes.setdefault(size, []).append(address)


def rounded(size: int) -> int:
    pages = -(-size // mapping.PAGE)
    if pages > FEW:
        pages = -(-pages // FEW) * FEW
    return pages * mapping.PAGE
