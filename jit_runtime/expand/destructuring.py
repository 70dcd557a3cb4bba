"""Bindings that take a value apart (language.md S4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.builtin_calls import builtin
from jit_runtime.expand.core import Const, Core, If, Local, Var
from jit_runtime.expand.mistakes import duplicate
from jit_runtime.expand.patterns import Pattern
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander
    from jit_runtime.expand.scope import Scope


def destructure(x: Expander, form: f.Form, subject: Local, scope: Scope, seen: set[str], out: list[tuple[Var, Core]]) -> None:
    """Append the bindings that take a value apart; a value that does not fit is an error containing `destructuring`."""
    pattern = Pattern(x, scope, lenient=True)
    pattern.add(form, subject)
    out.extend((temporary, Const(None, form.span)) for temporary in pattern.hoisted)
    for var, core in pattern.steps:
        if var is not None:
            out.append((var, core))
        else:
            mismatch = builtin("destructuring-error", form.span, Const(form.span.text, form.span), subject)
            out.append((Var("_", form.span), If(core, Const(None, form.span), mismatch, form.span)))
    for symbol, value in pattern.binds:
        if symbol.name in seen:
            raise duplicate(symbol.name, symbol.span, "the bindings")
        seen.add(symbol.name)
        named = scope.names[symbol.name] = Var(symbol.name, symbol.span)
        out.append((named, value))


def pattern_names(x: Expander, form: f.Form) -> list[f.Symbol]:
    """The names a pattern binds."""
    pattern = Pattern(x, None, lenient=True)
    pattern.add(form, Local(Var("value", form.span), form.span))
    return [symbol for symbol, _ in pattern.binds]
