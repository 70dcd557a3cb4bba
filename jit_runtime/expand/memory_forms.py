"""`(with-memory-limit bytes body ...)` and `(with-stats body ...)` (language.md S23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.builtin_calls import builtin
from jit_runtime.expand.core import Core, Finally, Let, Local, Var
from jit_runtime.expand.mistakes import malformed
from jit_runtime.expand.scope import Scope
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander


def expand_with_memory_limit(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """The limit holds while the body runs, however it is left."""
    if len(form.items) < 3:
        raise malformed("with-memory-limit", form.span, "a number of bytes and a body are needed", "(with-memory-limit bytes body ...)")
    before = Var("before")
    limit = builtin("limit-memory", form.span, x.expand(form.items[1], scope))
    restore = builtin("set-memory-limit", form.span, Local(before, form.span))
    return Let([(before, limit)], Finally(x.body(form.items[2:], scope, form.span), restore, form.span), form.span)


def expand_with_stats(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """A dict of the value and of what the counters of memory grew by."""
    if len(form.items) < 2:
        raise malformed("with-stats", form.span, "a body is needed", "(with-stats body ...)")
    before, value = Var("before"), Var("value")
    since = builtin("stats-since", form.span, Local(before, form.span), Local(value, form.span))
    return Let([(before, builtin("stats-now", form.span))], Let([(value, x.body(form.items[1:], scope, form.span))], since, form.span), form.span)
