"""Native faults as errors: the tables that the signal handler of the architecture reads, and its installation.

The handler redirects a fault of compiled code (its address lies in a range, the stack pointer on an Omni stack), or one in a
stack's guard, to task.fault_entry. Everything else, also a fault of the runtime itself, goes to the handler that was there before.
"""

from __future__ import annotations

import ctypes
import threading
from typing import Any

from jit_runtime.engine import arch_x86_64 as arch
from jit_runtime.engine import mapping
from jit_runtime.engine.stubs import Machine, callback_address

SIGNALS = {"SIGILL": 4, "SIGBUS": 7, "SIGFPE": 8, "SIGSEGV": 11}
_SIGINFO, _ONSTACK = 4, 0x08000000
_ALTERNATE = 128 << 10
_DISABLED = 2

_libc = ctypes.CDLL(None, use_errno=True)


class _Action(ctypes.Structure):
    _fields_ = (("handler", ctypes.c_void_p), ("mask", ctypes.c_ulong * 16), ("flags", ctypes.c_int), ("restorer", ctypes.c_void_p))


class _AlternateStack(ctypes.Structure):
    _fields_ = (("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


class _Table:
    """An array of rows of words in native memory; the handler reads (pointer, count). Grown by replacing, so a reader never sees it move."""

    def __init__(self, pointer: int, count: int, width: int) -> None:
        self._pointer = ctypes.c_uint64.from_address(pointer)
        self._count = ctypes.c_uint64.from_address(count)
        self._width = width
        self._capacity = 0
        self._rows: Any = None
        self._index: dict[tuple[int, ...], int] = {}
        self._order: list[tuple[int, ...]] = []

    def add(self, row: tuple[int, ...]) -> None:
        if len(self._order) == self._capacity:
            self._grow()
        self._put(len(self._order), row)
        self._order.append(row)
        self._count.value = len(self._order)

    def remove(self, row: tuple[int, ...]) -> None:
        at = self._index.pop(row)
        last = self._order.pop()
        self._count.value = len(self._order)
        if at < len(self._order):
            self._order[at] = last
            self._put(at, last)

    def _put(self, at: int, row: tuple[int, ...]) -> None:
        self._index[row] = at
        self._rows[at * self._width : (at + 1) * self._width] = row

    def _grow(self) -> None:
        self._capacity = max(64, 2 * self._capacity)
        rows = (ctypes.c_uint64 * (self._capacity * self._width))()
        if self._rows is not None:
            rows[: len(self._rows)] = self._rows[:]
        self._rows = rows
        self._pointer.value = ctypes.addressof(rows)


class Faults:
    """One per process. `add_range` and `add_stack` say what is ours."""

    def __init__(self, machine: Machine) -> None:
        at = {name: machine.tables + offset for name, offset in arch.TABLES.items()}
        self._ranges = _Table(at["ranges"], at["range_count"], 2)
        self._stacks = _Table(at["stacks"], at["stack_count"], 3)
        self._lock = threading.Lock()
        self._local = threading.local()
        self._alternates: list[int] = []
        ctypes.c_uint64.from_address(at["signal"]).value = callback_address(_libc.signal)
        self._install(machine, at["old"])

    def _install(self, machine: Machine, old: int) -> None:
        for number in SIGNALS.values():
            action, before = _Action(handler=machine.addresses["omni_fault"], flags=_SIGINFO | _ONSTACK), _Action()
            _libc.sigaction(number, None, ctypes.byref(before))
            ctypes.c_uint64.from_address(old + 8 * number).value = before.handler or 0
            _libc.sigaction(number, ctypes.byref(action), None)

    def add_range(self, low: int, high: int) -> None:
        with self._lock:
            self._ranges.add((low, high))

    def remove_range(self, low: int, high: int) -> None:
        with self._lock:
            self._ranges.remove((low, high))

    def add_stack(self, low: int, high: int, task: int) -> None:
        with self._lock:
            self._stacks.add((low, high, task))

    def remove_stack(self, low: int, high: int, task: int) -> None:
        with self._lock:
            self._stacks.remove((low, high, task))

    def enter_thread(self) -> None:
        """Give this thread an alternate signal stack, unless it has one."""
        if getattr(self._local, "ready", False):
            return
        self._local.ready = True
        current = _AlternateStack()
        _libc.sigaltstack(None, ctypes.byref(current))
        if not current.flags & _DISABLED:
            return
        memory = mapping.reserve(_ALTERNATE)
        self._alternates.append(memory)
        _libc.sigaltstack(ctypes.byref(_AlternateStack(memory, 0, _ALTERNATE)), None)
