"""Arrays in compiled code: builtins that make, read, write and grow them. Elements of arrays that can hold anything: infer/elements.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.infer import elements, typed_arrays, unknown_arrays
from jit_runtime.infer.allocation import allocate, init_part
from jit_runtime.infer.arithmetic import numbers_of
from jit_runtime.infer.code import INT, NOTHING, Val, i64
from jit_runtime.infer.elements import BOOLS, CONTENT, FLOATS, LENGTH, STORE, Opened, byte_of, element, store_word
from jit_runtime.infer.number_paths import QUICK, as_word
from jit_runtime.infer.prims import OPEN, TRUTHS, prim, runtime_word, values_of
from jit_runtime.infer.tests import kind_test
from jit_runtime.infer.transfer import ARRAYS
from jit_runtime.infer.typed_arrays import PACKED, by_count
from jit_runtime.ir.nodes import Imm, Operand
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT, TYPE_SHIFT
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.expand.core import Call
    from jit_runtime.infer.build import Builder
    from jit_runtime.types.builtins import Builtin

PLAIN = BIT["Array Any"]
INDEXED = {PLAIN, *PACKED}


def out_of_line(b: Builder, builtin: Builtin, values: list[Val], mask: int) -> Val:
    from jit_runtime.infer.builtin_calls import call_runtime

    return call_runtime(b, builtin, values, mask)


@prim("array")
def array(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    """A store and an array, both fresh: the elements are evaluated first."""
    values = values_of(b, node)
    if values is None:
        return NOTHING
    if len(values) > 32:
        from jit_runtime.types.builtins import Builtin as Row

        return out_of_line(b, Row("array", 0, None, PLAIN, ("rt", "rt_array"), ""), values, PLAIN)
    types = {v.op.type for v in values}
    store = store_of_bools(b, values) if types == {"i1"} else store_of_floats(b, values) if types == {"f64"} else store_of_words(b, values)
    made = allocate(b, "array", 24)
    b.store(i64(len(values)), b.field_address(made, "array", LENGTH), "length")
    init_part(b, made, BY_NAME["array"].offsets[CONTENT], Val(store, ANY, b.dest), store)
    return Val(made, BIT["Array Any"], b.dest)


def store_of_words(b: Builder, values: list[Val]) -> Operand:
    ops = [b.to_word(v) for v in values]
    store = allocate(b, "store", max(16, 8 + 8 * len(ops)), max(1, len(ops)))
    at = STORE.offsets["tail"]
    if not ops:
        b.store(i64(0), b.pointer(store, at - words.OBJECT_TAG))
    for i, (op, value) in enumerate(zip(ops, values, strict=True)):
        init_part(b, store, at + 8 * i, value, op)
    return store


def store_of_bools(b: Builder, values: list[Val]) -> Operand:
    store = allocate(b, "bools", max(16, 8 + (len(values) + 7 & -8)), len(values))
    at = b.pointer(store, BOOLS.offsets["tail"] - words.OBJECT_TAG)
    for i, value in enumerate(values):
        b.store(byte_of(b, value.op), b.offset(at, i), "element")
    return store


def store_of_floats(b: Builder, values: list[Val]) -> Operand:
    store = allocate(b, "floats", max(16, 8 + 8 * len(values)), 8 * len(values))
    at = b.pointer(store, FLOATS.offsets["tail"] - words.OBJECT_TAG)
    for i, value in enumerate(values):
        b.store(value.op, b.offset(at, 8 * i), "element")
    return store


# ---- elements ----


def array_of(b: Builder, value: Val, slow: Callable[[], object]) -> None:
    """Go on where a value is an array that can hold anything. For everything else `slow`, which raises the errors."""
    if value.mask == PLAIN:
        return
    fast, other = b.new("array"), b.new("other")
    b.cbr(kind_test(b, value, PLAIN), fast, other, "likely")
    b.at(other)
    slow()
    b.at(fast)


@prim("array-ref")
def array_ref(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    return NOTHING if values is None else array_read(b, values, "array-ref", lambda: by_count(b, "rt_array_ref", values))


def array_read(b: Builder, values: list[Val], name: str, slow: Callable[[], Val], bound: str = "line") -> Val:
    """The element of an array of any kind; `slow` for what cannot be read inline."""
    if values[0].mask in PACKED:
        return typed_arrays.read(b, values, name, bound) or NOTHING
    if len(values) != 2 or not values[0].mask & PLAIN:
        return slow()
    out, done = b.fn.variable("element", "ref"), b.new("read")

    def otherwise() -> None:
        b.set(out, b.to_word(slow()))
        b.br(done)

    array_of(b, values[0], otherwise)
    found = element(b, values[0].op, values[1], name)
    if found is not None:
        b.set(out, elements.read(b, found, truth=False))
        b.br(done)
    elif values[0].mask == PLAIN:
        return NOTHING
    b.at(done)
    return Val(b.get(out), ANY)


def open_array_ref(b: Builder, node: Call, builtin: Builtin) -> Val:
    """An element that may be left open for arithmetic."""
    values = values_of(b, node)
    if values is None:
        return NOTHING
    if kind := unknown_arrays.guessed_kind(b, node.args[0], values[0]):
        return unknown_arrays.read(b, values, kind, "array-ref", lambda: by_count(b, "rt_array_ref", values))
    if len(values) != 2 or not values[0].mask & PLAIN or b.unit.tier == QUICK:
        return array_read(b, values, "array-ref", lambda: by_count(b, "rt_array_ref", values))
    opened = Opened(b)
    array_of(b, values[0], lambda: opened.give_word(b.to_word(by_count(b, "rt_array_ref", values))))
    found = element(b, values[0].op, values[1], "array-ref")
    if found is not None:
        opened.read(found)
    elif values[0].mask == PLAIN:
        return NOTHING
    return opened.value()


OPEN["array-ref"] = open_array_ref


@prim("item-at")
def item_at(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    return NOTHING if values is None else array_read(b, values, "array-ref", lambda: item_of_any(b, values), LENGTH)


def item_of_any(b: Builder, values: list[Val]) -> Val:
    return runtime_word(b, "rt_item_at", (b.to_word(values[0]), b.to_word(values[1])), ANY)


def array_ref_truth(b: Builder, node: Call) -> Operand:
    values = values_of(b, node)
    if values is None:
        return Imm("i1", 0)
    if values[0].mask == PLAIN:
        found = element(b, values[0].op, values[1], "array-ref")
        return Imm("i1", 0) if found is None else elements.read(b, found, truth=True)
    made = array_read(b, values, "array-ref", lambda: by_count(b, "rt_array_ref", values))
    return Imm("i1", 0) if b.block is None else b.truth(made)


TRUTHS["array-ref"] = array_ref_truth


@prim("array-set!")
def array_set(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    stored = open_array_set(b, node, builtin)
    return stored if b.block is None else as_word(b, stored)


def open_array_set(b: Builder, node: Call, builtin: Builtin) -> Val:
    """Gives the stored value, which may be one that arithmetic left open."""
    values = numbers_of(b, node)
    if values is None:
        return NOTHING
    values[:-1] = [as_word(b, value) for value in values[:-1]]

    def slow() -> Val:
        return by_count(b, "rt_array_set", [*values[:-1], as_word(b, values[-1])])

    if kind := unknown_arrays.guessed_kind(b, node.args[0], values[0]):
        unknown_arrays.write(b, values, kind, "array-set!", slow)
        return values[-1]
    return array_write(b, values, "array-set!", slow)


OPEN["array-set!"] = open_array_set


def array_write(b: Builder, values: list[Val], name: str, slow: Callable[[], object], bound: str = "line") -> Val:
    """Store the last value, which may be open, in an array of any kind; `slow` for what cannot be stored inline."""
    if values[0].mask in PACKED:
        return typed_arrays.write(b, [*values[:-1], as_word(b, values[-1])], name, bound) or NOTHING
    if len(values) != 3 or not values[0].mask & PLAIN:
        slow()
        return NOTHING if b.block is None else values[-1]
    done = b.new("written")

    def otherwise() -> None:
        slow()
        b.br(done)

    array_of(b, values[0], otherwise)
    found = element(b, values[0].op, values[1], name)
    if found is not None:
        elements.write(b, found, values[2])
        b.br(done)
    b.at(done)
    return values[2]


# ---- by path, and lengths ----


@prim("array-push!")
def array_push(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    """Inline where the array can hold anything, its store holds words, and there is room."""
    values = values_of(b, node)
    if values is None:
        return NOTHING
    target, value = values
    if target.mask != PLAIN:
        return out_of_line(b, builtin, values, b.kinds(node))
    length = b.load(b.field_address(target.op, "array", LENGTH), "i64", "length")
    store = b.load(b.field_address(target.op, "array", CONTENT), "ref", "field")
    header = b.header(store)
    words_here = b.compare("eq", b.op("and", b.op("lshr", header, i64(TYPE_SHIFT)), i64(0xFF)), i64(STORE.id))
    room = b.compare("ult", length, b.op("lshr", header, i64(EXTRA_SHIFT)))
    fast, slow, done = b.new("room"), b.new("grow"), b.new("pushed")
    b.cbr(b.ins("and", (words_here, room), "i1"), fast, slow, "likely")
    b.at(fast)
    store_word(b, store, length, value)
    b.store(b.op("add", length, i64(1)), b.field_address(target.op, "array", LENGTH), "length")
    b.br(done)
    b.at(slow)
    out_of_line(b, builtin, [target, value], PLAIN)
    b.br(done)
    b.at(done)
    return Val(target.op, PLAIN)


def read_at(b: Builder, values: list[Val]) -> Val | None:
    """`a.[i]`, where `a` is known to be an array. The index counts all elements. None: it is not known."""
    if len(values) != 2 or values[0].mask not in INDEXED:
        return None
    return array_read(b, values, "get", lambda: NOTHING, LENGTH)


def write_at(b: Builder, values: list[Val]) -> Val | None:
    if values[0].mask not in INDEXED:
        return None
    return array_write(b, values, "array-set!", lambda: NOTHING, LENGTH)


@prim("array-length", "length")
def array_length(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    op = b.to_word(values[0])
    if values[0].mask & ~ARRAYS:
        if builtin.name == "length":
            return out_of_line(b, builtin, values, INT)
        value, name, wanted = Val(op, values[0].mask), b.unit.symbol(b, builtin.name), b.unit.symbol(b, "Array")
        b.fail_unless(kind_test(b, value, ARRAYS), CODES["EXPECTED"], Val(name, ANY), Val(wanted, ANY), value)
    return Val(b.load(b.field_address(op, "array", LENGTH), "i64", "length"), INT)
