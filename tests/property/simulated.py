"""The same heap on simulated memory: the IR interpreter runs the runtime, and every bad access is a Python exception."""

from __future__ import annotations

from typing import cast

from jit_runtime.engine.native import Struct
from jit_runtime.ir.interpret import Interpreter
from jit_runtime.layout.records import Record
from tests.property.heap import Heap, module


class View:
    """A record in simulated memory; the part of `Struct` that `Heap` uses."""

    def __init__(self, machine: Interpreter, record: Record, address: int) -> None:
        self.machine, self.layout, self.address = machine, record, address

    def read(self, field: str) -> int:
        return self.machine.memory.load64(self.address + self.layout.offsets[field])

    def write(self, **fields: int) -> None:
        for name, value in fields.items():
            self.machine.memory.store64(self.address + self.layout.offsets[name], value)


class SimulatedHeap(Heap):
    def __init__(self, mode: int = 0, limit: int = 0) -> None:
        self.machine = Interpreter(module())
        super().__init__(mode, limit)

    def record(self, record: Record, address: int | None = None) -> Struct:
        return cast("Struct", View(self.machine, record, self.machine.memory.map(record.size) if address is None else address))

    def call(self, name: str, *args: int) -> int:
        return self.machine.call(name, self.task.address, *args) or 0

    def region_of(self, word: int) -> int:
        return int(self.machine.call("t_region_of", word))

    def load(self, address: int, offset: int) -> int:
        return self.machine.memory.load64(address + offset)

    def put(self, address: int, offset: int, word: int) -> None:
        self.machine.memory.store64(address + offset, word & (1 << 64) - 1)

    def put_bytes(self, address: int, raw: bytes) -> None:
        self.machine.memory.write(address, raw)

    def close(self) -> None:
        """Python frees it."""
