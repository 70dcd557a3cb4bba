"""What a unit of code needs of the world outside it, and what it tells of itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from jit_runtime.decisions import Question
from jit_runtime.expand.core import DefineValue
from jit_runtime.infer.conventions import Convention
from jit_runtime.infer.shape import MachineFunction, Shape
from jit_runtime.infer.world import GenericFunction, GlobalValue, Instance
from jit_runtime.ir.nodes import Site
from jit_runtime.source.text import Span
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import Kind
from jit_runtime.types.structs import Struct


class Linker(Protocol):
    """Turns things outside the unit into symbol names, and remembers what they resolve to."""

    def slot(self, inst: Instance) -> str: ...
    def convention(self, inst: Instance) -> Convention: ...
    def cell(self, value: GlobalValue) -> str: ...
    def literal(self, value: object) -> str: ...
    def function_object(self, found: GenericFunction | Builtin) -> str: ...
    def define_cell(self, node: DefineValue) -> GlobalValue: ...
    def is_defined(self, value: GlobalValue) -> bool: ...
    def struct(self, struct: Struct) -> str: ...
    def changed(self, struct: Struct) -> str: ...
    def version(self, inst: Instance) -> tuple[str, int]: ...
    def heat(self, inst: Instance) -> tuple[str, str] | None: ...
    def classes(self, kind: Kind) -> str: ...
    def decision(self, function: GenericFunction, asked: Question) -> str: ...


class Closure(NamedTuple):
    """The code of a lambda of which closures are made. `symbol` is its generic entry."""

    shape: Shape
    lam: MachineFunction
    symbol: str


class Place(NamedTuple):
    """A function in a trace: its name, None for a top-level form; the span that its places are relative to.

    `sites`: its inlined calls. `inner`: the body of a `handle` or `finally`, whose caller's frame is the rest of the same function.
    """

    name: str | None
    home: Span
    inner: bool
    sites: Sequence[Site] = ()


QUICK = 0
OPTIMISED = 1


def mangle(text: str) -> str:
    """A name that every linker accepts."""
    return re.sub(r"[^A-Za-z0-9_.]", lambda m: f"${ord(m[0]):x}.", text)
