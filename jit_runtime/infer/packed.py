"""Machine numbers, Bools and Chars between memory, where each takes its own width (`Packed` of types/machine.py), and registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.code import BOOL, CHAR, Val, i64, rep_of
from jit_runtime.ir.nodes import Imm, Operand
from jit_runtime.layout import words
from jit_runtime.types.machine import Packed

if TYPE_CHECKING:
    from jit_runtime.infer.code import Code


def load_packed(b: Code, packed: Packed, kind: int, address: Operand, memory: str) -> Val:
    """The value of a kind that lies at an address."""
    raw = b.load(address, packed.type, memory)
    if kind == BOOL:
        return Val(b.ins("trunc", (raw,), "i1"), BOOL)
    if kind == CHAR:
        code = b.op("shl", b.ins("zext", (raw,), "i64"), i64(words.CHAR_SHIFT))
        return Val(b.as_ref(b.op("or", code, i64(words.CHAR_CLASS))), CHAR)
    if raw.type in ("i8", "i16", "i32"):
        raw = b.ins("sext" if packed.signed else "zext", (raw,), "i64")
    return Val(raw if rep_of(kind) != "ref" else b.machine_word(raw, kind), kind)


def packed_value(b: Code, packed: Packed, kind: int, op: Operand) -> Operand:
    """What is stored for a value in its kind's representation."""
    if kind == CHAR:
        return b.ins("trunc", (b.op("lshr", b.bits(op), i64(words.CHAR_SHIFT)),), packed.type)
    if op.type == "ref":
        op = b.op("ashr", b.bits(op), i64(words.MACHINE_SHIFT))
    if op.type == packed.type:
        return op
    if isinstance(op, Imm):
        return Imm(packed.type, op.value)
    return b.ins("zext" if kind == BOOL else "trunc", (op,), packed.type)
