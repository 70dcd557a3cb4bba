"""Walking and changing core code without changing what is there: nodes that stay are shared, those above a change are made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import is_not
from typing import Any, get_args

from jit_runtime.dataclass import replace
from jit_runtime.expand.core import Call, Clause, Const, Core, Handle, Lambda, Let, Letrec, Local, Param, Seq, SetLocal, Var

PARTS = ("test", "then", "otherwise", "value", "body", "fn", "cleanup")
"""The fields that hold one part. Methods are code of their own."""
PARTS_OF = {
    kind: () if kind is Const else tuple(name for name in PARTS if name in kind.__slots__)
    for kind in (*get_args(Core), Clause)
}


def nodes(core: Core) -> Iterator[Any]:
    """Every node, in no order that means anything."""
    work: list[Any] = [core]
    while work:
        node = work.pop()
        yield node
        work += parts(node)


def parts(node: Any) -> list[Any]:
    """The nodes directly below one."""
    kind = type(node)
    found = [getattr(node, name) for name in PARTS_OF[kind]]
    if kind is Call:
        found += node.args
    elif kind is Seq:
        found += node.items
    elif kind is Let or kind is Letrec:
        found += [value for _, value in node.bindings]
    elif kind is Lambda:
        found += [param.default for param in node.params if param.default is not None]
    elif kind is Handle:
        found += [clause.body for clause in node.clauses]
    return found


def mentions(core: Core, var: Var) -> int:
    """How often a variable is read or assigned."""
    return sum(type(node) in (Local, SetLocal) and node.var is var for node in nodes(core))


def rewrite(core: Any, change: Callable[[Any], Any | None]) -> Any:
    """From the leaves up: `change` gives another node for one whose parts are changed already, or None."""
    node = with_parts(core, lambda part: rewrite(part, change))
    other = change(node)
    return node if other is None else other


def with_parts(core: Any, change: Callable[[Any], Any]) -> Any:
    """The node with each part changed."""
    kind = type(core)
    if kind in LEAVES:
        return core
    changed: dict[str, Any] = {}
    for name in PARTS_OF[kind]:
        part = getattr(core, name)
        other = change(part)
        if other is not part:
            changed[name] = other
    if kind in LISTED:
        name, each = LISTED[kind]
        old = getattr(core, name)
        new = [each(one, change) for one in old] if each is not None else list(map(change, old))
        if any(map(is_not, old, new)):
            changed[name] = new
    return replace(core, **changed) if changed else core


def clone(core: Any, renamed: dict[Var, Var] | None = None) -> Any:
    """The same code in nodes and variables of its own; variables that are bound outside stay."""
    renamed = {} if renamed is None else renamed
    kind = type(core)
    changed: dict[str, Any] = {}
    if kind is Let or kind is Letrec:
        variables = [_fresh(var, renamed) for var, _ in core.bindings]
        changed["bindings"] = [(var, clone(value, renamed)) for var, (_, value) in zip(variables, core.bindings)]
    elif kind is Lambda:
        changed["params"] = [replace(p, var=_fresh(p.var, renamed), default=p.default and clone(p.default, renamed)) for p in core.params]
        changed["rest"] = core.rest and _fresh(core.rest, renamed)
        changed["free"] = [renamed.get(var, var) for var in core.free]
    elif kind is Handle:
        changed["clauses"] = [_clone_clause(clause, renamed) for clause in core.clauses]
    elif kind is Call:
        changed["args"] = [clone(arg, renamed) for arg in core.args]
    elif kind is Seq:
        changed["items"] = [clone(item, renamed) for item in core.items]
    elif kind is Local or kind is SetLocal:
        changed["var"] = renamed.get(core.var, core.var)
    for name in PARTS_OF[kind]:
        changed[name] = clone(getattr(core, name), renamed)
    return replace(core, **changed)


def _fresh(var: Var, renamed: dict[Var, Var]) -> Var:
    made = renamed[var] = replace(var)
    return made


def _clone_clause(clause: Clause, renamed: dict[Var, Var]) -> Clause:
    params = [_fresh(var, renamed) for var in clause.params]
    resume = clause.resume and _fresh(clause.resume, renamed)
    return replace(clause, params=params, resume=resume, body=clone(clause.body, renamed))


def _binding(pair: tuple[Var, Any], change: Callable[[Any], Any]) -> tuple[Var, Any]:
    value = change(pair[1])
    return pair if value is pair[1] else (pair[0], value)


def _param(param: Param, change: Callable[[Any], Any]) -> Param:
    if param.default is None:
        return param
    default = change(param.default)
    return param if default is param.default else replace(param, default=default)


def _clause(clause: Clause, change: Callable[[Any], Any]) -> Clause:
    body = change(clause.body)
    return clause if body is clause.body else replace(clause, body=body)


LEAVES = frozenset(kind for kind, names in PARTS_OF.items() if not names and kind not in (Seq, Lambda))
LISTED: dict[type, tuple[str, Callable[..., Any] | None]] = {
    Call: ("args", None), Seq: ("items", None), Let: ("bindings", _binding), Letrec: ("bindings", _binding), Lambda: ("params", _param),
    Handle: ("clauses", _clause),
}  # fmt: skip
"""The field with a list of parts, and how each is changed where it holds the part."""
