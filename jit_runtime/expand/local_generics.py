"""Local generic functions (language.md S12.5): one function that tests its arguments and calls the method that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.builtin_calls import builtin
from jit_runtime.expand.core import Call, Const, Core, If, KindRef, Lambda, Let, Local, Param, Sym, Var
from jit_runtime.source.text import Span
from jit_runtime.types.kinds import KINDS
from jit_runtime.types.specificity import ordered

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander

Methods = list[tuple[Var, Lambda]]


def chooses(x: Expander, name: str, methods: Methods, span: Span) -> Lambda:
    """The function behind the name. Methods of one fixed count are told apart by kinds; others are, first, by count."""
    counts = {len(lam.params) for _, lam in methods}
    if len(counts) == 1 and all(lam.rest is None and lam.required == len(lam.params) for _, lam in methods):
        variables = [Var(param.var.name, span) for param in methods[0][1].params]
        body = _by_kinds(x, name, methods, variables, span)
        return Lambda(name, [Param(var) for var in variables], None, None, body, span)
    rest = Var("arguments", span)
    return Lambda(name, [], rest, None, _by_count(x, name, methods, rest, span), span)


def _by_count(x: Expander, name: str, methods: Methods, rest: Var, span: Span) -> Core:
    count = Var("count", span)
    result: Core = builtin("no-method", span, Const(Sym(name), span), Local(rest, span))
    for var, lam in methods:
        if lam.rest is not None:  # takes what no fixed count does
            enough = builtin(">=", span, Local(count, span), Const(lam.required, span))
            result = If(enough, builtin("apply", span, Local(var, span), Local(rest, span)), result, span)
    for wanted in sorted({n for _, lam in methods for n in range(lam.required, len(lam.params) + 1)}, reverse=True):
        parts = [Var("argument", span) for _ in range(wanted)]
        bindings: list[tuple[Var, Core]] = [(part, builtin("nth", span, Local(rest, span), Const(i, span))) for i, part in enumerate(parts)]
        chosen = _by_kinds(x, name, methods, parts, span)
        here = Let(bindings, chosen, span) if bindings else chosen
        result = If(builtin("=", span, Local(count, span), Const(wanted, span)), here, result, span)
    return Let([(count, builtin("length", span, Local(rest, span)))], result, span)


def _by_kinds(x: Expander, name: str, methods: Methods, variables: list[Var], span: Span) -> Core:
    def arguments() -> list[Core]:
        return [Local(var, span) for var in variables]  # a node stands in one place only: facts are kept by node

    result: Core = builtin("no-method", span, Const(Sym(name), span), builtin("list", span, *arguments()))
    for choice in reversed(ordered([lam.signature for _, lam in methods], len(variables))):
        if choice.index is None:
            here = builtin("ambiguous", span, Const(Sym(name), span), builtin("list", span, *arguments()))
        else:
            here = Call(Local(methods[choice.index][0], span), arguments(), span)
        tests: list[Core] = []
        for var, kinds in zip(variables, choice.kinds, strict=True):
            tests += [builtin("instance?", span, Local(var, span), Const(KindRef(kind), span)) for kind in kinds if kind is not KINDS["Any"]]
        for shared in choice.same:
            pair = [] if shared.plain else [Const(KindRef(x.env.universe.function_kind(shared.kinds, KINDS["Any"])), span)]
            tests.append(builtin("same-kind?" if shared.plain else "agree?", span, *pair, *(Local(variables[i], span) for i in shared[:2])))
        result = _guarded(tests, here, result, span)
    return result


def _guarded(tests: list[Core], here: Core, otherwise: Core, span: Span) -> Core:
    if not tests:
        return here
    condition = tests[-1]
    for test in reversed(tests[:-1]):
        condition = If(test, condition, Const(False, span), span)
    return If(condition, here, otherwise, span)
