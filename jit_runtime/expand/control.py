"""Branches, sequences and loops (language.md S5), assertions (S18.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.expand.bindings import Group, bind_target
from jit_runtime.expand.builtin_calls import builtin
from jit_runtime.expand.core import Const, Core, If, Let, Local, Seq, Var, While
from jit_runtime.expand.functions import strip
from jit_runtime.expand.mistakes import malformed
from jit_runtime.expand.scope import Scope
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander


def expand_if(x: Expander, form: f.List, scope: Scope | None) -> Core:
    items = form.items
    if not 3 <= len(items) <= 4:
        raise malformed("if", form.span, f"2 or 3 operands are needed, got {len(items) - 1}", "(if test then else)")
    otherwise = x.expand(items[3], scope) if len(items) == 4 else Const(None, form.span)
    return If(x.expand(items[1], scope), x.expand(items[2], scope), otherwise, form.span)


def expand_when(x: Expander, form: f.List, scope: Scope | None) -> Core:
    _require(form, 3, "when", "(when test body ...)")
    return If(x.expand(form.items[1], scope), x.body(form.items[2:], scope, form.span), Const(None, form.span), form.span)


def expand_unless(x: Expander, form: f.List, scope: Scope | None) -> Core:
    _require(form, 3, "unless", "(unless test body ...)")
    return If(x.expand(form.items[1], scope), Const(None, form.span), x.body(form.items[2:], scope, form.span), form.span)


def expand_do(x: Expander, form: f.List, scope: Scope | None) -> Core:
    return x.body(form.items[1:], scope, form.span)


def expand_while(x: Expander, form: f.List, scope: Scope | None) -> Core:
    _require(form, 2, "while", "(while test body ...)")
    return While(x.expand(form.items[1], scope), x.body(form.items[2:], scope, form.span), form.span)


def _require(form: f.List, count: int, name: str, shape: str) -> None:
    if len(form.items) < count:
        raise malformed(name, form.span, "operands are missing", shape)


def expand_cond(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(cond [test body ...] ... [else body ...])`; a clause with a test only yields the test's value."""
    result: Core = Const(None, form.span)
    clauses = form.items[1:]
    for at in range(len(clauses) - 1, -1, -1):
        clause = clauses[at]
        if type(clause) not in (f.Array, f.List) or not clause.items:  # type: ignore[union-attr]
            raise malformed("cond", clause.span, "this is not a clause", "(cond [test body ...] ... [else body ...])")
        test, body = clause.items[0], clause.items[1:]  # type: ignore[union-attr]
        if type(test) is f.Symbol and test.name == "else":
            if at != len(clauses) - 1:
                raise malformed("cond", clause.span, "clauses after `else` are never reached", "`else` as the last clause")
            result = x.body(body, scope, clause.span)
        elif body:
            result = If(x.expand(test, scope), x.body(body, scope, clause.span), result, clause.span)
        else:
            result = _either(x.expand(test, scope), result, clause.span)
    return result


def _either(value: Core, otherwise: Core, span: Span) -> Core:
    var = Var("value", span)
    return Let([(var, value)], If(Local(var, span), Local(var, span), otherwise, span), span)


def expand_and(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """The first falsy value, or the last one."""
    if len(form.items) == 1:
        return Const(True, form.span)
    result = x.expand(form.items[-1], scope)
    for item in reversed(form.items[1:-1]):
        var = Var("value", item.span)
        result = Let([(var, x.expand(item, scope))], If(Local(var, item.span), result, Local(var, item.span), item.span), item.span)
    return result


def expand_or(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """The first truthy value, or the last one."""
    if len(form.items) == 1:
        return Const(False, form.span)
    result = x.expand(form.items[-1], scope)
    for item in reversed(form.items[1:-1]):
        result = _either(x.expand(item, scope), result, item.span)
    return result


# ---- for, foreach ----

FOR = "(for [name sequence ... :when test] body ...)"


def expand_for(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """Collects the body's values in an array."""
    result = Var("result", form.span)
    loop = _loops(x, form, scope, lambda body: builtin("array-push!", form.span, Local(result, form.span), body))
    return Let([(result, builtin("array", form.span))], Seq([loop, Local(result, form.span)], form.span), form.span)


def expand_foreach(x: Expander, form: f.List, scope: Scope | None) -> Core:
    return _loops(x, form, scope, lambda body: body)


def _loops(x: Expander, form: f.List, scope: Scope | None, use: Callable[[Core], Core]) -> Core:
    """Nested loops over iterators, innermost the guard and the body."""
    items, at = form.items, 1
    parts: list[f.Form] = []
    while at < len(items) - 1 and type(items[at]) is f.Array:
        parts.extend(items[at].items)  # type: ignore[union-attr]
        at += 1
    if not parts or at == len(items):
        raise malformed(items[0].name, form.span, "bindings and a body are needed", FOR)  # type: ignore[union-attr]
    return _loop(x, form, parts, items[at:], scope, use)


def _loop(x: Expander, form: f.List, parts: list[f.Form], body: list[f.Form], scope: Scope | None, use: Callable[[Core], Core]) -> Core:
    if not parts:
        return use(x.body(body, scope, form.span))
    target = strip(parts[0])
    if len(parts) < 2:
        raise malformed(form.items[0].name, target.span, f"`{target.span.text}` has no sequence", FOR)  # type: ignore[union-attr]
    if type(target) is f.Symbol and target.name == ":when":
        inner = _loop(x, form, parts[2:], body, scope, use)
        return If(x.expand(parts[1], scope), inner, Const(None, form.span), form.span)
    iterator, inside = Var("iterator", target.span), Scope(scope)
    bindings: list[tuple[Var, Core]] = []
    source = builtin("iter", parts[1].span, x.expand(parts[1], scope))
    current = builtin("next", target.span, Local(iterator, target.span))
    bind_target(x, Group(target, None, target), current, inside, set(), bindings)
    turn = Let(bindings, _loop(x, form, parts[2:], body, inside, use), form.span)
    test = builtin("has-next", target.span, Local(iterator, target.span))
    return Let([(iterator, source)], While(test, turn, form.span), form.span)


# ---- assertions ----


def expand_assert(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(assert test message?)`."""
    items = form.items
    if not 2 <= len(items) <= 3:
        raise malformed("assert", form.span, "a test and at most one message are needed", "(assert test message?)")
    said: Core = Const(f"assert failed: {items[1].span.text}", form.span)
    if len(items) == 3:
        said = builtin("str", form.span, Const("assert failed: ", form.span), x.expand(items[2], scope))
    return If(x.expand(items[1], scope), Const(None, form.span), builtin("error", form.span, said), form.span)


def expand_assert_eq(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(assert-eq actual expected)`."""
    if len(form.items) != 3:
        raise malformed("assert-eq", form.span, "two values are needed", "(assert-eq actual expected)")
    actual, expected = Var("actual", form.items[1].span), Var("expected", form.items[2].span)
    left, right = Local(actual, actual.span), Local(expected, expected.span)
    said = builtin(
        "str",
        form.span,
        Const(f"assert-eq failed: {form.items[1].span.text} is ", form.span),
        builtin("written", form.span, left),
        Const(", expected ", form.span),
        builtin("written", form.span, right),
    )
    test = If(builtin("=", form.span, left, right), Const(None, form.span), builtin("error", form.span, said), form.span)
    values = [(actual, x.expand(form.items[1], scope)), (expected, x.expand(form.items[2], scope))]
    return Let(values, test, form.span)
