"""Arrays in compiled code. A store holds words, or packed Bools of one byte (runtime/arrays.omni): each access tests which.

What does not change in a loop (length, store, its type) is read before it: element accesses are of another class of memory
than the fields, and nothing here calls unless a store has to change its kind or a value may be an object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.infer import typed_arrays
from jit_runtime.infer.allocation import allocate, init_field
from jit_runtime.infer.code import BOOL, CHAR, INT, NOTHING, NOTHING_KIND, Val, i64
from jit_runtime.infer.prims import TRUTHS, prim, runtime_word, values_of
from jit_runtime.infer.tests import kind_test
from jit_runtime.infer.transfer import ARRAYS
from jit_runtime.infer.typed_arrays import PACKED, by_count, indices_of
from jit_runtime.ir.nodes import Imm, Operand
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT, TYPE_SHIFT
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.expand.core import Call
    from jit_runtime.infer.build import Builder
    from jit_runtime.types.builtins import Builtin

IMMEDIATE = BOOL | CHAR | NOTHING_KIND | BIT["Null"]
BOOLS, STORE = BY_NAME["bools"], BY_NAME["store"]
LENGTH, CONTENT = "length", "store"
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
    bools = bool(values) and all(v.op.type == "i1" for v in values)
    store = store_of_bools(b, values) if bools else store_of_words(b, values)
    made = allocate(b, "array", 24)
    b.store(i64(len(values)), b.field_address(made, "array", LENGTH), "length")
    init_field(b, made, BY_NAME["array"].offsets[CONTENT], store)
    return Val(made, BIT["Array Any"])


def store_of_words(b: Builder, values: list[Val]) -> Operand:
    ops = [b.to_word(v) for v in values]
    store = allocate(b, "store", max(16, 8 + 8 * len(ops)), max(1, len(ops)))
    at = STORE.offsets["tail"]
    if not ops:
        b.store(i64(0), b.pointer(store, at - words.OBJECT_TAG))
    for i, (op, value) in enumerate(zip(ops, values, strict=True)):
        init_field(b, store, at + 8 * i, op, value.mask)
    return store


def store_of_bools(b: Builder, values: list[Val]) -> Operand:
    store = allocate(b, "bools", max(16, 8 + (len(values) + 7 & -8)), len(values))
    at = b.pointer(store, BOOLS.offsets["tail"] - words.OBJECT_TAG)
    for i, value in enumerate(values):
        b.store(byte_of(b, value.op), b.offset(at, i), "element")
    return store


def byte_of(b: Builder, op: Operand) -> Operand:
    return Imm("i8", op.value) if isinstance(op, Imm) else b.ins("zext", (op,), "i8")


# ---- elements ----


class Element(NamedTuple):
    """A place whose array and index were checked. `packed`: an i1, does the store hold Bools?"""

    array: Operand
    store: Operand
    position: Operand
    packed: Operand


def element(b: Builder, target: Operand, value: Val, name: str) -> Element | None:
    """Check the index of an array that can hold anything. Nothing can fail between the three loads: what is loaded in every turn is
    loaded before the loop. The error gets the type that it does not need: what has one use only is moved there by LLVM, behind the check."""
    indices = indices_of(b, [value], name)
    if indices is None:
        return None
    index = indices[0]
    length = b.load(b.field_address(target, "array", LENGTH), "i64", "length")
    store = b.load(b.field_address(target, "array", CONTENT), "ref", "field")
    type = b.load(b.pointer(store, TYPE_SHIFT // 8 - words.OBJECT_TAG), "i8", "field")
    ok, bad = b.new("ok"), b.new("bounds")
    b.cbr(b.compare("ult", index, length), ok, bad, "likely")
    b.at(bad)
    b.runtime("rt_fail_element", (b.task, index, length, type), noreturn=True)
    b.unreachable()
    b.at(ok)
    return Element(target, store, index, b.compare("eq", type, Imm("i8", BOOLS.id)))


def word_address(b: Builder, store: Operand, index: Operand) -> Operand:
    return b.offset(b.pointer(store, STORE.offsets["tail"] - words.OBJECT_TAG), b.op("shl", index, i64(3)))


def byte_address(b: Builder, store: Operand, index: Operand) -> Operand:
    return b.offset(b.pointer(store, BOOLS.offsets["tail"] - words.OBJECT_TAG), index)


def read(b: Builder, values: list[Val], name: str, *, truth: bool) -> Operand | None:
    """The element of an array that can hold anything as a word or, for a test, as an i1. None: control does not come here."""
    found = element(b, values[0].op, values[1], name)
    if found is None:
        return None
    _, store, index, is_packed = found
    packed, plain, done = b.new("packed"), b.new("plain"), b.new("done")
    out = b.fn.variable("element", "i1" if truth else "ref")
    b.cbr(is_packed, packed, plain)
    b.at(packed)
    bit = b.ins("trunc", (b.load(byte_address(b, store, index), "i8", "element"),), "i1")
    b.set(out, bit if truth else b.to_word(Val(bit, BOOL)))
    b.br(done)
    b.at(plain)
    element_word = b.load(word_address(b, store, index), "ref", "element")
    b.set(out, b.truth(Val(element_word, ANY)) if truth else element_word)
    b.br(done)
    b.at(done)
    return b.get(out)


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
    if values[0].mask == PLAIN:
        found = read(b, values, name, truth=False)
        return NOTHING if found is None else Val(found, ANY)
    out, done = b.fn.variable("element", "ref"), b.new("read")

    def otherwise() -> None:
        b.set(out, b.to_word(slow()))
        b.br(done)

    array_of(b, values[0], otherwise)
    found = read(b, values, name, truth=False)
    if found is not None:
        b.set(out, found)
        b.br(done)
    b.at(done)
    return Val(b.get(out), ANY)


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
        return read(b, values, "array-ref", truth=True) or Imm("i1", 0)
    made = array_read(b, values, "array-ref", lambda: by_count(b, "rt_array_ref", values))
    return Imm("i1", 0) if b.block is None else b.truth(made)


TRUTHS["array-ref"] = array_ref_truth


@prim("array-set!")
def array_set(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    return NOTHING if values is None else array_write(b, values, "array-set!", lambda: by_count(b, "rt_array_set", values))


def array_write(b: Builder, values: list[Val], name: str, slow: Callable[[], Val], bound: str = "line") -> Val:
    """Store the last value in an array of any kind; `slow` for what cannot be stored inline."""
    if values[0].mask in PACKED:
        return typed_arrays.write(b, values, name, bound) or NOTHING
    if len(values) != 3 or not values[0].mask & PLAIN:
        slow()
        return NOTHING if b.block is None else values[-1]
    done = b.new("written")

    def otherwise() -> None:
        slow()
        b.br(done)

    array_of(b, values[0], otherwise)
    value = values[2] if values[2].op.type == "i1" else values[2]._replace(op=b.to_word(values[2]))
    store_element(b, values, value, name)
    b.br(done)
    b.at(done)
    return values[2]


def store_element(b: Builder, values: list[Val], value: Val, name: str) -> None:
    found = element(b, values[0].op, values[1], name)
    if found is None:
        return
    target, store, index, is_packed = found
    packed, plain, done = b.new("packed"), b.new("plain"), b.new("done")
    b.cbr(is_packed, packed, plain)
    b.at(packed)
    store_packed(b, target, store, index, value)
    b.br(done)
    b.at(plain)
    store_word(b, store, index, value)
    b.br(done)
    b.at(done)


def store_packed(b: Builder, target: Operand, store: Operand, index: Operand, value: Val) -> None:
    """Into a store of Bools, which anything but a Bool makes a store of words.

    That allocates once in an array's life, so nothing polls afterwards: a poll would make the array change in every loop.
    """
    if value.op.type == "i1":
        b.store(byte_of(b, value.op), byte_address(b, store, index), "element")
        return
    op, done = value.op, b.new("stored")
    if value.mask & BOOL:
        fits, other = b.new("fits"), b.new("other")
        b.cbr(kind_test(b, Val(op, value.mask), BOOL), fits, other)
        b.at(fits)
        byte = b.ins("trunc", (b.op("lshr", b.bits(op), i64(9)),), "i8")
        b.store(byte, byte_address(b, store, index), "element")
        b.br(done)
        b.at(other)
    b.runtime("rt_array_put", (b.task, target, index, op))
    b.br(done)
    b.at(done)


def store_word(b: Builder, store: Operand, index: Operand, value: Val) -> None:
    op = b.to_word(value)
    if value.mask & ~IMMEDIATE:
        at = b.op("add", b.op("shl", index, i64(3)), i64(STORE.offsets["tail"]))
        b.runtime("omni.store_ref", (b.task, store, at, op))
    else:
        b.store(op, word_address(b, store, index), "element")


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
