"""What the type variables of a `^:where` are in their function: names of kinds in its body, and what its result is checked against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from jit_runtime.expand.builtin_calls import builtin
from jit_runtime.expand.core import Const, Core, If, KindRef, Lambda, Let, Local, Param, Var
from jit_runtime.expand.kinds import bind_variables
from jit_runtime.expand.scope import Scope
from jit_runtime.source.diagnostics import fail
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f
from jit_runtime.types.kinds import Kind, Variable
from jit_runtime.types.order import is_open, variables_in

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander


def with_variables(x: Expander, where: f.Form | None, scope: Scope | None, make: Callable[[Scope | None], Lambda], span: Span) -> Lambda:
    """The function that `make` makes in a scope, with the variables of a `^:where` bound to the kinds of its arguments."""
    variables = bind_variables(x, where)
    if not variables:
        return make(scope)
    inner, mark = Scope(scope), len(x.references)
    inner.names.update({variable.name: Var(variable.name, span) for variable in variables})
    function = make(inner)
    used = set(x.references[mark:])
    for param in function.params:
        if param.default is not None and used & set(_mentioned(param.default)):
            names = " ".join(variable.name for variable in variables)
            raise fail("X015", param.var.span, f"^:where: a default cannot name a type variable ({names})", "the kind of an argument: (type-of x)")
    x.references[mark:] = [var for var in x.references[mark:] if var not in inner.names.values()]
    if function.result is not None and is_open(function.result):
        function.body = _result_checked(x, function, function.result)
    bound: list[tuple[Var, Core]] = [
        (var, _stands_for(x, variable, function.params, span))
        for variable, var in zip(variables, inner.names.values(), strict=True) if var in used
    ]  # fmt: skip
    if bound:
        function.body = Let(bound, function.body, function.body.span)
    return function


def _mentioned(node: object) -> Iterator[Var]:
    """The variables that a piece of core names."""
    if type(node) is Local:
        yield node.var
    elif isinstance(node, (list, tuple)):
        for part in node:
            yield from _mentioned(part)
    elif type(node).__module__ == Local.__module__ and type(node) is not Var:
        for name in getattr(type(node), "__slots__", ()):
            yield from _mentioned(getattr(node, name))


def _stands_for(x: Expander, variable: Variable, params: list[Param], span: Span) -> Core:
    """The kind of an argument that is the variable's, or of a part of one; the bound if no argument names it."""
    param = _witness(variable, params)
    if param is None or param.kind is None:
        return Const(KindRef(variable.bound), span)
    value = Local(param.var, span)
    if param.kind is variable:
        return builtin("type-of", span, value)
    return builtin("bound-kind", span, _pair(x, [param.kind], variable, span), value)


def _witness(variable: Variable, params: list[Param]) -> Param | None:
    plain = next((param for param in params if param.kind is variable), None)
    return plain or next((param for param in params if param.kind is not None and variable in variables_in(param.kind)), None)


def _result_checked(x: Expander, function: Lambda, wanted: Kind) -> Core:
    """The body, whose value has to agree with the arguments about each variable of the result's kind."""
    span = function.body.span
    result = Var("result", span)
    checked: Core = Local(result, span)
    kept: list[tuple[Var, Core]] = []
    for variable in dict.fromkeys(variables_in(wanted)):
        param = _witness(variable, function.params)
        if param is None or param.kind is None or (type(function.body) is Local and function.body.var is param.var):
            continue
        first = Var(param.var.name, span)  # as it was when the function began
        kept.append((first, Local(param.var, span)))
        subject = Local(first, span)
        plain = wanted is variable and param.kind is variable
        pair = [] if plain else [_pair(x, [param.kind, wanted], wanted, span)]
        fits = builtin("same-kind?" if plain else "agree?", span, *pair, subject, Local(result, span))
        what = Const(f"the result of `{function.name or 'fn'}`", span)
        needed = builtin("bound-kind", span, _pair(x, [param.kind], wanted, span), subject)
        checked = If(fits, checked, builtin("wrong-kind", span, what, needed, Local(result, span)), span)
    return Let(kept, Let([(result, function.body)], checked, span), span) if kept else function.body


def _pair(x: Expander, kinds: list[Kind], result: Kind, span: Span) -> Core:
    return Const(KindRef(x.env.universe.function_kind(kinds, result)), span)
