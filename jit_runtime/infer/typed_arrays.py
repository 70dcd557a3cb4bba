"""Typed arrays of a known kind in compiled code: raw loads and stores, nothing boxed, no barrier, no call but in errors.

Bounds are plain compares with fields that LLVM knows not to change in loops, so that it removes or hoists them and vectorises. `line`,
`rows` and `columns` are 0 where the number of dimensions is another one: the same compare finds a wrong number of indices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.dataclass import dataclass
from jit_runtime.infer.code import CODE, FLOAT, INT, TASK, Val, i64, rep_of
from jit_runtime.infer.machine_numbers import double_of, fits, holds_all, single_of, unless
from jit_runtime.infer.packed import load_packed, packed_value
from jit_runtime.infer.prims import object_operand, prim, runtime_word, values_of
from jit_runtime.infer.tests import kind_test
from jit_runtime.infer.transfer import ELEMENT_KINDS, NUMBER
from jit_runtime.ir.nodes import Operand
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME
from jit_runtime.types.kinds import ANY
from jit_runtime.types.machine import Packed
from jit_runtime.types.primitives import MACHINE, PACKED_KINDS

if TYPE_CHECKING:
    from jit_runtime.expand.core import Call
    from jit_runtime.infer.build import Builder
    from jit_runtime.types.builtins import Builtin


@dataclass(frozen=True, slots=True)
class Elements:
    """How elements lie: their kind, each in memory, log2 of its bytes."""

    kind: int
    packed: Packed
    shift: int


PACKED = {array: Elements(kind, PACKED_KINDS[kind], PACKED_KINDS[kind].bytes.bit_length() - 1) for array, kind in ELEMENT_KINDS.items()}
FIRST = BY_NAME["ints"].offsets["tail"]


@prim("typed-array")
def typed_array(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return Val(i64(0), INT)
    return runtime_word(b, "rt_typed_array", (b.to_word(values[0]), b.to_word(values[1])), b.kinds(node))


# ---- places of elements ----


def field(b: Builder, array: Operand, name: str) -> Operand:
    return b.load(b.field_address(array, "int-array", name), "i64", "length")


def start_of(b: Builder, array: Operand) -> Operand:
    """In bytes: it may be more than any length."""
    return b.load(b.field_address(array, "int-array", "start"), "i64", "field")


def place(b: Builder, array: Operand, packed: Elements, indices: list[Operand], bound: str = "line") -> Operand:
    """The address of an element, after checks. One index is compared with `bound`."""
    store, start = b.load(b.field_address(array, "int-array", "store"), "ref", "field"), start_of(b, array)
    if len(indices) == 1:
        position = indices[0]
        within(b, position, field(b, array, bound), lambda: b.runtime("rt_fail_index", (b.task, array, position), noreturn=True))
    else:
        i, j = indices
        columns = field(b, array, "columns")

        def fail() -> None:
            b.runtime("rt_fail_indices", (b.task, array, i, j), noreturn=True)

        within(b, i, field(b, array, "rows"), fail)
        within(b, j, columns, fail)
        position = b.op("add", b.op("mul", i, columns), j)
    first = b.offset(b.pointer(store, FIRST - words.OBJECT_TAG), start)
    return b.offset(first, b.op("shl", position, i64(packed.shift)) if packed.shift else position)


def within(b: Builder, index: Operand, limit: Operand, fail: object) -> None:
    ok, bad = b.new("ok"), b.new("bounds")
    b.cbr(b.compare("ult", index, limit), ok, bad, "likely")
    b.at(bad)
    fail()  # type: ignore[operator]
    b.unreachable()
    b.at(ok)


# ---- reading and writing ----


def load(b: Builder, packed: Elements, address: Operand) -> Val:
    return load_packed(b, packed.packed, packed.kind, address, "element")


def raw_value(b: Builder, array: Operand, packed: Elements, value: Val) -> Operand | None:
    """What is stored for a value; None where it cannot be stored. A number becomes one of the array's kind."""
    if packed.kind in MACHINE and value.mask != packed.kind and (value.mask in MACHINE or packed.kind in CODE):
        return number_of(b, array, packed, value)
    if packed.kind == FLOAT and value.mask in (INT, FLOAT):
        return double_of(b, value)
    if packed.kind == FLOAT and value.mask & FLOAT:
        return float_of_word(b, array, value)
    fitting = value.mask & (INT if packed.kind == FLOAT else packed.kind)
    if not fitting:
        b.runtime("rt_fail_stored", (b.task, array, b.to_word(value)), noreturn=True)
        b.unreachable()
        return None
    checked(b, array, value, fitting)
    if packed.kind == FLOAT:
        return b.ins("sitofp", (b.to_rep(value, "i64"),), "f64")
    return in_memory(b, packed, b.to_rep(Val(value.op, packed.kind), rep_of(packed.kind)))


