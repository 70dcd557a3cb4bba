"""What only one form means becomes data, so that forms of the same shape have the same text and share an object.

A form runs once; what it does not share with others are mostly its numbers and the names that it calls. Before: rooted IR of a form. After:
a number that stands in the program is read from the form's own words, and what lies outside the form and the runtime has a number for a name.
Nothing crosses a safepoint that did not before: a word is read just before its use.
"""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator

from jit_runtime.ir.nodes import Function, Imm, Ins, Module, Operand, Symbol
from jit_runtime.passes.copies import with_callee

WORDS = "its.words"
_CONTROL = ("call", "tailcall", "store", "set", "ret")
_INTEGERS = ("add", "sub", "mul", "sadd_overflow", "ssub_overflow", "smul_overflow", "and", "or", "xor", "eq", "ne", "slt", "sle", "sgt", "sge")
COMPUTING = frozenset((*_CONTROL, *_INTEGERS, "fadd", "fsub", "fmul", "fdiv"))
"""Ops that take any operand where they take a constant."""


class FormData:
    """`words`: what to put where `WORDS` is. `symbols`: what the names that the form has now stand for, by the names that they had."""

    def __init__(self) -> None:
        self.words: list[int] = []
        self.symbols: dict[str, str] = {}


def separate(module: Module, shared: Container[str]) -> FormData:
    """Rewrite a module in place. `shared`: names of the runtime, which stay."""
    found = FormData()
    own = {fn.name for fn in module.functions} | module.data.keys()
    for fn in module.functions:
        for block in fn.blocks:
            block.ins = [made for ins in block.ins for made in _separated(fn, ins, found)]
            for ins in block.ins:
                _rename(ins, own, shared, found)
    return found


def _separated(fn: Function, ins: Ins, found: FormData) -> Iterator[Ins]:
    """An instruction behind the reads of its constants."""
    if ins.op in COMPUTING and any(type(a) is Imm and a.written for a in ins.args):
        args: list[Operand] = []
        for a in ins.args:
            if type(a) is Imm and a.written:
                at, value = fn.temp("ptr"), fn.temp(a.type)
                yield Ins("offset", (Symbol(WORDS), Imm("i64", 8 * len(found.words))), at)
                yield Ins("load", (at,), value)
                found.words.append(_bits(a))
                a = value
            args.append(a)
        ins.args = tuple(args)
    yield ins


def _bits(a: Imm) -> int:
    return struct.unpack("<Q", struct.pack("<d", a.value))[0] if a.type == "f64" else int(a.value) % (1 << 64)


def _rename(ins: Ins, own: Container[str], shared: Container[str], found: FormData) -> None:
    def renamed(a: Operand) -> Operand:
        if type(a) is not Symbol or a.name in own or a.name in shared or a.name == WORDS:
            return a
        name = found.symbols.setdefault(a.name, f"its.{len(found.symbols)}")
        return Symbol(name, a.type)

    ins.args = tuple(map(renamed, ins.args))
    if ins.op in ("call", "tailcall"):
        callee = renamed(ins.attr.callee)
        if callee is not ins.attr.callee:
            ins.attr = with_callee(ins.attr, callee)
