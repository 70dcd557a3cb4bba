"""Closure objects: when one has to exist, making and filling it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Lambda, Letrec, Var
from jit_runtime.infer.allocation import allocate, init_part
from jit_runtime.infer.code import Val, i64
from jit_runtime.infer.linker import Closure
from jit_runtime.infer.local_entries import generic_entry
from jit_runtime.infer.shape import MachineFunction, Shape
from jit_runtime.infer.variables import cell_of, read
from jit_runtime.infer.virtual import Virtual
from jit_runtime.ir.nodes import Operand, Symbol, Variable
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder

VARIADIC = 1 << 8


def needs_closure(shape: Shape, var: Var) -> bool:
    """Must the closure object of a known function exist?"""
    made = shape.known[var]
    return bool(made.captures) or made.escapes


def closure(b: Builder, mf: MachineFunction) -> Operand:
    made = new_closure(b, mf)
    fill_closure(b, mf, made)
    return made


def new_closure(b: Builder, mf: MachineFunction) -> Operand:
    """A closure object whose captured values are still 0."""
    row = BY_NAME["closure"]
    made = allocate(b, "closure", row.offsets["tail"] + 8 * len(mf.captures), len(mf.captures))
    lam = mf.node
    entry: Operand = i64(0)
    info: Operand = i64(0)
    if isinstance(lam, Lambda):
        b.unit.makes_closures = True
        symbol = generic_entry(b.unit, mf)
        entry = b.ins("ptrtoint", (Symbol(symbol),), "i64")
        b.unit.closure_code[Closure(b.unit.facts.shape, mf, symbol)] = None
        info = i64(VARIADIC if b.unit.slow_arity(lam) else len(lam.params))
        if lam.name is not None:
            info = b.op("or", b.op("shl", b.bits(b.unit.symbol(b, lam.name)), i64(16)), info)
    b.store(entry, b.field_address(made, "closure", "entry"))
    b.store(info, b.field_address(made, "closure", "info"))
    for i in range(len(mf.captures)):
        b.store(i64(0), b.pointer(made, row.offsets["tail"] + 8 * i - words.OBJECT_TAG))
    return made


def fill_closure(b: Builder, mf: MachineFunction, made: Operand) -> None:
    for i, var in enumerate(mf.captures):
        value = captured_value(b, var)
        init_part(b, made, BY_NAME["closure"].offsets["tail"] + 8 * i, value, b.to_word(value))


def captured_value(b: Builder, var: Var) -> Val:
    shape, found = b.unit.facts.shape, b.storage.get(var)
    if var in shape.known and found is None and var not in b.mf.captures and var is not b.mf.self_var:
        return Val(closure(b, shape.known[var]), BIT["Function"], b.dest)
    if found is None or var in shape.boxed or isinstance(found, Virtual) or var is b.mf.self_var:
        return Val(cell_of(b, var), ANY)
    return read(b, var)


def closures(b: Builder, node: Letrec) -> None:
    """The closures of mutually recursive functions: all allocated first, then filled."""
    shape = b.unit.facts.shape
    needed = [var for var, _ in node.bindings if needs_closure(shape, var)]
    for var in needed:
        b.storage[var] = new_closure(b, shape.known[var])
    for var in needed:
        made = b.storage[var]
        assert not isinstance(made, (Variable, Virtual))
        fill_closure(b, shape.known[var], made)
