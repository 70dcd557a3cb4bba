"""Bodies: local definitions become Let and Letrec.

Definitions run in order, each name visible in the whole body (letrec*). A function definition is pure, so it waits
until something that runs refers to one that waits: then all that wait are bound together in one Letrec. A name that
is reachable before its definition has run is bound first, to Uninitialized, and checked at each use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Check, Const, Core, Lambda, Let, Letrec, Seq, SetLocal, Uninitialized, Var
from jit_runtime.expand.scope import Scope, lookup
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander


class Step:
    """One thing a body does, in order: run `core` and, with `var`, bind it. `refers` are the variables it mentions."""

    __slots__ = ("core", "refers", "var")

    def __init__(self, var: Var | None, core: Core, refers: list[Var]) -> None:
        self.var = var
        self.core = core
        self.refers = refers


def expand_body(x: Expander, forms: list[f.Form], scope: Scope | None, span: Span) -> Core:
    """The value of the last form; nothing when there is none or when it is a definition."""
    if len(forms) == 1 and not _defines(forms[0]):
        return x.expand(forms[0], scope)
    if any(map(_defines, forms)) and lookup("define", scope) is None:
        from jit_runtime.expand.definitions import body_steps  # definitions contain bodies and bodies definitions

        return arrange(body_steps(x, forms, Scope(scope)), span)
    return sequence([x.expand(form, scope) for form in forms], span)


def _defines(form: f.Form) -> bool:
    while type(form) is f.Meta and form.form is not None:
        form = form.form
    return type(form) is f.List and bool(form.items) and type(form.items[0]) is f.Symbol and form.items[0].name == "define"


def sequence(items: list[Core], span: Span) -> Core:
    """All of them in order: the shortest core that does it."""
    if not items:
        return Const(None, span)
    return items[0] if len(items) == 1 else Seq(items, span)


def arrange(steps: list[Step], span: Span) -> Core:
    """Nest the steps; the value is that of the last one, which must be an expression."""
    names = {step.var for step in steps if step.var is not None}
    order, early = _schedule(steps, names)
    core: Core | None = None
    for entry in reversed(order):
        core = _wrap(entry, core, early, span)
    assert core is not None  # the last step is an expression
    if early:
        hidden: list[tuple[Var, Core]] = [(var, Const(Uninitialized(), var.span)) for var in early]
        core = Let(hidden, core, span)
    return core


def _schedule(steps: list[Step], names: set[Var]) -> tuple[list[list[Step]], dict[Var, None]]:
    """Group the steps: functions that become one Letrec, or neighbours of the other sort. Also: the variables used too early."""
    order: list[list[Step]] = []
    early: dict[Var, None] = {}
    waiting: list[Step] = []
    pending: set[Var] = set()
    bound: set[Var] = set()

    def emit(group: list[Step], own: set[Var]) -> None:
        for step in group:
            for var in step.refers:
                if var in names and var not in bound and var not in own:
                    early[var] = None
        order.append(group)
        bound.update(step.var for step in group if step.var is not None)

    for step in steps:
        if type(step.core) is Lambda and step.var is not None and not step.var.assigned:
            waiting.append(step)
            pending.add(step.var)
            if step.var in early:  # what already runs may call it: it cannot wait
                emit(waiting, pending)
                waiting, pending = [], set()
            continue
        if not pending.isdisjoint(step.refers):
            emit(waiting, pending)
            waiting, pending = [], set()
        emit([step], set())
    return order, early


def _wrap(group: list[Step], rest: Core | None, early: dict[Var, None], span: Span) -> Core:
    """The group's steps in front of `rest`."""
    if type(group[0].core) is Lambda and group[0].var is not None and not group[0].var.assigned:
        return _functions(group, rest, early, span)
    step = group[0]
    if step.var is None:
        return step.core if rest is None else _then(step.core, rest, span)
    if step.var in early:
        return _then(_initialise(step), rest, span)
    if type(rest) is Let and rest.span is span:
        rest.bindings.insert(0, (step.var, step.core))
        return rest
    return Let([(step.var, step.core)], rest or Const(None, span), span)


def _functions(group: list[Step], rest: Core | None, early: dict[Var, None], span: Span) -> Core:
    late = [_initialise(step) for step in group if step.var in early]
    body = rest or Const(None, span)
    for assignment in reversed(late):
        body = _then(assignment, body, span)
    bindings = [(step.var, step.core) for step in group if step.var not in early]
    return Letrec(bindings, body, span) if bindings else body  # type: ignore[arg-type]  # the group is named Lambdas


def _initialise(step: Step) -> Core:
    var = step.var
    assert var is not None
    var.assigned = var.checked = True
    return SetLocal(var, step.core, var.span)


def _then(first: Core, rest: Core | None, span: Span) -> Core:
    """`first`, then `rest`; flat, so that a body of many definitions does not nest."""
    if rest is None:
        return first
    if type(rest) is Let and rest.span is span:
        rest.bindings.insert(0, (Var("_", first.span), first))
        return rest
    if type(rest) is Seq and rest.span is span:
        rest.items.insert(0, first)
        return rest
    return Seq([first, rest], span)


def checked(core: Core, kind: object, what: str, span: Span) -> Core:
    """The value with its declared kind checked, if it has one."""
    return core if kind is None else Check(core, kind, what, span)  # type: ignore[arg-type]
