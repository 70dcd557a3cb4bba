"""Quoted data (language.md S1.6, S1.12, S16.4).

Immutable data are constants. Arrays and dicts are mutable, so each evaluation builds them afresh.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit_runtime.expand.builtin_calls import builtin
from jit_runtime.expand.core import Big, Chr, Const, Core, Datum, KindRef, Lst, Sym
from jit_runtime.expand.kinds import kind_of
from jit_runtime.expand.mistakes import malformed
from jit_runtime.expand.quoted_kinds import KIND, defines_kind
from jit_runtime.source.diagnostics import fail
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander
    from jit_runtime.expand.scope import Scope


def expand_quote_form(x: Expander, form: f.Quote, scope: Scope | None) -> Core:
    """`'x`, `` `x ``, `:name`; a stray unquote is an error."""
    if form.op == "quote":
        return Quoter(x, scope, 0).data(form.form)
    if form.op == "quasiquote":
        return Quoter(x, scope, 1).data(form.form)
    raise fail("X005", form.span, f"{form.op} outside quasiquote", help="put a backquote in front of the data it belongs to")


def expand_quote(x: Expander, form: f.List, scope: Scope | None) -> Core:
    return expand_quote_form(x, f.Quote("quote", _operand(form), form.span), scope)


def expand_quasiquote(x: Expander, form: f.List, scope: Scope | None) -> Core:
    return expand_quote_form(x, f.Quote("quasiquote", _operand(form), form.span), scope)


def expand_unquote(x: Expander, form: f.List, scope: Scope | None) -> Core:
    return expand_quote_form(x, f.Quote(form.items[0].name, _operand(form), form.span), scope)  # type: ignore[union-attr]


def _operand(form: f.List) -> f.Form:
    if len(form.items) != 2:
        name = form.items[0].name  # type: ignore[union-attr]  # a special form's head is a Symbol
        raise malformed(name, form.span, "exactly one form is needed", f"({name} form)")
    return form.items[1]


class Quoter:
    """Turns forms into data. `depth` 0 is plain quote; from 1 on, unquote counts down to an evaluated expression."""

    __slots__ = ("depth", "scope", "x")

    def __init__(self, x: Expander, scope: Scope | None, depth: int) -> None:
        self.x, self.scope, self.depth = x, scope, depth

    def data(self, form: f.Form) -> Core:
        """An expression that yields the form as data."""
        atom = ATOMS.get(type(form))
        if atom is not None:
            return Const(atom(form), form.span)
        form = self.spelled_short(form)
        if type(form) is f.List:
            return self.sequence(form.items, form.span, form.tail)
        if type(form) is f.Quote:
            return self.nested(form)
        if type(form) is f.Array:
            return self.array(form)
        if type(form) is f.Dict:
            return builtin("dict", form.span, *[self.data(item) for item in form.items])
        if type(form) is f.Kind and defines_kind(form):
            return self.named(KIND, form.items, form.span)
        if type(form) is f.Kind:
            return Const(KindRef(kind_of(self.x, form)), form.span)
        return self.spelled_out(form)

    def spelled_short(self, form: f.Form) -> f.Form:
        """Inside a quasiquote `(unquote x)` is `,x`, and the like."""
        if self.depth and type(form) is f.List and len(form.items) == 2 and form.tail is None:
            head = form.items[0]
            if type(head) is f.Symbol and head.name in ("quasiquote", "unquote", "unquote-splicing"):
                return f.Quote(head.name, form.items[1], form.span)
        return form

    def spelled_out(self, form: f.Form) -> Core:
        """Reader shorthands, as the calls they stand for."""
        if type(form) is f.Meta:
            return self.data(form.form) if form.form is not None else Const(None, form.span)
        if type(form) is f.Format:
            parts: list[f.Form] = [f.String(part, form.span) if isinstance(part, str) else part for part in form.parts]
            return self.named("str", parts, form.span)
        if type(form) is f.ValueKind:
            return self.named("value->type", [form.form], form.span)
        assert type(form) is f.Path
        keys: list[f.Form] = [_path_key(segment) for segment in form.segments]
        return self.named("path", [*([form.root] if form.root is not None else []), *keys], form.span)

    def named(self, name: str, items: list[f.Form], span: Span) -> Core:
        return self.sequence([f.Symbol(name, span), *items], span, None)

    def nested(self, form: f.Quote) -> Core:
        if form.colon and type(form.form) is f.Symbol:
            return Const(Sym(form.form.name), form.span)
        if self.depth and form.op in ("unquote", "unquote-splicing"):
            if self.depth == 1:
                return self.unquoted(form)
            return self.deeper(form, -1)
        return self.deeper(form, 1 if self.depth and form.op == "quasiquote" else 0)

    def deeper(self, form: f.Quote, step: int) -> Core:
        """A quote form inside data is a list of two: `(quote x)`."""
        inner = Quoter(self.x, self.scope, self.depth + step)
        return _list_of([Const(Sym(form.op), form.span), inner.data(form.form)], form.span)

    def unquoted(self, form: f.Quote) -> Core:
        if form.op == "unquote-splicing":
            raise fail("X005", form.span, "unquote-splicing outside a list or an array", help="`,@x` puts the elements of x into the list around it")
        return self.x.expand(form.form, self.scope)

    def array(self, form: f.Array) -> Core:
        items = [self.spelled_short(item) for item in form.items]
        if self.splices(items):
            return builtin("list->array", form.span, self.spliced(items, form.span, Const(Lst(()), form.span)))
        return builtin("array", form.span, *[self.data(item) for item in items])

    def sequence(self, items: list[f.Form], span: Span, tail: f.Form | None) -> Core:
        """A list, dotted when `tail` is given."""
        items = [self.spelled_short(item) for item in items]
        end = self.data(tail) if tail is not None else None
        if self.splices(items):
            return self.spliced(items, span, end or Const(Lst(()), span))
        parts = [self.data(item) for item in items]
        if end is None:
            return _list_of(parts, span)
        values = _constants(parts)
        if type(end) is Const and values is not None:
            return Const(_dotted(values, end.value), span)
        for part in reversed(parts):
            end = builtin("cons", span, part, end)
        return end

    def splices(self, items: list[f.Form]) -> bool:
        return self.depth == 1 and any(type(item) is f.Quote and item.op == "unquote-splicing" for item in items)

    def spliced(self, items: list[f.Form], span: Span, end: Core) -> Core:
        """`(append (list a b) (splice xs) ... end)`."""
        pieces: list[Core] = []
        run: list[Core] = []
        for item in items:
            if type(item) is f.Quote and item.op == "unquote-splicing":
                if run:
                    pieces.append(_list_of(run, span))
                    run = []
                pieces.append(builtin("splice", item.span, self.x.expand(item.form, self.scope)))
            else:
                run.append(self.data(item))
        if run:
            pieces.append(_list_of(run, span))
        if not (type(end) is Const and end.value == Lst(())):
            pieces.append(end)
        return builtin("append", span, *pieces)


def _path_key(segment: f.Symbol | f.Index) -> f.Form:
    return f.Quote("quote", segment, segment.span) if type(segment) is f.Symbol else segment.form  # type: ignore[union-attr]


def _list_of(parts: list[Core], span: Span) -> Core:
    values = _constants(parts)
    return Const(Lst(values), span) if values is not None else builtin("list", span, *parts)


def _constants(parts: list[Core]) -> tuple[Datum, ...] | None:
    """Their values if all are constants."""
    values = tuple(part.value for part in parts if type(part) is Const)
    return values if len(values) == len(parts) else None


def _dotted(items: tuple[Datum, ...], tail: Datum) -> Datum:
    """`(a . (b c))` is `(a b c)`."""
    return Lst(items + tail.items, tail.tail) if isinstance(tail, Lst) else Lst(items, tail)


ATOMS: dict[type, Callable[[Any], Datum]] = {
    f.Symbol: lambda form: Sym(form.name),
    f.Int: lambda form: form.value,
    f.Float: lambda form: form.value,
    f.String: lambda form: form.value,
    f.Literal: lambda form: form.value,
    f.Char: lambda form: Chr(ord(form.value)),
    f.BigInt: lambda form: Big(form.value),
}
