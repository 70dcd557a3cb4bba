"""Where allocations go: results in the caller's destination, temporaries in the youngest region, loops in spaces of their own.

A loop gets a space when it allocates and nothing that it makes can be part of its own state: no variable that survives
a turn holds a reference made inside. Then the space is empty again at each back-edge, at the price of two compares when the
turn allocated nothing. Other loops use the region around them, which is evacuated at its threshold (memory.md 6).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from jit_runtime.dataclass import dataclass, field
from jit_runtime.expand.core import Call, Const, Core, Global, If, Lambda, Let, Letrec, Local, Seq, SetLocal, Var
from jit_runtime.infer.code import CODE, NOTHING, REGION, WIDE, Val, i64, rep_of, word
from jit_runtime.infer.sites import CALL, LOOP, site_of
from jit_runtime.ir.nodes import Block, Imm, Ins, Operand, Symbol, Variable
from jit_runtime.layout import words
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import BIT, either

if TYPE_CHECKING:
    from jit_runtime.infer.analysis import Analysis
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.straight import Extent
    from jit_runtime.infer.world import Instance, World

# Kinds whose words name nothing in a region that may end. The word of a number may name a box.
SCALAR = BIT["Bool"] | BIT["Char"] | BIT["Nothing"] | BIT["Null"] | BIT["Symbol"] | BIT["Kind"] | (either(CODE) & ~WIDE)
CONSTRUCTORS = frozenset({"cons", "list", "array", "box", "atom", "dict", "construct"})


@dataclass(slots=True, eq=False)
class Space:
    """An open loop space, or the region of a call. `outer`: where values went outside. `bumps`: lanes' bump pointers when it was empty.

    `around`: the youngest region outside. `used`: something is made inside, other than where a definition has changed under the code.
    `marks`: the instructions that open, empty and end it, which go where it turns out that it is not used. `extent`: the steps of a straight
    line that it is for (straight.py).
    """

    region: Operand
    outer: Operand
    around: Operand
    bumps: tuple[Variable, Variable]
    vars: frozenset[Var]
    of_call: bool = False
    used: bool = False
    marks: list[tuple[Block, Ins]] = field(default_factory=list)
    extent: Extent | None = None

    def loops(self, var: Var) -> bool:
        """Is the jump to this variable a back-edge of the loop that owns the space?"""
        return var in self.vars
LEAVES = frozenset({Const, Local, Global})


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
    space = opened(b, loop_vars(b, bodies))
    note_bumps(b, space)
    return space


def opened(b: Builder, vars: frozenset[Var], *, of_call: bool = False) -> Space:
    around = b.spaces[-1].region if b.spaces else b.home
    roots = b.load(b.task_field("root_top"), "ptr")
    region = b.runtime("rt_region_open", (b.task, roots, site_of(b, CALL if of_call else LOOP)), "ptr")
    bumps = (b.fn.variable("pairs", "i64"), b.fn.variable("objects", "i64"))
    space = Space(region, b.dest, around, bumps, vars, of_call)
    b.spaces.append(space)
    b.dest = region
    mark(b, space)
    return space


def mark(b: Builder, space: Space) -> None:
    """The instruction just emitted belongs to the space."""
    assert b.block is not None
    space.marks.append((b.block, b.block.ins[-1]))


def note_made(b: Builder, *, by_callee: bool = True) -> None:
    """Something was made in the current place, or perhaps by a callee in the youngest region."""
    if b.unlikely:
        return
    for space in b.spaces:
        if space.region is b.dest or (by_callee and space is b.spaces[-1]):
            space.used = True


def drop_unused(space: Space) -> None:
    """Nothing is made in the space, so there is none: the few values of its unlikely ways go to the region around it."""
    if space.used:
        return
    for block, ins in space.marks:
        at = next(i for i, other in enumerate(block.ins) if other is ins)
        if ins.op == "cbr":
            block.ins[at] = Ins("br", targets=ins.targets[1:], span=ins.span)
        elif ins.dest is None:
            del block.ins[at]
        elif ins.dest.type == "ptr":
            block.ins[at] = Ins("offset", (space.around, i64(0)), ins.dest, span=ins.span)
        else:
            value = ins.args[1]
            block.ins[at] = Ins("select", (Imm("i1", 1), value, value), ins.dest, span=ins.span)


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
    block = b.block
    assert block is not None
    b.cbr(used, clean, go)
    space.marks.append((block, block.ins[-1]))
    b.at(clean)
    b.runtime("rt_region_reset", (b.task,), safepoint=True)
    note_bumps(b, space)
    b.br(go)
    b.at(go)


def close_space(b: Builder, value: Val, space: Space, place: Operand) -> Val:
    """End the innermost space with a value that survives in `place`."""
    survives = value.op.type == "ref" and bool(value.mask & ~SCALAR)
    kept = value.op if survives else word(words.NOTHING)
    result = b.runtime("rt_region_exit", (b.task, kept, place), "ref", safepoint=True)
    mark(b, space)
    return Val(result, value.mask) if survives else value


def leave_spaces(b: Builder, depth: int, kept: list[int] | None) -> None:
    """Before a jump or tail call out of loops: end the spaces above `depth`. `kept`: the kind sets of the variables that live on, None
    for unknown ones. Scalars need nothing of the spaces."""
    for space in reversed(b.spaces[depth:]):
        if kept is not None and all(map(is_scalar, kept)):
            close_space(b, NOTHING, space, b.spaces[depth].outer)
        else:
            b.runtime("rt_region_splice", (b.task,))
            mark(b, space)


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
    if type(node) in LEAVES:
        return []
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
