"""Handlers and cleanup (language.md S18).

The last parameter of a clause may be the resumption. For `raise` and `error` (one argument) and `return` (one) the
expander knows; for other tags the number of arguments is known at run time only, so `params` keeps all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jit_runtime.expand.core import Clause, Core, Finally, Handle, Let, Var
from jit_runtime.expand.functions import declare, strip
from jit_runtime.expand.mistakes import malformed
from jit_runtime.expand.scope import Scope
from jit_runtime.source.diagnostics import fail
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander

SHAPE = "(handle body [tag [param ...] expression ...] ...)"
TRY = "(try body ... (finally cleanup ...))"


def expand_handle(x: Expander, form: f.List, scope: Scope | None) -> Core:
    if len(form.items) < 3:
        raise malformed("handle", form.span, "a body and clauses are needed", SHAPE)
    body = x.expand(form.items[1], scope)
    return Handle(body, [_clause(x, clause, scope) for clause in form.items[2:]], form.span)


def _clause(x: Expander, form: Any, scope: Scope | None) -> Clause:
    form = strip(form)
    if type(form) not in (f.Array, f.List) or len(form.items) < 2:
        raise malformed("handle", form.span, "this is not a clause", SHAPE)
    items = form.items
    tag = items[0].form if type(items[0]) is f.Quote else items[0]
    if type(tag) is not f.Symbol or type(items[1]) not in (f.Array, f.List):
        raise malformed("handle", form.span, "a clause begins with its tag and its parameters", SHAPE)
    inner, seen = Scope(scope), set[str]()
    resume = Var("resume", form.span)
    inner.names["resume"] = resume
    params = [declare(strip(param), inner, seen, "the clause") for param in items[1].items]
    body = _clause_body(x, tag, params, resume, items[2:], inner, form)
    used = resume in x.references
    return Clause(tag.name, params[: _arguments(tag.name, len(params))], resume if used else None, body, form.span)


def _arguments(tag: str, count: int) -> int:
    return 1 if tag in ("raise", "error", "return") else count


def _clause_body(x: Expander, tag: f.Symbol, params: list[Var], resume: Var, body: list[f.Form], inner: Scope, form: f.Form) -> Core:
    """The body; an extra parameter of an error clause is another name of the resumption."""
    most = {"raise": 2, "error": 2, "return": 1}.get(tag.name)
    if most is not None and not 1 <= len(params) <= most:
        expected = f"expected [{tag.name} [value] expression ...]"
        raise fail("X011", form.span, f"arity: a `{tag.name}` clause takes one parameter, got {len(params)}", expected)
    core = x.body(body, inner, form.span)
    if most == 2 and len(params) == 2 and params[1] in x.references:
        return Let([(params[1], x.local(resume, form.span))], core, form.span)
    return core


def expand_try(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(try body ... (finally cleanup ...))`; there is no catch."""
    last = form.items[-1]
    if len(form.items) < 3 or not x.names_special(last, "finally", scope) or len(last.items) < 2:  # type: ignore[union-attr]
        raise fail(
            "X001",
            form.span,
            "`try` has no `catch`: errors are caught by `handle`",
            f"expected {TRY}",
            help="(handle body [raise [message] expression ...])",
        )
    body = x.body(form.items[1:-1], scope, form.span)
    return Finally(body, x.body(last.items[1:], scope, last.span), form.span)  # type: ignore[union-attr]


def expand_misplaced_clause(x: Expander, form: f.List, scope: Scope | None) -> Core:
    name = form.items[0].name  # type: ignore[union-attr]  # a special form's head is a Symbol
    raise fail("X001", form.span, f"`{name}` outside `try`; errors are caught by `handle`", f"expected {TRY}")
