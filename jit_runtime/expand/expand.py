"""Expansion: forms to core AST. Names are resolved, sugar is gone, every mistake is an OmniError with a span.

One dict lookup on the class of a form finds its rule; one more, on the head of a list, its special form (special.py).
Expansion recurses over nesting only, which the reader limits; long flat forms are loops.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from jit_runtime.expand import special
from jit_runtime.expand.analyze import analyze
from jit_runtime.expand.bodies import expand_body
from jit_runtime.expand.core import Big, Call, Chr, Const, Core, Global, KindRef, Local, Lst, Var
from jit_runtime.expand.kind_definitions import construct
from jit_runtime.expand.kinds import expand_kind, expand_value_kind, find_kind
from jit_runtime.expand.mistakes import malformed
from jit_runtime.expand.paths import expand_path, expand_pipe
from jit_runtime.expand.quotes import expand_quote_form
from jit_runtime.expand.scope import Env, Scope, lookup
from jit_runtime.source.diagnostics import fail
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f
from jit_runtime.types.kinds import CONVERTIBLE, Kind

RECURSION = 50_000
"""Python frames one expansion may use: about five for each level of nesting that the reader accepts."""


def expand_toplevel(form: f.Form, env: Env) -> Core:
    """The core AST of one top-level form. Raises OmniError."""
    if sys.getrecursionlimit() < RECURSION:
        sys.setrecursionlimit(RECURSION)
    try:
        core = Expander(env).toplevel(form)
        analyze(core)
    except RecursionError:
        raise fail("X010", form.span, "this form is nested too deeply", help="name some of its parts with `define` or `let`") from None
    return core


class Expander:
    """The expansion of one top-level form.

    `references` logs every variable a name resolved to, in order: bodies read from it who refers to what.
    `variables`: type variables of the definition that is expanded. `extended`: builtins that the form adds methods to.
    """

    __slots__ = ("env", "extended", "references", "variables")

    def __init__(self, env: Env) -> None:
        self.env = env
        self.references: list[Var] = []
        self.variables: dict[str, Kind] = {}
        self.extended: set[str] = set()

    def toplevel(self, form: f.Form) -> Core:
        """A form whose definitions are global."""
        expander = special.TOPLEVEL.get(_head(form))
        return expander(self, form) if expander is not None else self.expand(form, None)

    def expand(self, form: f.Form, scope: Scope | None) -> Core:
        """An expression."""
        return BY_CLASS[type(form)](self, form, scope)

    def body(self, forms: list[f.Form], scope: Scope | None, span: Span) -> Core:
        """The forms of a body: definitions in it are local, its value is the last one's."""
        return expand_body(self, forms, scope, span)

    def names_special(self, form: f.Form, name: str, scope: Scope | None) -> bool:
        """Is this a list with the special form `name` as its unshadowed head?"""
        return _head(form) == name and lookup(name, scope) is None

    def local(self, var: Var, span: Span) -> Local:
        """A reference to a variable."""
        self.references.append(var)
        return Local(var, span)


def _head(form: f.Form) -> str:
    """The symbol a list begins with (metadata in front of the list is looked through), else the empty string."""
    while type(form) is f.Meta and form.form is not None:
        form = form.form
    if type(form) is f.List and form.items and type(form.items[0]) is f.Symbol:
        return form.items[0].name
    return ""


def _list(x: Expander, form: f.List, scope: Scope | None) -> Core:
    items = form.items
    if not items:
        return Const(EMPTY, form.span)
    head = items[0]
    if type(head) is f.Symbol:
        rule = special.SPECIAL.get(head.name)
        if rule is not None and lookup(head.name, scope) is None:
            return rule(x, form, scope)
        rule = special.REPLACEABLE.get(head.name)
        if rule is not None and _is_builtin(x, head.name, scope):
            return rule(x, form, scope)
    if form.tail is not None:
        raise malformed("call", form.span, "a dotted list cannot be evaluated", "(function argument ...)")
    if len(items) > 2 and type(items[1]) is f.Symbol and items[1].name == "|>":
        return expand_pipe(x, form, scope)
    if type(head) is f.Symbol and lookup(head.name, scope) is None and x.env.has_methods(head.name):
        return Call(Global(head.name, head.span), [BY_CLASS[type(item)](x, item, scope) for item in items[1:]], form.span)  # a struct's name, too
    callee, arguments = x.expand(head, scope), [BY_CLASS[type(item)](x, item, scope) for item in items[1:]]
    if len(arguments) == 1 and isinstance(callee, Const) and isinstance(callee.value, KindRef) and callee.value.kind.name in CONVERTIBLE:
        return Call(Global("%convert", head.span), [*arguments, callee], form.span)
    return Call(callee, arguments, form.span)


