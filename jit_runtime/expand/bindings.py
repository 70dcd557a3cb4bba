"""`let` in all its styles, and `set!` (language.md S4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.bodies import Step, arrange, checked
from jit_runtime.expand.core import Call, Core, Lambda, Let, Letrec, Local, Param, SetGlobal, SetLocal, Var
from jit_runtime.expand.destructuring import destructure
from jit_runtime.expand.functions import declare, strip
from jit_runtime.expand.kinds import annotation
from jit_runtime.expand.mistakes import malformed
from jit_runtime.expand.paths import set_path
from jit_runtime.expand.scope import Scope, lookup
from jit_runtime.source.diagnostics import fail
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander

SHAPE = "(let [name value] ... body ...)"


class Group:
    """One `pattern {Kind}? value`."""

    __slots__ = ("kind", "target", "value")

    def __init__(self, target: f.Form, kind: f.Form | None, value: f.Form) -> None:
        self.target, self.kind, self.value = target, kind, value


def expand_let(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(let ^:seq? NAME? BIND+ BODY+)`."""
    return _let(x, form, scope, None)


def expand_let_seq(x: Expander, form: f.List, scope: Scope | None) -> Core:
    return _let(x, form, scope, "seq")


def expand_let_rec(x: Expander, form: f.List, scope: Scope | None) -> Core:
    return _let(x, form, scope, "rec")


def _let(x: Expander, form: f.List, scope: Scope | None, mode: str | None) -> Core:
    items, at, name = form.items, 1, None
    if len(items) > 1 and type(items[1]) is f.Meta:
        mode, items = _mode(items, mode)
    if len(items) > 1 and type(items[1]) is f.Symbol:
        name, at = items[1], 2
    groups, body = _split(form, items, at)
    if name is not None:
        return _named(x, form, scope, name, groups, body, mode)
    if mode == "rec":
        return _recursive(x, form, scope, groups, body)
    return _plain(x, form, scope, groups, body, sequential=mode == "seq")


def _mode(items: list[f.Form], mode: str | None) -> tuple[str | None, list[f.Form]]:
    form = items[1]
    while type(form) is f.Meta and form.form is not None:
        if form.key in ("seq", "rec"):
            mode = form.key
        form = form.form
    return mode, [items[0], form, *items[2:]]


def _split(form: f.List, items: list[f.Form], at: int) -> tuple[list[Group], list[f.Form]]:
    """The binding groups and the body; the last form is always body."""
    last = len(items) - 1
    if last < at:
        raise malformed("let", form.span, "bindings and a body are needed", SHAPE)
    if at == last:
        raise malformed("let", form.span, "bindings or the body are missing", SHAPE)
    groups: list[Group] = []
    first = items[at]
    if type(first) is f.List:
        for slot in first.items:
            if type(slot) not in (f.List, f.Array) or len(slot.items) < 2:  # type: ignore[union-attr]
                raise malformed("let", slot.span, "this is not a binding", "((name value) ...) or [name value] ...")
            _read_slot(slot, groups)
        return groups, items[at + 1 :]
    if type(first) is not f.Array:
        raise malformed("let", first.span, "the bindings are missing", SHAPE)
    while at < last and type(items[at]) is f.Array:
        _read_slot(items[at], groups)
        at += 1
    return groups, items[at:]


def _read_slot(slot: f.Form, groups: list[Group]) -> None:
    items = slot.items  # type: ignore[union-attr]  # an Array or a List: the caller looked
    at = 0
    while at < len(items):
        target, kind = strip(items[at]), None
        if at + 2 < len(items) and type(strip(items[at + 1])) is f.Kind:
            kind = strip(items[at + 1])
            at += 1
        if at + 1 >= len(items):
            raise malformed("let", slot.span, f"`{target.span.text}` has no value", "[name value], [name {Kind} value] or [name value name value]")
        groups.append(Group(target, kind, items[at + 1]))
        at += 2


def _plain(x: Expander, form: f.List, scope: Scope | None, groups: list[Group], body: list[f.Form], sequential: bool) -> Core:
    """Parallel: values expand in the outer scope. Sequential: in the inner one, which grows as they do."""
    inner, seen = Scope(scope), set[str]()
    bindings: list[tuple[Var, Core]] = []
    for group in groups:
        value = _value(x, group, inner if sequential else scope)
        if sequential:
            seen = set()
        bind_target(x, group, value, inner, seen, bindings)
    result = x.body(body, inner, form.span)
    return Let(bindings, result, form.span) if bindings else result


def _value(x: Expander, group: Group, scope: Scope | None) -> Core:
    value = checked(x.expand(group.value, scope), annotation(x, group.kind), f"`{group.target.span.text}`", group.value.span)
    if type(value) is Lambda and value.name is None and type(group.target) is f.Symbol:
        value.name = group.target.name
    return value


