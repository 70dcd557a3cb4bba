"""Where the fields of structs without objects (virtual.py) come from, and where they go.

A variable's fields stand for it where nothing but fields is wanted of it (demands.py), and where what it is bound to makes the struct, on
some way at least: an object that is there already is not taken apart for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Check, Core, Global, If, Let, Letrec, Local, Seq, Var
from jit_runtime.infer.code import NOTHING, Val
from jit_runtime.infer.continuations import Close, Continuation, Return
from jit_runtime.infer.conventions import Flat, leave, result_way
from jit_runtime.infer.demands import (
    EXIT,
    FIELDS,
    OBJECT,
    RESULT,
    Demand,
    argument_demands,
    demand_of,
    field_read,
    made_by,
    parameter_demand,
    replaceable,
)
from jit_runtime.infer.explain import note_fields
from jit_runtime.infer.homes import argument_place, sinks_of
from jit_runtime.infer.placement import children, close_space
from jit_runtime.infer.virtual import Fields, Part, Virtual, read_parts, variables
from jit_runtime.infer.world import GenericFunction, Instance
from jit_runtime.types.order import certain
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.infer.analysis import Analysis
    from jit_runtime.infer.build import Builder


def virtual_of(b: Builder, node: Core) -> Virtual | None:
    """What stands for the value of a variable, or of a struct in its fields."""
    if isinstance(node, Local):
        found = b.storage.get(node.var)
        return found if isinstance(found, Virtual) else None
    name = field_read(b.unit.world, node)
    if name is None:
        return None
    assert isinstance(node, Call)
    outer = virtual_of(b, node.args[0])
    return None if outer is None else outer.part(name)


def gives_fields(b: Builder, facts: Analysis, node: Core, depth: int = 0, bound: dict[Var, list[Core]] | None = None) -> bool:
    """Does evaluating the node make the struct, at least on one way, so that its fields can be had without it?
    `bound`: what the variables around were bound to."""
    bound = {} if bound is None else bound
    match node:
        case Local(var=var) if var in bound:
            inner = {other: values for other, values in bound.items() if other is not var}
            return any(gives_fields(b, facts, value, depth, inner) for value in bound[var])
        case Local():
            return facts is b.facts and virtual_of(b, node) is not None
        case If():
            then, otherwise = facts.live.get(id(node), (True, True))
            return (then and gives_fields(b, facts, node.then, depth, bound)) or (otherwise and gives_fields(b, facts, node.otherwise, depth, bound))
        case Let():
            return gives_fields(b, facts, node.body, depth, bound | {var: [value] for var, value in node.bindings})
        case Letrec():
            loops = [(lam, jumps(node, var)) for var, lam in node.bindings if var in facts.shape.loops]
            bound = bound | {param.var: [call.args[i] for call in calls] for lam, calls in loops for i, param in enumerate(lam.params)}
            return any(gives_fields(b, facts, body, depth, bound) for body in (node.body, *(lam.body for lam, _ in loops)))
        case Seq():
            return gives_fields(b, facts, node.items[-1], depth, bound)
        case Check():
            return certain(facts.kinds.get(id(node.value), 0), node.kind) and gives_fields(b, facts, node.value, depth, bound)
        case Call(fn=Global()):
            if made_by(b.unit.world, node) is not None:
                return True
            if facts is b.facts and virtual_of(b, node) is not None:
                return True
            found = facts.dispatches.get(id(node))
            return found is not None and any(instance_gives_fields(b, target.instance, depth) for target in found.targets)
    return False


def instance_gives_fields(b: Builder, inst: Instance | None, depth: int) -> bool:
    """Does a call of an instance give fields: what is inlined by making the struct, others by their convention?"""
    from jit_runtime.infer.inline import MOST_DEPTH, analysed, body_size

    if inst is None or inst.analysis is None:
        return False
    if depth < MOST_DEPTH and body_size(inst) is not None:
        return gives_fields(b, inst.analysis, analysed(inst.analysis).body, depth + 1)
    return isinstance(result_way(b.unit.world.universe, inst.result), Flat)


def fields_of(b: Builder, node: Core, struct: Struct, demand: Demand) -> Virtual | None:
    """Evaluate a node for the fields of the struct that it is. None: control does not come back."""
    found = virtual_of(b, node)
    if found is not None:
        return found.read(b)
    k = Fields(b.new("fields"), variables(b, struct, "field", demand), b.dest)
    place, b.dest = b.dest, b.youngest
    b.tail(node, k)
    b.dest = place
    return k.virtual.read(b) if b.arrives(k) else None


def bound_fields(b: Builder, var: Var, value: Core) -> tuple[Struct, Demand] | None:
    """The struct whose fields stand for a variable that is bound to the value of a node, and what is wanted of it."""
    struct = replaceable(b.unit.world, b.facts.vars.get(var, 0))
    if struct is None:
        return None
    demand = demand_of(b.unit.world, b.facts, var)
    return (struct, demand) if () not in demand and gives_fields(b, b.facts, value) else None


def loop_variables(b: Builder, node: Letrec) -> dict[Var, Virtual]:
    """The variables of a loop that are structs of which only fields are read, or which are made anew and leave it at its end."""
    found: dict[Var, Virtual] = {}
    for var, lam in node.bindings:
        for index, param in enumerate(lam.params):
            struct = replaceable(b.unit.world, b.facts.vars.get(param.var, 0))
            if struct is None or param.kind is not None:
                continue
            demand = demand_of(b.unit.world, b.facts, param.var)
            leaves = any(path[-1:] == (EXIT,) for path in demand)
            if () not in demand and (not leaves or any(gives_fields(b, b.facts, call.args[index]) for call in jumps(node, var))):
                found[param.var] = variables(b, struct, param.var.name, demand)
    return found


def jumps(node: Letrec, var: Var) -> list[Call]:
    """The calls of one function of a loop."""
    found, work = [], [node.body, *(lam.body for _, lam in node.bindings)]
    while work:
        at = work.pop()
        if isinstance(at, Call) and isinstance(at.fn, Local) and at.fn.var is var:
            found.append(at)
        work.extend(children(at))
    return found


def arguments_or_fields(b: Builder, node: Call) -> list[Val | Virtual] | None:
    """The arguments of a call of a generic function, each born where it ends up: their fields where the callee reads nothing else and they can
    be had, else their values."""
    values: list[Val | Virtual] = []
    place = b.dest
    for arg, demand, sink in zip(node.args, argument_demands(b.unit.world, b.facts, node, RESULT), sinks_of(b, node), strict=True):
        b.dest = argument_place(b, node, arg, sink, values)
        struct = replaceable(b.unit.world, b.kinds(arg)) if () not in demand else None
        value = fields_of(b, arg, struct, demand) if struct is not None and gives_fields(b, b.facts, arg) else b.expr(arg)
        b.dest = place
        if b.block is None or value is None:
            return None
        values.append(value)
    return values


def read_before(b: Builder, inst: Instance, index: int, value: Val | Virtual) -> Val | Virtual:
    """An argument of an inlined call. What a callee with a loop reads of an object is read before the loop."""
    facts = inst.analysis
    if isinstance(value, Virtual) or facts is None or not facts.shape.root.loops:
        return value
    struct = replaceable(b.unit.world, value.mask)
    demand = OBJECT if struct is None else parameter_demand(b.unit.world, inst, index)
    return value if struct is None or () in demand else read_parts(b, value, struct, demand)


def wanted_parts(k: Continuation) -> Sequence[object] | None:
    """What stands for each field in the continuation that wants fields in the end, if one does."""
    while isinstance(k, Close):
        k = k.outer
    if isinstance(k, Fields):
        return k.virtual.fields
    return k.way.parts if isinstance(k, Return) and isinstance(k.way, Flat) else None


def construct_fields(b: Builder, node: Call, k: Continuation) -> bool:
    """Deliver the arguments of a constructor as fields. False: the call is something else, or nobody wants fields."""
    from jit_runtime.infer.structs import checked_fields, still_makes

    found, wanted = made_by(b.unit.world, node), wanted_parts(k)
    if found is None or wanted is None:
        return False
    made, args = found
    outer, place = b.dest, b.place_of(k)
    values: list[Val | Virtual] = []
    for arg, at in zip(args, wanted, strict=True):
        part = at if isinstance(at, Virtual) and gives_fields(b, b.facts, arg) and b.kinds(arg) == at.struct.bit else None
        b.dest = place  # the arguments are part of the result
        value = b.expr(arg) if part is None else fields_of(b, arg, part.struct, FIELDS)
        b.dest = outer
        if b.block is None or value is None:
            return True
        values.append(value)
    assert isinstance(node.fn, Global)
    function = b.unit.world.lookup(node.fn.name)
    if isinstance(function, GenericFunction):
        still_makes(b, function, made, values)
    fields = checked_fields(b, made, values)
    if fields is not None:
        note_fields(b)
        parts: list[Part] = []
        for value, field in zip(fields, made.fields, strict=True):
            parts.append(value if isinstance(value, Virtual) else b.to_rep(value, field.rep))
        deliver_fields(b, Virtual(made, parts), k)
    return True


def deliver_virtual(b: Builder, node: Core, k: Continuation) -> bool:
    """Deliver a variable that its fields stand for. False: the node is something else."""
    found = virtual_of(b, node)
    if found is None:
        return False
    deliver_fields(b, found.read(b), k)
    return True


def deliver_fields(b: Builder, virtual: Virtual, k: Continuation) -> None:
    """Deliver fields, or an object with them to who wants one. What holds no reference outlives the space it was made in."""
    if isinstance(k, Fields):
        k.take(b, virtual)
        return
    inner, b.dest = b.dest, b.place_of(k)
    if isinstance(k, Return) and isinstance(k.way, Flat):
        b.ins("ret", (leave(b, virtual, k.way),))
        b.block = None
    elif isinstance(k, Close) and virtual.is_raw():
        close_space(b, NOTHING, k.space, k.place)
        deliver_fields(b, virtual, k.outer)
    else:
        b.deliver(virtual.object(b), k)
    b.dest = inner
