"""Lazily compiling stubs, and the process-wide machine code they share (arch_x86_64.py).

A stub is eight bytes of code that stand for a function nobody compiled yet. Called, it saves the argument
registers, calls `compile` on the thread's own stack and goes on to the address that it returned.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

from jit_runtime.engine import arch_x86_64 as arch
from jit_runtime.engine.orc import Orc, Unit
from jit_runtime.layout.records import TASK

# (address of the stub, task) -> address of the code, or 0: raise task.payload.
Compile = Callable[[int, int], int]
_BUFFER = TASK.offsets["arguments"]
_BUFFER_SIZE = TASK.offsets["argument_count"] + 8 - _BUFFER
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)


class Machine:
    """The architecture's code, linked once per process and never unloaded."""

    def __init__(self, orc: Orc, image: bytes) -> None:
        self._orc, self._image = orc, image
        self._units: list[Unit] = []
        self._free: list[int] = []
        self._compile: dict[int, Compile] = {}
        self._lock = threading.Lock()
        self.compiling = 0  # stubs that wait for their code: their callers' arguments are in no root slot
        self._callback = CALLBACK(self._stub_called)
        unit = self._link()
        self.addresses = unit.addresses
        self.tables = unit["omni_tables"]

    def _link(self) -> Unit:
        unit = self._orc.link(self._image, arch.EXPORTS, lambda name: None)
        ctypes.c_uint64.from_address(unit["omni_tables"] + arch.TABLES["compile"]).value = callback_address(self._callback)
        first = unit["omni_stubs"]
        self._free = [first + arch.STUB_SIZE * i for i in reversed(range(arch.STUBS))]
        self._units.append(unit)
        return unit

    def stub(self, compile: Compile) -> int:
        """The address of a new stub. It is never reused: old code may hold it for ever."""
        with self._lock:
            if not self._free:
                self._link()
            address = self._free.pop()
            self._compile[address] = compile
            return address

    def forget(self, address: int) -> None:
        """Drop what a stub calls; calling it afterwards raises its task's payload."""
        self._compile.pop(address, None)

    def release(self, address: int) -> None:
        """Take back a stub of an engine that is closed: no code that could call it is left."""
        with self._lock:
            if self._compile.pop(address, None) is not None:
                self._free.append(address)

    def _stub_called(self, address: int, task: int) -> int:
        """The compiler may run Omni code, which uses the argument buffer that the stub's callee is going to read."""
        compile = self._compile.get(address)
        if compile is None:
            return 0
        saved = ctypes.string_at(task + _BUFFER, _BUFFER_SIZE)
        self.compiling += 1
        try:
            return compile(address, task)
        finally:
            self.compiling -= 1
            ctypes.memmove(task + _BUFFER, saved, _BUFFER_SIZE)


def callback_address(callback: Any) -> int:
    return ctypes.cast(callback, ctypes.c_void_p).value or 0
