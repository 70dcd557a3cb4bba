"""Structs: making them, reading and storing fields. Known structs are loads and stores, others go through the runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Const, KindRef, Sym
from jit_runtime.expand.kind_definitions import constructed
from jit_runtime.infer import arrays, dicts
from jit_runtime.infer.allocation import init_field, lies_here, reserve
from jit_runtime.infer.code import NOTHING, Val, i64, rep_of
from jit_runtime.infer.packed import load_packed, packed_value
from jit_runtime.infer.prims import prim, runtime_word, values_of
from jit_runtime.infer.tests import agree, is_struct, same_kind
from jit_runtime.infer.virtual import Virtual, whole
from jit_runtime.infer.world import same_concrete, within
from jit_runtime.ir.nodes import Operand, Symbol
from jit_runtime.layout import words
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, SIMPLE
from jit_runtime.types.matching import pairs_of_fields
from jit_runtime.types.structs import Field, Struct

if TYPE_CHECKING:
    from jit_runtime.expand.core import Call
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.continuations import Continuation
    from jit_runtime.infer.world import GenericFunction
    from jit_runtime.types.builtins import Builtin

MOST_INLINE = 4  # structs told apart inline at one access


@prim("construct")
def construct_(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = []
    for arg in node.args[1:]:
        values.append(b.expr(arg))
        if b.block is None:
            return NOTHING
    return construct(b, constructed(node), values)


def construct(b: Builder, made: Struct, values: Sequence[Val | Virtual]) -> Val:
    """A fresh instance in the current place, after its fields' kinds have been checked."""
    checked = checked_fields(b, made, list(values))
    return NOTHING if checked is None else allocated(b, made, [whole(b, value) for value in checked])


def still_makes(b: Builder, function: GenericFunction, made: Struct, values: Sequence[Val | Virtual]) -> None:
    """Go on where the constructor makes what it made when this was compiled. Otherwise it is called, for its errors, and what it
    makes is one more: code that runs knows only instances of the version that it was compiled for."""
    from jit_runtime.infer.value_calls import call_slowly

    same, changed = b.new("makes"), b.new("redefined")
    now = b.ins("load", (Symbol(b.unit.linker.changed(made)),), "i64", "monotonic")  # changes behind LLVM's back
    b.cbr(b.compare("eq", now, i64(0)), same, changed, "likely")
    b.at(changed)
    outside, b.unlikely = (b.unlikely, b.current), True
    other = call_slowly(b, b.unit.function_object(b, function), [b.to_word(whole(b, value)) for value in values])
    b.fail(CODES["REDEFINED"], b.unit.symbol(b, function.name), b.to_word(other))
    b.unlikely, b.current = outside
    b.at(same)


def checked_fields(b: Builder, made: Struct, values: list[Val | Virtual]) -> list[Val | Virtual] | None:
    """The values, each of its field's kind; None where one cannot be."""
    checked: list[Val | Virtual] = []
    for field, value in zip(made.fields, values, strict=True):
        if field.kind is not None and isinstance(value, Val):
            value = b.checked(value, field.kind, made.what(field))
            if b.block is None:
                return None
        checked.append(value)
    check_parameters(b, made, checked)
    check_pairs(b, made, checked)
    return checked


def allocated(b: Builder, made: Struct, values: list[Val]) -> Val:
    """A fresh instance in the current place, with fields that are of their kinds."""
    checked = [b.to_rep(value, field.rep) for field, value in zip(made.fields, values, strict=True)]
    address = reserve(b, made.size, "objects")
    b.store(b.unit.struct_header(b, made), address)
    new = b.as_ref(b.op("add", b.ins("ptrtoint", (address,), "i64"), i64(words.OBJECT_TAG)))
    for field, op, value in zip(made.fields, checked, values, strict=True):
        if field.packed is None and not lies_here(b, value):
            init_field(b, new, field.offset, op)
        else:
            store_raw(b, new, field, op)
    for at in {*range(8, made.size, 8)} - {field.offset & -8 for field in made.fields}:
        b.store(i64(0), b.pointer(new, at - words.OBJECT_TAG))
    return Val(new, made.bit, b.dest)


def check_parameters(b: Builder, made: Struct, values: list[Val | Virtual]) -> None:
    """The fields of one type parameter hold values of one concrete kind."""
    first: dict[int, Val] = {}
    for field, value in zip(made.fields, values, strict=True):
        if field.parameter is None or isinstance(value, Virtual):
            continue
        other = first.setdefault(field.parameter, value)
        if other is value or same_concrete([other.mask, value.mask]):
            continue
        same, bad = b.new("same"), b.new("differ")
        b.cbr(same_kind(b, [other, value]), same, bad, "likely")
        b.at(bad)
        b.runtime("rt_parameter_differs", (b.task, b.unit.constant(b, made.what(field)).op, b.to_word(other), b.to_word(value)), noreturn=True)
        b.unreachable()
        b.at(same)


def check_pairs(b: Builder, made: Struct, values: list[Val | Virtual]) -> None:
    """Fields whose kinds name one type parameter agree about it."""
    for first, second, kinds in pairs_of_fields(made):
        a, c = whole(b, values[first]), whole(b, values[second])
        same, bad = b.new("agree"), b.new("differ")
        b.cbr(agree(b, kinds, a, c), same, bad, "likely")
        b.at(bad)
        pair = b.unit.constant(b, KindRef(b.unit.world.universe.function_kind(kinds[:1], kinds[1]))).op
        wanted = b.runtime("rt_bound_kind", (b.task, b.dest, pair, b.to_word(a)), "ref")
        b.fail(CODES["TYPE"], b.unit.constant(b, made.what(made.fields[second])).op, wanted, b.to_word(c))
        b.at(same)


