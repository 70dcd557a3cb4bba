"""Records of native memory (layout/records.py) as Python sees them."""

from __future__ import annotations

import ctypes

from jit_runtime.layout.records import Record


class Struct:
    """One record, zeroed at first. Its memory lives as long as this object; without `address`, it is made here."""

    __slots__ = ("_memory", "address", "record")

    def __init__(self, record: Record, address: int | None = None) -> None:
        self.record = record
        self._memory = None
        if address is None:
            self._memory = ctypes.create_string_buffer(record.size + 64)
            address = -(-ctypes.addressof(self._memory) // 64) * 64
        self.address = address

    def word(self, field: str, index: int = 0) -> ctypes.c_uint64:
        """A live view of one 64-bit field: read and set its `value`."""
        return ctypes.c_uint64.from_address(self.address + self.record.offsets[field] + 8 * index)

    def read(self, field: str) -> int:
        return self.word(field).value

    def write(self, **fields: int) -> None:
        for name, value in fields.items():
            self.word(name).value = value

    def words(self, field: str, count: int) -> list[int]:
        """The first `count` words of an array field."""
        return list((ctypes.c_uint64 * count).from_address(self.address + self.record.offsets[field]))
