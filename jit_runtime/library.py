"""The library: builtins written in Omni (`lib/*.omni`), expanded when one of them is first named.

Library code means the library and the builtins whatever a program defines: its global references are rewritten
to `%name`, which nothing shadows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jit_runtime.expand.core import DefineMethod, Global
from jit_runtime.expand.expand import expand_toplevel
from jit_runtime.infer.world import GenericFunction
from jit_runtime.source.diagnostics import Diagnostic, OmniError
from jit_runtime.source.text import Source
from jit_runtime.syntax.reader import read
from jit_runtime.types.universe import Universe

FOLDER = Path(__file__).parent / "lib"


class Library:
    def __init__(self) -> None:
        self._functions: dict[str, GenericFunction] | None = None
        self._sources: set[Source] = set()
        self._universe = Universe()
        self.warnings: list[Diagnostic] = []

    def __call__(self, name: str) -> GenericFunction | None:
        """The generic function of a library name, or None."""
        if self._functions is None:
            self._functions = {}
            self._load()
        return self._functions.get(name)

    def owns(self, source: Source) -> bool:
        """Is this the text of a library file?"""
        return source in self._sources

    def _load(self) -> None:
        assert self._functions is not None
        for path in sorted(FOLDER.glob("*.omni")):
            source = Source(f"lib/{path.name}", path.read_text(encoding="utf-8"))
            self._sources.add(source)
            result = read(source)
            if result.diagnostics:
                raise OmniError(*result.diagnostics)
            for form in result.forms:
                core = expand_toplevel(form, self)
                if not isinstance(core, DefineMethod):
                    raise TypeError(f"{path.name}: a library file holds function definitions only")
                globals_to_builtins(core.method)
                function = self._functions.setdefault(core.name, GenericFunction(core.name))
                function.define(core.method)

    # What the expander asks.
    def has_methods(self, name: str) -> bool:
        return False

    def has_value(self, name: str) -> bool:
        return False

    def extends(self, name: str) -> bool:
        return False

    @property
    def universe(self) -> Universe:
        return self._universe


def globals_to_builtins(node: Any) -> None:
    """Prefix every global reference below a core node with `%`."""
    work = [node]
    while work:
        at = work.pop()
        if isinstance(at, (list, tuple)):
            work.extend(at)
        elif isinstance(at, Global):
            if not at.name.startswith("%"):
                at.name = "%" + at.name
        elif type(at).__module__ == Global.__module__ and not isinstance(at, type):
            work.extend(getattr(at, slot) for slot in type(at).__slots__ if slot not in ("span", "var", "free", "kind", "result"))
