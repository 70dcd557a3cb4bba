"""Kind forms: what stands in braces, and type-building computations (language.md S11.7 - S11.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Chr, Const, Core, Global, KindRef, Local, Sym
from jit_runtime.expand.mistakes import malformed, unknown_type
from jit_runtime.expand.scope import lookup
from jit_runtime.source.diagnostics import Diagnostic, fail
from jit_runtime.syntax import forms as f
from jit_runtime.types.array_kinds import is_made
from jit_runtime.types.kinds import KINDS, Abstract, Kind, Variable

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander
    from jit_runtime.expand.scope import Scope

EXPECTED = "a kind such as {Int} or {List Int}"


def annotation(x: Expander, form: f.Form | None) -> Kind | None:
    """The kind an annotation asks for; None when there is none, or when it is Any and asks for nothing."""
    if form is None:
        return None
    kind = kind_of(x, form)
    return None if kind.name == "Any" else kind


def kind_of(x: Expander, form: f.Form) -> Kind:
    """The kind of `{...}`, of a name, or of a type-building computation. Raises X003 for an unknown name."""
    if type(form) is f.Kind:
        return _braces(x, form)
    if type(form) is f.Symbol:
        return _named(x, form)
    if type(form) is f.List and form.items and type(form.items[0]) is f.Symbol:
        return _computed(x, form, form.items[0].name)
    if type(form) is f.Meta and form.form is not None:
        return kind_of(x, form.form)
    if type(form) is f.ValueKind:
        return value_kind(x, form)
    raise malformed("{}", form.span, "this is not a kind", EXPECTED)


def expand_kind(x: Expander, form: f.Kind, scope: Scope | None) -> Core:
    """`{...}` as an expression: its kind. `{name}` of a variable is the kind that the variable holds."""
    if len(form.items) == 1 and type(form.items[0]) is f.Symbol:
        symbol = form.items[0]
        var = lookup(symbol.name, scope)
        if var is not None:
            x.references.append(var)
            return _held(Local(var, symbol.span))
        if find_kind(x, symbol.name) is None and x.env.has_value(symbol.name):
            return _held(Global(symbol.name, symbol.span))
    return Const(KindRef(_braces(x, form)), form.span)


def _held(value: Local | Global) -> Core:
    return Call(Global("%need-kind", value.span), [value], value.span)


def expand_value_kind(x: Expander, form: f.ValueKind, scope: Scope | None) -> Core:
    """`#val v` as an expression; `v` may be computed."""
    if _literal(x, form.form) is not _NONE:
        return Const(KindRef(value_kind(x, form)), form.span)
    return Call(Global("%value->type", form.span), [x.expand(form.form, scope)], form.span)


def expand_computed_kind(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(union [{A} {B}])` as an expression."""
    return Const(KindRef(kind_of(x, form)), form.span)


def find_kind(x: Expander, name: str) -> Kind | None:
    return x.variables.get(name) or x.env.universe.kinds.get(name)


def _braces(x: Expander, form: f.Kind) -> Kind:
    if not form.items:
        raise malformed("{}", form.span, "empty braces", EXPECTED)
    kind = kind_of(x, form.items[0])
    if len(form.items) == 1:
        return kind
    arguments: list[f.Form] = []
    for item in form.items[1:]:
        arguments += item.items if type(item) is f.Array else [item]
    return _applied(x, kind, arguments, form)


def _applied(x: Expander, kind: Kind, arguments: list[f.Form], form: f.Form) -> Kind:
    expected = len(x.env.universe.parameters_of(kind))
    if len(arguments) != expected:
        takes = f"takes {expected} parameter{'s' if expected > 1 else ''}" if expected else "has no parameters"
        raise malformed("{}", form.span, f"the type {kind!r} {takes}, not {len(arguments)}", EXPECTED)
    made = x.env.universe.applied(kind, [kind_of(x, argument) for argument in arguments])
    if not is_made(made):
        _warn_of_no_array(x, made, form)
    return made


def _warn_of_no_array(x: Expander, kind: Kind, form: f.Form) -> None:
    message = f"no array is an instance of {kind!r}: arrays are invariant, and their elements are of a kind of numbers, Bool, Char, or Any"
    help = "{Array} takes every array, {Array Any} what [...] makes, ^:where [T {Number}] and {Array T} the arrays of any kind of numbers"
    x.env.warnings.append(Diagnostic("W004", form.span, message, help=help, severity="warning"))


def _named(x: Expander, form: f.Symbol) -> Kind:
    kind = find_kind(x, form.name)
    if kind is None:
        raise unknown_type(form.name, form.span, x.env.universe.kinds)
    return kind


