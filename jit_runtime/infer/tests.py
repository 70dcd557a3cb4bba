"""Run-time kind tests on tagged words: an i1 from a value and a set of kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.code import Val, i64
from jit_runtime.ir.nodes import Imm, Operand
from jit_runtime.layout import words
from jit_runtime.layout.objects import LAYOUTS, TYPE_SHIFT
from jit_runtime.types.kinds import BIT, CONCRETE

if TYPE_CHECKING:
    from jit_runtime.infer.code import Code

IMMEDIATES = {BIT["Nothing"]: words.NOTHING, BIT["Null"]: words.NULL}
OBJECTS = {BIT[name]: [row.id for row in LAYOUTS if row.kind == name] for name, _ in CONCRETE}


def kind_test(code: Code, value: Val, mask: int) -> Operand:
    """Is the value an instance of a kind in `mask`? What `value.mask` already decides is not tested."""
    inside, outside = value.mask & mask, value.mask & ~mask
    if not outside:
        return Imm("i1", 1)
    if not inside:
        return Imm("i1", 0)
    if inside.bit_count() > outside.bit_count() and outside.bit_count() <= 2:
        return code.ins("xor", (any_of(code, value, outside), Imm("i1", 1)), "i1")
    return any_of(code, value, inside)


def any_of(code: Code, value: Val, mask: int) -> Operand:
    if mask.bit_count() > 3:
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
