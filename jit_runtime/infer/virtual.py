"""Immutable structs that are never objects: their fields are values and variables of the machine function.

An immutable struct has no identity (`eq?` compares its fields), so a variable of which only fields are read needs no object:
the arguments of the constructor are bound instead. What is asked for the object after all makes one where it is needed, so
all this decides is where memory is saved, never what a program means. (Scalar replacement of aggregates.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Const, Core, Global, If, Lambda, Let, Local, Seq, Sym, Var
from jit_runtime.expand.kind_definitions import constructed
from jit_runtime.infer.code import Val, rep_of
from jit_runtime.infer.explain import note_fields
from jit_runtime.infer.placement import children
from jit_runtime.infer.world import GenericFunction, Instance, World
from jit_runtime.ir.nodes import Block, Operand, Variable
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import ANY, Field, Struct

if TYPE_CHECKING:
    from jit_runtime.infer.analysis import Analysis
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.code import Code

MOST_FIELDS = 8


@dataclass(slots=True, eq=False)
class Virtual:
    """A struct as the places of its fields."""

    struct: Struct
    fields: list[Operand | Variable]

    def get(self, b: Code, field: Field) -> Val:
        at = self.fields[self.struct.fields.index(field)]
        mask = field.kind.mask if field.kind is not None else ANY
        op = b.get(at) if isinstance(at, Variable) else at
        return Val(b.to_rep(Val(op, mask), rep_of(mask)), mask)

    def named(self, b: Code, name: str) -> Val:
        field = self.struct.field(name)
        assert field is not None  # inference found it
        return self.get(b, field)

    def read(self, b: Code) -> Virtual:
        """The same with the values that its variables hold now."""
        return Virtual(self.struct, [b.get(at) if isinstance(at, Variable) else at for at in self.fields])

    def object(self, b: Builder) -> Val:
        """An object with these fields, in the current place."""
        from jit_runtime.infer.structs import allocated

        return allocated(b, self.struct, [self.get(b, field) for field in self.struct.fields])


@dataclass(slots=True, eq=False)
class Fields:
    """The continuation that wants the fields of a struct."""

    block: Block
    virtual: Virtual
    place: Operand
    used: bool = False

    def take(self, b: Builder, value: Val) -> None:
        """Deliver an object."""
        from jit_runtime.infer.structs import load_field

        self.take_fields(b, [load_field(b, value, field) for field in self.virtual.struct.fields])

    def take_fields(self, b: Builder, values: list[Val]) -> None:
        for variable, value in zip(self.virtual.fields, values, strict=True):
            assert isinstance(variable, Variable)
            b.set(variable, b.to_rep(value, variable.type))
        self.used = True
        b.br(self.block)


def replaceable(world: World, mask: int) -> Struct | None:
    """The struct that values of this set are, if their fields can stand for them."""
    struct = world.universe.struct_of(mask)
    return struct if struct is not None and struct.newest is struct and not struct.mutable and 0 < len(struct.fields) <= MOST_FIELDS else None


def variables(b: Builder, struct: Struct, name: str) -> Virtual:
    """A variable for each field."""
    return Virtual(struct, [b.fn.variable(f"{name}.{field.name}", field.rep) for field in struct.fields])


def only_fields(world: World, facts: Analysis, body: Core, var: Var, seen: frozenset[tuple[int, Var]] = frozenset()) -> bool:
    """Is nothing but fields read of a variable below `body`: directly, as a loop's variable, or in a callee that is inlined?"""
    from jit_runtime.infer.inline import analysed, body_size, sure_instance

    if var.assigned or (id(body), var) in seen:
        return not var.assigned
    seen |= {(id(body), var)}
    work: list[Core] = [body]
    while work:
        at = work.pop()
        if isinstance(at, Local) and at.var is var:
            return False
        if isinstance(at, Lambda) and id(at) in facts.shape.functions:
            work.append(at.body)
            continue
        if not isinstance(at, Call) or not any(isinstance(arg, Local) and arg.var is var for arg in at.args):
            work.extend(children(at))
            continue
        if reads_field(world, at):
            continue
        params = None
        if isinstance(at.fn, Local) and at.fn.var in facts.shape.loops:
            lam = facts.shape.loops[at.fn.var]
            params, callee, inner = lam.params, facts, body
        else:
            inst = sure_instance(facts, at)
            if inst is not None and body_size(inst) is not None and inst.analysis is not None:
                lam = analysed(inst.analysis)
                params, callee, inner = lam.params, inst.analysis, lam.body
        if params is None or len(params) != len(at.args):
            return False
        for param, arg in zip(params, at.args, strict=True):
            if isinstance(arg, Local) and arg.var is var:
                if not only_fields(world, callee, inner, param.var, seen):
                    return False
            else:
                work.append(arg)
    return True


