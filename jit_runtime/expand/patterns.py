"""Patterns: tests and accesses on a value, for `match` (language.md S6.3) and destructuring (S4.4).

A pattern becomes steps, in order: tests that must hold, temporaries that hold parts of the value; and the names it
binds, each with the expression that yields its value once all steps succeeded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit_runtime.expand.builtin_calls import again, builtin
from jit_runtime.expand.core import Call, Chr, Const, Core, If, KindRef, Local, Seq, SetLocal, Sym, Var
from jit_runtime.expand.kinds import kind_of, qualified
from jit_runtime.expand.mistakes import bad_pattern, duplicate
from jit_runtime.expand.sequence_patterns import array, sequence
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f
from jit_runtime.types.kinds import KINDS
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander
    from jit_runtime.expand.scope import Scope

Step = tuple["Var | None", Core]
"""(temporary, its value) or (None, a test)."""


class Pattern:
    """What a pattern came to. `lenient`: keys may be missing (destructuring), and then bind nothing."""

    __slots__ = ("binds", "hoisted", "lenient", "names", "scope", "steps", "x")

    def __init__(self, x: Expander, scope: Scope | None, lenient: bool = False) -> None:
        self.x, self.scope, self.lenient = x, scope, lenient
        self.steps: list[Step] = []
        self.binds: list[tuple[f.Symbol, Core]] = []
        self.names: set[str] = set()
        self.hoisted: list[Var] = []
        """Temporaries assigned inside a test; whoever uses the test binds them around it."""

    def test(self, core: Core) -> None:
        self.steps.append((None, core))

    def keep(self, core: Core, span: Span) -> Local:
        """A reference to a temporary that holds the value of `core`."""
        if type(core) is Local:
            return core
        var = Var("part", span)
        self.steps.append((var, core))
        return Local(var, span)

    def add(self, form: f.Form, subject: Local) -> None:
        """Match `form` against the value of a variable. Raises X008, X002, X003."""
        rule = BY_CLASS.get(type(form))
        if rule is None:
            raise bad_pattern(form.span, "this is not a pattern")
        rule(self, form, subject)

    def part(self, form: f.Form, access: Core) -> None:
        """Match `form` against a part of the value; a name needs no temporary."""
        if type(form) is f.Symbol and not self.names_constant(form):
            self.bind(form, access)
        else:
            self.add(form, self.keep(access, form.span))

    def names_constant(self, form: f.Symbol) -> bool:
        """Is the name a variant without fields?"""
        variant = self.x.env.universe.variants.get(form.name)
        return variant is not None and variant.latest.is_constant

    def bind(self, form: f.Symbol, value: Core) -> None:
        if form.name == "_":
            return
        if form.name in ("..", "...", "&", "|>", ":when"):
            raise bad_pattern(form.span, f"`{form.name}` is out of place")
        if form.name in self.names:
            raise duplicate(form.name, form.span, "a pattern")
        self.names.add(form.name)
        self.binds.append((form, again(value)))

    def condition(self, success: Core) -> Core:
        """One expression: true when all steps succeed and `success` is. Its temporaries are assigned, so it hoists them."""
        result = success
        for var, core in reversed(self.steps):
            if var is None:
                trivial = type(result) is Const and result.value is True
                result = core if trivial else If(core, result, Const(False, core.span), core.span)
            else:
                var.assigned, var.part = True, not self.lenient
                self.hoisted.append(var)
                result = Seq([SetLocal(var, core, core.span), result], core.span)
        return result


def _name(p: Pattern, form: f.Symbol, subject: Local) -> None:
    """A name that is a variant without fields is that constant."""
    if p.names_constant(form):
        p.test(builtin("instance?", form.span, subject, Const(KindRef(p.x.env.universe.variants[form.name]), form.span)))
    else:
        p.bind(form, subject)


def _number(p: Pattern, form: f.Int | f.Float | f.BigInt, subject: Local) -> None:
    kind = KINDS[type(form).__name__]
    p.test(_is_kind(subject, kind.name, form.span))
    p.test(builtin("=", form.span, subject, p.x.expand(form, None)))


def _string(p: Pattern, form: f.String, subject: Local) -> None:
    p.test(builtin("=", form.span, subject, Const(form.value, form.span)))


def _char(p: Pattern, form: f.Char, subject: Local) -> None:
    p.test(builtin("eq?", form.span, subject, Const(Chr(ord(form.value)), form.span)))


def _literal(p: Pattern, form: f.Literal, subject: Local) -> None:
    p.test(builtin("eq?", form.span, subject, Const(form.value, form.span)))


def _quoted(p: Pattern, form: f.Quote, subject: Local) -> None:
    if form.op != "quote":
        raise bad_pattern(form.span, f"{form.op} has no meaning here")
    value = p.x.expand(form, None)
    symbol = type(value) is Const and type(value.value) is Sym
    p.test(builtin("eq?" if symbol else "=", form.span, subject, value))


def _kind(p: Pattern, form: f.Kind, subject: Local) -> None:
    p.test(builtin("type?", form.span, subject, Const(KindRef(kind_of(p.x, form)), form.span)))


def _value_kind(p: Pattern, form: f.ValueKind, subject: Local) -> None:
    """`#val 3` is the literal 3; any other expression is evaluated and compared."""
    if type(form.form) in LITERALS:
        p.add(form.form, subject)
    else:
        p.test(builtin("=", form.span, subject, p.x.expand(form.form, p.scope)))


def _meta(p: Pattern, form: f.Meta, subject: Local) -> None:
    if form.form is None:
        raise bad_pattern(form.span, "metadata with nothing after it")
    p.add(form.form, subject)


def _is_kind(subject: Local, kind: str, span: Span) -> Core:
    return builtin("instance?", span, subject, Const(KindRef(KINDS[kind]), span))


def _list(p: Pattern, form: f.List, subject: Local) -> None:
    if not form.items:
        p.test(builtin("null?", form.span, subject))
        return
    head = form.items[0]
    if type(head) is f.Quote and head.colon:
        _keys(p, form, subject)
        return
    rule = HEADS.get(head.name) if type(head) is f.Symbol else None
    if rule is not None:
        rule(p, form, subject)
    elif type(head) in (f.Symbol, f.Path):
        _constructor(p, form, subject)
    else:
        raise bad_pattern(form.span, "a pattern in parentheses begins with a name or with :keys")


def _keys(p: Pattern, form: f.List, subject: Local) -> None:
    for item in form.items:
        if type(item) is not f.Quote or not item.colon or type(item.form) is not f.Symbol:
            raise bad_pattern(form.span, "expected only keys, as in (:x :y)")
        key = Const(Sym(item.form.name), item.span)
        if p.lenient:
            p.bind(item.form, builtin("destructure-key", item.span, subject, key))
        else:
            p.test(builtin("has-key?", item.span, subject, key))
            p.bind(item.form, builtin("path-get", item.span, subject, key))


def _constructor(p: Pattern, form: f.List, subject: Local) -> None:
    """`(Ctor p ...)`: a struct or a variant with one pattern for each field, in their order."""
    made = struct_named(p.x, form.items[0])
    if made is None:
        raise bad_pattern(form.span, f"`{form.items[0].span.text}` is no struct and no variant")
    fields = made.latest.fields
    if len(form.items) - 1 != len(fields):
        raise bad_pattern(form.span, f"arity: `{made.name}` has {len(fields)} field{'s' if len(fields) != 1 else ''}")
    p.test(builtin("instance?", form.span, subject, Const(KindRef(made), form.span)))
    for field, item in zip(fields, form.items[1:], strict=True):
        p.part(item, builtin("path-get", item.span, subject, Const(Sym(field.name), item.span)))


def struct_named(x: Expander, form: f.Form) -> Struct | None:
    """The struct or variant that a name or an `Enum.Variant` path means."""
    universe = x.env.universe
    if type(form) is f.Symbol:
        found = universe.variants.get(form.name) or universe.kinds.get(form.name)
        return found if isinstance(found, Struct) else None
    if type(form) is f.Path and type(form.root) is f.Symbol and len(form.segments) == 1 and type(form.segments[0]) is f.Symbol:
        return universe.variants.get(qualified(form.root.name, form.segments[0].name))
    return None


def _path(p: Pattern, form: f.Path, subject: Local) -> None:
    """`Enum.Variant` of a variant without fields."""
    made = struct_named(p.x, form)
    if made is None or not made.latest.is_constant:
        raise bad_pattern(form.span, "this is no variant without fields")
    p.test(builtin("instance?", form.span, subject, Const(KindRef(made), form.span)))


def _list_pattern(p: Pattern, form: f.List, subject: Local) -> None:
    p.test(_is_kind(subject, "List", form.span))
    sequence(p, form.items[1:], form.span, subject)


def _cons(p: Pattern, form: f.List, subject: Local) -> None:
    _count(form, 2)
    p.test(builtin("pair?", form.span, subject))
    p.part(form.items[1], builtin("car", form.span, subject))
    p.part(form.items[2], builtin("cdr", form.span, subject))


def _as(p: Pattern, form: f.List, subject: Local) -> None:
    _count(form, 2)
    if type(form.items[2]) is not f.Symbol:
        raise bad_pattern(form.span, "expected (as pattern name)")
    p.add(form.items[1], subject)
    p.bind(form.items[2], subject)


def _and(p: Pattern, form: f.List, subject: Local) -> None:
    for item in form.items[1:]:
        p.add(item, subject)


def _satisfies(p: Pattern, form: f.List, subject: Local) -> None:
    _count(form, 1)
    p.test(Call(p.x.expand(form.items[1], p.scope), [again(subject)], form.span))


def _not(p: Pattern, form: f.List, subject: Local) -> None:
    _count(form, 1)
    inner = Pattern(p.x, p.scope, p.lenient)
    inner.add(form.items[1], subject)
    if inner.binds:
        raise bad_pattern(form.span, f"`{inner.binds[0][0].name}` would have no value where `not` succeeds")
    test = inner.condition(Const(True, form.span))
    p.hoisted.extend(inner.hoisted)
    p.test(If(test, Const(False, form.span), Const(True, form.span), form.span))


def _or(p: Pattern, form: f.List, subject: Local) -> None:
    """Each branch stores what it binds in temporaries that all branches share."""
    if len(form.items) < 2:
        raise bad_pattern(form.span, "expected (or pattern ...)")
    branches = []
    for item in form.items[1:]:
        branch = Pattern(p.x, p.scope, p.lenient)
        branch.add(item, subject)
        branches.append(branch)
    names = {symbol.name: symbol for symbol, _ in branches[0].binds}
    for branch, item in zip(branches, form.items[1:]):  # one each
        if {symbol.name for symbol, _ in branch.binds} != names.keys():
            raise bad_pattern(item.span, "all branches of `or` must bind the same names")
    shared = {name: Var(name, symbol.span, assigned=True, part=not p.lenient) for name, symbol in names.items()}
    test: Core = Const(False, form.span)
    for branch in reversed(branches):
        test = _either(p, branch, shared, test, form.span)
    p.hoisted.extend(shared.values())
    p.test(test)
    for name, symbol in names.items():
        p.bind(symbol, Local(shared[name], symbol.span))


def _either(p: Pattern, branch: Pattern, shared: dict[str, Var], otherwise: Core, span: Span) -> Core:
    stores: list[Core] = [SetLocal(shared[symbol.name], value, symbol.span) for symbol, value in branch.binds]
    true = Const(True, span)
    test = branch.condition(Seq([*stores, true], span) if stores else true)
    p.hoisted.extend(branch.hoisted)
    if type(otherwise) is Const and otherwise.value is False:
        return test
    return If(test, true, otherwise, span)


def _count(form: f.List, count: int) -> None:
    if len(form.items) != count + 1:
        raise bad_pattern(form.span, f"expected {count} operand{'s' if count > 1 else ''}")


HEADS: dict[str, Callable[[Pattern, f.List, Local], None]] = {
    "list": _list_pattern,
    "cons": _cons,
    "as": _as,
    "and": _and,
    "or": _or,
    "not": _not,
    "satisfies": _satisfies,
}
LITERALS = (f.Int, f.Float, f.String, f.Char, f.Literal, f.BigInt, f.Quote)
BY_CLASS: dict[type, Callable[[Pattern, Any, Local], None]] = {
    f.Symbol: _name,
    f.Int: _number,
    f.Float: _number,
    f.String: _string,
    f.Char: _char,
    f.Literal: _literal,
    f.BigInt: _number,
    f.Quote: _quoted,
    f.Kind: _kind,
    f.Meta: _meta,
    f.ValueKind: _value_kind,
    f.Array: array,
    f.List: _list,
    f.Path: _path,
}