def bind_target(x: Expander, group: Group, value: Core, inner: Scope, seen: set[str], bindings: list[tuple[Var, Core]]) -> None:
    """Append what binds a name or a pattern to a value."""
    if type(group.target) is f.Symbol:
        var = declare(group.target, inner, seen, "`let`")
        var.kind = annotation(x, group.kind)
        bindings.append((var, value))
        return
    if type(group.target) not in (f.Array, f.List):
        declare(group.target, inner, seen, "`let`")  # raises: it is no name
    subject = Var("value", group.target.span)
    bindings.append((subject, value))
    destructure(x, group.target, Local(subject, group.target.span), inner, seen, bindings)


def _recursive(x: Expander, form: f.List, scope: Scope | None, groups: list[Group], body: list[f.Form]) -> Core:
    inner, seen = Scope(scope), set[str]()
    variables = [declare(group.target, inner, seen, "`let`") for group in groups]
    steps: list[Step] = []
    for var, group in zip(variables, groups):  # one each
        var.kind = annotation(x, group.kind)
        mark = len(x.references)
        value = _value(x, group, inner)
        steps.append(Step(var, value, x.references[mark:]))
    mark = len(x.references)
    result = x.body(body, inner, form.span)
    steps.append(Step(None, result, x.references[mark:]))
    return arrange(steps, form.span)


def _named(x: Expander, form: f.List, scope: Scope | None, name: f.Symbol, groups: list[Group], body: list[f.Form], mode: str | None) -> Core:
    """A function of the bindings, known in the body only, called with the initial values."""
    if mode == "seq":
        return _named_sequential(x, form, scope, name, groups, body)
    outer = Scope(scope)
    loop = declare(name, outer, set(), "`let`")
    values = [_value(x, group, scope) for group in groups]
    function, refers = _loop_function(x, form, name, groups, body, outer)
    return _call_loop(x, loop, function, refers, values, form)


def _loop_function(x: Expander, form: f.List, name: f.Symbol, groups: list[Group], body: list[f.Form], outer: Scope) -> tuple[Lambda, list[Var]]:
    inner, seen = Scope(outer), set[str]()
    params: list[Param] = []
    bindings: list[tuple[Var, Core]] = []
    for group in groups:
        if type(group.target) is f.Symbol:
            var = declare(group.target, inner, seen, "`let`")
        else:
            var = Var("value", group.target.span)
        var.kind = annotation(x, group.kind)
        params.append(Param(var, var.kind))
    for param, group in zip(params, groups):  # one each
        if type(group.target) is not f.Symbol:
            destructure(x, group.target, Local(param.var, group.target.span), inner, seen, bindings)
    mark = len(x.references)
    core = x.body(body, inner, form.span)
    if bindings:
        core = Let(bindings, core, form.span)
    return Lambda(name.name, params, None, None, core, form.span), x.references[mark:]


def _call_loop(x: Expander, loop: Var, function: Lambda, refers: list[Var], values: list[Core], form: f.List) -> Core:
    call = Call(Local(loop, form.items[1].span), values, form.span)
    if not loop.assigned:
        return Letrec([(loop, function)], call, form.span)
    return arrange([Step(loop, function, refers), Step(None, call, [loop])], form.span)


def _named_sequential(x: Expander, form: f.List, scope: Scope | None, name: f.Symbol, groups: list[Group], body: list[f.Form]) -> Core:
    before = Scope(scope)
    bindings: list[tuple[Var, Core]] = []
    values: list[Core] = []
    for group in groups:
        var = Var("value", group.target.span)
        bindings.append((var, _value(x, group, before)))
        if type(group.target) is f.Symbol:
            before.names[group.target.name] = var
        else:
            destructure(x, group.target, Local(var, group.target.span), before, set(), bindings)
        values.append(Local(var, group.target.span))
    outer = Scope(scope)
    loop = declare(name, outer, set(), "`let`")
    function, refers = _loop_function(x, form, name, groups, body, outer)
    return Let(bindings, _call_loop(x, loop, function, refers, values, form), form.span)


def expand_set(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(set! name value)`, `(set! path value)`: the value is the new value."""
    if len(form.items) != 3:
        raise malformed("set!", form.span, "a variable and a value are needed", "(set! name value) or (set! path value)")
    target = form.items[1]
    if type(target) is f.Path and target.root is not None:
        return set_path(x, target, form.items[2], form.span, scope)
    if type(target) is not f.Symbol or target.name in ("_", "..", "...", "&", "|>", ":when"):
        raise fail("X004", target.span, f"`{target.span.text}` cannot be assigned", "expected (set! name value) or (set! path value)")
    value = x.expand(form.items[2], scope)
    var = lookup(target.name, scope)
    if var is None:
        return SetGlobal(target.name, value, form.span)
    var.assigned = True
    x.references.append(var)
    var.part = False
    return SetLocal(var, checked(value, var.kind, f"`{target.name}`", form.span), form.span)
