"""`define` of kinds: `{abstract N}`, `{struct N}`, `{enum N}`, `{primitive N}` and aliases (language.md S11.3 - S11.7).

A kind exists as soon as its definition is expanded; what is left to run are the definitions of its constructors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Const, Core, DefineMethod, DefineValue, DefineVersion, Global, KindRef, Lambda, Local, Param, Seq, Var
from jit_runtime.expand.kind_versions import enum_again, is_enum, next_version, warn_of_new_kind
from jit_runtime.expand.kinds import abstract_parent, bind_variables, kind_of, qualified
from jit_runtime.expand.mistakes import duplicate, malformed, unsupported
from jit_runtime.expand.primitive_definitions import define_primitive
from jit_runtime.source.diagnostics import fail
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f
from jit_runtime.types.kinds import KINDS, Abstract, Kind, Variable
from jit_runtime.types.structs import MOST_FIELDS, MOST_REFERENCES, Field, Struct

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander

VARIANCE = {"covar": 1, "covariant": 1, "contra": -1, "contravariant": -1, "invariant": 0}
SHAPE = "(define {struct Name} [field {Kind}] ...), (define {abstract Name}), (define {enum Name} Variant (Variant [field])) or (define {Name} kind)"
CONSTRUCTOR = "constructor"  # the flag of a method that makes a struct


class Head:
    """What stands in the braces of a definition: `word` (None for an alias), name, type parameters, flags."""

    __slots__ = ("flags", "name", "parameters", "rest", "span", "where", "word")

    def __init__(self, span: Span) -> None:
        self.span = span
        self.word: str | None = None
        self.where: f.Form | None = None
        self.name = ""
        self.parameters: list[tuple[str, int]] = []
        self.flags: set[str] = set()
        self.rest: list[f.Form] = []


def define_kind(x: Expander, form: f.List, target: f.Kind, metas: list[f.Meta]) -> Core:
    """The core of `(define {...} ...)`; `metas` is the metadata before it and before the name, outermost first."""
    values = {meta.key: meta for meta in metas}
    head = _head(form, target)
    head.flags |= {meta.key for meta in metas if meta.value is None}
    head.where = values["where"].value if "where" in values else None
    if head.where is not None and head.word not in BOUNDED:
        what = "^:where: bounds are for the type parameters of a struct or an enum"
        raise fail("X015", head.span, what, "^:where [T {Number}] before {struct Name [T]}")
    if head.word is None:
        return _alias(x, form, head)
    parent = abstract_parent(x, values["parent"].value) if "parent" in values else KINDS["Any"]
    return WORDS[head.word](x, head, parent, form)


def _head(form: f.List, target: f.Kind) -> Head:
    head = Head(target.span)
    head.rest = form.items[2:]
    items: list[f.Form] = []
    for item in target.items:
        items.append(_flagged(item, head.flags))
    if items and type(items[0]) is f.Symbol and items[0].name in WORDS and len(items) > 1:
        head.word = items[0].name
        items = items[1:]
        if len(items) == 1 and type(items[0]) is f.Array and head.rest and _names_the_type(items[0], head.rest[0]):
            items = [head.rest[0].items[0], items[0]]  # type: ignore[union-attr]  # `{struct [^:covar T]} {Wrap}`
            head.rest = head.rest[1:]
        elif len(items) == 1 and type(items[0]) is f.Array and items[0].items:
            items = items[0].items  # `{struct [Pair T]}`
    elif items and type(items[0]) is f.Symbol and items[0].name in LATER and len(items) > 1:
        raise unsupported(f"`define` of the kind `{target.span.text}`", target.span)
    if not items or type(_flagged(items[0], head.flags)) is not f.Symbol:
        raise malformed("define", target.span, "a name is needed in the braces", SHAPE)
    head.name = _flagged(items[0], head.flags).name  # type: ignore[union-attr]
    for item in items[1:]:
        for parameter in item.items if type(item) is f.Array else [item]:
            _parameter(head, parameter)
    return head


def _require_free(head: Head) -> None:
    """The two cases of a list are no kinds that programs see: {struct [Pair A B]} may take the name."""
    if head.name in KINDS and head.name not in ("Null", "Pair"):
        raise fail("X015", head.span, f"the builtin type {{{head.name}}} cannot be redefined", "another name")


def _names_the_type(parameters: f.Array, following: f.Form) -> bool:
    marked = any(type(item) is f.Meta for item in parameters.items)
    return type(following) is f.Kind and len(following.items) == 1 and type(following.items[0]) is f.Symbol and (marked or len(parameters.items) == 1)


def _flagged(form: f.Form, flags: set[str]) -> f.Form:
    while type(form) is f.Meta and form.form is not None:
        if form.value is None:
            flags.add(form.key)
        form = form.form
    return form


def _parameter(head: Head, form: f.Form) -> None:
    flags: set[str] = set()
    symbol = _flagged(form, flags)
    if type(symbol) is not f.Symbol:
        raise malformed("define", form.span, f"`{form.span.text}` is no type parameter", "a name, as in {struct [Pair A B]}")
    if any(name == symbol.name for name, _ in head.parameters):
        raise duplicate(symbol.name, symbol.span, "the type parameters")
    head.parameters.append((symbol.name, next((VARIANCE[flag] for flag in flags if flag in VARIANCE), 0)))


def _with_parameters(x: Expander, head: Head) -> tuple[int, ...]:
    """Bind the type parameters for the kinds in the definition."""
    bounds = {variable.name: variable.bound for variable in bind_variables(x, head.where)}
    names = [name for name, _ in head.parameters]
    for name in bounds:
        if name not in names:
            raise fail("X015", head.span, f"^:where: {{{head.name}}} has no type parameter `{name}`", f"{{struct {head.name} [{name}]}}")
    x.variables.update({name: x.env.universe.variable(name, bounds.get(name, KINDS["Any"]), i) for i, name in enumerate(names)})
    return tuple(variance for _, variance in head.parameters)


# ---- abstract kinds, aliases ----


def _abstract(x: Expander, head: Head, parent: Kind, form: f.List) -> Core:
    for item in head.rest:
        if type(item) is not f.Array or item.items:
            shape = "(define {abstract Name}) or (define {abstract Name} [])"
            raise fail("X015", item.span, f"the abstract type {{{head.name}}} has no fields", shape)
    universe = x.env.universe
    at: Kind | None = parent
    while at is not None:
        if at.name == head.name and at.name != "Any":
            raise fail("X015", head.span, f"circular types: {parent!r} is below {{{head.name}}}", f"a parent that is not below {{{head.name}}}")
        at = at.parent
    old = universe.kinds.get(head.name)
    if isinstance(old, Abstract) and old.parent is parent and not old.closed:
        return Const(None, form.span)  # the same declaration again
    _require_free(head)
    warn_of_new_kind(x, old, head.name, head.span)
    universe.define_abstract(head.name, parent, tuple(variance for _, variance in head.parameters))
    return Const(None, form.span)


def _alias(x: Expander, form: f.List, head: Head) -> Core:
    if len(head.rest) != 1:
        raise malformed("define", form.span, f"the type {{{head.name}}} needs one kind", "(define {Name} (union [{Int} {String}]))")
    _require_free(head)
    warn_of_new_kind(x, x.env.universe.kinds.get(head.name), head.name, head.span)
    x.env.universe.define_alias(head.name, kind_of(x, head.rest[0]))
    return Const(None, form.span)


# ---- structs ----


def _struct(x: Expander, head: Head, parent: Kind, form: f.List) -> Core:
    _require_free(head)
    written = _read_fields(head.rest)
    mutable = "mutable" in head.flags or head.word in ("mutable-struct", "mutable")
    universe, variances = x.env.universe, _with_parameters(x, head)
    old = universe.kinds.get(head.name)
    if isinstance(old, Struct) and old.name == head.name and old.variances == variances:
        made = next_version(x, old, parent, lambda version: _complete(x, version, head, written, mutable))
        return Seq([constructor(made, head.name, form.span), DefineVersion(made, form.span), Const(None, form.span)], form.span)
    made = universe.define_struct(head.name, parent, variances)
    try:
        _complete(x, made, head, written, mutable)
    except BaseException:
        if old is None:
            del universe.kinds[head.name]
        else:
            universe.kinds[head.name] = old
        raise
    warn_of_new_kind(x, old, head.name, head.span)
    return Seq([constructor(made, head.name, form.span), Const(None, form.span)], form.span)


WrittenField = tuple[f.Symbol, "f.Form | None", set[str]]


def _read_fields(forms: list[f.Form]) -> list[WrittenField]:
    """`[name {Kind}?]`, or several in one slot."""
    fields: list[WrittenField] = []
    for form in forms:
        flags: set[str] = set()
        slot = _flagged(form, flags)
        if type(slot) is not f.Array:
            raise malformed("define", form.span, f"`{form.span.text}` is no field", "[name {Kind}]")
        for item in slot.items:
            own = set(flags)
            bare = _flagged(item, own)
            if type(bare) is f.Symbol:
                if any(symbol.name == bare.name for symbol, _, _ in fields):
                    raise duplicate(bare.name, bare.span, "the fields")
                fields.append((bare, None, own))
            elif type(bare) in (f.Kind, f.ValueKind) and fields and fields[-1][1] is None:
                fields[-1] = (fields[-1][0], bare, fields[-1][2] | own)
            else:
                raise malformed("define", item.span, f"`{item.span.text}` is no field", "[name {Kind}]")
    return fields


def _complete(x: Expander, made: Struct, head: Head, written: list[WrittenField], mutable: bool) -> None:
    fields: list[Field] = []
    for symbol, form, flags in written:
        kind = kind_of(x, form) if form is not None else None
        parameter = kind.index if isinstance(kind, Variable) else None
        changes = mutable or "mutable" in flags
        if parameter is not None and changes and made.variances[parameter] != 0:
            raise fail(
                "X015", symbol.span, f"variance: the mutable field `{symbol.name}` has the type parameter {kind!r}, which is not invariant",
                "an immutable field, or an unmarked parameter",
            )  # fmt: skip
        wanted = kind.bound if isinstance(kind, Variable) else kind
        fields.append(Field(symbol.name, None if wanted is not None and wanted.name == "Any" else wanted, changes, parameter))
    if len(fields) > MOST_FIELDS or sum(field.packed is None for field in fields) + any(field.mutable for field in fields) > MOST_REFERENCES:
        most = MOST_REFERENCES - any(field.mutable for field in fields)
        limit = f"at most {MOST_FIELDS}, {most} of them other than {{Bool}}, {{Char}} and numbers of a width"
        raise fail("X015", head.span, f"{{{made.name}}} has too many fields", limit)
    made.complete(fields)


def constructor(made: Struct, name: str, span: Span) -> DefineMethod:
    """The method that makes a struct; `%construct` checks the fields."""
    variables = [Var(field.name, span) for field in made.fields]
    body = construct(made, [Local(var, span) for var in variables], span)
    return DefineMethod(name, Lambda(name, [Param(var) for var in variables], None, None, body, span), span, None, (CONSTRUCTOR,))


def construct(made: Struct, arguments: list[Core], span: Span) -> Core:
    """An instance; `arguments` are its fields."""
    return Call(Global("%construct", span), [Const(KindRef(made), span), *arguments], span)


def constructed(call: Call) -> Struct:
    """The struct that a call of `%construct` makes."""
    made = call.args[0]
    assert isinstance(made, Const) and isinstance(made.value, KindRef) and isinstance(made.value.kind, Struct)
    return made.value.kind


# ---- enums ----


def _enum(x: Expander, head: Head, parent: Kind, form: f.List) -> Core:
    if not head.rest:
        raise malformed("define", form.span, f"the enum {{{head.name}}} has no variants", "(define {enum Name} Variant (Variant [field {Kind}]) ...)")
    _require_free(head)
    variances = _with_parameters(x, head)
    written = _read_variants(head)
    universe = x.env.universe
    old = universe.kinds.get(head.name)
    steps: list[Core]
    if is_enum(old) and old.variances == variances and old.parent is parent and not universe.is_prelude(old):
        again = enum_again(x, old, written, lambda version, fields: _complete(x, version, head, fields, False))
        steps = [step for one in again for step in (*_variant(one, old, form.span), DefineVersion(one, form.span))]
        return Seq([*steps, Const(None, form.span)], form.span)
    kinds, variants = dict(universe.kinds), dict(universe.variants)
    enum = universe.define_abstract(head.name, parent, variances, closed=True)
    steps = []
    try:
        for name, fields in written:
            made = universe.define_struct(name, enum, variances, enum)
            _complete(x, made, head, fields, False)
            steps += _variant(made, enum, form.span)
    except BaseException:
        universe.kinds, universe.variants = kinds, variants
        raise
    warn_of_new_kind(x, old, head.name, head.span)
    return Seq([*steps, Const(None, form.span)], form.span)


def _read_variants(head: Head) -> list[tuple[str, list[WrittenField]]]:
    """`Name` or `(Name [field {Kind}] ...)`."""
    found: dict[str, list[WrittenField]] = {}
    for item in head.rest:
        variant = _flagged(item, set())
        symbol, slots = (variant.items[0], variant.items[1:]) if type(variant) is f.List and variant.items else (variant, [])
        if type(symbol) is not f.Symbol:
            raise malformed("define", item.span, f"`{item.span.text}` is no variant", "Name or (Name [field {Kind}] ...)")
        if symbol.name in found:
            raise duplicate(symbol.name, symbol.span, "the variants")
        found[symbol.name] = _read_fields(slots)
    return list(found.items())


def _variant(made: Struct, enum: Abstract, span: Span) -> list[Core]:
    """The names of a variant: its own, and the one with the enum's, which nothing else can take."""
    name, full = made.name, qualified(enum.name, made.name)
    if made.is_constant:
        return [DefineValue(full, None, construct(made, [], span), span), DefineValue(name, None, Global(full, span), span)]
    return [constructor(made, name, span), constructor(made, full, span)]


def _primitive(x: Expander, head: Head, parent: Kind, form: f.List) -> Core:
    _require_free(head)
    return define_primitive(x, head, parent, form)


WORDS: dict[str, Callable[[Expander, Head, Kind, f.List], Core]] = {
    "abstract": _abstract,
    "struct": _struct,
    "mutable-struct": _struct,
    "mutable": _struct,
    "enum": _enum,
    "primitive": _primitive,
}
BOUNDED = ("struct", "mutable-struct", "mutable", "enum")
LATER = ("effect", "extern", "opaque", "callback", "union", "interface", "CFn")
