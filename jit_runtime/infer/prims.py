"""Builtins that compile to instructions: the table, and what the families (all_prims.py) have in common.

A prim gets the call node and evaluates the arguments itself. Where the kinds are not known it tests for the fast case
inline and calls the runtime otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call
from jit_runtime.infer.code import INT, NOTHING, Val, rep_of
from jit_runtime.infer.homes import placed_arguments
from jit_runtime.infer.tests import kind_test
from jit_runtime.infer.transfer import BIG, INTEGER
from jit_runtime.ir.nodes import Operand
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.continuations import Continuation

Prim = Callable[["Builder", "Call", "Builtin", "Continuation | None"], Val]
PRIMS: dict[str, Prim] = {}
OPEN: dict[str, Callable[[Builder, Call, Builtin], Val]] = {}
"""Builtins whose value may be left open for arithmetic (infer/number_paths.py)."""
TRUTHS: dict[str, Callable[[Builder, Call], Operand]] = {}
"""Builtins that answer a test (an i1) with less work than a value. The block may be None afterwards, as after a prim."""
LIST = BIT["Null"] | BIT["Pair"]
BITS = INTEGER & ~BIG
OTHER_BITS = BITS & ~INT
"""Whole numbers of a width, and those that are no Ints."""


def prim(*names: str) -> Callable[[Prim], Prim]:
    def add(f: Prim) -> Prim:
        PRIMS.update(dict.fromkeys(names, f))
        return f

    return add


def values_of(b: Builder, node: Call) -> list[Val] | None:
    return placed_arguments(b, node)


def unary(f: Callable[[Builder, Val, Builtin], Val]) -> Prim:
    def run(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
        values = values_of(b, node)
        return NOTHING if values is None else f(b, values[0], builtin)

    return run


def binary(f: Callable[[Builder, Val, Val, Builtin], Val]) -> Prim:
    def run(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
        values = values_of(b, node)
        return NOTHING if values is None else f(b, values[0], values[1], builtin)

    return run


def runtime_word(b: Builder, name: str, args: tuple[Operand, ...], mask: int) -> Val:
    """A runtime function (task dest ...) -> word that may allocate."""
    result = b.runtime(name, (b.task, b.dest, *args), "ref")
    if not mask:
        b.unreachable()
        return NOTHING
    b.poll()
    return Val(b.to_rep(Val(result, mask), rep_of(mask)), mask)


def object_operand(b: Builder, value: Val, kind: str, name: str, code: str = "EXPECTED") -> Operand:
    """The word of a value that has to be of one kind; otherwise a type error of operation `name`."""
    op = b.to_word(value)
    if value.mask != BIT[kind]:
        if not value.mask & BIT[kind]:
            b.fail(CODES[code], b.unit.symbol(b, name), b.unit.symbol(b, kind), op)
            return op
        symbol, wanted = Val(b.unit.symbol(b, name), ANY), Val(b.unit.symbol(b, kind), ANY)
        b.fail_unless(kind_test(b, Val(op, value.mask), BIT[kind]), CODES[code], symbol, wanted, Val(op, value.mask))
    return op



