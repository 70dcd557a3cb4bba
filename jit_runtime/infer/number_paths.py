"""Arithmetic and comparison of numbers whose kind is not known: two fixnums inline, then two flonums inline, else the runtime.

A flonum is a double with its bits rotated (layout/words.py): some four instructions to read, some eight to make. Where the result can only be
a Float it stays a raw double. Otherwise it is a `Known` until a word is needed: a flag, a double where the flag is set, else a word. Arithmetic
takes it as it is and asks for the double first; LLVM joins such ways of doubles. Only the runtime's way polls.

The quick tier has the fixnums only: code that nobody calls often is better small.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.infer.code import FLOAT, INT, Val, i64, rep_of, word
from jit_runtime.infer.machine_numbers import double_of
from jit_runtime.ir.nodes import Block, Imm, Operand, Variable
from jit_runtime.layout import words

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder

FIXNUM_OPS = {"+": "sadd_overflow", "-": "ssub_overflow", "*": "smul_overflow"}
FLOAT_OPS = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv"}
QUICK = 0
TAGS = 3  # the bits that tell fixnums and flonums


def arithmetic_paths(b: Builder, name: str, x: Val, y: Val, mask: int, slow: str) -> Val:
    """`mask`: the kinds of the result. `slow`: the runtime's function of two words."""
    paths = Paths(b, x, y, "sum", rep_of(mask))
    fixnums = partial(paths.fixnums, lambda xb, yb: Val(fixnum_result(b, name, xb, yb, paths.slow), INT))
    flonums = partial(paths.flonums, lambda xf, yf: Val(b.op(FLOAT_OPS[name], xf, yf, "f64"), FLOAT))
    paths.take(fixnums if mask & INT else None, flonums if mask & FLOAT and name in FLOAT_OPS else None)
    result = Val(b.runtime(slow, (b.task, b.dest, *paths.slow_words()), "ref"), mask)
    b.poll()
    paths.give(result)
    value = paths.value()
    if paths.known is not None:
        b.doubles[value] = paths.known
    return Val(value, mask)


def comparison_paths(b: Builder, x: Val, y: Val, signed: str, ordered: str, slow: str) -> Operand:
    paths = Paths(b, x, y, "less", "i1", raw=True)
    fixnums = partial(paths.fixnums, lambda xb, yb: b.compare(signed, xb, yb))
    flonums = partial(paths.flonums, lambda xf, yf: b.compare(ordered, xf, yf))
    floats = (x.mask | y.mask) & FLOAT and is_exact(x) and is_exact(y)
    paths.take(fixnums if x.mask & y.mask & INT else None, flonums if floats else None)
    result = b.runtime(slow, (b.task, b.dest, *paths.slow_words()), "ref")
    paths.give(b.compare("eq", b.bits(result), i64(words.TRUE)))
    return paths.value()


def double_path(b: Builder, value: Val, compute: Callable[[Operand], Operand], slow: str) -> Val:
    """A function of one number that gives a Float. Paths take two operands: the number twice."""
    paths = Paths(b, value, value, "double", "f64")
    paths.take(None, partial(paths.flonums, lambda x, _: compute(x)) if value.mask & FLOAT else None)
    result = Val(b.runtime(slow, (b.task, b.dest, b.to_word(as_word(b, value))), "ref"), FLOAT)
    b.poll()
    paths.give(result)
    return Val(paths.value(), FLOAT)


def is_exact(value: Val) -> bool:
    """A raw Int may lose digits as a double; a comparison is exact."""
    return value.op.type != "i64" or (isinstance(value.op, Imm) and abs(value.op.value) <= 1 << 53)


def fixnum_result(b: Builder, name: str, x: Operand, y: Operand, slow: Block) -> Operand:
    """On tagged words; what does not fit goes the slow way."""
    if name in FIXNUM_OPS:
        fits = b.new("fits")
        if name == "*":
            x = i64(x.value >> words.FIXNUM_SHIFT) if isinstance(x, Imm) else b.op("ashr", x, i64(words.FIXNUM_SHIFT))  # type: ignore[operator]
        total = b.ins(FIXNUM_OPS[name], (x, y), "i64", targets=(fits, slow))
        b.at(fits)
        return b.as_ref(total)
    divides = b.new("divides")
    b.cbr(b.compare("ugt", b.op("add", y, i64(4)), i64(4)), divides, slow, "likely")  # neither 0 nor -1
    b.at(divides)
    if name == "%":
        return b.as_ref(b.op("srem", x, y))
    return b.as_ref(b.op("shl", b.op("sdiv", x, y), i64(words.FIXNUM_SHIFT)))


