"""Paths, assignment through them, accessors and pipes (language.md S9.5 - S9.7, S15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.builtin_calls import again, builtin
from jit_runtime.expand.core import Call, Const, Core, Global, If, Lambda, Let, Local, Param, Seq, Sym, Var
from jit_runtime.expand.kind_definitions import construct
from jit_runtime.expand.kinds import qualified
from jit_runtime.expand.mistakes import malformed
from jit_runtime.expand.scope import Scope, lookup
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander

Bindings = list[tuple[Var, Core]]


def expand_path(x: Expander, form: f.Path, scope: Scope | None) -> Core:
    """`root.a.[i]`: one access after the other. `.a.b` is a function that makes them."""
    if form.root is None:
        var = Var("object", form.span)
        return Lambda(None, [Param(var)], None, None, _access(x, Local(var, form.span), form.segments, form.span, scope), form.span)
    variant = _variant(x, form, scope)
    if variant is not None:
        return _access(x, variant, form.segments[1:], form.span, scope)
    return _access(x, x.expand(form.root, scope), form.segments, form.span, scope)


def _variant(x: Expander, form: f.Path, scope: Scope | None) -> Core | None:
    """What `Enum.Variant` names."""
    root, first = form.root, form.segments[0]
    if type(root) is not f.Symbol or type(first) is not f.Symbol or lookup(root.name, scope) is not None:
        return None
    name = qualified(root.name, first.name)
    found = x.env.universe.variants.get(name)
    if found is None:
        return None
    if found.latest.is_constant and not x.env.has_value(name):
        return construct(found, [], form.span)  # of the prelude
    return Global(name, form.span)


def _access(x: Expander, core: Core, segments: list[f.Symbol | f.Index], span: Span, scope: Scope | None) -> Core:
    for segment in segments:
        core = builtin("path-get", span, core, _key(x, segment, scope))
    return core


def _key(x: Expander, segment: f.Symbol | f.Index, scope: Scope | None) -> Core:
    if type(segment) is f.Symbol:
        return Const(Sym(segment.name), segment.span)
    return x.expand(segment.form, scope)  # type: ignore[union-attr]  # a segment is a Symbol or an Index


def _operands(form: f.List) -> tuple[f.Path, f.Form]:
    name = form.items[0].name  # type: ignore[union-attr]  # a special form's head is a Symbol
    if len(form.items) != 3 or type(form.items[1]) is not f.Path or form.items[1].root is None:
        raise malformed(name, form.span, "a path and a value are needed", f"({name} root.key value) or ({name} root.[index] value)")
    return form.items[1], form.items[2]


def _keep(core: Core, name: str, out: Bindings) -> Core:
    """Something to mention twice: a constant, a variable nothing assigns, or a new variable."""
    if type(core) is Const or (type(core) is Local and not core.var.assigned):
        return core
    var = Var(name, core.span)
    out.append((var, core))
    return Local(var, core.span)


def _parent(x: Expander, root: Core, path: f.Path, scope: Scope | None) -> Core:
    """The object whose part the path names; missing dicts on the way are created."""
    for segment in path.segments[:-1]:
        root = builtin("path-open!", path.span, root, _key(x, segment, scope))
    return root


def set_path(x: Expander, path: f.Path, value: f.Form, span: Span, scope: Scope | None) -> Core:
    """`(set! path v)`: store; the value is v."""
    assert path.root is not None
    parent = _parent(x, x.expand(path.root, scope), path, scope)
    return builtin("path-put!", span, parent, _key(x, path.segments[-1], scope), x.expand(value, scope))


def expand_put(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(put! path v)`: store; the value is the root object."""
    path, value = _operands(form)
    bindings: Bindings = []
    root = _keep(x.expand(path.root, scope), "root", bindings)  # type: ignore[arg-type]  # _operands looked
    parent = _parent(x, root, path, scope)
    store = builtin("path-put!", form.span, parent, _key(x, path.segments[-1], scope), x.expand(value, scope))
    body = Seq([store, root], form.span)
    return Let(bindings, body, form.span) if bindings else body


