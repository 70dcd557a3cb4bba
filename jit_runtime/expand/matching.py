"""`match` (language.md S6): the clauses are tried in order, each a test of its pattern and then its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.builtin_calls import builtin
from jit_runtime.expand.core import Const, Core, If, Let, Local, Seq, SetLocal, Var
from jit_runtime.expand.coverage import ANYTHING, PARTIAL, Head, Row, all_missing, family, is_whole, pattern_of, useful
from jit_runtime.expand.coverage import Pattern as Covered
from jit_runtime.expand.functions import strip
from jit_runtime.expand.mistakes import malformed
from jit_runtime.expand.patterns import Pattern
from jit_runtime.expand.scope import Scope
from jit_runtime.expand.sequence_patterns import is_slot
from jit_runtime.source.diagnostics import Diagnostic
from jit_runtime.syntax import forms as f
from jit_runtime.types.kinds import Kind
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander

CLAUSE_STYLE = "(match value [pattern result] ...), [pattern {Kind} :when guard result] in full"
MOST_LOOKED_AT = 200  # clauses; the time grows with the square of their number
FLAT_STYLE = "(match value pattern result pattern result ...)"


class Arm:
    """One clause as written."""

    __slots__ = ("guards", "kind", "pattern", "result")

    def __init__(self, pattern: f.Form, kind: f.Form | None, guards: list[f.Form], result: f.Form) -> None:
        self.pattern, self.kind, self.guards, self.result = pattern, kind, guards, result


def expand_match(x: Expander, form: f.List, scope: Scope | None) -> Core:
    if len(form.items) < 3:
        raise malformed("match", form.span, "a value and clauses are needed", CLAUSE_STYLE)
    subject = Var("subject", form.items[1].span)
    bindings: list[tuple[Var, Core]] = [(subject, x.expand(form.items[1], scope))]
    arms = _arms(form)
    result: Core = builtin("no-match", form.span, Local(subject, subject.span))
    for arm in reversed(arms):
        result = _try(x, arm, subject, result, scope, bindings)
    _warn(x, arms, form)
    return Let(bindings, result, form.span)


def _warn(x: Expander, arms: list[Arm], form: f.List) -> None:
    """Of clauses that are never reached; and of values without a clause, where all clauses are about one enum, or Bools."""
    if len(arms) > MOST_LOOKED_AT:
        return
    rows: list[Row] = []
    patterns: list[Covered] = []
    for arm in arms:
        pattern: Covered = ANYTHING if _takes_all(arm.pattern) else pattern_of(x, arm.pattern)
        if arm.kind is not None:
            pattern = pattern_of(x, arm.kind) if pattern == ANYTHING else PARTIAL
        patterns.append(pattern)
        if not useful(rows, [pattern]):
            message = "this clause is never reached: those before it take all that it matches"
            x.env.warnings.append(Diagnostic("W002", arm.pattern.span, message, help="leave it out, or put it before them", severity="warning"))
        if not arm.guards and is_whole(pattern):
            rows.append([pattern])
    if any(pattern in (ANYTHING, PARTIAL) for pattern in patterns):
        return
    seen = [[pattern] for pattern in patterns]
    heads = family(seen)
    missing = all_missing(rows) if rows else [head.text for head in heads or ()]
    if heads is not None and missing:
        some = " (a clause with a guard or an inner pattern may not match)" if len(rows) < len(arms) else ""
        message = f"this match does not cover {', '.join(missing)} of {_of(heads[0])!r}{some}"
        x.env.warnings.append(Diagnostic("W001", form.span, message, help="add a clause for each, or [else ...]", severity="warning"))


def _of(head: Head) -> Kind:
    return head.kind.visible if isinstance(head.kind, Struct) else head.kind


def _takes_all(pattern: f.Form) -> bool:
    return type(pattern) is f.Symbol and pattern.name in ("else", "_")


def _arms(form: f.List) -> list[Arm]:
    rest = form.items[2:]
    if all(type(item) is f.Array and len(item.items) >= 2 for item in rest):
        return [_clause(item.items, item) for item in rest]  # type: ignore[union-attr]
    if len(rest) % 2:
        raise malformed("match", form.span, "a pattern without a result", f"{CLAUSE_STYLE} or {FLAT_STYLE}")
    return [_flat(rest[at], rest[at + 1]) for at in range(0, len(rest), 2)]


def _clause(items: list[f.Form], clause: f.Form) -> Arm:
    """`PAT {Kind}? (:when G | & G)* RESULT`."""
    pattern, at, kind, guards = items[0], 1, None, []
    if type(pattern) is f.Array and is_slot(pattern.items) and len(items) == 2:
        return _clause([*pattern.items, items[1]], pattern)
    last = len(items) - 1
    if at < last and type(strip(items[at])) is f.Kind:
        kind = strip(items[at])
        at += 1
    while at + 1 < last and type(items[at]) is f.Symbol and items[at].name in (":when", "&"):  # type: ignore[union-attr]
        guards.append(items[at + 1])
        at += 2
    if at != last:
        raise malformed("match", clause.span, "this clause does not end after its result", CLAUSE_STYLE)
    return Arm(pattern, kind, guards, items[last])


def _flat(pattern: f.Form, result: f.Form) -> Arm:
    """A pattern may be a slot with a kind or guards: `[n {Int} & (> n 10)]`."""
    if type(pattern) is f.Array and len(pattern.items) > 1 and _has_condition(pattern.items):
        items = [_as_guard(item) for item in pattern.items]
        flat = [part for item in items for part in item]
        return _clause([*flat, result], pattern)
    return Arm(pattern, None, [], result)


def _has_condition(items: list[f.Form]) -> bool:
    return type(strip(items[1])) is f.Kind or any((type(item) is f.Symbol and item.name in ("&", ":when")) or _is_when(item) for item in items)


def _is_when(item: f.Form) -> bool:
    return type(item) is f.List and len(item.items) == 2 and type(item.items[0]) is f.Symbol and item.items[0].name == "when"


def _as_guard(item: f.Form) -> list[f.Form]:
    """The older `(when G)` is `& G`."""
    return [f.Symbol("&", item.span), item.items[1]] if _is_when(item) else [item]  # type: ignore[union-attr]


def _try(x: Expander, arm: Arm, subject: Var, otherwise: Core, scope: Scope | None, hoisted: list[tuple[Var, Core]]) -> Core:
    """The arm in front of the ones after it. Temporaries of its test are bound around the whole match."""
    pattern = Pattern(x, scope)
    value = Local(subject, subject.span)
    if not _takes_all(arm.pattern):
        pattern.add(arm.pattern, value)
    if arm.kind is not None:
        pattern.add(arm.kind, value)
    inner, bindings = Scope(scope), []
    if arm.guards:
        condition = _guarded(x, pattern, arm, scope)
        trailing: list[tuple[Var, Core]] = []
    else:
        trailing = _trailing(pattern)
        condition = pattern.condition(Const(True, arm.pattern.span))
    hoisted.extend((var, Const(None, var.span)) for var in pattern.hoisted)
    for symbol, core in pattern.binds:
        var = inner.names[symbol.name] = Var(symbol.name, symbol.span)
        bindings.append((var, core))
    body = x.body([arm.result], inner, arm.result.span)
    if trailing or bindings:
        body = Let(trailing + bindings, body, arm.result.span)
    if type(condition) is Const and condition.value is True:
        return body
    return If(condition, body, otherwise, arm.pattern.span)


def _trailing(pattern: Pattern) -> list[tuple[Var, Core]]:
    """Take off the temporaries after the last test: they are only needed where the pattern succeeded."""
    steps, taken = pattern.steps, []
    while steps and steps[-1][0] is not None:
        var, core = steps.pop()
        taken.append((var, core))
    taken.reverse()
    return taken  # type: ignore[return-value]  # each has a variable: the loop looked


def _guarded(x: Expander, pattern: Pattern, arm: Arm, scope: Scope | None) -> Core:
    """The test with its guards, which see the names; what they are bound to is kept in temporaries for the result."""
    inner = Scope(scope)
    stores: list[Core] = []
    for i, (symbol, core) in enumerate(pattern.binds):
        var = inner.names[symbol.name] = Var(symbol.name, symbol.span, assigned=True, part=True)
        stores.append(SetLocal(var, core, symbol.span))
        pattern.binds[i] = (symbol, Local(var, symbol.span))
        pattern.hoisted.append(var)
    test = x.expand(arm.guards[-1], inner)
    for guard in reversed(arm.guards[:-1]):
        test = If(x.expand(guard, inner), test, Const(False, guard.span), guard.span)
    return pattern.condition(Seq([*stores, test], test.span) if stores else test)
