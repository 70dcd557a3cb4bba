"""`define` in all its spellings (language.md S3.1 - S3.5): at top level global, in a body local."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jit_runtime.expand.bodies import Step, checked, sequence
from jit_runtime.expand.core import Const, Core, DefineMethod, DefineValue, Global, Lambda, Let, Local, SetLocal, Var
from jit_runtime.expand.destructuring import destructure, pattern_names
from jit_runtime.expand.extensions import flags_of
from jit_runtime.expand.functions import Header, declare, header_with_list, make_lambda, split_header, strip
from jit_runtime.expand.kind_definitions import define_kind
from jit_runtime.expand.kind_versions import warn_of_lost_constructor
from jit_runtime.expand.kinds import annotation
from jit_runtime.expand.local_generics import chooses
from jit_runtime.expand.mistakes import malformed, unbindable, unsupported
from jit_runtime.expand.scope import Scope
from jit_runtime.expand.type_variables import with_variables
from jit_runtime.source.diagnostics import fail
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander

SHAPE = "(define name value), (define name {Kind} value) or (define name [param] ... body ...)"
DEFINERS = ("syntax", "macro", "grammar", "method")


class Definition:
    """One `define`: a value (`header` is None), a function, or a destructuring (`name` is None)."""

    __slots__ = ("doc", "flags", "form", "header", "kind", "metas", "name", "target", "value", "where")

    def __init__(self, form: f.List) -> None:
        self.form = form
        self.target: f.Form = form
        self.name: str | None = None
        self.header: Header | None = None
        self.kind: f.Form | None = None
        self.value: f.Form = form
        self.doc: str | None = None
        self.flags: tuple[str, ...] = ()
        self.metas: list[f.Meta] = []
        self.where: f.Form | None = None


def parse(x: Expander, form: f.Form) -> Definition:
    """Read a `define` form, with the metadata in front of it and of its name. Raises X001, X004, X009, X012."""
    metas: list[f.Meta] = []
    form = _unwrap(form, metas)
    assert type(form) is f.List
    items = form.items
    definition = Definition(form)
    if len(items) < 2:
        raise malformed("define", form.span, "a name and a value are needed", SHAPE)
    target = _unwrap(items[1], metas)
    _keep_metadata(definition, metas)
    definition.target = target
    if len(items) < 3 and type(target) is not f.Kind:
        raise malformed("define", form.span, "a value is needed", SHAPE)
    if type(target) is f.Symbol:
        _read_named(definition, target, items)
    elif type(target) is f.List:
        _read_scheme_style(definition, target, items)
    elif type(target) is f.Array and definition.where is not None:
        raise malformed("define", target.span, "a method with ^:where needs a name", "(define ^:where [T {Number}] name [x {T}] body ...)")
    elif type(target) is f.Array:
        _read_destructuring(definition, target, items)
    elif type(target) is f.Kind:
        definition.metas = metas
    else:
        raise fail("X004", target.span, f"`{target.span.text}` cannot be defined", f"expected {SHAPE}")
    return definition


def _unwrap(form: f.Form, metas: list[f.Meta]) -> f.Form:
    while type(form) is f.Meta:
        metas.append(form)
        if form.form is None:
            raise malformed("^", form.span, f"metadata `{form.key}` with nothing after it", "a form after the metadata")
        form = form.form
    return form


def _keep_metadata(definition: Definition, metas: list[f.Meta]) -> None:
    flags = []
    for meta in metas:
        if meta.key == "where":
            definition.where = meta.value
        if meta.key == "doc" and type(meta.value) is f.String:
            definition.doc = meta.value.value
        elif meta.value is None:
            flags.append(meta.key)
    definition.flags = tuple(flags)


def _read_named(definition: Definition, target: f.Symbol, items: list[f.Form]) -> None:
    _require_name(target)
    definition.name = target.name
    if len(items) == 3:
        definition.value = items[2]
    elif len(items) == 4 and type(strip(items[2])) is f.Kind:
        definition.kind, definition.value = strip(items[2]), items[3]
    else:
        header = split_header(items, 2)
        if not header.slots and header.rest is None and type(strip(items[2])) is not f.Array:
            raise malformed("define", items[2].span, f"`{target.name}` has several values and no parameters", SHAPE)
        definition.header = header


def _read_scheme_style(definition: Definition, target: f.List, items: list[f.Form]) -> None:
    if not target.items:
        raise malformed("define", target.span, "a name is needed", "(define (name param ...) body ...)")
    name = strip(target.items[0])
    if type(name) is f.Quote:
        return  # `(:x :y)`: destructuring by key
    _require_name(name)
    definition.target = name
    definition.name = name.name  # type: ignore[union-attr]  # required just above
    definition.header = header_with_list(target.items[1:], items, 2)


def _read_destructuring(definition: Definition, target: f.Array, items: list[f.Form]) -> None:
    if target.items and type(target.items[0]) is f.Symbol and target.items[0].name in DEFINERS and len(target.items) == 2:
        raise unsupported(f"`define [{target.items[0].name} ...]`", target.span)
    if len(items) != 3:
        raise malformed("define", definition.form.span, "a pattern takes exactly one value", "(define [a b] value)")


def _require_name(form: f.Form) -> None:
    from jit_runtime.expand.special import SPECIAL  # the table of rules, this one among them

    if type(form) is not f.Symbol:
        raise unbindable(f"`{form.span.text}`", form.span)
    if form.name in SPECIAL:
        raise unbindable(f"`{form.name}` is a special form and", form.span)
    if form.name in ("_", "..", "...", "&", "|>", ":when"):
        raise unbindable(f"`{form.name}`", form.span)


# ---- at top level ----


def expand_global_define(x: Expander, form: f.Form) -> Core:
    """A definition for the whole module."""
    definition = parse(x, form)
    if type(definition.target) is f.Kind:
        return define_kind(x, definition.form, definition.target, definition.metas)
    if definition.name is None:
        return _global_destructuring(x, _with_value(definition))
    if definition.header is None:
        return _global_value(x, definition, definition.name)
    function = _function(x, definition, None)
    flags = flags_of(x, definition.name, function, definition.flags, definition.form.span)
    method = DefineMethod(definition.name, function, definition.form.span, definition.doc, flags)
    warn_of_lost_constructor(x, function, definition.form.span)
    if x.env.has_value(definition.name) and not x.env.has_methods(definition.name):
        return sequence([*_value_as_method(definition, Global(definition.name, definition.form.span)), method], definition.form.span)
    return method


def _function(x: Expander, definition: Definition, scope: Scope | None) -> Lambda:
    header, form = definition.header, definition.form
    assert header is not None
    return with_variables(x, definition.where, scope, lambda inner: make_lambda(x, header, definition.name, form, inner), form.span)


def _with_value(definition: Definition) -> Definition:
    if definition.value is definition.form:
        items = definition.form.items
        if len(items) != 3:
            raise malformed("define", definition.form.span, "a pattern takes exactly one value", "(define [a b] value)")
        definition.value = items[2]
    return definition


def _global_value(x: Expander, definition: Definition, name: str) -> Core:
    span = definition.form.span
    kind = annotation(x, definition.kind)
    value = x.expand(definition.value, None)
    if type(value) is Lambda and value.name is None:
        value.name = name
    if x.env.has_methods(name):
        return sequence(_value_as_method(definition, checked(value, kind, f"`{name}`", span)), span)
    return DefineValue(name, kind, value, span, definition.doc, definition.flags)


def _value_as_method(definition: Definition, value: Core) -> list[Core]:
    """S3.2: beside methods, a value is what the method without parameters returns. It is kept under a name no program can write."""
    name, span = definition.name, definition.form.span
    if type(value) is Const:
        return [DefineMethod(name, Lambda(name, [], None, None, value, span), span, definition.doc)]  # type: ignore[arg-type]
    hidden = f"{name} value"
    method = Lambda(name, [], None, None, Global(hidden, span), span)
    return [DefineValue(hidden, None, value, span), DefineMethod(name, method, span, definition.doc)]  # type: ignore[arg-type]


def _global_destructuring(x: Expander, definition: Definition) -> Core:
    span = definition.form.span
    subject = Var("value", span)
    bindings: list[tuple[Var, Core]] = [(subject, x.expand(definition.value, None))]
    scope = Scope(None)
    destructure(x, definition.target, Local(subject, span), scope, set(), bindings)
    defines: list[Core] = [DefineValue(name, None, Local(var, var.span), var.span) for name, var in scope.names.items()]
    return Let(bindings, sequence([*defines, Const(None, span)], span), span)


# ---- in a body ----


def body_steps(x: Expander, forms: list[f.Form], scope: Scope) -> list[Step]:
    """The steps of a body with definitions; `scope` is the body's own, and gets all its names before anything expands."""
    parsed = [parse(x, form) if _is_define(x, form, scope) else form for form in forms]
    for item in parsed:
        if type(item) is Definition:
            if type(item.target) is f.Kind:
                raise malformed("define", item.target.span, "a type is defined at top level", "the definition before the function that uses it")
            _declare_names(x, item, scope)
    steps: list[Step] = []
    bound: set[Var] = set()
    several = _several(parsed)
    for item in parsed:
        if type(item) is Definition and item.name in several:
            methods = several[item.name]
            if item is methods[0]:
                _generic_steps(x, methods, scope, bound, steps)
        elif type(item) is Definition:
            _define_step(x, item, scope, bound, steps)
        else:
            steps.append(_step(x, None, len(x.references), x.expand(item, scope)))  # type: ignore[arg-type]
    last = forms[-1]
    if type(parsed[-1]) is Definition:
        steps.append(Step(None, Const(None, last.span), []))
    return steps


