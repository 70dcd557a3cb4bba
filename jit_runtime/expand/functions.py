"""Parameter lists and lambdas (language.md S3.2 - S3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Core, Lambda, Let, Letrec, Local, Param, Var
from jit_runtime.expand.destructuring import destructure
from jit_runtime.expand.kinds import annotation
from jit_runtime.expand.mistakes import duplicate, malformed, unbindable, unsupported
from jit_runtime.expand.scope import Scope
from jit_runtime.source.diagnostics import fail
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander

SHAPE = "(fn [x] [y {Kind}] [z default] {Result} body ...), (fn (x y) body ...) or (fn x y body)"
MARKERS = ("...", "|>", ":when")


class Slot:
    """One parameter as written: `target` is a Symbol or a pattern."""

    __slots__ = ("default", "kind", "target")

    def __init__(self, target: f.Form) -> None:
        self.target = target
        self.kind: f.Form | None = None
        self.default: f.Form | None = None


class Header:
    """A function as written, after its name."""

    __slots__ = ("body", "rest", "result", "slots")

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.rest: f.Symbol | None = None
        self.result: f.Form | None = None
        self.body: list[f.Form] = []


def strip(form: f.Form) -> f.Form:
    """The form behind its metadata."""
    while type(form) is f.Meta and form.form is not None:
        form = form.form
    return form


def split_header(items: list[f.Form], start: int) -> Header:
    """Read `PARAM* {Ret}? BODY+` from `items[start:]`: symbols and slots are parameters, the last form is always body."""
    header = Header()
    last, at = len(items) - 1, start
    while at < last:
        form = strip(items[at])
        if type(form) is f.Array:
            _read_slot(header, form.items)
        elif type(form) is f.Symbol and form.name == "..":
            at += 1
            if at >= last:
                raise malformed("..", form.span, "the rest parameter needs a name, and a body must follow", ".. rest")
            _set_rest(header, items[at])
        elif type(form) is f.Symbol:
            _add(header, form)
        else:
            break
        at += 1
    _finish(header, items, at)
    return header


def header_with_list(parameters: list[f.Form], items: list[f.Form], start: int) -> Header:
    """Read `(PARAM*) {Ret}? BODY+`; `items[start:]` is what follows the list."""
    header = Header()
    at = 0
    while at < len(parameters):
        form = strip(parameters[at])
        if type(form) is f.Array:
            _read_slot(header, form.items)
        elif type(form) is f.Symbol and form.name == "..":
            at += 1
            if at >= len(parameters):
                raise malformed("..", form.span, "the rest parameter needs a name", ".. rest")
            _set_rest(header, parameters[at])
        elif type(form) is f.Symbol:
            _add(header, form)
        else:
            raise unbindable(_describe(form), form.span)
        at += 1
    _finish(header, items, start)
    return header


def _finish(header: Header, items: list[f.Form], at: int) -> None:
    if at < len(items) - 1 and type(strip(items[at])) is f.Kind:
        header.result = strip(items[at])
        at += 1
    header.body = items[at:]


def _read_slot(header: Header, items: list[f.Form]) -> None:
    """`x`, `x {Int}`, `x 10`, `x {Int} 10`, any number of times, then `.. rest`."""
    slot: Slot | None = None
    at = 0
    while at < len(items):
        form = strip(items[at])
        if type(form) is f.Symbol and form.name == "..":
            at += 1
            if at >= len(items):
                raise malformed("..", form.span, "the rest parameter needs a name", "[.. rest]")
            _set_rest(header, items[at])
            slot = None
        elif type(form) is f.Symbol or slot is None or _is_key_pattern(form):
            slot = _add(header, form)
        elif type(form) in (f.Kind, f.ValueKind) and slot.kind is None and slot.default is None:
            slot.kind = form
        elif slot.default is None:
            slot.default = form
        else:
            raise fail("X012", form.span, "a parameter has two defaults", "expected [name {Kind} default]")
        at += 1


def _is_key_pattern(form: f.Form) -> bool:
    """`(:x :y)` takes a parameter apart; as a default it would be a call of a symbol."""
    return type(form) is f.List and bool(form.items) and type(form.items[0]) is f.Quote and form.items[0].colon


def _add(header: Header, form: f.Form) -> Slot:
    if header.rest is not None:
        raise fail("X012", form.span, "a parameter after the rest parameter", f"`.. {header.rest.name}` must come last")
    if type(form) is f.Symbol:
        if form.name == "&":
            raise unsupported("a named parameter (`&`)", form.span)
        if form.name in MARKERS:
            raise unbindable(f"`{form.name}`", form.span)
    elif type(form) not in (f.Array, f.List):
        raise unbindable(_describe(form), form.span)
    slot = Slot(form)
    header.slots.append(slot)
    return slot


def _set_rest(header: Header, form: f.Form) -> None:
    form = strip(form)
    if header.rest is not None:
        raise fail("X012", form.span, "a second rest parameter", "a parameter list has one `.. rest`")
    if type(form) is not f.Symbol or form.name in MARKERS:
        raise unbindable(_describe(form), form.span)
    header.rest = form


def _describe(form: f.Form) -> str:
    if type(form) is f.Literal:
        return f"the reserved word `{'nothing' if form.value is None else str(form.value).lower()}`"
    if type(form) is f.Symbol:
        return f"`{form.name}`"
    return f"the {type(form).__name__.lower()} `{form.span.text}`"


def declare(form: f.Form, scope: Scope, seen: set[str], where: str) -> Var:
    """Make the variable of a name and enter it. `seen` are the names of the same construct. `_` makes one that no name reaches."""
    if type(form) is not f.Symbol:
        raise unbindable(_describe(form), form.span)
    name = form.name
    var = Var(name, form.span)
    if name == "_":
        return var
    if name in seen:
        raise duplicate(name, form.span, where)
    if name in MARKERS or name in ("..", "&"):
        raise unbindable(f"`{name}`", form.span)
    seen.add(name)
    scope.names[name] = var
    return var


def make_lambda(x: Expander, header: Header, name: str | None, form: f.Form, scope: Scope | None) -> Lambda:
    """The Lambda of a header: parameters left to right, each default seeing the ones before it."""
    inner, seen = Scope(scope), set[str]()
    params: list[Param] = []
    patterns: list[tuple[f.Form, Var]] = []
    for slot in header.slots:
        params.append(_param(x, slot, params, patterns, inner, seen))
    rest = declare(header.rest, inner, seen, "the parameters") if header.rest is not None else None
    bindings: list[tuple[Var, Core]] = []
    for pattern, var in patterns:
        destructure(x, pattern, Local(var, pattern.span), inner, seen, bindings)
    body = x.body(header.body, inner, form.span)
    if bindings:
        body = Let(bindings, body, form.span)
    return Lambda(name, params, rest, annotation(x, header.result), body, form.span)


def _param(x: Expander, slot: Slot, before: list[Param], patterns: list[tuple[f.Form, Var]], inner: Scope, seen: set[str]) -> Param:
    kind = annotation(x, slot.kind)
    default = x.expand(slot.default, inner) if slot.default is not None else None
    if default is None and before and before[-1].default is not None:
        raise fail("X012", slot.target.span, "a required parameter after one with a default", "parameters with defaults come last")
    if type(slot.target) is f.Symbol:
        var = declare(slot.target, inner, seen, "the parameters")
    else:
        var = Var("argument", slot.target.span)
        patterns.append((slot.target, var))
    var.kind = kind
    return Param(var, kind, default)


def expand_lambda(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(fn PARAM* {Ret}? BODY+)`, `(fn (PARAM*) BODY+)`, `(lambda self (PARAM*) BODY+)`."""
    items = form.items
    if len(items) < 3:
        raise malformed(items[0].name, form.span, "parameters and a body are needed", SHAPE)  # type: ignore[union-attr]
    if _is_parameter_list(items[1]) and len(items) > 2:
        return make_lambda(x, header_with_list(items[1].items, items, 2), None, form, scope)  # type: ignore[union-attr]
    if items[0].name == "lambda" and len(items) > 3 and type(items[1]) is f.Symbol and _is_parameter_list(items[2]):  # type: ignore[union-attr]
        return _self_lambda(x, form, scope)
    header = split_header(items, 1)
    if not header.slots and header.rest is None and type(strip(items[1])) is not f.Array:
        raise malformed(items[0].name, items[1].span, "no parameters", SHAPE)  # type: ignore[union-attr]
    return make_lambda(x, header, None, form, scope)


def _self_lambda(x: Expander, form: f.List, scope: Scope | None) -> Core:
    inner = Scope(scope)
    var = declare(form.items[1], inner, set(), "lambda")
    function = make_lambda(x, header_with_list(form.items[2].items, form.items, 3), var.name, form, inner)  # type: ignore[union-attr]
    return Letrec([(var, function)], x.local(var, form.span), form.span)


def _is_parameter_list(form: f.Form) -> bool:
    return type(form) is f.List and form.tail is None and all(type(strip(item)) in (f.Symbol, f.Array) for item in form.items)
