"""Calls of small functions, inlined: the callee's body is built into the caller, behind a test that it is still its definition.

Everything can be redefined at run time, so an inlined call first compares the callee's version with the one that was inlined;
where they differ it calls through the slot like any other. Errors keep their places: instructions of an inlined body say
which call they came in by (`ir/nodes.py`, `Site`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Const, Core, Global, Lambda, Local
from jit_runtime.infer.code import NOTHING, Val, i64, rep_of
from jit_runtime.infer.continuations import Continuation, Join
from jit_runtime.infer.explain import note_call
from jit_runtime.infer.placement import children, is_scalar, makes
from jit_runtime.infer.specialisation import gains_by_heat
from jit_runtime.infer.struct_fields import read_before
from jit_runtime.infer.variables import bind
from jit_runtime.infer.virtual import Virtual
from jit_runtime.infer.world import Instance
from jit_runtime.ir.nodes import Site, Symbol
from jit_runtime.types.order import certain

if TYPE_CHECKING:
    from jit_runtime.infer.analysis import Analysis
    from jit_runtime.infer.build import Builder

MOST_NODES = 100  # of an inlined body
MOST_DEPTH = 3  # of inlined calls in inlined bodies
BUDGET = 300  # nodes inlined into one machine function
DYNAMIC = 4  # what a node of unknown kind counts: it is tests and calls of the runtime, and gains little by being inlined


def body_size(inst: Instance) -> int | None:
    """Nodes of the body if it can be inlined: no local functions other than loops, no calls of itself, nothing that catches errors."""
    facts = inst.analysis
    if facts is None:
        return None
    lam = analysed(facts)
    if inst.stale or inst.running or not inst.result or lam.rest is not None or inst.given != len(lam.params):
        return None
    shape = facts.shape
    if shape.functions or calls_itself(inst) or "noinline" in inst.method.flags or gains_by_heat(inst):
        return None
    size, work = 0, [lam.body]
    while work:
        at = work.pop()
        if not isinstance(at, (Const, Local, Global, Lambda)):
            size += 1 if is_known(facts.kinds.get(id(at), 0)) else DYNAMIC
        if size > MOST_NODES:
            return None
        work.extend(children(at))
    return size


def calls_itself(inst: Instance) -> bool:
    assert inst.analysis is not None
    return any(target.instance is inst for found in inst.analysis.dispatches.values() for target in found.targets)


def analysed(facts: Analysis) -> Lambda:
    """The code that an instance's facts are about."""
    lam = facts.shape.root.node
    assert isinstance(lam, Lambda)
    return lam


def is_known(mask: int) -> bool:
    """One concrete kind."""
    return mask >= 0 and mask & (mask - 1) == 0


def sure_instance(facts: Analysis, node: Call) -> Instance | None:
    """The one instance that a call certainly means."""
    found = facts.dispatches.get(id(node))
    if found is None or not found.targets:
        return None
    first = found.targets[0]
    return None if first.tests or first.same else first.instance


def inlines(b: Builder, inst: Instance) -> bool:
    """Is a call of this instance inlined here?"""
    from jit_runtime.infer.linker import OPTIMISED

    if b.unit.tier != OPTIMISED or inst is b.unit.instance or len(b.inlined) >= MOST_DEPTH or inst in b.inlined:
        return False
    size = body_size(inst)
    return size is not None and b.inlined_nodes + size <= BUDGET


