"""Builtins as generic functions: what they are as values, and what a program adds methods to (language.md S12.5)."""

from __future__ import annotations

from collections.abc import Iterator

from jit_runtime.expand.core import Call, Const, Core, Global, If, Lambda, Local, Param, Var
from jit_runtime.infer.world import BUILTIN_METHOD, GenericFunction
from jit_runtime.source.text import NOWHERE
from jit_runtime.types.builtins import CHAINING, FOLDING, Builtin


def as_generic(builtin: Builtin) -> GenericFunction:
    """One method per number of arguments, and a rest method that folds or chains."""
    function = GenericFunction(builtin.name)
    for method in methods(builtin, "%" + builtin.name):
        function.define(method)
    return function


def extended(builtin: Builtin, name: str) -> GenericFunction:
    """The function of a program's name to which it adds methods. Small bodies: calls with known kinds mean the builtin itself
    (`World.meant`), others that test for the program's kinds first are built in place."""
    function = GenericFunction(name, doc=builtin.doc, extends=builtin)
    for method in methods(builtin, name):
        function.define(method, None, (BUILTIN_METHOD,))
    return function


def methods(builtin: Builtin, name: str) -> Iterator[Lambda]:
    """`name`: what is called for each two of many arguments."""
    most = builtin.max_args if builtin.max_args is not None else max(builtin.min_args, 3)
    for count in range(builtin.min_args, most + 1):
        params = [Var(f"a{i}") for i in range(count)]
        body = in_pairs(builtin, name, params) if count > 2 and name[0] != "%" else call("%" + builtin.name, *params)
        yield Lambda(builtin.name, [Param(v) for v in params], None, None, body, NOWHERE)
    if builtin.max_args is None:
        yield rest_method(builtin, name)


def call(name: str, *arguments: Var | Core) -> Call:
    return Call(Global(name, NOWHERE), [Local(a, NOWHERE) if isinstance(a, Var) else a for a in arguments], NOWHERE)


def in_pairs(builtin: Builtin, name: str, params: list[Var]) -> Core:
    """Three arguments; four and more are the rest method's."""
    a, b, c = params
    if builtin.name in CHAINING:
        return If(call(name, a, b), call(name, b, c), Const(False, NOWHERE), NOWHERE)
    return call(name, call(name, a, b), c) if builtin.name in FOLDING else call("%" + builtin.name, *params)


def rest_method(builtin: Builtin, name: str) -> Lambda:
    a, b, rest = Var("a"), Var("b"), Var("rest")
    x, y, more = (Local(v, NOWHERE) for v in (a, b, rest))
    me = Global(name, NOWHERE)
    two = Call(me, [x, y], NOWHERE)
    apply = Global("%apply", NOWHERE)
    if builtin.name == "apply":
        body: Core = Call(Global("%apply-list", NOWHERE), [x, Call(Global("%cons", NOWHERE), [y, more], NOWHERE)], NOWHERE)
        return Lambda(builtin.name, [Param(a), Param(b)], rest, None, body, NOWHERE)
    if builtin.name in CHAINING or builtin.name == "=":
        body = If(two, Call(apply, [me, y, more], NOWHERE), Const(False, NOWHERE), NOWHERE)
    else:
        body = Call(apply, [me, two, more], NOWHERE)
    return Lambda(builtin.name, [Param(a), Param(b)], rest, None, body, NOWHERE)
