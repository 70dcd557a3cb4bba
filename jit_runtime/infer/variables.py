"""Local variables: where each is (a value, a variable of the IR, a box, fields of a struct, a captured word), reading and assigning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import (
    SetLocal,
    Var,
)  # fmt: skip
from jit_runtime.infer.allocation import init_field, new_box
from jit_runtime.infer.code import Val, i64, rep_of
from jit_runtime.infer.demands import demand_of, replaceable
from jit_runtime.infer.number_paths import as_word
from jit_runtime.infer.transfer import ELEMENT_KINDS
from jit_runtime.infer.virtual import Virtual
from jit_runtime.ir.nodes import Operand, Variable
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder

ONE_ARRAY_KIND = {BIT["Array Any"], *ELEMENT_KINDS}


def read(b: Builder, var: Var) -> Val:
    """The value of a variable, by its owner's kind set."""
    mask = b.facts.vars.get(var, ANY) if var not in b.shape.known else BIT["Function"]
    if var is b.mf.self_var:
        return Val(b.env, mask)
    found = b.storage.get(var)
    if isinstance(found, Virtual):
        return found.object(b)
    if found is None:
        raw: Operand = captured(b, var)
        if var in b.shape.boxed:
            raw = b.field(raw, "box", "value", "ref")
        return Val(b.to_rep(Val(raw, mask), rep_of(mask)), mask)
    if found in b.doubles:
        return as_word(b, Val(found, mask))
    if var in b.shape.boxed:
        content = b.field(b.get(found) if isinstance(found, Variable) else found, "box", "value", "ref")
        return Val(b.to_rep(Val(content, mask), rep_of(mask)), mask)
    return Val(b.get(found), mask) if isinstance(found, Variable) else Val(found, mask, b.regions.get(found))


def captured(b: Builder, var: Var) -> Operand:
    """The word captured for a variable: its value, or its box."""
    index = b.mf.captures.index(var)
    at = BY_NAME["closure"].offsets["tail"] + 8 * index - words.OBJECT_TAG
    return b.load(b.pointer(b.env, at), "ref")


def cell_of(b: Builder, var: Var) -> Operand:
    """The box of a boxed variable, or the plain word to capture."""
    if var is b.mf.self_var:
        return b.env
    found = b.storage.get(var)
    if found is None:
        return captured(b, var)
    if var in b.shape.boxed and not isinstance(found, Virtual):
        return b.get(found) if isinstance(found, Variable) else found
    return b.to_word(read(b, var))


def check_initialized(b: Builder, value: Val, var: Var) -> None:
    if value.op.type == "ref":
        test = b.compare("ne", b.bits(value.op), i64(words.UNINITIALIZED))
        ok, bad = b.new("ok"), b.new("fail")
        b.cbr(test, ok, bad, "likely")
        b.at(bad)
        b.fail(CODES["UNINITIALIZED"], b.unit.symbol(b, var.name))
        b.at(ok)


def bind(b: Builder, var: Var, value: Val) -> None:
    """Give a variable of this function its first value."""
    mask = b.facts.vars.get(var, ANY)
    if var in b.shape.boxed:
        b.storage[var] = new_box(b, b.to_word(value))
        return
    op = b.to_rep(value, rep_of(mask))
    if var.assigned:
        variable = b.fn.variable(var.name, rep_of(mask))
        b.set(variable, op)
        b.storage[var] = variable
    else:
        b.storage[var] = op
        if value.region is not None and op is value.op:
            b.regions[op] = value.region
        if mask in ONE_ARRAY_KIND:
            b.arrays.add(op)


def bind_passed(b: Builder, var: Var, value: Val | Virtual) -> None:
    """Bind a parameter to what was passed: to an object where the function wants one after all."""
    if isinstance(value, Val):
        bind(b, var, value)
    elif () in demand_of(b.unit.world, b.facts, var) or replaceable(b.unit.world, value.mask) is None:
        bind(b, var, value.object(b))
    else:
        b.storage[var] = value


def may_stay_open(b: Builder, var: Var) -> bool:
    return not var.assigned and var not in b.shape.boxed and rep_of(b.facts.vars.get(var, ANY)) == "ref"


def assign(b: Builder, var: Var, value: Val) -> None:
    if var in b.shape.boxed:
        box = cell_of(b, var)
        init_field(b, box, BY_NAME["box"].offsets["value"], b.to_word(value))
        return
    variable = b.storage[var]
    assert isinstance(variable, Variable)
    b.set(variable, b.to_rep(value, variable.type))


def set_local(b: Builder, node: SetLocal) -> Val:
    value = b.expr(node.value)
    if b.block is None:
        return value
    assign(b, node.var, value)
    return value