def _is_define(x: Expander, form: f.Form, scope: Scope) -> bool:
    return x.names_special(form, "define", scope)


def _declare_names(x: Expander, definition: Definition, scope: Scope) -> None:
    if definition.name is None:
        for symbol in pattern_names(x, _with_value(definition).target):
            declare(symbol, scope, set(), "the body")
    elif definition.name not in scope.names:
        var = declare(definition.target, scope, set(), "the body")
        var.kind = annotation(x, definition.kind)


def _step(x: Expander, var: Var | None, mark: int, core: Core) -> Step:
    return Step(var, core, x.references[mark:])


def _define_step(x: Expander, definition: Definition, scope: Scope, bound: set[Var], steps: list[Step]) -> None:
    name, mark = definition.name, len(x.references)
    if name is None:
        _destructuring_steps(x, definition, scope, bound, steps)
        return
    var = scope.names[name]
    if definition.header is not None:
        core: Core = _function(x, definition, scope)
    else:
        core = checked(x.expand(definition.value, scope), var.kind, f"`{name}`", definition.form.span)
        if type(core) is Lambda and core.name is None:
            core.name = name
    steps.append(_bind_or_assign(x, var, mark, core, bound))


def _several(parsed: Sequence[object]) -> dict[str | None, list[Definition]]:
    """The functions of a body that have several definitions, by name."""
    found: dict[str | None, list[Definition]] = {}
    for item in parsed:
        if type(item) is Definition and item.header is not None:
            found.setdefault(item.name, []).append(item)
    return {name: items for name, items in found.items() if len(items) > 1}


