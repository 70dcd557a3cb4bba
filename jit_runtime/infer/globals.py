"""Variables of the module: reading, assigning and defining them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import (
    DefineValue,
    Global,
    SetGlobal,
)  # fmt: skip
from jit_runtime.infer.code import CELL, NOTHING, Val, i64, rep_of
from jit_runtime.infer.flows import Stored
from jit_runtime.infer.homes import may_make, new_home, place_of_sink
from jit_runtime.infer.sites import BINDING, site_of
from jit_runtime.infer.world import GenericFunction, GlobalValue
from jit_runtime.ir.nodes import Imm, Operand, Symbol
from jit_runtime.layout import words
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import BIT

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


def global_(b: Builder, node: Global) -> Val:
    found = b.unit.world.lookup(node.name)
    if isinstance(found, GlobalValue):
        cell = Symbol(b.unit.cell(found))
        value = b.load(b.offset(cell, CELL["value"]), "ref")
        if not b.unit.defined(found):
            check_bound(b, node, value)
        b.unit.rely_on(found.mask)
        return Val(b.to_rep(Val(value, found.mask), rep_of(found.mask)), found.mask)
    if isinstance(found, float):
        return Val(Imm("f64", found), BIT["Float"])
    if isinstance(found, (GenericFunction, Builtin)):
        return Val(b.unit.function_object(b, found), BIT["Function"])
    unbound(b, node)
    return NOTHING


def check_bound(b: Builder, node: Global | SetGlobal, value: Operand) -> None:
    """A variable whose definition did not succeed, or is still to be evaluated, has no value."""
    ok, bad = b.new("ok"), b.new("fail")
    b.cbr(b.compare("ne", b.bits(value), i64(words.UNBOUND)), ok, bad, "likely")
    b.at(bad)
    unbound(b, node)
    b.at(ok)


def unbound(b: Builder, node: Global | SetGlobal) -> None:
    b.fail(CODES["UNBOUND"], b.unit.symbol(b, node.name))


def set_global(b: Builder, node: SetGlobal) -> Val:
    value = b.placed(node.value, home_of_next(b, node))
    if b.block is None:
        return value
    found = b.unit.world.lookup(node.name)
    if not isinstance(found, GlobalValue):
        b.fail(CODES["UNBOUND" if found is None else "FIXED"], b.unit.symbol(b, node.name))
        return value
    if found.kind is not None:
        value = b.checked(value, found.kind, f"`{node.name}`")
        if b.block is None:
            return value
    cell = Symbol(b.unit.cell(found))
    if not b.unit.defined(found):
        check_bound(b, node, b.load(b.offset(cell, CELL["value"]), "ref"))
    bits = b.to_word(value)
    b.runtime("rt_cell_set", (b.task, cell, bits, site_of(b, BINDING)))
    if value.op.type == "ref":
        b.poll()
    return value


def home_of_next(b: Builder, node: SetGlobal) -> Operand:
    """Where a variable's next value is born. What runs once, in a form, makes a region for it, and the old one goes with the old value."""
    if b.fn is b.unit.form_function and not b.unit.loops and not b.inlined:
        return new_home(b) if may_make(b, node.value) else b.youngest
    return place_of_sink(b, Stored(node.name, assigned=True), node.value, b.dest)


def define_value(b: Builder, node: DefineValue) -> Val:
    value = b.placed(node.value, new_home(b) if may_make(b, node.value) else b.youngest)
    if b.block is None:
        return value
    if node.kind is not None:
        value = b.checked(value, node.kind, f"`{node.name}`")
        if b.block is None:
            return value
    cell = b.unit.define_cell(node)
    b.runtime("rt_cell_set", (b.task, Symbol(cell), b.to_word(value), site_of(b, BINDING)))
    return NOTHING
