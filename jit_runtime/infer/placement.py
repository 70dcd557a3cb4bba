"""Where allocations go: results in the caller's destination, temporaries in the youngest region, loops in spaces of their own.

A loop gets a space when it allocates and nothing that it makes can be part of its own state: no variable that survives
a turn holds a reference made inside. Then the space is empty again at each back-edge, at the price of two compares when the
turn allocated nothing. Other loops use the region around them, which is evacuated at its threshold (memory.md 6).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Core, Global, If, Lambda, Let, Letrec, Local, Seq, SetLocal, Var
from jit_runtime.infer.code import CODE, NOTHING, REGION, UINT64, Val, rep_of, word
from jit_runtime.infer.sites import CALL, LOOP, site_of
from jit_runtime.infer.world import GenericFunction
from jit_runtime.ir.nodes import Imm, Operand, Symbol, Variable
from jit_runtime.layout import words
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import BIT, either

if TYPE_CHECKING:
    from jit_runtime.infer.annotate import Analysis
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.world import Instance, World

# Kinds whose words name nothing in a region that may end. The word of a number may name a box.
SCALAR = BIT["Bool"] | BIT["Char"] | BIT["Nothing"] | BIT["Null"] | BIT["Symbol"] | BIT["Kind"] | either(CODE.keys() - {UINT64})
CONSTRUCTORS = frozenset({"cons", "list", "array", "box", "atom", "dict", "construct"})


@dataclass(slots=True, eq=False)
class Space:
    """An open loop space, or the region of a call. `outer`: where values went outside. `bumps`: lanes' bump pointers when it was empty."""

    region: Operand
    outer: Operand
    bumps: tuple[Variable, Variable]
    vars: frozenset[Var]
    of_call: bool = False

    def loops(self, var: Var) -> bool:
        """Is the jump to this variable a back-edge of the loop that owns the space?"""
        return var in self.vars


def is_scalar(mask: int) -> bool:
    """Does a value of these kinds hold no reference: raw, or a word that names nothing?"""
    return not mask & ~SCALAR or rep_of(mask) != "ref"


def names_no_region(op: Operand, mask: int) -> bool:
    """Is a word an immediate, a literal or function of the code, or of a kind whose objects stay? A store of it needs no record."""
    return isinstance(op, (Imm, Symbol)) or not mask & ~SCALAR


def open_space(b: Builder, bodies: list[Core], params: list[Var]) -> Space | None:
    """Open a space for a loop if it gains by one. New values go there until it is closed."""
    if not all(is_scalar(b.facts.vars.get(v, 0)) and v not in b.shape.boxed for v in params):
        return None
    if not all(keeps_nothing(b, body) for body in bodies) or not any(allocates(b, body) for body in bodies):
        return None
    roots = b.load(b.task_field("root_top"), "ptr")
    region = b.runtime("rt_region_open", (b.task, roots, site_of(b, LOOP)), "ptr")
    bumps = (b.fn.variable("pairs", "i64"), b.fn.variable("objects", "i64"))
    space = Space(region, b.dest, bumps, loop_vars(b, bodies))
    b.spaces.append(space)
    b.dest = region
    note_bumps(b, space)
    return space


def opens_activation(b: Builder, lam: Lambda, result: int) -> bool:
    """Does a function gain by a region of its own? Where it makes objects and returns none, and ends in no call (a tail call
    would have to splice the region at once). Copies inlined into their own caller share the caller's."""
    return bool(result) and is_scalar(result) and b.fn.name == b.unit.name and allocates(b, lam.body) and not ends_in_call(b, lam.body)


def ends_in_call(b: Builder, node: Core) -> bool:
    match node:
        case If():
            return ends_in_call(b, node.then) or ends_in_call(b, node.otherwise)
        case Let():
            return ends_in_call(b, node.body)
        case Letrec():
            return ends_in_call(b, node.body) or any(ends_in_call(b, lam.body) for _, lam in node.bindings)
        case Seq():
            return ends_in_call(b, node.items[-1])
        case Call(fn=Local(var=var)) if var in b.shape.loops:
            return False
        case Call(fn=Global(name=name)):
            return not isinstance(b.unit.world.lookup(name), Builtin)
        case Call():
            return True
    return False


def enter_activation(b: Builder) -> None:
    """Open the function's region; `Close` ends it."""
    roots = b.load(b.task_field("root_top"), "ptr")
    region = b.runtime("rt_region_open", (b.task, roots, site_of(b, CALL)), "ptr")
    b.spaces.append(Space(region, b.dest, (b.fn.variable("pairs", "i64"), b.fn.variable("objects", "i64")), frozenset(), of_call=True))
    b.dest = region


def loop_vars(b: Builder, bodies: list[Core]) -> frozenset[Var]:
    wanted = {id(body) for body in bodies}
    return frozenset(v for v, lam in b.shape.loops.items() if id(lam.body) in wanted)


def note_bumps(b: Builder, space: Space) -> None:
    for variable, lane in zip(space.bumps, ("pairs", "objects"), strict=True):
        b.set(variable, b.load(b.offset(space.region, REGION[lane]), "i64"))


def reset_space(b: Builder, space: Space) -> None:
    """At a back-edge: free what the turn made, if it made anything."""
    used: Operand | None = None
    for variable, lane in zip(space.bumps, ("pairs", "objects"), strict=True):
        moved = b.compare("ne", b.load(b.offset(space.region, REGION[lane]), "i64"), b.get(variable))
        used = moved if used is None else b.ins("or", (used, moved), "i1")
    assert used is not None
    clean, go = b.new("clean"), b.new("turn")
    b.cbr(used, clean, go)
    b.at(clean)
    b.runtime("rt_region_reset", (b.task,), safepoint=True)
    note_bumps(b, space)
    b.br(go)
    b.at(go)


