"""Run-time kind tests on tagged words: an i1 from a value and a set of kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import KindRef
from jit_runtime.infer.code import BOOL, CODE, INT, UINT64, Val, i64
from jit_runtime.ir.nodes import Imm, Operand, Symbol
from jit_runtime.layout import words
from jit_runtime.layout.objects import LAYOUTS, TYPE_SHIFT
from jit_runtime.types.kinds import BIT, BUILTIN, CONCRETE, SIMPLE, Abstract, Kind, Union, ValueKind, Variable
from jit_runtime.types.order import certain, is_nominal
from jit_runtime.types.primitives import Primitive
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.code import Code

IMMEDIATES = {BIT["Nothing"]: words.NOTHING, BIT["Null"]: words.NULL}
OBJECTS = {BIT[name]: [row.id for row in LAYOUTS if row.kind == name] for name, _ in CONCRETE}


def kind_test(b: Builder, value: Val, mask: int) -> Operand:
    """Is the value of a concrete kind in `mask`? What `value.mask` already decides is not tested."""
    inside, outside = value.mask & mask, value.mask & ~mask
    if not outside:
        return Imm("i1", 1)
    if not inside:
        return Imm("i1", 0)
    if not value.mask & ~BUILTIN:
        fewer = inside.bit_count() > outside.bit_count() and outside.bit_count() <= 2
        return inverted(b, any_of(b, value, outside)) if fewer else any_of(b, value, inside)
    return in_set(b, value, inside) if inside > 0 else inverted(b, in_set(b, value, outside))


def inverted(b: Code, test: Operand) -> Operand:
    return b.ins("xor", (test, Imm("i1", 1)), "i1")


def in_set(b: Builder, value: Val, mask: int) -> Operand:
    """Of a set without kinds that are not defined yet."""
    universe = b.unit.world.universe
    structs = universe.structs_in(mask & ~SIMPLE)
    assert structs is not None
    found = [any_of(b, value, mask & BUILTIN)] if mask & BUILTIN else []
    found += [is_primitive(b, value, own) for own in universe.primitives if own.sure & mask and not own.shared & mask]
    found += [is_some_struct(b, value, structs)] if structs else []
    result: Operand = Imm("i1", 0)
    for i, test in enumerate(found):
        result = test if i == 0 else b.ins("or", (result, test), "i1")
    return result


def is_primitive(b: Builder, value: Val, kind: Primitive) -> Operand:
    """Immediates of one kind have their lower bits in common; what may be an object has its class."""
    word = b.to_word(value)
    if kind.machine.bits == 64:
        return b.compare("eq", b.runtime("rt_class", (word,), "i64"), i64(kind.bit.bit_length() - 1))
    code = words.machine_code(kind.shared.bit_length() - 1, kind.number)
    return b.compare("eq", b.op("and", b.bits(word), i64(words.MACHINE_CODE_MASK)), i64(code))


BY_INDEX = UINT64 | BIT["Own Integer"] | BIT["Own AbstractFloat"] | BIT["Own Any"]
"""Kinds whose values are immediates or objects: the runtime tells them."""
IDENTICAL = (INT, BOOL, BIT["Char"], BIT["Nothing"], BIT["Null"], BIT["Symbol"])
"""Kinds of which two values are the same exactly if their words are: Ints, as long as they are fixnums."""
MOST_HEADERS = 4  # structs told apart by comparing headers; more are a call


def in_kind(b: Builder, value: Val, kind: Kind) -> Operand:
    """Is the value an instance of the kind? What `value.mask` already decides is not tested."""
    if certain(value.mask, kind):
        return Imm("i1", 1)
    inside = value.mask & kind.mask
    if not inside:
        return Imm("i1", 0)
    if kind.mask == kind.sure:
        if not inside & ~BUILTIN:
            return kind_test(b, value, inside)
        structs = b.unit.world.universe.structs_in(inside)
        if structs is not None and len(structs) <= MOST_HEADERS and not inside & SIMPLE:
            return is_some_struct(b, value, structs)
    if isinstance(kind, ValueKind) and (constant := b.unit.constant(b, kind.value)).mask in IDENTICAL and is_small(kind.value):
        return b.compare("eq", value.op, constant.op) if value.mask == constant.mask == INT else same_word(b, value, constant)
    if isinstance(kind, Primitive) and (kind.sure or kind.machine.bits < 64):
        return is_primitive(b, value, kind)
    word = b.to_word(value)
    b.unit.rely_on(inside)  # tables and the runtime know versions of structs that this code does not
    if isinstance(kind, (Abstract, Union)) and is_nominal(kind) and not b.unit.world.universe.crowded:
        return in_table(b, word, kind)
    return b.compare("ne", b.runtime("rt_in_kind", (b.task, word, b.unit.constant(b, KindRef(kind)).op), "i64"), i64(0))


def is_small(value: object) -> bool:
    """Is an Int a fixnum? Of other values of IDENTICAL kinds nothing is asked."""
    return type(value) is not int or words.is_fixnum_range(value)


def same_word(b: Builder, x: Val, y: Val) -> Operand:
    return b.compare("eq", b.bits(b.to_word(x)), b.bits(b.to_word(y)))


def in_table(b: Builder, word: Operand, kind: Kind) -> Operand:
    """The kind's bit for the class of a value: a table has them, to which structs are added when they are defined."""
    number = b.runtime("rt_class", (word,), "i64")
    byte = b.load(b.offset(Symbol(b.unit.linker.classes(kind)), b.op("lshr", number, i64(3))), "i8")
    shifted = b.op("lshr", b.ins("zext", (byte,), "i64"), b.op("and", number, i64(7)))
    return b.ins("trunc", (shifted,), "i1")


