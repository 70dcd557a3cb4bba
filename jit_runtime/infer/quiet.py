"""Does a call leave nothing behind in the regions of its caller? Then loops need no space for it.

What is answered may change with a definition, while code that relied on it runs: then what is left behind lives until the region
around is evacuated, which is all that depends on it.
"""

from __future__ import annotations

from jit_runtime.expand.core import Call, Core, Global, Lambda, Local
from jit_runtime.infer.analysis import Analysis
from jit_runtime.infer.conventions import Flat, result_way
from jit_runtime.infer.demands import EXIT, OBJECT, demands_of, made_by, replaceable
from jit_runtime.infer.placement import CONSTRUCTORS, children, is_scalar
from jit_runtime.infer.world import GenericFunction, Instance, World
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.structs import Struct

MOST_DEPTH = 4
MOST_NODES = 200
READS = frozenset({"get", "path-get", "path-put!", "length"})


def is_quiet(world: World, inst: Instance, depth: int = 0) -> bool:
    """Does a call of the instance make no objects, as far as is known? (A number that needs a box is not counted.)"""
    facts = inst.analysis
    if facts is None or depth >= MOST_DEPTH or inst.method.lam.rest is not None:
        return False
    if facts.quiet is None:
        lam = facts.shape.root.node
        facts.quiet = isinstance(lam, Lambda) and not facts.shape.functions and quiet_body(world, facts, lam.body, inst.result, depth)
    return facts.quiet


def quiet_body(world: World, facts: Analysis, body: Core, result: int, depth: int) -> bool:
    work, nodes = [body], 0
    while work:
        at = work.pop()
        nodes += 1
        if nodes > MOST_NODES or (isinstance(at, Call) and not quiet_call(world, facts, at, result, depth)):
            return False
        work.extend(children(at))
    return True


def quiet_call(world: World, facts: Analysis, node: Call, result: int, depth: int) -> bool:
    """Does the call itself make nothing? Its arguments are looked at by themselves."""
    if isinstance(node.fn, Local):
        return node.fn.var in facts.shape.loops
    made = made_by(world, node)
    if made is not None:
        return quiet_struct(world, facts, node, made[0], result)
    found = world.lookup(node.fn.name) if isinstance(node.fn, Global) else None
    if isinstance(found, Builtin):
        return found.name in READS or (found.native[0] == "op" and found.name not in CONSTRUCTORS) or is_scalar(facts.kinds.get(id(node), 0))
    meant = facts.dispatches.get(id(node))
    if not isinstance(found, GenericFunction) or meant is None:
        return False
    return all(target.instance is None or is_quiet(world, target.instance, depth + 1) for target in meant.targets)


def quiet_struct(world: World, facts: Analysis, node: Call, struct: Struct, result: int) -> bool:
    """Do fields stand for what a constructor makes: everywhere inside, and in the result? There structs in fields are objects."""
    if replaceable(world, struct.bit) is None:
        return False
    demand = demands_of(world, facts).made.get(id(node), OBJECT)
    if not any(path == () or path[-1] == EXIT for path in demand):
        return True
    flat = isinstance(result_way(world.universe, result), Flat) and result == struct.bit
    return () not in demand and flat and not any(f.kind is not None and replaceable(world, f.kind.mask) for f in struct.fields)
