"""Elements of arrays that can hold anything. A store holds words, packed Bools, or raw Floats (runtime/arrays.omni): each access tests which.

What does not change in a loop (length, store, its type) is read before it: element accesses are of another class of memory
than the fields, and nothing here calls unless a store has to change its kind or a value may be an object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.infer.code import BOOL, CHAR, FLOAT, NOTHING_KIND, Val, i64, word
from jit_runtime.infer.number_paths import TAGS, Known, as_word
from jit_runtime.infer.tests import kind_test
from jit_runtime.infer.typed_arrays import indices_of
from jit_runtime.ir.nodes import Block, Imm, Operand, Variable
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, TYPE_SHIFT
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder

IMMEDIATE = BOOL | CHAR | NOTHING_KIND | BIT["Null"]
BOOLS, STORE, FLOATS = BY_NAME["bools"], BY_NAME["store"], BY_NAME["floats"]
LENGTH, CONTENT = "length", "store"


class Element(NamedTuple):
    """A place whose array and index were checked. `type`: the store's, an i8."""

    array: Operand
    store: Operand
    position: Operand
    type: Operand


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
    return Element(target, store, index, type)


def word_address(b: Builder, store: Operand, index: Operand) -> Operand:
    """Of a word or a raw Float."""
    return b.offset(b.pointer(store, STORE.offsets["tail"] - words.OBJECT_TAG), b.op("shl", index, i64(3)))


def byte_address(b: Builder, store: Operand, index: Operand) -> Operand:
    return b.offset(b.pointer(store, BOOLS.offsets["tail"] - words.OBJECT_TAG), index)


class ByStore(NamedTuple):
    """Where an access goes on, by the type of the store."""

    words: Block
    bools: Block
    floats: Block
    done: Block


def by_store(b: Builder, found: Element, *, bools: bool) -> ByStore:
    """`bools`: these are asked for first."""
    ways = ByStore(b.new("words"), b.new("bools"), b.new("floats"), b.new("done"))
    first, second = (ways.bools, BOOLS), (ways.words, STORE)
    if not bools:
        first, second = second, (ways.floats, FLOATS)
    others = b.new("others")
    b.cbr(b.compare("eq", found.type, Imm("i8", first[1].id)), first[0], others)
    b.at(others)
    b.cbr(b.compare("eq", found.type, Imm("i8", second[1].id)), second[0], ways.floats if bools else ways.bools)
    return ways


# ---- reading ----


def read(b: Builder, found: Element, *, truth: bool) -> Operand:
    """The element as a word or, for a test, as an i1."""
    ways = by_store(b, found, bools=truth)
    out = b.fn.variable("element", "i1" if truth else "ref")
    b.at(ways.bools)
    bit = b.ins("trunc", (b.load(byte_address(b, found.store, found.position), "i8", "element"),), "i1")
    b.set(out, bit if truth else b.to_word(Val(bit, BOOL)))
    b.br(ways.done)
    b.at(ways.floats)
    b.set(out, Imm("i1", 1) if truth else b.to_word(Val(raw_float(b, found), FLOAT)))
    b.br(ways.done)
    b.at(ways.words)
    content = b.load(word_address(b, found.store, found.position), "ref", "element")
    b.set(out, b.truth(Val(content, ANY)) if truth else content)
    b.br(ways.done)
    b.at(ways.done)
    return b.get(out)


def raw_float(b: Builder, found: Element) -> Operand:
    return b.load(word_address(b, found.store, found.position), "f64", "element")