def known_key(node: Call) -> str | None:
    key = node.args[1]
    return key.value.name if isinstance(key, Const) and isinstance(key.value, Sym) else None


def structs_of(b: Builder, value: Val, name: str) -> list[tuple[Struct, Field]] | None:
    """The structs that a value can be, with the field of this name; None where that is not known, one has none, or was redefined."""
    if value.mask & SIMPLE:
        return None
    structs = b.unit.world.universe.structs_in(value.mask)
    if not structs or len(structs) > MOST_INLINE or any(struct.newest is not struct for struct in structs):
        return None
    found = [(struct, struct.field(name)) for struct in structs]
    return None if any(field is None for _, field in found) else found  # type: ignore[return-value]


def load_field(b: Builder, value: Val, field: Field) -> Val:
    mask = within(ANY, field.kind)
    b.unit.rely_on(mask)
    address = b.pointer(value.op, field.offset - words.OBJECT_TAG)
    if field.packed is not None:
        return load_packed(b, field.packed, mask, address, "struct")
    return Val(b.to_rep(Val(b.load(address, field.rep, "struct"), mask), rep_of(mask)), mask)


def store_raw(b: Builder, struct: Operand, field: Field, op: Operand) -> None:
    """Store what needs no barrier into a field."""
    if field.packed is not None and field.kind is not None:
        op = packed_value(b, field.packed, field.kind.exact, op)
    b.store(op, b.pointer(struct, field.offset - words.OBJECT_TAG), "struct")


def likely_structs(b: Builder, value: Val, name: str) -> list[tuple[Struct, Field]]:
    """The structs with a field of this name that a value may be, if they are few."""
    universe = b.unit.world.universe
    found = [(struct, struct.field(name)) for struct in universe.structs.values() if struct.bit & value.mask and struct.newest is struct]
    fitting = [(struct, field) for struct, field in found if field is not None]
    return fitting if len(fitting) <= MOST_INLINE else []


def guessed(b: Builder, builtin: Builtin, values: list[Val], likely: list[tuple[Struct, Field]], mask: int) -> Val:
    """A load where the value is one of the likely structs, the runtime otherwise."""
    from jit_runtime.infer.builtin_calls import call_runtime

    if not likely:
        return call_runtime(b, builtin, values, mask)
    out, done = b.fn.variable("field", rep_of(mask)), b.new("done")
    for struct, field in likely:
        yes, no = b.new("struct"), b.new("next")
        b.cbr(is_struct(b, values[0], struct), yes, no, "likely")
        b.at(yes)
        b.set(out, b.to_rep(load_field(b, values[0], field), out.type))
        b.br(done)
        b.at(no)
    slow = call_runtime(b, builtin, values, mask)
    if b.block is not None:
        b.set(out, b.to_rep(slow, out.type))
        b.br(done)
    b.at(done)
    return Val(b.get(out), mask)


@prim("get", "path-get")
def get(b: Builder, node: Call, builtin: Builtin, k: Continuation | None) -> Val:
    from jit_runtime.infer.struct_fields import virtual_of

    name = known_key(node)
    if name is not None and (found := virtual_of(b, node.args[0])) is not None and found.struct.field(name) is not None:
        made = whole(b, found.named(b, name))
        mask = b.kinds(node) or made.mask
        return Val(b.to_rep(made, rep_of(mask)), mask)
    values = values_of(b, node)
    if values is None:
        return NOTHING
    known = structs_of(b, values[0], name) if name is not None else None
    mask = b.kinds(node)
    b.unit.rely_on(mask)
    if known is None:
        element = dicts.read_at(b, values) or arrays.read_at(b, values)
        if element is not None:
            return Val(b.to_rep(element, rep_of(mask)), mask) if mask and b.block is not None else element
        likely = likely_structs(b, values[0], name) if name is not None and len(values) == 2 else []
        return guessed(b, builtin, values, likely, mask or ANY)
    if len(known) == 1:
        made = load_field(b, values[0], known[0][1])
        return Val(b.to_rep(made, rep_of(mask)), mask) if mask else made
    out = b.fn.variable("field", rep_of(mask))
    done = b.new("done")
    for struct, field in known[:-1]:
        yes, no = b.new("struct"), b.new("next")
        b.cbr(is_struct(b, values[0], struct), yes, no)
        b.at(yes)
        b.set(out, b.to_rep(load_field(b, values[0], field), out.type))
        b.br(done)
        b.at(no)
    b.set(out, b.to_rep(load_field(b, values[0], known[-1][1]), out.type))
    b.br(done)
    b.at(done)
    return Val(b.get(out), mask)


@prim("path-put!")
def put(b: Builder, node: Call, builtin: Builtin, k: Continuation | None) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    stored = dicts.write_at(b, values) or arrays.write_at(b, values)
    if stored is not None:
        return stored
    container, value = values[0], values[2]
    name = known_key(node)
    found = structs_of(b, container, name) if name is not None else None
    if found is None or len(found) != 1 or not found[0][1].mutable or found[0][1].parameter is not None:
        return runtime_word(b, "rt_path_put", tuple(b.to_word(v) for v in values), b.kinds(node) or ANY)
    struct, field = found[0]
    if field.kind is not None:
        value = b.checked(value, field.kind, struct.what(field))
        if b.block is None:
            return NOTHING
    op = b.to_rep(value, field.rep)
    if field.packed is None:
        init_field(b, container.op, field.offset, op)
    else:
        store_raw(b, container.op, field, op)
    return value
