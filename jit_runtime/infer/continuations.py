"""Where a value goes that code leaves: to the caller, to a block, out of a space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.dataclass import dataclass
from jit_runtime.expand.core import Lambda
from jit_runtime.infer.placement import Space
from jit_runtime.infer.virtual import Fields
from jit_runtime.ir.nodes import Block, Operand, Variable

if TYPE_CHECKING:
    from jit_runtime.infer.conventions import Way


@dataclass(slots=True, eq=False)
class Return:
    """Deliver to the caller, as a call result of kind set `mask` that travels this way (conventions.py)."""

    mask: int
    way: Way

    @property
    def type(self) -> str:
        """Of what the machine function returns."""
        way = self.way
        while not isinstance(way, str):
            way = way.parts[0]
        return way


@dataclass(slots=True, eq=False)
class Fill(Return):
    """Deliver to the caller as the rest of the list that was made so far (tail_cons.py)."""

    first: Variable
    last: Variable


@dataclass(slots=True, eq=False)
class Join:
    """Deliver to a block of the same function through a variable."""

    block: Block
    variable: Variable
    mask: int
    place: Operand
    used: bool = False


@dataclass(slots=True, eq=False)
class Close:
    """End a space, then deliver to `outer`. `place`: the region that a surviving result goes to."""

    outer: Continuation
    place: Operand
    space: Space


Continuation = Return | Join | Close | Fields


@dataclass(slots=True, eq=False)
class Loop:
    """A loop: where calls of it jump to, its lambda, and how many spaces are open there.

    `target` is the head while the loop is entered, and from its bodies a block behind them with the guard: so the head is
    a test that LLVM can turn to the loop's end, and what does not change is computed before the loop.
    """

    target: Block
    lam: Lambda
    spaces: int