def _computed(x: Expander, form: f.List, head: str) -> Kind:
    universe, operands = x.env.universe, form.items[1:]
    if head == "union":
        members = [member for item in operands for member in (item.items if type(item) is f.Array else [item])]
        return universe.union([kind_of(x, member) for member in members])
    if head in ("fn", "->"):
        return _function(x, form, operands)
    if head == "Type":
        if len(operands) != 1:
            raise malformed("Type", form.span, "one kind is needed", "{(Type {Int})}")
        return universe.type_kind(kind_of(x, operands[0]))
    if head == "value->type":
        if len(operands) != 1:
            raise malformed(head, form.span, "one value is needed", "(value->type 3)")
        return value_kind(x, f.ValueKind(operands[0], form.span))
    kind = _named(x, form.items[0])  # type: ignore[arg-type]  # the caller looked: a Symbol
    return _applied(x, kind, operands, form) if operands else kind


def _function(x: Expander, form: f.List, operands: list[f.Form]) -> Kind:
    """`(fn [{A} {B}] {R})` or `(fn [[{A} {B}] {R}])`."""
    if len(operands) == 1 and type(operands[0]) is f.Array and operands[0].items and type(operands[0].items[0]) is f.Array:
        operands = operands[0].items
    if not operands or type(operands[0]) is not f.Array or len(operands) > 2:
        raise malformed("fn", form.span, "parameter kinds and a result kind are needed", "{(fn [{Int} {Int}] {Int})}")
    result = kind_of(x, operands[1]) if len(operands) == 2 else KINDS["Any"]
    return x.env.universe.function_kind([kind_of(x, item) for item in operands[0].items], result)


def qualified(enum: str, variant: str) -> str:
    """The global name behind the path `Enum.Variant`."""
    return f"{enum}.{variant}"


_NONE = object()


def _literal(x: Expander, form: f.Form) -> object:
    """The datum of a literal, or _NONE."""
    if type(form) in (f.Int, f.Float, f.String, f.Literal):
        return form.value  # type: ignore[union-attr]
    if type(form) is f.Char:
        return Chr(ord(form.value))
    if type(form) is f.Quote and form.op == "quote" and type(form.form) is f.Symbol:
        return Sym(form.form.name)
    return _NONE


LITERAL_KINDS = {bool: "Bool", int: "Int", float: "Float", str: "String", type(None): "Nothing", Chr: "Char", Sym: "Symbol"}


def value_kind(x: Expander, form: f.ValueKind) -> Kind:
    """`#val 3`. Raises X001 unless the value is a literal."""
    value = _literal(x, form.form)
    if value is _NONE:
        raise malformed("#val", form.span, "a literal is needed where a kind is expected", "#val 3, #val :name or #val \"text\"")
    return x.env.universe.value_kind(value, datum_text(value), KINDS[LITERAL_KINDS[type(value)]])


def datum_text(value: object) -> str:
    from jit_runtime.expand.show import datum

    return datum(value)  # type: ignore[arg-type]


def abstract_parent(x: Expander, form: f.Form | None) -> Kind:
    """The kind that `^:parent` names; Any without one. Raises X013 for a kind that nothing can be defined below."""
    if form is None:
        return KINDS["Any"]
    kind = kind_of(x, form)
    if kind.name != "Any" and not isinstance(kind.head, Abstract):
        expected = "a kind defined with {abstract Name}, or Any, Number, Real, Integer"
        raise fail("X015", form.span, f"{kind!r} cannot be a parent type: it is not abstract", expected)
    if isinstance(kind.head, Abstract) and kind.head.closed:
        raise fail("X015", form.span, f"{kind!r} cannot be a parent type: it is an enum", "a kind defined with {abstract Name}")
    return kind.head


def bind_variables(x: Expander, form: f.Form | None) -> list[Variable]:
    """The type variables of `^:where [T {Number} U]`; a bare name has the bound Any."""
    if form is None:
        return []
    if type(form) is not f.Array or not form.items:
        raise malformed("^:where", form.span, "type variables are needed", "^:where [T {Number}]")
    found: list[tuple[f.Symbol, Kind]] = []
    for item in form.items:
        if type(item) is f.Symbol:
            found.append((item, KINDS["Any"]))
        elif type(item) is f.Kind and found:
            found[-1] = (found[-1][0], kind_of(x, item))
        else:
            raise malformed("^:where", item.span, f"`{item.span.text}` is no type variable", "^:where [T {Number}]")
    made = [x.env.universe.variable(symbol.name, bound, i) for i, (symbol, bound) in enumerate(found)]
    x.variables.update({variable.name: variable for variable in made})
    return made
