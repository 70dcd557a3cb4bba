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
from jit_runtime.engine.linking import Linking
from jit_runtime.engine.stubs_x86_64 import STUB_SIZE, STUBS
from jit_runtime.layout.records import TASK

# (address of the stub, task) -> address of the code, or 0: raise task.payload.
Compile = Callable[[int, int], int]
_BUFFER = TASK.offsets["arguments"]
_BUFFER_SIZE = TASK.offsets["argument_count"] + 8 - _BUFFER
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)


class Machine:
    """The architecture's code, linked once per process and never unloaded."""

    def __init__(self, linking: Linking, image: bytes, page: Callable[[], bytes]) -> None:
        self._linking, self._page = linking, page
        self._compile: dict[int, Compile] = {}
        self._lock = threading.Lock()
        self.compiling = 0  # stubs that wait for their code: their callers' arguments are in no root slot
        self._callback = CALLBACK(self._stub_called)
        unit = linking.link(image, arch.EXPORTS, lambda name: None)
        self.addresses = unit.addresses
        self.tables = unit["omni_tables"]
        ctypes.c_uint64.from_address(self.tables + arch.TABLES["compile"]).value = callback_address(self._callback)
        self._units = [unit]
        self._free = _stubs_from(unit["omni_stubs"])

    def _more(self) -> None:
        """Another page of stubs."""
        unit = self._linking.link(self._page(), ["omni_more_stubs"], self.addresses.get)
        self._units.append(unit)
        self._free = _stubs_from(unit["omni_more_stubs"])

    def stub(self, compile: Compile) -> int:
        """The address of a new stub. It is never reused: old code may hold it for ever."""
        with self._lock:
            if not self._free:
                self._more()
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


def _stubs_from(first: int) -> list[int]:
    """The addresses of a page's stubs, the first one last."""
    return [first + STUB_SIZE * i for i in reversed(range(STUBS))]


def callback_address(callback: Any) -> int:
    return ctypes.cast(callback, ctypes.c_void_p).value or 0