def _is_builtin(x: Expander, name: str, scope: Scope | None) -> bool:
    return lookup(name, scope) is None and not x.env.has_methods(name) and not x.env.has_value(name)


def _symbol(x: Expander, form: f.Symbol, scope: Scope | None) -> Core:
    name = form.name
    var = lookup(name, scope)
    if var is not None:
        x.references.append(var)
        return Local(var, form.span)
    if name in special.SPECIAL:
        raise fail("X006", form.span, f"`{name}` is a special form, not a value", help=f"wrap it: `(fn [x] ({name} x ...))`")
    if name in TOKENS:
        raise fail("X006", form.span, f"`{name}` cannot be evaluated", TOKENS[name])
    kind = find_kind(x, name)
    if kind is not None and not x.env.has_value(name):
        return Const(KindRef(kind), form.span)
    variant = x.env.universe.variants.get(name)
    if variant is not None and variant.latest.is_constant and not x.env.has_value(name):
        return construct(variant, [], form.span)  # of the prelude
    return Global(name, form.span)


TOKENS = {
    "_": "it is the wildcard of patterns and parameters",
    "..": "it marks the rest in parameters and patterns",
    "...": "it marks repetition in macro templates",
    "&": "it marks a guard in `match`",
    "|>": "a pipe is written `(|> value step ...)` or `(value |> step)`",
    ":when": "it marks a guard in `match` and `for`",
}
EMPTY = Lst(())


def _literal(x: Expander, form: f.Int | f.Float | f.String | f.Literal, scope: Scope | None) -> Core:
    return Const(form.value, form.span)


def _big(x: Expander, form: f.BigInt, scope: Scope | None) -> Core:
    return Const(Big(form.value), form.span)


def _char(x: Expander, form: f.Char, scope: Scope | None) -> Core:
    return Const(Chr(ord(form.value)), form.span)


def _array(x: Expander, form: f.Array, scope: Scope | None) -> Core:
    return Call(Global("%array", form.span), [x.expand(item, scope) for item in form.items], form.span)


def _dict(x: Expander, form: f.Dict, scope: Scope | None) -> Core:
    return Call(Global("%dict", form.span), [x.expand(item, scope) for item in form.items], form.span)


def _format(x: Expander, form: f.Format, scope: Scope | None) -> Core:
    parts: list[Core] = [Const(part, form.span) if isinstance(part, str) else x.expand(part, scope) for part in form.parts]
    return Call(Global("%str", form.span), parts, form.span)


def _meta(x: Expander, form: f.Meta, scope: Scope | None) -> Core:
    if form.form is None:
        raise malformed("^", form.span, f"metadata `{form.key}` with nothing after it", "a form after the metadata")
    return x.expand(form.form, scope)


def _index(x: Expander, form: f.Index, scope: Scope | None) -> Core:
    return x.expand(form.form, scope)


BY_CLASS: dict[type, Callable[[Expander, Any, Scope | None], Core]] = {
    f.Symbol: _symbol,
    f.List: _list,
    f.Int: _literal,
    f.Float: _literal,
    f.String: _literal,
    f.Literal: _literal,
    f.Char: _char,
    f.BigInt: _big,
    f.Array: _array,
    f.Dict: _dict,
    f.Kind: expand_kind,
    f.Quote: expand_quote_form,
    f.Path: expand_path,
    f.Format: _format,
    f.ValueKind: expand_value_kind,
    f.Meta: _meta,
    f.Index: _index,
}
