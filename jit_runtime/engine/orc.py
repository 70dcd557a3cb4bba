"""Linking object files into the process: one LLJIT after the other, RTDyld.

An LLJIT never forgets a library: each costs 9 KB and makes the next link slower. So it is replaced every
`ROTATE` libraries; what is linked stays valid as long as its tracker, also after the LLJIT is gone. A library's
name is burnt even by a link that failed, so every attempt takes a new serial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import llvmlite.binding as llvm

from jit_runtime.engine.elf import GLOBAL, ObjectFile, Symbol

ROTATE = 64


class LinkError(Exception):
    """A bug of the compiler: an object that names what nobody defines, or that does not link."""


class Unit:
    """Linked code. `addresses`: exported name -> address; `ranges`: (low, high, section index) of its code; `image`: the object's bytes.

    `places`: what the compiler wants to know about a function when it stands in a trace, by symbol. `makes_closures`: closures in the
    heap may name its code. `sites`: numbers of the birth sites in it. `literals`: the
    region of its constants, 0 for none. `code`: what it cost (code_accounting.py).
    """

    __slots__ = ("_tracker", "addresses", "code", "image", "keep", "literals", "makes_closures", "on_close", "places", "ranges", "sites")

    def __init__(self, tracker: Any, addresses: dict[str, int], ranges: tuple[tuple[int, int, int], ...], image: bytes) -> None:
        self._tracker = tracker
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
        return self._tracker is None

    def __getitem__(self, name: str) -> int:
        return self.addresses[name]

    def close(self) -> None:
        """Unmap the code. Nothing may return into it or call it afterwards; closing twice does nothing."""
        if self._tracker is None:
            return
        if self.on_close:
            self.on_close(self)
        self._tracker.close()
        self._tracker = None
        self.keep.clear()


class Orc:
    """`resolve` gives the address of a name that an object imports, or None."""

    def __init__(self) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._machine = llvm.Target.from_default_triple().create_target_machine(opt=2, jit=True, codemodel="jitdefault", reloc="default")
        self._jit = llvm.create_lljit_compiler(self._machine)
        self._serial = 0

    def link(self, image: bytes, exports: Iterable[str], resolve: Callable[[str], int | None]) -> Unit:
        """Link an object. Raises LinkError."""
        elf = ObjectFile(image)
        wanted = list(exports)
        defined = {s.name: s for s in elf.symbols if s.section and s.binding == GLOBAL}
        absent = [name for name in wanted if name not in defined]
        anchors = _anchors(elf, {defined[name].section for name in wanted} if not absent else set())
        library = llvm.JITLibraryBuilder().add_object_img(image)
        for anchor in anchors.values():
            library.export_symbol(anchor.name)
        missing = [name for name in elf.undefined() if not _import(library, name, resolve)]
        if missing or absent:
            raise LinkError(f"undefined: {', '.join(missing + absent)}")
        try:
            tracker = library.link(self._next(), f"unit{self._serial}")
        except RuntimeError as e:
            raise LinkError(str(e)) from e
        starts = {i: tracker[anchor.name] - anchor.value for i, anchor in anchors.items()}
        ranges = tuple((starts[i], starts[i] + section.size, i) for i, section in elf.code() if i in starts)
        return Unit(tracker, {name: starts[defined[name].section] + defined[name].value for name in wanted}, ranges, image)

    def _next(self) -> Any:
        self._serial += 1
        if self._serial % ROTATE == 0:
            self._jit.close()
            self._jit = llvm.create_lljit_compiler(self._machine)
        return self._jit


def _import(library: Any, name: str, resolve: Callable[[str], int | None]) -> bool:
    address = resolve(name)
    if address is None:
        return False
    library.import_symbol(name, address)
    return True


def _anchors(elf: ObjectFile, sections: set[int]) -> dict[int, Symbol]:
    """For each section of code and each of some others a global symbol in it, whose address tells where the section is. LLVM is asked for
    these only: it takes 20 us to look one up."""
    found: dict[int, Symbol] = {}
    sections |= {i for i, _ in elf.code()}
    for s in elf.symbols:
        if s.binding == GLOBAL and s.section in sections and s.section not in found:
            found[s.section] = s
    return found
