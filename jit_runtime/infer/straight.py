"""Straight lines, what `let` and `do` write one behind the other: what only a few steps use is made in a region that ends behind the last use.

    (let [big (build n)] [sum (total big)] (work sum))      big's region ends before `work` begins

Such an *extent* is a run of steps of the line. What the variables bound in it hold behind it names nothing that was made in it: those whose values
may are not mentioned there. What was stored elsewhere meanwhile is moved by the region's end, like with any region. One is opened where that can
matter: a step calls functions or loops that make objects, and so much comes behind the extent that it is worth while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.expand.core import Call, Core, Global, Lambda, Let, Letrec, Local, Seq, SetLocal, Var, While
from jit_runtime.infer.arithmetic import number
from jit_runtime.infer.closures import closure, needs_closure
from jit_runtime.infer.code import NOTHING
from jit_runtime.infer.homes import flow_of_body, place_of_sink
from jit_runtime.infer.number_paths import as_word
from jit_runtime.infer.placement import Space, allocates, children, close_space, drop_unused, is_scalar, keeps_nothing, opened
from jit_runtime.infer.struct_fields import bound_fields, fields_of
from jit_runtime.infer.transfer import NUMBER
from jit_runtime.infer.variables import bind, may_stay_open
from jit_runtime.ir.nodes import Operand
from jit_runtime.types.builtins import Builtin

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


class Step(NamedTuple):
    """A value, and the variable that is bound to it, if any."""

    value: Core
    var: Var | None


class Extent(NamedTuple):
    """`last`: the value of its last step. `kept`: that is a number, which may be boxed, so it is the region's result."""

    last: Core
    kept: bool


def line_of(node: Core) -> tuple[list[Step], Core, list[Core]]:
    """The steps of a straight line, what comes last, and the nodes that go on with the line."""
    steps: list[Step] = []
    nodes: list[Core] = []
    while True:
        nodes.append(node)
        match node:
            case Let():
                steps += [Step(value, var) for var, value in node.bindings]
                node = node.body
            case Seq():
                steps += [Step(item, None) for item in node.items[:-1]]
                node = node.items[-1]
            case _:
                return steps, node, nodes[1:-1]


def begin_line(b: Builder, node: Core) -> int:
    """Before a `let` or `do`: find the extents of the line that begins there. Returns how many spaces are open."""
    if id(node) not in b.lines and not is_copy(b):
        steps, last, nodes = line_of(node)
        b.lines.update(map(id, nodes))
        for step in steps:
            b.extents.pop(id(step.value), None)
            b.covered.discard(id(step.value))
        at = 0
        while at < len(steps):
            end, kept = extent(b, steps, last, at)
            if end is not None:
                b.extents[id(steps[at].value)] = Extent(steps[end].value, kept)
                b.covered.update(id(step.value) for step in steps[at : end + 1])
                at = end
            at += 1
    return len(b.spaces)


def is_copy(b: Builder) -> bool:
    """Copies that are inlined into their own caller open no regions."""
    return b.mf is b.shape.root and not b.inlined and b.fn is not b.unit.form_function and b.fn.name != b.unit.name


def end_line(b: Builder, depth: int) -> None:
    """Behind it. Where control did not come to an extent's end, that is forgotten here."""
    while len(b.spaces) > depth:
        forget(b)


def begin_step(b: Builder, value: Core) -> None:
    found = b.extents.get(id(value))
    if found is not None and b.block is not None:
        outer, b.span = b.span, value.span
        opened(b, frozenset()).extent = found
        b.span = outer


def end_step(b: Builder, value: Core) -> None:
    """Behind a step: an extent that ends there holds nothing that is wanted."""
    if b.block is not None and ending(b, value) is not None:
        close_space(b, NOTHING, b.spaces[-1], b.spaces[-1].outer)
        forget(b)


def ending(b: Builder, value: Core) -> Extent | None:
    """The innermost extent, if this is the value of its last step."""
    found = b.spaces[-1].extent if b.spaces else None
    return found if found is not None and found.last is value else None


def forget(b: Builder) -> None:
    space: Space = b.spaces.pop()
    drop_unused(space)
    b.dest = space.outer


# ---- steps ----


