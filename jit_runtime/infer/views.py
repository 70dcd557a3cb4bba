"""Views of typed arrays of a known kind: a row of two dimensions, a part of one, made in place. Everything else, and the errors, is the runtime's
(runtime/views.omni, which says what a view is).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.infer.allocation import allocate, init_field
from jit_runtime.infer.arrays import out_of_line
from jit_runtime.infer.code import INT, NOTHING, Val, i64, word
from jit_runtime.infer.number_paths import QUICK
from jit_runtime.infer.prims import prim, values_of
from jit_runtime.infer.typed_arrays import PACKED, field, start_of
from jit_runtime.ir.nodes import Operand
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, LAYOUTS
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import BIT

if TYPE_CHECKING:
    from jit_runtime.expand.core import Call
    from jit_runtime.infer.build import Builder

LAYOUT = {BIT[row.kind]: row.name for row in LAYOUTS if row.kind is not None and BIT[row.kind] in PACKED}
BYTES = 8 + 8 * len(BY_NAME["int-array"].fields)


@prim("array-row")
def array_row(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    if not in_place(b, values):
        return out_of_line(b, builtin, values, b.kinds(node))
    array, index = values[0].op, values[1].op
    holds = b.compare("ult", index, field(b, array, "rows"))  # 0 where there are not two dimensions

    def made() -> Operand:
        columns = field(b, array, "columns")
        return view(b, values[0], b.op("mul", index, columns), columns)

    return either(b, holds, made, lambda: out_of_line(b, builtin, values, b.kinds(node)), values[0].mask)


@prim("array-view")
def array_view(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    if not in_place(b, values):
        return out_of_line(b, builtin, values, b.kinds(node))
    array, start, line = values[0].op, values[1].op, field(b, values[0].op, "line")
    end = values[2].op if len(values) > 2 else line
    ordered = b.ins("and", (b.compare("ule", start, end), b.compare("ule", end, line)), "i1")
    holds = b.ins("and", (ordered, b.compare("ne", line, i64(0))), "i1")

    def made() -> Operand:
        b.store(word(words.FALSE), b.field_address(array, "int-array", "dims"))
        return view(b, values[0], start, b.op("sub", end, start))

    return either(b, holds, made, lambda: out_of_line(b, builtin, values, b.kinds(node)), values[0].mask)


def in_place(b: Builder, values: list[Val]) -> bool:
    return b.unit.tier != QUICK and values[0].mask in PACKED and all(value.mask == INT for value in values[1:])


def either(b: Builder, test: Operand, made: Callable[[], Operand], slow: Callable[[], Val], mask: int) -> Val:
    out, fast, other, done = b.fn.variable("view", "ref"), b.new("here"), b.new("other"), b.new("view")
    b.cbr(test, fast, other, "likely")
    b.at(other)
    b.set(out, b.to_word(slow()))
    b.br(done)
    b.at(fast)
    b.set(out, made())
    b.br(done)
    b.at(done)
    return Val(b.get(out), mask)


def view(b: Builder, base: Val, first: Operand, length: Operand) -> Operand:
    """`length` elements from number `first` on, in one dimension."""
    made = allocate(b, LAYOUT[base.mask], BYTES)
    shift = PACKED[base.mask].shift
    start = b.op("add", start_of(b, base.op), b.op("shl", first, i64(shift)) if shift else first)
    b.store(start, b.field_address(made, "int-array", "start"), "field")
    numbers = {"length": length, "line": length, "rows": i64(0), "columns": i64(0)}
    for name, value in numbers.items():
        b.store(value, b.field_address(made, "int-array", name), "length")
    b.store(word(words.FALSE), b.field_address(made, "int-array", "dims"))
    store = b.load(b.field_address(base.op, "int-array", "store"), "ref", "field")
    init_field(b, made, BY_NAME["int-array"].offsets["store"], store)
    return made