def expand_update_in_place(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(update! path X)`: store what X makes of the current value, or X itself; the value is the new value."""
    path, value = _operands(form)
    bindings: Bindings = []
    parent = _keep(_parent(x, x.expand(path.root, scope), path, scope), "object", bindings)  # type: ignore[arg-type]
    key = _keep(_key(x, path.segments[-1], scope), "key", bindings)
    change = _keep(x.expand(value, scope), "change", bindings)
    body = builtin("path-put!", form.span, parent, key, _changed(change, builtin("path-get", path.span, parent, key), form.span))
    return Let(bindings, body, form.span) if bindings else body


def expand_update(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(update path X)`: a new root that shares what did not change."""
    path, value = _operands(form)
    bindings: Bindings = []
    objects = [_keep(x.expand(path.root, scope), "root", bindings)]  # type: ignore[arg-type]
    keys: list[Core] = []
    for segment in path.segments:
        keys.append(_keep(_key(x, segment, scope), "key", bindings))
        if len(keys) < len(path.segments):
            objects.append(_keep(builtin("path-get", path.span, objects[-1], keys[-1]), "object", bindings))
    change = _keep(x.expand(value, scope), "change", bindings)
    result = _changed(change, builtin("path-get", path.span, objects[-1], keys[-1]), form.span)
    for parent, key in zip(reversed(objects), reversed(keys)):  # one each
        result = builtin("path-with", form.span, parent, key, result)
    return Let(bindings, result, form.span) if bindings else result


def _changed(change: Core, current: Core, span: Span) -> Core:
    """S9.7: a function is applied to the current value, anything else is the new value."""
    return If(builtin("function?", span, change), Call(again(change), [current], span), again(change), span)


# ---- pipes ----

PIPED = "|> value"
"""The name of the piped value in rewritten steps; no program can write it."""


def expand_pipe(x: Expander, form: f.List, scope: Scope | None) -> Core:
    """`(|> v step ...)` and `(v |> step |> step)`: one variable for each intermediate value."""
    steps = _steps(form)
    bindings: Bindings = [(Var("piped", steps[0].span), x.expand(steps[0], scope))]
    result = bindings[0][1]
    for step in steps[1:]:
        inner = Scope(scope)
        inner.names[PIPED] = bindings[-1][0]
        result = x.expand(_apply_step(x, step, scope), inner)
        bindings.append((Var("piped", step.span), result))
    bindings.pop()
    return Let(bindings, result, form.span) if bindings else result


def _steps(form: f.List) -> list[f.Form]:
    items = form.items
    if type(items[0]) is f.Symbol and items[0].name == "|>":
        if len(items) < 2:
            raise malformed("|>", form.span, "a value is needed", "(|> value step ...)")
        return items[1:]
    for item in items[1::2]:
        if type(item) is not f.Symbol or item.name != "|>":
            raise malformed("|>", item.span, "`|>` must stand between the steps", "(value |> step |> step)")
    if len(items) % 2 == 0:
        raise malformed("|>", form.span, "a step is missing after the last `|>`", "(value |> step |> step)")
    return items[0::2]


def _apply_step(x: Expander, step: f.Form, scope: Scope | None) -> f.Form:
    """The call a step stands for, as a form."""
    value = f.Symbol(PIPED, step.span)
    if type(step) is not f.List or not step.items or _is_function(step, scope):
        return f.List([step, value], step.span)
    replaced, found = _fill(step, value)
    return replaced if found else f.List([*step.items, value], step.span)


def _is_function(step: f.List, scope: Scope | None) -> bool:
    head = step.items[0]
    return type(head) is f.Symbol and head.name in ("fn", "lambda", "λ", "->", "clambda") and lookup(head.name, scope) is None


def _fill(form: f.Form, value: f.Symbol) -> tuple[f.Form, bool]:
    """The form with `%` replaced where it is an operand (as an operator it is the remainder)."""
    if type(form) is f.Symbol:
        return (value, True) if form.name == "%" else (form, False)
    if type(form) not in (f.List, f.Array, f.Dict):
        return form, False
    items = form.items  # type: ignore[union-attr]
    keep = 1 if type(form) is f.List and items and type(items[0]) is f.Symbol else 0
    filled = [_fill(item, value) for item in items[keep:]]
    if not any(found for _, found in filled):
        return form, False
    return type(form)([*items[:keep], *(item for item, _ in filled)], form.span), True  # type: ignore[arg-type,call-arg]
