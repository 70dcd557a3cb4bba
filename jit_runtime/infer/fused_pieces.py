"""Pieces of fused code: calls of builtins, tests of kinds, and lists that are taken apart before they are made."""

from __future__ import annotations

from jit_runtime.expand.core import Call, Const, Core, Global, If, KindRef, Local, Var
from jit_runtime.expand.rewrite import mentions, rewrite
from jit_runtime.source.text import Span
from jit_runtime.types.kinds import KINDS


def parts_of(var: Var, made: Core, body: Core) -> Core | None:
    """The body with the elements of a list in place of what takes it apart, where nothing else is done with it."""
    if not named(made, "%list") or var.assigned or not all(type(arg) in (Local, Const) for arg in made.args):  # type: ignore[union-attr]
        return None
    items = made.args  # type: ignore[union-attr]

    def change(node: Core) -> Core | None:
        if named(node, "%sequence-ref") and of(node, var) and is_int(node.args[1]) and 0 <= node.args[1].value < len(items):  # type: ignore[union-attr,operator]
            return again(items[node.args[1].value])  # type: ignore[union-attr,index]
        if type(node) is If and named(node.test, "%=") and named(node.test.args[0], "%sequence-length") and of(node.test.args[0], var):  # type: ignore[union-attr]
            length = node.test.args[1]  # type: ignore[union-attr]
            return node.then if is_int(length) and length.value == len(items) else None  # type: ignore[union-attr]
        return None

    found = rewrite(body, change)
    return None if mentions(found, var) else found


def of(node: Core, var: Var) -> bool:
    first = node.args[0]  # type: ignore[union-attr]
    return type(first) is Local and first.var is var


def again(node: Core) -> Core:
    """Another node for the same variable or constant: facts are kept by node."""
    return Local(node.var, node.span) if type(node) is Local else node


def call(name: str, span: Span, *args: Core) -> Call:
    return Call(Global("%" + name, span), list(args), span)


def kind_test(test: str, value: Core, kind: str, span: Span) -> Core:
    return call(test, span, value, Const(KindRef(KINDS[kind]), span))


def is_int(node: Core) -> bool:
    return type(node) is Const and type(node.value) is int


def named(node: Core, name: str) -> bool:
    return type(node) is Call and type(node.fn) is Global and node.fn.name == name