def _generic_steps(x: Expander, definitions: list[Definition], scope: Scope, bound: set[Var], steps: list[Step]) -> None:
    """A local generic function: its methods under names of their own, and a function that chooses among them."""
    name = definitions[0].name
    assert name is not None
    var = scope.names[name]
    bound.add(var)
    methods: dict[object, tuple[Var, Lambda]] = {}
    made: list[Step] = []
    for definition in definitions:
        assert definition.header is not None
        mark = len(x.references)
        method = _function(x, definition, scope)
        hidden = Var(name, definition.form.span)
        methods[method.signature.key] = (hidden, method)  # the same signature replaces
        made.append(_step(x, hidden, mark, method))
    steps += [step for step in made if any(step.var is hidden for hidden, _ in methods.values())]
    chooser = chooses(x, name, list(methods.values()), definitions[0].form.span)
    steps.append(Step(var, chooser, [hidden for hidden, _ in methods.values()]))


def _bind_or_assign(x: Expander, var: Var, mark: int, core: Core, bound: set[Var]) -> Step:
    """The first definition of a name binds it; another one in the same body assigns it."""
    if var not in bound:
        bound.add(var)
        return _step(x, var, mark, core)
    var.assigned = True
    return _step(x, None, mark, SetLocal(var, core, var.span))


def _destructuring_steps(x: Expander, definition: Definition, scope: Scope, bound: set[Var], steps: list[Step]) -> None:
    span, mark = definition.form.span, len(x.references)
    subject = Var("value", span)
    steps.append(_step(x, subject, mark, x.expand(definition.value, scope)))
    bindings: list[tuple[Var, Core]] = []
    own, mark = Scope(scope), len(x.references)
    destructure(x, definition.target, Local(subject, span), own, set(), bindings)
    declared = {own.names[name]: scope.names[name] for name in own.names}
    for var, core in bindings:
        steps.append(_bind_or_assign(x, declared.get(var, var), mark, core, bound))


def misplaced_define(x: Expander, form: f.List, scope: Scope | None) -> Core:
    raise fail(
        "X007",
        form.span,
        "`define` cannot be used as an expression",
        "definitions stand at top level, in a body, or in a top-level `do`",
        help="use `let` for a name that is needed in one expression, `set!` to change one",
    )


def expand_global_do(x: Expander, form: f.Form) -> Core:
    """A top-level `do`: its forms are top-level forms."""
    inner = strip(form)
    assert type(inner) is f.List
    span: Span = inner.span
    return sequence([x.toplevel(item) for item in inner.items[1:]], span)
