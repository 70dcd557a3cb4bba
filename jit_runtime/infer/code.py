"""Writing IR: a cursor into a function, with one method per group of instructions.

Values carry their kind set. The representation of a value is its operand's IR type: `i64` a raw Int or whole machine number (widened by its kind's
sign), `f64` a raw Float, `f32` a raw Float32, `i1` a raw Bool, `ref` a tagged word.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from jit_runtime.ir.nodes import Block, Function, Imm, InlinedPlace, Ins, Operand, Place, Site, Symbol, Temp, Variable
from jit_runtime.ir.ops import AGAIN, Call, runtime_convention
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME
from jit_runtime.layout.records import RECORDS
from jit_runtime.source.text import Span
from jit_runtime.types.kinds import BIT, either
from jit_runtime.types.machine import MACHINES
from jit_runtime.types.places import place_of
from jit_runtime.types.primitives import OWN_BITS, OWN_PLACES, RAW

INT, FLOAT, BOOL, NOTHING_KIND, CHAR = BIT["Int"], BIT["Float"], BIT["Bool"], BIT["Nothing"], BIT["Char"]
TASK, REGION, CELL = RECORDS["Task"].offsets, RECORDS["Region"].offsets, RECORDS["Cell"].offsets
LIKELY, UNLIKELY = "likely", "unlikely"


class Val(NamedTuple):
    """A value and its kinds. `region`: the region it is known to be in (or it is an immediate), if any."""

    op: Operand
    mask: int
    region: Operand | None = None


CODE = {BIT[machine.name]: words.machine_code(BIT[machine.name].bit_length() - 1) for machine in MACHINES}
CODE |= {
    bit: words.machine_code(shared.bit_length() - 1, place.number)
    for shared, places in OWN_PLACES.items()
    for bit in places
    if (place := place_of(bit)) is not None
}
"""Machine kinds besides Int and Float -> what their immediates have in common (layout/words.py)."""
WIDE = either(bit for bit in CODE if bit in OWN_BITS and OWN_BITS[bit].bits == 64) | BIT["UInt64"]
"""Those of them whose values may be objects."""
WHOLE_CODES = either(CODE)
FLOAT32, UINT64 = BIT["Float32"], BIT["UInt64"]
REPS = RAW | {BOOL: "i1"}


def rep_of(mask: int) -> str:
    """IR type in which values of a kind set travel inside a function."""
    return REPS.get(mask, "ref")


def word(value: int) -> Imm:
    return Imm("ref", value)


def i64(value: int) -> Imm:
    return Imm("i64", value)


NOTHING = Val(word(words.NOTHING), NOTHING_KIND)


class Code:
    """`block` is None where control cannot come."""

    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.block: Block | None = None
        self.span: Span | None = None
        self.site: Site | None = None
        self.task: Temp = fn.params[0]
        self.dest: Operand = fn.params[1]

    def place(self) -> Place:
        """Where the instructions come from now."""
        return self.span if self.site is None or self.span is None else InlinedPlace(self.span, self.site)

    # ---- blocks ----

    def new(self, name: str) -> Block:
        return self.fn.block(name)

    def at(self, block: Block) -> None:
        self.block = block

    def ins(self, op: str, args: tuple[Operand, ...], type: str | None = None, attr: Any = None, targets: tuple[Block, ...] = ()) -> Temp:
        dest = None if type is None else self.fn.temp(type)
        assert self.block is not None
        self.block.ins.append(Ins(op, args, dest, attr, self.place(), targets))
        return dest  # type: ignore[return-value]

    def br(self, block: Block) -> None:
        if self.block is not None:
            self.ins("br", (), targets=(block,))
            self.block = None

    def cbr(self, test: Operand, then: Block, otherwise: Block, hint: str | None = None) -> None:
        self.ins("cbr", (test,), attr=hint, targets=(then, otherwise))
        self.block = None

    def unreachable(self) -> None:
        self.ins("unreachable", ())
        self.block = None

    # ---- machine operations ----

    def op(self, name: str, a: Operand, b: Operand, type: str = "i64") -> Temp:
        return self.ins(name, (a, b), type)

    def compare(self, predicate: str, a: Operand, b: Operand) -> Temp:
        return self.ins(predicate, (a, b), "i1")

    def load(self, address: Operand, type: str, memory: str | None = None) -> Temp:
        return self.ins("load", (address,), type, memory)

    def store(self, value: Operand, address: Operand, memory: str | None = None) -> None:
        self.ins("store", (value, address), attr=memory)

    def offset(self, base: Operand, bytes: int | Operand) -> Operand:
        if isinstance(bytes, int):
            if bytes == 0:
                return base
            bytes = i64(bytes)
        return self.ins("offset", (base, bytes), "ptr")

    def pointer(self, value: Operand, minus: int) -> Temp:
        """The address of field 0 (or another offset) of the object that a word names."""
        base = self.ins("inttoptr", (value,), "ptr")
        return self.offset(base, minus) if minus else base  # type: ignore[return-value]

    def task_field(self, name: str) -> Operand:
        return self.offset(self.task, TASK[name])

    def get(self, variable: Variable) -> Temp:
        return self.ins("get", (variable,), variable.type)

    def set(self, variable: Variable, value: Operand) -> None:
        self.ins("set", (variable, value))

    def bits(self, value: Operand) -> Operand:
        """A tagged word seen as plain bits (no longer a root)."""
        if isinstance(value, Imm):
            return i64(value.value)  # type: ignore[arg-type]
        return self.ins("bits", (value,), "i64")

    def as_ref(self, value: Operand) -> Operand:
        if isinstance(value, Imm):
            return word(value.value)  # type: ignore[arg-type]
        return self.ins("ref", (value,), "ref")

    # ---- calls ----

    def runtime(
        self,
        name: str,
        args: tuple[Operand, ...],
        result: str = "void",
        *,
        noreturn: bool = False,
        safepoint: bool = False,
        changes_nothing: bool = False,
    ) -> Temp:
        """Call a runtime function."""
        types = tuple(a.type for a in args)
        way = runtime_convention(name)
        call = Call(Symbol(name), types, result, way, safepoint=safepoint, noreturn=noreturn, changes_nothing=changes_nothing)
        return self.ins("call", args, None if result == "void" else result, call)

    def fail(self, code: int, *operands: Operand) -> None:
        """Raise error template `code`; operands are tagged words."""
        padded = (*operands, *(word(words.NOTHING),) * (3 - len(operands)))
        self.runtime("rt_fail", (self.task, i64(code), *padded), noreturn=True)
        self.unreachable()

    def fail_unless(self, test: Operand, code: int, *values: Val) -> None:
        """Continue where the test holds; out of line, raise with the values' words."""
        ok, bad = self.new("ok"), self.new("fail")
        self.cbr(test, ok, bad, LIKELY)
        self.at(bad)
        self.fail(code, *(self.to_word(v) for v in values))
        self.at(ok)

    def fail_ints(self, code: int, name: Operand, x: Operand, y: Operand) -> None:
        """Raise error template `code` about an operation and two raw Ints: they are boxed out of line, if at all."""
        self.runtime("rt_fail_ints", (self.task, i64(code), name, x, y), noreturn=True)
        self.unreachable()

    def poll(self) -> None:
        """A safepoint if the runtime asked for one: after calls of runtime functions that allocate."""
        due, go = self.new("poll"), self.new("go")
        flag = self.load(self.task_field("poll"), "i64")
        self.cbr(self.compare("eq", flag, i64(0)), go, due, LIKELY)
        self.at(due)
        self.runtime("rt_safepoint", (self.task,), safepoint=True)
        self.br(go)
        self.at(go)

    # ---- guards ----

    def guard(self) -> None:
        """Stack overflow, interrupts: one compare of the stack pointer with the task's limit."""
        go = self.new("go")
        slow = self.guard_branch(go)
        self.at(slow)
        self.runtime("rt_guard", (self.task,), changes_nothing=True)
        self.br(go)
        self.at(go)

    def again(self, head: Block) -> None:
        """Go to where a turn of a loop begins: a place where optimised code can be entered."""
        self.ins("br", (), attr=AGAIN, targets=(head,))
        self.block = None

    def guard_branch(self, go: Block) -> Block:
        """The compare; returns the block of the slow path, which has to call rt_guard."""
        slow = self.new("guard")
        limit = self.ins("load", (self.task_field("limit"),), "i64", "monotonic")
        self.cbr(self.compare("ugt", self.ins("read_sp", (), "i64"), limit), go, slow, "likely")
        return slow

    # ---- representations ----

    def to_rep(self, value: Val, rep: str) -> Operand:
        """Convert; what the kind set excludes is not checked."""
        have = value.op.type
        if have == rep:
            return value.op
        if rep == "ref":
            return self.to_word(value)
        if rep == "i1":
            return self.compare("eq", self.bits(value.op), i64(words.TRUE))
        if rep == "i64":
            return self.to_whole(value)
        if rep == "f64" and value.mask in CODE:
            return self.ins("bitcast", (self.runtime("rt_word_to_whole", (value.op,), "i64"),), "f64")
        if rep == "f32":
            bits = self.ins("trunc", (self.op("lshr", self.bits(value.op), i64(words.MACHINE_SHIFT)),), "i32")
            return self.ins("bitcast", (bits,), "f32")
        return self.runtime("rt_word_to_float", (value.op,), "f64")

    def to_whole(self, value: Val) -> Operand:
        """The raw value of a word that is an Int or a whole machine number."""
        if not value.mask & (INT | WIDE):
            return self.op("ashr", self.bits(value.op), i64(words.MACHINE_SHIFT))
        only_int = value.mask == INT or not value.mask & WHOLE_CODES
        return self.runtime("rt_word_to_int" if only_int else "rt_word_to_whole", (value.op,), "i64")

    def to_word(self, value: Val) -> Operand:
        op = value.op
        if op.type == "ref":
            return op
        if value.mask in CODE:
            return self.machine_word(op, value.mask)
        if op.type == "i1":
            if isinstance(op, Imm):
                return word(words.TRUE if op.value else words.FALSE)
            wide = self.ins("zext", (op,), "i64")
            return self.as_ref(self.op("add", self.op("shl", wide, i64(8)), i64(words.FALSE)))
        if op.type == "i64":
            if isinstance(op, Imm) and words.is_fixnum_range(int(op.value)):
                return Imm("ref", words.fixnum(int(op.value)), op.written)
            return self.runtime("rt_int_to_word", (self.task, self.dest, op), "ref")
        if isinstance(op, Imm):
            packed = words.flonum(float(op.value))
            if packed is not None:
                return Imm("ref", packed, op.written)
        return self.runtime("rt_float_to_word", (self.task, self.dest, op), "ref")

    def machine_word(self, op: Operand, kind: int) -> Operand:
        """The word of a raw machine number."""
        code = CODE[kind]
        if op.type == "f32":
            op = self.ins("zext", (self.ins("bitcast", (op,), "i32"),), "i64")
        elif op.type == "f64":
            op = self.ins("bitcast", (op,), "i64")
        if kind & WIDE:
            return self.runtime("rt_machine_word", (self.task, self.dest, i64(code), op), "ref")
        return self.as_ref(self.op("or", self.op("shl", op, i64(words.MACHINE_SHIFT)), i64(code)))

    def truth(self, value: Val) -> Operand:
        """An i1: is the value true?"""
        if value.op.type == "i1":
            return value.op
        if not value.mask & (BOOL | NOTHING_KIND):
            return Imm("i1", 1)
        masked = self.op("and", self.bits(value.op), i64(~0x100))
        return self.compare("ne", masked, i64(words.NOTHING))

    def header(self, value: Operand) -> Temp:
        """The header word of an object reference (which must be one)."""
        return self.load(self.pointer(value, -words.OBJECT_TAG), "i64", "field")

    def field(self, value: Operand, layout: str, name: str, type: str) -> Temp:
        return self.load(self.field_address(value, layout, name), type)

    def field_address(self, value: Operand, layout: str, name: str) -> Temp:
        return self.pointer(value, BY_NAME[layout].offsets[name] - words.OBJECT_TAG)


def float_bits(value: float) -> int:
    return struct.unpack("<q", struct.pack("<d", value))[0]  # type: ignore[no-any-return]