def inline(b: Builder, inst: Instance, values: list[Val | Virtual], k: Continuation | None) -> Val:
    """The call, inlined, with the call through the slot as the way out.

    In an inlined body nothing is compared while no call has run since the comparison for it: a definition changes the versions of all that
    rely on what it defines, callers included.
    """
    from jit_runtime.infer.instance_calls import call_through_slot

    note_call(b, inst, "inlined")
    if b.current:
        return current(b, inst, values, k)
    name, version = b.unit.linker.version(inst)
    fast, slow = b.new("inlined"), b.new("changed")
    now = b.ins("load", (Symbol(name),), "i64", "monotonic")  # changes behind LLVM's back
    b.cbr(b.compare("eq", now, i64(version)), fast, slow, "likely")
    place = b.dest
    join = None if k is not None else Join(b.new("join"), b.fn.variable("result", rep_of(inst.result)), inst.result, place)
    b.at(slow)
    outer, b.unlikely = b.unlikely, True
    made = call_through_slot(b, inst, values, k)
    if b.block is not None:
        b.deliver(made, join or k)  # type: ignore[arg-type]
    b.unlikely = outer
    b.at(fast)
    b.dest, b.current = place, True
    body(b, inst, values, join or k)  # type: ignore[arg-type]
    b.dest, b.current = place, False
    if join is not None:
        return b.go_on(join)
    b.block = None
    return NOTHING


def current(b: Builder, inst: Instance, values: list[Val | Virtual], k: Continuation | None) -> Val:
    """The call, inlined where it is certain that the callee is the one that was inlined."""
    place = b.dest
    join = None if k is not None else Join(b.new("join"), b.fn.variable("result", rep_of(inst.result)), inst.result, place)
    body(b, inst, values, join or k)  # type: ignore[arg-type]
    b.dest = place
    if join is not None:
        return b.go_on(join)
    b.block = None
    return NOTHING


def deliver_body(b: Builder, lam: Lambda, k: Continuation) -> None:
    """The value of a function's body, checked where its kind is declared and not certain."""
    if lam.result is None or certain(b.kinds(lam.body), lam.result):
        b.tail(lam.body, k)
        return
    value = b.expr(lam.body)
    b.span = lam.body.span
    if b.block is not None:
        value = b.checked(value, lam.result, f"the result of `{lam.name or 'fn'}`")
    if b.block is not None:
        b.deliver(value, k)


def body(b: Builder, inst: Instance, values: list[Val | Virtual], k: Continuation) -> None:
    """Build the callee's body as part of the caller, delivering to `k`."""
    assert inst.analysis is not None
    lam, size = analysed(inst.analysis), body_size(inst)
    saved = b.facts, b.shape, b.mf, b.storage, b.loops, b.site
    b.inlined.append(inst)
    b.unit.inlined_facts.append(inst.analysis)
    b.inlined_nodes += size or 0
    site = Site(lam.name or "fn", lam.span, b.place(), len(b.fn.sites) + 1)
    b.fn.sites.append(site)
    b.facts, b.shape, b.mf, b.storage, b.loops, b.site = inst.analysis, inst.analysis.shape, inst.analysis.shape.root, {}, {}, site
    span = b.span
    b.dest = b.youngest
    b.current = b.current and not b.shape.root.loops  # what a turn calls comes before the next turn
    for index, (param, given, mask) in enumerate(zip(lam.params, values, inst.key, strict=True)):
        value = read_before(b, inst, index, given)
        if isinstance(value, Virtual):
            b.storage[param.var] = value
        else:
            bind(b, param.var, Val(b.to_rep(value, rep_of(mask)), mask, value.region))
    deliver_body(b, lam, k)
    b.facts, b.shape, b.mf, b.storage, b.loops, b.site = saved
    b.span = span
    b.inlined.pop()


def allocates_inlined(b: Builder, facts: Analysis, node: Call, depth: int = 0) -> bool:
    """Would the call, if it is inlined, leave objects that its own activation would have freed?"""
    inst = sure_instance(facts, node)
    if inst is None or depth >= MOST_DEPTH or body_size(inst) is None:
        return False
    assert inst.analysis is not None
    work: list[Core] = [analysed(inst.analysis).body]
    while work:
        at = work.pop()
        if isinstance(at, Call):
            if not is_scalar(inst.analysis.kinds.get(id(at), 0)) and makes(b, at):
                return True
            if allocates_inlined(b, inst.analysis, at, depth + 1):
                return True
        work.extend(children(at))
    return False