def bindings(b: Builder, node: Let, place: Operand) -> None:
    """Bind the variables; each value is born where it ends up. `place`: where the value of the body goes."""
    outer = b.dest
    flow = flow_of_body(b, node)
    for var, value in node.bindings:
        begin_step(b, value)
        b.dest = place_of_sink(b, flow.get(var), value, place)
        ended = bound(b, var, value)
        if b.block is None:
            break
        if not ended:
            end_step(b, value)
    b.dest = outer


def bound(b: Builder, var: Var, value: Core) -> bool:
    """Give a variable its value; True where that was the result of an extent. Where control does not come back the block is None."""
    if var in b.shape.known and isinstance(value, Lambda):
        if needs_closure(b.shape, var):
            b.storage[var] = closure(b, b.shape.known[var])
        return False
    replaced = bound_fields(b, var, value)
    if replaced is not None:
        fields = fields_of(b, value, *replaced)
        if fields is not None:
            b.storage[var] = fields
        return False
    made = number(b, value)
    if b.block is None:
        return False
    found = ending(b, value)
    if found is not None and found.kept:
        space = b.spaces[-1]
        made = close_space(b, as_word(b, made), space, space.outer)
        forget(b)
    bind(b, var, made if may_stay_open(b, var) else as_word(b, made))
    return found is not None and found.kept


def items(b: Builder, node: Seq) -> None:
    """All but the last."""
    for item in node.items[:-1]:
        begin_step(b, item)
        b.effect(item)
        if b.block is None:
            return
        end_step(b, item)


# ---- where extents are ----


def extent(b: Builder, steps: list[Step], last: Core, start: int) -> tuple[int | None, bool]:
    """The last step of the extent that begins with a step, if there is one, and whether its value is kept."""
    if steps[start].var is None or not is_heavy(b, steps[start].value):
        return None, False
    holders: set[Var] = set()
    kept: Var | None = None
    end = at = start
    while at <= end:
        value, var = steps[at]
        if not keeps_nothing(b, value):
            return None, False
        if var is not None and holds(b, var):
            if at == end and is_number(b, var):
                kept = var
            else:
                holders.add(var)
                end = max([end, *(i for i in range(at + 1, len(steps)) if mentions(steps[i].value, {var}))])
        at += 1
    behind = [*(step.value for step in steps[end + 1 :]), last]
    found = not mentions(last, holders) and any(is_long(b, part) for part in behind)
    return end if found else None, kept is not None


def is_heavy(b: Builder, value: Core) -> bool:
    """Does it make objects, and call functions for that or loop?"""
    return allocates(b, value) and not is_small(b, value)


def holds(b: Builder, var: Var) -> bool:
    """May its value name an object, its box or what a local function uses included?"""
    known = var in b.shape.known or var in b.shape.lambda_of or var in b.shape.boxed
    return known or not is_scalar(b.facts.vars.get(var, 0))


def is_number(b: Builder, var: Var) -> bool:
    """A number of unknown kind, which may be boxed."""
    mask = b.facts.vars.get(var, 0)
    return mask != 0 and not mask & ~NUMBER and not var.assigned


def mentions(node: Core, variables: set[Var]) -> bool:
    work = [node]
    while work:
        at = work.pop()
        if isinstance(at, (Local, SetLocal)) and at.var in variables:
            return True
        work.extend(children(at))
    return False


def is_long(b: Builder, node: Core) -> bool:
    """May it run for long? The next turn of a loop with a space of its own finds that empty."""
    match node:
        case Call(fn=Local(var=var)) if b.spaces and b.spaces[-1].loops(var):
            return any(not is_small(b, arg) for arg in node.args)
    return not is_small(b, node)


def is_small(b: Builder, node: Core) -> bool:
    """Does it run once through, and call nothing but builtins?"""
    work = [node]
    while work:
        at = work.pop()
        if isinstance(at, (While, Letrec, Lambda)):
            return False
        if isinstance(at, Call) and not calls_builtin(b, at):
            return False
        work.extend(children(at))
    return True


def calls_builtin(b: Builder, node: Call) -> bool:
    found = b.unit.world.lookup(node.fn.name) if isinstance(node.fn, Global) else None
    return isinstance(found, Builtin) and found.name != "apply"