def as_word(b: Builder, value: Val) -> Val:
    """The value with a proper word, if it is one that arithmetic left open."""
    known = b.doubles.get(value.op)
    if known is None:
        return value
    out, encode, done = b.fn.variable("number", "ref"), b.new("encode"), b.new("done")
    b.set(out, value.op)
    b.cbr(b.get(known.flag), encode, done)
    b.at(encode)
    b.set(out, b.to_word(Val(b.get(known.double), FLOAT)))
    b.br(done)
    b.at(done)
    return value._replace(op=b.get(out))


class Known(NamedTuple):
    """What is known of a number that arithmetic left open (`Builder.doubles`): where the flag is set it is the double, and the word is nothing."""

    flag: Variable
    double: Variable


class Paths:
    """Tests one after the other; each way leaves its value in `out`. The words of raw Ints are made first, those of doubles in the slow way.
    `raw`: an Int that is not constant stays raw, and the other number's fixnum becomes raw too."""

    def __init__(self, b: Builder, x: Val, y: Val, name: str, rep: str, raw: bool = False) -> None:
        self.b, self.raw = b, (x, y)
        self.words = [v.op if v.op.type == "f64" or (raw and v.op.type == "i64" and not isinstance(v.op, Imm)) else b.to_word(v) for v in (x, y)]
        self.out, self.slow, self.done = b.fn.variable(name, rep), b.new("slow"), b.new("done")
        self.known: Known | None = None

    def take(self, fixnums: Callable[[], None] | None, flonums: Callable[[], None] | None) -> None:
        """The ways in the order in which they are likely, then the slow one."""
        b = self.b
        if b.unit.tier == QUICK and fixnums is not None:
            flonums = None
        if flonums is not None and self.out.type == "ref":
            self.known = Known(b.fn.variable("is-double", "i1"), b.fn.variable("double", "f64"))
            b.set(self.known.flag, Imm("i1", 0))
            b.set(self.known.double, Imm("f64", 0.0))
        first, second = (flonums, fixnums) if any(op in b.doubles for op in self.words) else (fixnums, flonums)
        for way in (first, second):
            if way is not None:
                way()
        b.br(self.slow)
        b.at(self.slow)

    def give(self, value: Val | Operand) -> None:
        op = self.b.to_rep(value, self.out.type) if isinstance(value, Val) else value
        self.b.set(self.out, op)
        self.b.br(self.done)

    def fixnums(self, compute: Callable[[Operand, Operand], Val | Operand]) -> None:
        """On tagged words, or on raw Ints if one is raw."""
        b = self.b
        fast, other = b.new("fixnums"), b.new("other")
        tagged: list[Operand] = [b.bits(op) for op in self.words if op.type == "ref" and not isinstance(op, Imm)]
        both = b.op("or", tagged[0], tagged[1]) if len(tagged) == 2 else tagged[0]
        b.cbr(b.compare("eq", b.op("and", both, i64(TAGS)), i64(words.FIXNUM_TAG)), fast, other, "likely")
        b.at(fast)
        if any(op.type == "i64" for op in self.words):
            x, y = (op if op.type == "i64" else b.op("ashr", b.bits(op), i64(words.FIXNUM_SHIFT)) for op in self.words)
        else:
            x, y = (b.bits(op) for op in self.words)
        self.give(compute(x, y))
        b.at(other)

    def flonums(self, compute: Callable[[Operand, Operand], Val | Operand]) -> None:
        """Both flonums, or doubles at hand; a raw number needs no test."""
        b = self.b
        other = b.new("other")
        wrong: Operand | None = None
        for op, raw in zip(self.words, self.raw, strict=True):
            if op in b.doubles:
                at_hand = b.new("double")
                b.cbr(b.get(b.doubles[op].flag), at_hand, other, "likely")
                b.at(at_hand)
            elif raw.op.type == "ref":
                one = b.op("xor", b.bits(op), i64(words.FLONUM_TAG))
                wrong = one if wrong is None else b.op("or", wrong, one)
        if wrong is not None:
            fast = b.new("flonums")
            b.cbr(b.compare("eq", b.op("and", wrong, i64(TAGS)), i64(0)), fast, other, "likely")
            b.at(fast)
        made = compute(*(self.double(v) for v in self.raw))
        if self.known is not None and isinstance(made, Val):
            b.set(self.known.flag, Imm("i1", 1))
            b.set(self.known.double, made.op)
            made = Val(word(words.NOTHING), FLOAT)
        self.give(made)
        b.at(other)

    def double(self, value: Val) -> Operand:
        b = self.b
        if value.op in b.doubles:
            return b.get(b.doubles[value.op].double)
        if value.op.type != "ref":
            return double_of(b, value)
        return b.runtime("rt_word_to_float", (value.op,), "f64")

    def slow_words(self) -> tuple[Operand, ...]:
        return tuple(self.b.to_word(as_word(self.b, v)) for v in self.raw)

    def value(self) -> Operand:
        self.b.at(self.done)
        return self.b.get(self.out)