def in_memory(b: Builder, packed: Elements, raw: Operand) -> Operand:
    """A value as it lies in the array."""
    return packed_value(b, packed.packed, packed.kind, raw)


def number_of(b: Builder, array: Operand, packed: Elements, value: Val) -> Operand | None:
    """A number of another kind, converted, or the error."""
    have, want = MACHINE.get(value.mask), MACHINE[packed.kind]
    if have is not None and (want.floating or not have.floating):
        if not want.floating and not holds_all(want, have):
            unless(b, fits(b, value.op, have, want), lambda _: not_stored(b, array, value), "")
        made = (double_of(b, value) if packed.kind == FLOAT else single_of(b, value)) if want.floating else value.op
        return in_memory(b, packed, made)
    if have is not None or not value.mask & NUMBER:
        not_stored(b, array, value)
        return None
    raw = b.runtime("rt_element_number", (b.task, array, b.to_word(value)), "ref")
    return in_memory(b, packed, b.to_rep(Val(raw, packed.kind), rep_of(packed.kind)))


def not_stored(b: Builder, array: Operand, value: Val) -> None:
    b.runtime("rt_fail_stored", (b.task, array, b.to_word(value)), noreturn=True)
    b.unreachable()


def checked(b: Builder, array: Operand, value: Val, kinds: int) -> None:
    if not value.mask & ~kinds:
        return
    ok, bad = b.new("ok"), b.new("stored")
    b.cbr(kind_test(b, value, kinds), ok, bad, "likely")
    b.at(bad)
    b.runtime("rt_fail_stored", (b.task, array, b.to_word(value)), noreturn=True)
    b.unreachable()
    b.at(ok)


def float_of_word(b: Builder, array: Operand, value: Val) -> Operand:
    """The double of a word that holds a Float or an Int."""
    out, is_float, other, done = b.fn.variable("float", "f64"), b.new("float"), b.new("other"), b.new("stored")
    b.cbr(kind_test(b, value, FLOAT), is_float, other, "likely")
    b.at(is_float)
    b.set(out, b.to_rep(value, "f64"))
    b.br(done)
    b.at(other)
    rest = Val(value.op, value.mask & ~FLOAT)
    checked(b, array, rest, INT)
    b.set(out, b.ins("sitofp", (b.to_rep(rest, "i64"),), "f64"))
    b.br(done)
    b.at(done)
    return b.get(out)


def indices_of(b: Builder, values: list[Val], name: str) -> list[Operand] | None:
    """Raw indices, after a test where the kind is not known."""
    found = []
    for value in values:
        op = value.op
        if value.mask != INT:
            op = object_operand(b, value, "Int", name)
            if b.block is None:
                return None
            op = b.to_rep(Val(op, INT), "i64")
        found.append(op)
    return found


def read(b: Builder, values: list[Val], name: str, bound: str = "line") -> Val | None:
    """The element of an array of a known kind. None: control does not come back."""
    packed, array = PACKED[values[0].mask], values[0].op
    indices = indices_of(b, values[1:], name)
    if indices is None:
        return None
    if len(indices) > 2:
        made = by_count(b, "rt_array_ref", values)
        return Val(b.to_rep(Val(made.op, packed.kind), rep_of(packed.kind)), packed.kind)
    return load(b, packed, place(b, array, packed, indices, bound))


def write(b: Builder, values: list[Val], name: str, bound: str = "line") -> Val | None:
    """Store the last value. None: control does not come back."""
    packed, array = PACKED[values[0].mask], values[0].op
    indices = indices_of(b, values[1:-1], name)
    if indices is None:
        return None
    if len(indices) > 2:
        by_count(b, "rt_array_set", values)
        return values[-1]
    address = place(b, array, packed, indices, bound)
    raw = raw_value(b, array, packed, values[-1])
    if raw is None:
        return None
    b.store(raw, address, "element")
    return values[-1]


def by_count(b: Builder, symbol: str, values: list[Val]) -> Val:
    """The runtime's function for arrays of any kind and any number of indices: arguments in the buffer."""
    ops = [b.to_word(v) for v in values]
    for i, op in enumerate(ops):
        b.store(op, b.offset(b.task, TASK["arguments"] + 8 * i))
    return runtime_word(b, symbol, (i64(len(ops)),), ANY)