class Opened:
    """An element for arithmetic: what is a Float becomes a double, at hand without a word (number_paths.Known)."""

    def __init__(self, b: Builder) -> None:
        self.b, self.done, self.check = b, b.new("read"), b.new("check")
        self.word: Variable = b.fn.variable("element", "ref")
        self.known = Known(b.fn.variable("is-double", "i1"), b.fn.variable("double", "f64"))

    def read(self, found: Element) -> None:
        b = self.b
        ways = by_store(b, found, bools=False)
        b.at(ways.bools)
        bit = b.ins("trunc", (b.load(byte_address(b, found.store, found.position), "i8", "element"),), "i1")
        self.give(b.to_word(Val(bit, BOOL)), None)
        b.at(ways.floats)
        self.give(word(words.NOTHING), raw_float(b, found))
        b.at(ways.words)
        self.give_word(b.load(word_address(b, found.store, found.position), "ref", "element"))

    def give(self, content: Operand, double: Operand | None) -> None:
        b = self.b
        b.set(self.word, content)
        b.set(self.known.flag, Imm("i1", 0 if double is None else 1))
        b.set(self.known.double, Imm("f64", 0.0) if double is None else double)
        b.br(self.done)

    def give_word(self, content: Operand) -> None:
        """A word that may be a flonum."""
        self.b.set(self.word, content)
        self.b.br(self.check)

    def value(self) -> Val:
        b = self.b
        b.at(self.check)
        content, flonum, other = b.get(self.word), b.new("flonum"), b.new("other")
        b.cbr(b.compare("eq", b.op("and", b.bits(content), i64(TAGS)), i64(words.FLONUM_TAG)), flonum, other)
        b.at(flonum)
        self.give(word(words.NOTHING), b.runtime("rt_word_to_float", (content,), "f64"))
        b.at(other)
        self.give(content, None)
        b.at(self.done)
        made = b.get(self.word)
        b.doubles[made] = self.known
        return Val(made, ANY)


# ---- writing ----


def write(b: Builder, found: Element, value: Val) -> None:
    """`value` may be one that arithmetic left open."""
    ways = by_store(b, found, bools=value.op.type == "i1")
    b.at(ways.floats)
    store_float(b, found, value)
    b.br(ways.done)
    b.at(ways.bools)
    store_packed(b, found, value)
    b.br(ways.done)
    b.at(ways.words)
    store_word(b, found.store, found.position, as_word(b, value))
    b.br(ways.done)
    b.at(ways.done)


def widen(b: Builder, found: Element, op: Operand) -> None:
    """Store what does not fit. That allocates once in an array's life, so nothing polls afterwards: a poll would make the array change
    in every loop."""
    b.runtime("rt_array_put", (b.task, found.array, found.position, op))


def store_float(b: Builder, found: Element, value: Val) -> None:
    """Into a store of Floats, which anything else makes a store of words."""
    known = b.doubles.get(value.op)
    if value.op.type == "f64":
        b.store(value.op, word_address(b, found.store, found.position), "element")
        return
    if known is None and (value.op.type != "ref" or not value.mask & FLOAT):
        widen(b, found, b.to_word(value))
        return
    is_float, other, done = b.new("float"), b.new("other"), b.new("stored")
    tag = b.op("and", b.bits(value.op), i64(TAGS))
    b.cbr(b.get(known.flag) if known is not None else b.compare("eq", tag, i64(words.FLONUM_TAG)), is_float, other, "likely")
    b.at(is_float)
    double = b.get(known.double) if known is not None else b.runtime("rt_word_to_float", (value.op,), "f64")
    b.store(double, word_address(b, found.store, found.position), "element")
    b.br(done)
    b.at(other)
    widen(b, found, value.op)
    b.br(done)
    b.at(done)


def store_packed(b: Builder, found: Element, value: Val) -> None:
    """Into a store of Bools, which anything else makes a store of words."""
    if value.op.type == "i1":
        b.store(byte_of(b, value.op), byte_address(b, found.store, found.position), "element")
        return
    op, done = b.to_word(as_word(b, value)), b.new("stored")
    if value.mask & BOOL and value.op.type == "ref":
        fits, other = b.new("fits"), b.new("other")
        b.cbr(kind_test(b, Val(op, value.mask), BOOL), fits, other)
        b.at(fits)
        byte = b.ins("trunc", (b.op("lshr", b.bits(op), i64(9)),), "i8")
        b.store(byte, byte_address(b, found.store, found.position), "element")
        b.br(done)
        b.at(other)
    widen(b, found, op)
    b.br(done)
    b.at(done)


def store_word(b: Builder, store: Operand, index: Operand, value: Val) -> None:
    op = b.to_word(value)
    if value.mask & ~IMMEDIATE:
        at = b.op("add", b.op("shl", index, i64(3)), i64(STORE.offsets["tail"]))
        b.runtime("omni.store_ref", (b.task, store, at, op))
    else:
        b.store(op, word_address(b, store, index), "element")


def byte_of(b: Builder, op: Operand) -> Operand:
    return Imm("i8", op.value) if isinstance(op, Imm) else b.ins("zext", (op,), "i8")
