"""Arrays that nobody looks at: `(for ...)` where its value is not asked for collects nothing.

Before: `(let [result (%array)] (seq loop result))`, where the value of the `let` is dropped and the loop pushes onto `result`. After: the
loop with what was pushed, evaluated for its effects. Runs before fusion, which takes the loop as that of a `foreach`.
"""

from __future__ import annotations

from typing import Any

from jit_runtime.dataclass import replace
from jit_runtime.expand.core import Call, Const, Core, Global, If, Let, Letrec, Local, Seq, Var, While
from jit_runtime.expand.rewrite import mentions, nodes, with_parts


def without_unused(core: Core) -> Core:
    """The same code, with shared nodes where nothing changes."""
    if not any(type(node) is Global and node.name == "%array" for node in nodes(core)):
        return core
    return _used(core)  # type: ignore[no-any-return]


def _used(node: Any) -> Any:
    """A node whose value is asked for."""
    if type(node) is Seq:
        return _changed(node, items=[*map(_dropped, node.items[:-1]), _used(node.items[-1])])
    if type(node) is While:
        return _changed(node, test=_used(node.test), body=_dropped(node.body))
    return with_parts(node, _used)


def _dropped(node: Any) -> Any:
    """A node that is evaluated for its effects."""
    kind = type(node)
    if kind is Seq:
        return _changed(node, items=list(map(_dropped, node.items)))
    if kind is If:
        return _changed(node, test=_used(node.test), then=_dropped(node.then), otherwise=_dropped(node.otherwise))
    if kind is Let:
        return _let(node)
    if kind is Letrec:
        return _changed(node, bindings=_bindings(node), body=_dropped(node.body))
    return _used(node)


def _let(node: Let) -> Core:
    unused = {var for var, value in node.bindings if _makes_array(value) and len(_uses(node.body, var)) == mentions(node, var)}
    body = node.body
    for var in unused:
        body = _without(body, {id(use) for use in _uses(body, var)})
    bindings = [(var, value) for var, value in _bindings(node) if var not in unused]
    body = _dropped(body)
    return _changed(node, bindings=bindings, body=body) if bindings else body  # type: ignore[no-any-return]


def _makes_array(value: Core) -> bool:
    return type(value) is Call and type(value.fn) is Global and value.fn.name == "%array" and not value.args


def _uses(node: Any, var: Var) -> list[Core]:
    """The pushes onto an array and the reads of it whose values are dropped."""
    kind = type(node)
    if kind is Seq:
        return [use for item in node.items for use in _uses(item, var)]
    if kind is If:
        return [*_uses(node.then, var), *_uses(node.otherwise, var)]
    if kind is Let or kind is Letrec or kind is While:
        return _uses(node.body, var)
    if _is_read(node, var) or (kind is Call and type(node.fn) is Global and node.fn.name == "%array-push!" and _is_read(node.args[0], var)):
        return [node]
    return []


def _is_read(node: Any, var: Var) -> bool:
    return type(node) is Local and node.var is var


def _without(node: Any, uses: set[int]) -> Any:
    """What is pushed in place of the pushes, nothing in place of the reads."""
    if id(node) in uses:
        return node.args[1] if type(node) is Call else Const(None, node.span)
    return with_parts(node, lambda part: _without(part, uses))


def _bindings(node: Let | Letrec) -> list[Any]:
    return [(var, _used(value)) for var, value in node.bindings]


def _changed(node: Any, **parts: Any) -> Any:
    """The node with other parts; itself where they are the same."""
    same = all(_same(getattr(node, name), part) for name, part in parts.items())
    return node if same else replace(node, **parts)


def _same(old: Any, new: Any) -> bool:
    if type(old) is not list:
        return old is new
    return len(old) == len(new) and all(_same_item(a, b) for a, b in zip(old, new))


def _same_item(a: Any, b: Any) -> bool:
    return a[1] is b[1] if type(a) is tuple else a is b
