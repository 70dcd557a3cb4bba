"""Simulated memory for the IR interpreter: sparse mapped ranges, every misuse a Python exception.

Addresses are handed out once and never again, so that use after release, release of what is not mapped and access beyond
the end are always seen. A range is found by the 1 MiB slot its address lies in; no two ranges share a slot.
"""

from __future__ import annotations

from struct import Struct

SLOT_SHIFT = 20
SLOT = 1 << SLOT_SHIFT
PAGE = 4096
FIRST_ADDRESS = 0x10_0000_0000

_FORMATS = {("i", 1): "<B", ("i", 2): "<H", ("i", 4): "<I", ("i", 8): "<Q", ("f", 4): "<f", ("f", 8): "<d"}
_CODECS = {key: Struct(format) for key, format in _FORMATS.items()}
_WORD = _CODECS["i", 8]


class MemoryFault(Exception):
    """What compiled code would have done to the process. `address` is where."""

    def __init__(self, what: str, address: int) -> None:
        super().__init__(f"{what} at {address:#x}")
        self.address = address


class _Range:
    """Usable bytes `low:high` of a slot; `data[0]` is the byte at `base`."""

    __slots__ = ("base", "data", "high", "low")

    def __init__(self, low: int, high: int, data: bytearray, base: int) -> None:
        self.low, self.high, self.data, self.base = low, high, data, base


class Memory:
    """`released` tells a use after release from a wild pointer. `mapped` is the number of bytes in use."""

    def __init__(self) -> None:
        self._slots: dict[int, _Range] = {}
        self._next = FIRST_ADDRESS
        self._blocks: dict[int, int] = {}
        self._freed: set[int] = set()
        self._released: set[int] = set()
        self.mapped = 0

    # ---- ranges ----

    def map(self, size: int, skew: int = 0) -> int:
        """Address of `size` fresh zero bytes, `skew` bytes above a multiple of 1 MiB."""
        start = self._next + skew
        end = start + size
        data = bytearray(size)
        first, last = start >> SLOT_SHIFT, (end - 1) >> SLOT_SHIFT
        for slot in range(first, last + 1):
            self._slots[slot] = _Range(start, end, data, start)
        self._next = (last + 2) << SLOT_SHIFT
        self.mapped += size
        return start

    def unmap(self, start: int, size: int) -> None:
        """Release part of a mapping, or all of it. A hole inside a slot is not supported."""
        end = start + size
        if size <= 0 or start % PAGE:
            raise MemoryFault(f"unmapping {size} bytes", start)
        for slot in range(start >> SLOT_SHIFT, (end - 1 >> SLOT_SHIFT) + 1):
            found = self._range(max(start, slot << SLOT_SHIFT), "unmapping")
            low, high = max(found.low, slot << SLOT_SHIFT), min(found.high, slot + 1 << SLOT_SHIFT)
            a, b = max(start, low), min(end, high)
            self.mapped -= b - a
            if a <= low and b >= high:
                del self._slots[slot]
                self._released.add(slot)
            elif a <= low:
                self._slots[slot] = _Range(b, found.high, found.data, found.base)
            elif b >= high:
                self._slots[slot] = _Range(found.low, a, found.data, found.base)
            else:
                raise MemoryFault("unmapping the middle of a slot", start)
        # The slots below, of the same mapping, now end where the released part starts.
        slot = (start >> SLOT_SHIFT) - 1
        while (below := self._slots.get(slot)) is not None and below.high > start:
            self._slots[slot] = _Range(below.low, start, below.data, below.base)
            slot -= 1

    def clear(self, start: int, size: int) -> None:
        """As madvise(DONTNEED): the pages read as zero from here on."""
        if start % PAGE:
            raise MemoryFault("clearing a part of a page", start)
        self.write(start, bytes(size))

    def allocate(self, size: int) -> int:
        """As malloc: a block with exact bounds, 16-aligned; its bytes are 0xA5."""
        address = self.map(max(size, 1), 64)
        self._slots[address >> SLOT_SHIFT].data[:] = b"\xa5" * max(size, 1)
        self._blocks[address] = max(size, 1)
        return address

    def free(self, address: int) -> None:
        size = self._blocks.pop(address, None)
        if size is None:
            raise MemoryFault("double free" if address in self._freed else "free of what was not allocated", address)
        self._freed.add(address)
        for slot in range(address >> SLOT_SHIFT, (address + size - 1 >> SLOT_SHIFT) + 1):
            del self._slots[slot]
            self._released.add(slot)
        self.mapped -= size

    def block_size(self, address: int) -> int:
        """Size of a block of `allocate`."""
        if address not in self._blocks:
            raise MemoryFault("not an allocated block", address)
        return self._blocks[address]

    # ---- access ----

    def _range(self, address: int, what: str) -> _Range:
        found = self._slots.get(address >> SLOT_SHIFT)
        if found is None:
            released = address >> SLOT_SHIFT in self._released
            raise MemoryFault(f"{what} {'released' if released else 'unmapped'} memory", address)
        return found

    def _checked(self, address: int, size: int, what: str, align: int) -> _Range:
        found = self._range(address, what)
        if address < found.low or address + size > found.high:
            raise MemoryFault(f"{what} {size} bytes out of bounds [{found.low:#x}, {found.high:#x})", address)
        if address % align:
            raise MemoryFault(f"{what} {size} bytes, misaligned,", address)
        return found

    def load64(self, address: int) -> int:
        """The common case, with the checks written out for speed."""
        found = self._slots.get(address >> SLOT_SHIFT)
        if found is None or address < found.low or address + 8 > found.high or address & 7:
            found = self._checked(address, 8, "reading", 8)
        value: int = _WORD.unpack_from(found.data, address - found.base)[0]
        return value

    def store64(self, address: int, value: int) -> None:
        found = self._slots.get(address >> SLOT_SHIFT)
        if found is None or address < found.low or address + 8 > found.high or address & 7:
            found = self._checked(address, 8, "writing", 8)
        _WORD.pack_into(found.data, address - found.base, value)

    def load(self, address: int, size: int, kind: str = "i", align: int = 0) -> int | float:
        """`kind` i: an unsigned integer; f: a float."""
        found = self._checked(address, size, "reading", align or size)
        value: int | float = _CODECS[kind, size].unpack_from(found.data, address - found.base)[0]
        return value

    def store(self, address: int, size: int, value: int | float, kind: str = "i", align: int = 0) -> None:
        found = self._checked(address, size, "writing", align or size)
        _CODECS[kind, size].pack_into(found.data, address - found.base, value)

    def read(self, address: int, size: int) -> bytes:
        if size == 0:
            return b""
        found = self._checked(address, size, "reading", 1)
        at = address - found.base
        return bytes(found.data[at : at + size])

    def write(self, address: int, content: bytes) -> None:
        if not content:
            return
        found = self._checked(address, len(content), "writing", 1)
        at = address - found.base
        found.data[at : at + len(content)] = content

    def text(self, address: int) -> str:
        """The text that ends at the first NUL."""
        found = self._range(address, "reading")
        at = address - found.base
        end = found.data.find(b"\0", at)
        if end < 0:
            raise MemoryFault("reading a text without end", address)
        return self.read(address, end - at).decode()
