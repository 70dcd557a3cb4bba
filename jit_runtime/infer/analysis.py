"""The facts of one instance that inference finds and code generation reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.dataclass import dataclass, field
from jit_runtime.expand.core import (
    Chr,
    KindRef,
    Sym,
    Uninitialized,
    Var,
)  # fmt: skip
from jit_runtime.infer.shape import Shape
from jit_runtime.infer.transfer import NOTHING
from jit_runtime.infer.world import Dispatch
from jit_runtime.types.kinds import BIT

if TYPE_CHECKING:
    from jit_runtime.infer.demands import Demands
    from jit_runtime.infer.flows import Flows

CONSTANT_KINDS = {
    bool: BIT["Bool"], int: BIT["Int"], float: BIT["Float"], str: BIT["String"], type(None): NOTHING, Sym: BIT["Symbol"],
    Chr: BIT["Char"], KindRef: BIT["Kind"], Uninitialized: NOTHING,
}  # fmt: skip


@dataclass(slots=True, eq=False)
class Analysis:
    """Facts of one instance. `kinds` by id of the core node; `dispatches` by id of the Call; `live` by id of the If."""

    shape: Shape
    kinds: dict[int, int] = field(default_factory=dict)
    vars: dict[Var, int] = field(default_factory=dict)
    results: dict[int, int] = field(default_factory=dict)
    dispatches: dict[int, Dispatch] = field(default_factory=dict)
    live: dict[int, tuple[bool, bool]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    flows: Flows | None = None
    quiet: bool | None = None  # infer/quiet.py
    demands: Demands | None = None  # infer/demands.py