def is_some_struct(b: Builder, value: Val, structs: list[Struct]) -> Operand:
    """Is it an instance of one of these structs? The header says so, which is read behind a test of the tag."""
    out, read, done = b.fn.variable("test", "i1"), b.new("header"), b.new("tested")
    if not value.mask & SIMPLE:
        b.br(read)
    else:
        b.set(out, Imm("i1", 0))
        b.cbr(b.compare("eq", b.op("and", b.bits(value.op), i64(words.TAG_MASK)), i64(words.OBJECT_TAG)), read, done)
    b.at(read)
    head = b.op("lshr", b.header(value.op), i64(TYPE_SHIFT))
    result: Operand | None = None
    for struct in structs:
        same = b.compare("eq", head, b.op("lshr", b.unit.struct_header(b, struct), i64(TYPE_SHIFT)))
        result = same if result is None else b.ins("or", (result, same), "i1")
    assert result is not None
    b.set(out, result)
    b.br(done)
    b.at(done)
    return b.get(out)


def is_struct(b: Builder, value: Val, struct: Struct) -> Operand:
    return is_some_struct(b, value, [struct])


def same_kind(b: Builder, values: list[Val]) -> Operand:
    """Have all the values one concrete kind?"""
    result: Operand | None = None
    first = b.to_word(values[0])
    for value in values[1:]:
        same = b.compare("ne", b.runtime("rt_same_kind_words", (b.task, first, b.to_word(value)), "i64"), i64(0))
        result = same if result is None else b.ins("and", (result, same), "i1")
    assert result is not None
    return result


def agree(b: Builder, kinds: tuple[Kind, Kind], first: Val, second: Val) -> Operand:
    """Have two values these kinds, with one kind for each type variable?"""
    if all(isinstance(kind, Variable) for kind in kinds):
        return same_kind(b, [first, second])
    pair = b.unit.constant(b, KindRef(b.unit.world.universe.function_kind(kinds, kinds[1]))).op
    return b.compare("ne", b.runtime("rt_agree", (b.task, pair, b.to_word(first), b.to_word(second)), "i64"), i64(0))


def any_of(code: Code, value: Val, mask: int) -> Operand:
    if mask.bit_count() > 3 or mask & BY_INDEX:
        kind = code.runtime("rt_kind_index", (value.op,), "i64")
        return code.compare("ne", code.op("and", code.op("lshr", i64(mask), kind), i64(1)), i64(0))
    result: Operand | None = None
    for bit in (1 << i for i in range(len(CONCRETE)) if mask >> i & 1):
        test = single(code, value, bit)
        result = test if result is None else code.ins("or", (result, test), "i1")
    assert result is not None
    return result


def single(code: Code, value: Val, bit: int) -> Operand:
    """Test for one concrete kind. Objects need their header read, which is behind a test of the tag."""
    bits = code.bits(value.op)
    if bit in IMMEDIATES:
        return code.compare("eq", bits, i64(IMMEDIATES[bit]))
    if bit == BIT["Bool"]:
        difference = words.TRUE - words.FALSE  # one bit
        return code.compare("eq", code.op("and", code.op("sub", bits, i64(words.FALSE)), i64(~difference)), i64(0))
    if bit == BIT["Char"]:
        return code.compare("eq", code.op("and", bits, i64(0xFF)), i64(words.CHAR_CLASS))
    if bit == BIT["Pair"]:
        return code.compare("eq", code.op("and", bits, i64(words.TAG_MASK)), i64(words.PAIR_TAG))
    if bit in CODE and bit != UINT64:
        return code.compare("eq", code.op("and", bits, i64(words.MACHINE_CODE_MASK)), i64(CODE[bit]))
    tag = {BIT["Int"]: words.FIXNUM_TAG, BIT["Float"]: words.FLONUM_TAG}.get(bit)
    ids = OBJECTS[bit]
    if tag is None and not ids:
        return Imm("i1", 0)
    out = code.fn.variable("test", "i1")
    done, look, read = code.new("tested"), code.new("object"), code.new("header")
    code.set(out, Imm("i1", 1 if tag is not None else 0))
    if tag is not None:
        code.cbr(code.compare("eq", code.op("and", bits, i64(3)), i64(tag)), done, look, "likely")
        code.at(look)
        code.set(out, Imm("i1", 0))
    else:
        code.br(look)
        code.at(look)
    code.cbr(code.compare("eq", code.op("and", bits, i64(words.TAG_MASK)), i64(words.OBJECT_TAG)), read, done)
    code.at(read)
    kind = code.op("and", code.op("lshr", code.header(value.op), i64(TYPE_SHIFT)), i64(0xFF))
    result: Operand = code.compare("eq", kind, i64(ids[0]))
    for id in ids[1:]:
        result = code.ins("or", (result, code.compare("eq", kind, i64(id))), "i1")
    code.set(out, result)
    code.br(done)
    code.at(done)
    return code.get(out)
