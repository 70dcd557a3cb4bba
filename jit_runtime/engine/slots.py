"""Slots: words in memory that never moves, each the entry address of one function for one signature."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

PAGE = 1024


class Slot:
    """`name` is its symbol in LLVM text, `address` the word's address, `signature` never changes (docs/abi.md).

    `compile(slot)` makes the code when a stub is called: it returns the entry address and may set `target` itself.
    `keep` holds what the target needs: the unit, adapters.
    """

    __slots__ = ("_word", "address", "compile", "keep", "name", "signature", "stub")

    def __init__(self, name: str, signature: str, address: int, compile: Callable[[Slot], int] | None) -> None:
        self.name, self.signature, self.address, self.compile = name, signature, address, compile
        self._word = ctypes.c_uint64.from_address(address)
        self.stub = 0
        self.keep: list[Any] = []

    @property
    def target(self) -> int:
        """The entry address. Setting it is seen by every caller at its next call."""
        return self._word.value

    @target.setter
    def target(self, address: int) -> None:
        self._word.value = address

    @property
    def compiled(self) -> bool:
        return self.target not in (0, self.stub)

    def reset(self) -> None:
        """Back to the stub: the next call compiles again. Without a stub this clears the slot."""
        self.target = self.stub


class Slots:
    """All slots of an engine by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Slot] = {}
        self._pages: list[Any] = []
        self._used = PAGE
        self._free: list[int] = []
        self._lock = threading.RLock()

    def create(self, name: str, signature: str, compile: Callable[[Slot], int] | None = None) -> Slot:
        """A new slot with target 0 (the engine gives it a stub). The name has to be new."""
        with self._lock:
            if name in self._by_name:
                raise ValueError(f"slot {name} exists")
            slot = self._by_name[name] = Slot(name, signature, self._word(), compile)
            slot.target = 0
            return slot

    def get(self, name: str) -> Slot | None:
        return self._by_name.get(name)

    def remove(self, slot: Slot) -> None:
        """Forget a slot that no code names any more; its word is used again."""
        with self._lock:
            if self._by_name.pop(slot.name, None) is slot:
                self._free.append(slot.address)

    def address(self, name: str) -> int | None:
        slot = self._by_name.get(name)
        return slot.address if slot else None

    def __iter__(self) -> Any:
        return iter(list(self._by_name.values()))

    def __len__(self) -> int:
        return len(self._by_name)

    def _word(self) -> int:
        if self._free:
            return self._free.pop()
        if self._used == PAGE:
            self._pages.append((ctypes.c_uint64 * PAGE)())
            self._used = 0
        self._used += 1
        return ctypes.addressof(self._pages[-1]) + 8 * (self._used - 1)
