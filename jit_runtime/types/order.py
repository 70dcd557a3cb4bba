"""The order of kinds: which kind's instances are all instances of another one (language.md S11.7, S11.11)."""

from __future__ import annotations

from jit_runtime.types.kinds import BOTTOM, KINDS, Applied, FunctionKind, Kind, TypeKind, Union, ValueKind, Variable
from jit_runtime.types.primitives import Primitive


def below(a: Kind, b: Kind) -> bool:
    """Is every instance of `a` an instance of `b` (language.md S11.7, S11.11)?"""
    if a is b or b.name == "Any" or a is BOTTOM:
        return True
    if isinstance(a, Variable):
        return below(a.bound, b)
    if isinstance(b, Variable):
        return below(a, b.bound)
    if isinstance(a, Union):
        return all(below(member, b) for member in a.members)
    if isinstance(b, Union):
        return any(below(a, member) for member in b.members)
    if isinstance(b, Applied):
        if isinstance(a, Applied):
            return below(a.base, b.base) and _parameters_below(a, b)
        return a is b.base and all(v > 0 and below(KINDS["Any"], k) for k, v in zip(b.arguments, b.variances, strict=True))
    if isinstance(b, ValueKind):
        return isinstance(a, ValueKind) and type(a.value) is type(b.value) and a.value == b.value
    if isinstance(b, TypeKind):
        return False
    if isinstance(b, FunctionKind):
        return isinstance(a, FunctionKind) and _function_below(a, b)
    at: Kind | None = a
    while at is not None:
        if at is b:
            return True
        at = at.parent
    return not a.mask & ~b.sure


def _parameters_below(a: Applied, b: Applied) -> bool:
    if len(a.arguments) != len(b.arguments):
        return False
    for x, y, variance in zip(a.arguments, b.arguments, b.variances, strict=True):
        fits = below(x, y) if variance > 0 else below(y, x) if variance < 0 else below(x, y) and below(y, x)
        if not fits:
            return False
    return True


def _function_below(a: FunctionKind, b: FunctionKind) -> bool:
    return len(a.parameters) == len(b.parameters) and all(map(below, b.parameters, a.parameters)) and below(a.result, b.result)


def certain(mask: int, kind: Kind) -> bool:
    """Is a value whose kinds are in `mask` surely an instance?"""
    return not mask & ~kind.sure


def is_nominal(kind: Kind) -> bool:
    """Does the concrete kind of a value alone say whether it is an instance?"""
    if isinstance(kind, Union):
        return all(map(is_nominal, kind.members))
    if isinstance(kind, Variable):
        return is_nominal(kind.bound)
    if isinstance(kind, Primitive):
        return kind.sure != 0
    return not isinstance(kind, (Applied, ValueKind, TypeKind))
