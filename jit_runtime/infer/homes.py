"""Homes: values are born in the region where they end up, as far as the code around them tells (infer/flows.py).

A home is a region that lies behind a reference: a container's, that of a global's value, or a new one for a global. What is born there has
to be stored like anything else, so a wrong guess costs a move. The reference stays on the root stack while the region is used (`Function.homes`,
passes/roots.py), so that the region's record stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Check, Core, Finally, Global, Handle, If, Lambda, Let, Letrec, Local, Seq, Var
from jit_runtime.infer.code import CELL, Val
from jit_runtime.infer.flows import READS, RESULT, Flow, Flows, Into, ParameterSink, Stored, argument_sinks, flows_of, root_of
from jit_runtime.infer.placement import is_scalar, makes
from jit_runtime.infer.sites import BINDING, site_of
from jit_runtime.infer.variables import read
from jit_runtime.infer.virtual import Virtual
from jit_runtime.infer.world import GlobalValue
from jit_runtime.ir.nodes import Operand, Symbol, Temp, Variable
from jit_runtime.types.builtins import Builtin

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


def placed_arguments(b: Builder, node: Call) -> list[Val] | None:
    """Values of a call's arguments, each born where it ends up."""
    values: list[Val] = []
    for arg, sink in zip(node.args, sinks_of(b, node), strict=True):
        values.append(b.placed(arg, argument_place(b, node, arg, sink, values)))
        if b.block is None:
            return None
    return values


def sinks_of(b: Builder, node: Call) -> list[ParameterSink]:
    """Where the arguments of a call end up."""
    flows = flows_for(b, node.args)
    return (argument_sinks(b.unit.world, b.facts, node) if flows is not None else None) or [None] * len(node.args)


def flows_for(b: Builder, values: Iterable[Core]) -> Flows | None:
    """The flows of what is built, to place these values. They are not found where nothing is made."""
    return flows_of(b.unit.world, b.facts) if any(may_make(b, value) for value in values) else None


def flow_of_body(b: Builder, node: Let) -> Flow:
    """Where the variables of a `let` end up."""
    flows = flows_for(b, [value for _, value in node.bindings])
    return (flows.of.get(id(node.body)) if flows is not None else None) or {}


def flow_of_turn(b: Builder, loop: Var, args: list[Core]) -> Flow:
    """Where the variables of a loop end up."""
    flows = flows_for(b, args)
    return (flows.loops.get(loop) if flows is not None else None) or {}


def argument_place(b: Builder, node: Call, arg: Core, sink: ParameterSink, values: Sequence[Val | Virtual]) -> Operand:
    """Where an argument is born, after those before it (`values`)."""
    place = b.dest
    if not isinstance(sink, Into):
        return place_of_sink(b, sink, arg, place)
    if not may_make(b, arg):
        return b.youngest
    if sink.parameter < len(values):
        container = values[sink.parameter]
        return b.youngest if isinstance(container, Virtual) else home_of(b, container, called(b, node.args[sink.parameter]))
    root = root_of(b.unit.world, node.args[sink.parameter]) if sink.parameter < len(node.args) else None
    return b.youngest if root is None else stored_home(b, Stored(root))


def place_of_sink(b: Builder, sink: ParameterSink, value: Core, place: Operand) -> Operand:
    """Where a value is born that goes to a sink; `place`: where the value of the expression around it goes."""
    if sink is None or isinstance(sink, Into) or not may_make(b, value):
        return b.youngest
    return place if sink is RESULT else stored_home(b, sink)


def called(b: Builder, container: Core) -> str:
    """What a container is called in the listing of a function's allocations."""
    root = root_of(b.unit.world, container)
    return "its container" if root is None else f"`{root.name}`" if isinstance(root, Var) else f"`{root}`"


def home_of(b: Builder, container: Val, name: str) -> Operand:
    """The region of a container, or the youngest where it has none that lives longer."""
    word = container.op
    if container.region is not None:
        return container.region
    if not isinstance(word, (Temp, Variable)) or word.type != "ref" or is_scalar(container.mask):
        return b.youngest
    home = b.runtime("omni.home_for", (b.task, word), "ptr")
    b.fn.homes[home] = word
    b.homes[home] = name
    return home


def stored_home(b: Builder, sink: Stored) -> Operand:
    if isinstance(sink.root, Var):
        return home_of_variable(b, sink.root)
    found = b.unit.world.lookup(sink.root)
    if not isinstance(found, GlobalValue):
        return b.youngest
    cell = Symbol(b.unit.cell(found))
    if sink.assigned:
        value = b.runtime("rt_cell_home", (b.task, cell, site_of(b, BINDING)), "ref")
    else:
        value = b.load(b.offset(cell, CELL["value"]), "ref")
    return home_of(b, Val(value, found.mask), f"`{sink.root}`")


def home_of_variable(b: Builder, var: Var) -> Operand:
    here = var in b.storage or var in b.mf.captures
    if not here or var in b.shape.lambda_of or isinstance(b.storage.get(var), Virtual):
        return b.youngest
    return home_of(b, read(b, var), f"`{var.name}`")


def new_home(b: Builder) -> Operand:
    """A new region, for the value of a definition."""
    value = b.runtime("rt_new_home", (b.task, site_of(b, BINDING)), "ref")
    home = b.runtime("omni.home_for", (b.task, value), "ptr")
    b.fn.homes[home] = value
    b.homes[home] = "the definition"
    return home


def may_make(b: Builder, node: Core) -> bool:
    """May the value of a node be made by evaluating it?"""
    match node:
        case Call(fn=Local(var=var)) if var in b.shape.loops:
            return False
        case Call(fn=Global(name=name)):
            found = b.unit.world.lookup(name)
            reads = isinstance(found, Builtin) and found.name in READS
            return not reads and not is_scalar(b.kinds(node)) and makes(b, node)
        case If():
            return may_make(b, node.then) or may_make(b, node.otherwise)
        case Let():
            return may_make(b, node.body)
        case Seq():
            return may_make(b, node.items[-1])
        case Check():
            return may_make(b, node.value)
        case Lambda():
            return id(node) in b.shape.functions
        case Call() | Letrec() | Handle() | Finally():
            return not is_scalar(b.kinds(node))
    return False