def close_space(b: Builder, value: Val, place: Operand) -> Val:
    """End the innermost space with a value that survives in `place`."""
    if value.op.type != "ref" or not value.mask & ~SCALAR:
        b.runtime("rt_region_exit", (b.task, word(words.NOTHING), place), "ref", safepoint=True)
        return value
    return Val(b.runtime("rt_region_exit", (b.task, value.op, place), "ref", safepoint=True), value.mask)


def leave_spaces(b: Builder, depth: int, kept: list[int] | None) -> None:
    """Before a jump or tail call out of loops: end the spaces above `depth`. `kept`: the kind sets of the variables that live on, None
    for unknown ones. Scalars need nothing of the spaces."""
    for _ in b.spaces[depth:]:
        if kept is not None and all(map(is_scalar, kept)):
            close_space(b, NOTHING, b.spaces[depth].outer)
        else:
            b.runtime("rt_region_splice", (b.task,))


def keeps_nothing(b: Builder, node: Core) -> bool:
    """No assignment below stores a reference in a variable of this machine function (boxes are objects, with a barrier)."""
    work = [node]
    while work:
        at = work.pop()
        if isinstance(at, SetLocal) and at.var not in b.shape.boxed and not is_scalar(b.facts.vars.get(at.var, 0)):
            return False
        work.extend(children(at))
    return True


def allocates(b: Builder, node: Core) -> bool:
    """Does evaluating the node make objects that die with the turn? Calls count when their result may be an object, or
    when they are inlined and make some on the way."""
    from jit_runtime.infer.inline import allocates_inlined

    work = [node]
    while work:
        at = work.pop()
        if isinstance(at, Lambda):
            if id(at) in b.shape.functions:
                return True
            work.append(at.body)
            continue
        if isinstance(at, Call) and (allocates_inlined(b, b.facts, at) if is_scalar(b.kinds(at)) else makes(b, at)):
            return True
        work.extend(children(at))
    return False


def makes(b: Builder, node: Call) -> bool:
    """Calls of builtins that only read (car, array-ref, box-ref ...) make nothing."""
    if not isinstance(node.fn, Global):
        return True
    found = b.unit.world.lookup(node.fn.name)
    return not isinstance(found, Builtin) or found.native[0] != "op" or found.name in CONSTRUCTORS


def children(node: Core) -> list[Core]:
    """Direct subexpressions, local functions included."""
    match node:
        case If():
            return [node.test, node.then, node.otherwise]
        case Let() | Letrec():
            return [*(value for _, value in node.bindings), node.body]
        case Seq():
            return node.items
        case Call():
            return [node.fn, *node.args]
        case Lambda():
            return [node.body]
    found: list[Core] = []
    for name in ("test", "body", "value", "cleanup"):
        part = getattr(node, name, None)
        if part is not None and not isinstance(part, (int, float, str)):
            found.append(part)
    for clause in getattr(node, "clauses", ()):
        found.append(clause.body)
    return found


def is_fresh(node: Core, inst: Instance, facts: Analysis, world: World) -> bool:
    """Is every result of an instance an immediate or an object made in its destination? (Within one version only: calls of
    other functions can be redefined, so only the instance's calls of itself count.)"""
    work = [node]
    while work:
        at = work.pop()
        if not facts.kinds.get(id(at), 0) & ~SCALAR:
            continue
        match at:
            case If():
                work += [at.then, at.otherwise]
            case Let():
                work.append(at.body)
            case Seq():
                work.append(at.items[-1])
            case Call() if calls_builtin(world, at, ("cons",)):
                pass
            case Call():
                found = facts.dispatches.get(id(at))
                if found is None or not found.total or len(found.targets) != 1 or found.targets[0].instance is not inst:
                    return False
            case _:
                return False
    return True


def calls_builtin(world: World, node: Call, names: Collection[str]) -> bool:
    """Does the call mean one of these builtins? The program may have functions of these names."""
    if not isinstance(node.fn, Global):
        return False
    found = world.lookup(node.fn.name)
    return isinstance(found, Builtin) and found.name in names


def is_constructor(world: World, node: Call) -> bool:
    """Are the arguments part of the call's result?"""
    if calls_builtin(world, node, CONSTRUCTORS):
        return True
    found = world.lookup(node.fn.name) if isinstance(node.fn, Global) else None
    return isinstance(found, GenericFunction) and found.makes(len(node.args)) is not None


def part_of_result(world: World, node: Core, known: dict[int, frozenset[Var]]) -> frozenset[Var]:
    """Variables that are part of the node's value on every path. What is so on some paths only must not be born in the
    destination: on the others it would be garbage there, in a region that nobody evacuates meanwhile.
    `known`: by node, so that a chain of nodes is walked once."""
    found = known.get(id(node))
    if found is None:
        found = known[id(node)] = _part_of_result(world, node, known)
    return found


def _part_of_result(world: World, node: Core, known: dict[int, frozenset[Var]]) -> frozenset[Var]:
    match node:
        case Local():
            return frozenset((node.var,))
        case If():
            return part_of_result(world, node.then, known) & part_of_result(world, node.otherwise, known)
        case Let():
            found = part_of_result(world, node.body, known)
            for var, value in reversed(node.bindings):
                if var in found:
                    found |= part_of_result(world, value, known)
            return found
        case Seq():
            return part_of_result(world, node.items[-1], known)
        case Call() if is_constructor(world, node):
            return frozenset().union(*(part_of_result(world, arg, known) for arg in node.args))
    return frozenset()