def reads_field(world: World, node: Call) -> bool:
    """Is it `(path-get var 'name)`?"""
    if not isinstance(node.fn, Global) or len(node.args) != 2 or not isinstance(node.args[1], Const) or not isinstance(node.args[1].value, Sym):
        return False
    found = world.lookup(node.fn.name)
    return isinstance(found, Builtin) and found.name in ("get", "path-get")


def gives_fields(b: Builder, facts: Analysis, node: Core, depth: int = 0) -> bool:
    """Does evaluating the node make the struct, so that its fields can be had without it?"""
    from jit_runtime.infer.inline import MOST_DEPTH, analysed, body_size, sure_instance

    match node:
        case Local():
            return isinstance(b.storage.get(node.var), Virtual) and facts is b.facts
        case If():
            return gives_fields(b, facts, node.then, depth) and gives_fields(b, facts, node.otherwise, depth)
        case Let():
            return gives_fields(b, facts, node.body, depth)
        case Seq():
            return gives_fields(b, facts, node.items[-1], depth)
        case Call(fn=Global(name=name)):
            found = b.unit.world.lookup(name)
            if isinstance(found, Builtin):
                return found.name == "construct"
            if isinstance(found, GenericFunction) and found.makes(len(node.args)):
                return True
            inst = sure_instance(facts, node)
            if inst is None or depth >= MOST_DEPTH or body_size(inst) is None or inst.analysis is None:
                return False
            return gives_fields(b, inst.analysis, analysed(inst.analysis).body, depth + 1)
    return False


def fields_of(b: Builder, node: Core, struct: Struct) -> Virtual | None:
    """Evaluate a node for the fields of the struct that it is. None: control does not come back."""
    if isinstance(node, Local) and isinstance(found := b.storage.get(node.var), Virtual):
        return found.read(b)
    k = Fields(b.new("fields"), variables(b, struct, "field"), b.dest)
    place = b.dest
    b.tail(node, k)
    b.dest = place
    return k.virtual.read(b) if b.arrives(k) else None


def argument(b: Builder, inst: Instance, index: int, arg: Core) -> Val | Virtual | None:
    """The argument of an inlined call: its fields where the callee reads nothing else and they can be had, else its value."""
    from jit_runtime.infer.inline import analysed

    struct = replaceable(b.unit.world, inst.key[index])
    if struct is not None and inst.analysis is not None and gives_fields(b, b.facts, arg):
        lam = analysed(inst.analysis)
        if only_fields(b.unit.world, inst.analysis, lam.body, lam.params[index].var):
            return fields_of(b, arg, struct)
    value = b.expr(arg)
    return None if b.block is None else value


def construct_fields(b: Builder, node: Call, k: Fields) -> bool:
    """Deliver the arguments of a constructor as fields. False: the call is something else."""
    from jit_runtime.infer.structs import checked_fields, still_makes

    found = b.unit.world.lookup(node.fn.name) if isinstance(node.fn, Global) else None
    if isinstance(found, Builtin) and found.name == "construct":
        made, args = constructed(node), node.args[1:]
    elif isinstance(found, GenericFunction) and (makes := found.makes(len(node.args))) is not None:
        made, args = makes, node.args
    else:
        return False
    values = []
    for arg in args:
        values.append(b.expr(arg))
        if b.block is None:
            return True
    if isinstance(found, GenericFunction):
        still_makes(b, found, made, values)
    fields = checked_fields(b, made, values)
    if fields is not None:
        note_fields(b)
        k.take_fields(b, fields)
    return True


def is_raw(virtual: Virtual) -> bool:
    """Does it hold no reference?"""
    return all(field.rep != "ref" for field in virtual.struct.fields)

