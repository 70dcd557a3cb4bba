"""Linking object files into the process.

The machine's own linker costs LLVM 0.2 ms and 10 KB an object and puts code and data where they like, which only the large code model bears; here a
small object takes a tenth of that, and everything is in reach (`code_memory.py`, `linkable.py`).
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterable
from typing import Any

from jit_runtime.engine.code_memory import CodeMemory
from jit_runtime.engine.linkable import Linkable
from jit_runtime.engine.relocations_x86_64 import REACH

_NEAR, _WORD = struct.Struct("<i"), struct.Struct("<Q")


class LinkError(Exception):
    """A bug of the compiler: an object that names what nobody defines, or that does not link."""


class Unit:
    """Linked code. `addresses`: exported name -> address; `ranges`: (low, high, section index) of its code; `image`: the object's bytes.

    `places`: what the compiler wants to know about a function when it stands in a trace, by symbol. `makes_closures`: closures in the
    heap may name its code. `sites`: numbers of the birth sites in it. `literals`: the
    region of its constants, 0 for none. `code`: what it cost (code_accounting.py).
    """

    __slots__ = ("_release", "addresses", "code", "image", "keep", "literals", "makes_closures", "on_close", "places", "ranges", "sites")

    def __init__(
        self, release: Callable[[], None], addresses: dict[str, int], ranges: tuple[tuple[int, int, int], ...], image: bytes
    ) -> None:
        self._release: Callable[[], None] | None = release
        self.addresses, self.ranges, self.image = addresses, ranges, image
        self.keep: list[Any] = []
        self.places: dict[str, Any] = {}
        self.makes_closures = False
        self.code: Any = None
        self.sites: frozenset[int] = frozenset()
        self.literals = 0
        self.on_close: Callable[[Unit], None] | None = None

    @property
    def closed(self) -> bool:
        return self._release is None

    def __getitem__(self, name: str) -> int:
        return self.addresses[name]

    def close(self) -> None:
        """Free the code's memory. Nothing may return into it or call it afterwards; closing twice does nothing."""
        if self._release is None:
            return
        if self.on_close:
            self.on_close(self)
        self._release()
        self._release = None
        self.keep.clear()


class Linking:
    """Of one process."""

    def __init__(self, memory: CodeMemory | None = None) -> None:
        self._memory = memory or CodeMemory()

    def link(self, image: bytes | Linkable, exports: Iterable[str], resolve: Callable[[str], int | None]) -> Unit:
        """Link an object; `resolve` gives the address of a name that it imports, or None. Raises LinkError."""
        try:
            found = image if isinstance(image, Linkable) else Linkable(image)
        except ValueError as e:
            raise LinkError(str(e)) from e
        return self.place(found, exports, resolve)

    def place(self, found: Linkable, exports: Iterable[str], resolve: Callable[[str], int | None]) -> Unit:
        wanted = list(exports)
        addresses = [resolve(name) for name in found.imports]
        missing = [name for name, address in zip(found.imports, addresses, strict=True) if address is None]
        missing += [name for name in wanted if name not in found.exports]
        if missing:
            raise LinkError(f"undefined: {', '.join(missing)}")
        memory, size = self._memory, found.size
        at = memory.take(size)
        content = _placed_at(found, at, addresses)  # type: ignore[arg-type]
        ctypes.memmove(at, content, size)
        memory.seal(at, found.sealed)
        ranges = tuple((at + low, at + high, section) for low, high, section in found.code)
        return Unit(lambda: memory.give_back(at, size), {name: at + found.exports[name] for name in wanted}, ranges, found.image)


def _placed_at(found: Linkable, at: int, addresses: list[int]) -> bytes:
    """The bytes for this address, with what they import."""
    content = bytearray(found.bytes)
    struct.pack_into(f"<{len(addresses)}Q", content, found.table, *addresses)
    for offset, own in found.own:
        _WORD.pack_into(content, offset, at + own)
    for offset, number, addend in found.words:
        _WORD.pack_into(content, offset, addresses[number] + addend)
    for offset, number, addend in found.calls:
        distance = addresses[number] + addend - at - offset
        if -REACH <= distance < REACH:
            _NEAR.pack_into(content, offset, distance)
    return bytes(content)
