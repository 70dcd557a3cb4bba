"""`< > <= >=` of numbers and characters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call
from jit_runtime.infer.arithmetic import numbers_of
from jit_runtime.infer.code import BOOL, CHAR, FLOAT, INT, NOTHING, Val, i64
from jit_runtime.infer.machine_numbers import (
    machine_comparison,
)
from jit_runtime.infer.number_paths import as_word, comparison_paths
from jit_runtime.infer.prims import prim
from jit_runtime.infer.transfer import NUMBER
from jit_runtime.ir.nodes import Imm, Operand
from jit_runtime.layout import words
from jit_runtime.types.builtins import Builtin

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


SIGNED = {"<": "slt", ">": "sgt", "<=": "sle", ">=": "sge"}
ORDERED = {"<": "flt", ">": "fgt", "<=": "fle", ">=": "fge"}
SLOW_COMPARE = {"<": "rt_lt", ">": "rt_gt", "<=": "rt_le", ">=": "rt_ge"}


@prim("<", ">", "<=", ">=")
def comparison(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = numbers_of(b, node)
    if values is None:
        return NOTHING
    if len(values) == 1:
        compare2(b, builtin.name, values[0], values[0])
        return Val(Imm("i1", 1), BOOL)
    return chain(b, values, partial(compare2, b, builtin.name))


def chain(b: Builder, values: list[Val], test: Callable[[Val, Val], Operand]) -> Val:
    """The test holds of all neighbours (the values are evaluated, so no short circuit is needed)."""
    result = test(values[0], values[1])
    for x, y in pairwise(values[1:]):
        result = b.ins("and", (result, test(x, y)), "i1")
    return Val(result, BOOL)


def compare2(b: Builder, name: str, x: Val, y: Val) -> Operand:
    if x.mask == INT and y.mask == INT:
        return b.compare(SIGNED[name], x.op, y.op)
    if x.mask == FLOAT and y.mask == FLOAT:
        return b.compare(ORDERED[name], x.op, y.op)
    if x.mask == CHAR and y.mask == CHAR:
        return b.compare(SIGNED[name], b.bits(x.op), b.bits(y.op))
    made = machine_comparison(b, name, x, y) if (x.mask | y.mask) & ~(INT | FLOAT) else None
    if made is not None:
        return made
    if x.mask & NUMBER and y.mask & NUMBER:
        return comparison_paths(b, x, y, SIGNED[name], ORDERED[name], SLOW_COMPARE[name])
    xw, yw = b.to_word(as_word(b, x)), b.to_word(as_word(b, y))
    result = b.runtime(SLOW_COMPARE[name], (b.task, b.dest, xw, yw), "ref")
    return b.compare("eq", b.bits(result), i64(words.TRUE))
