"""The order of kinds: which kind's instances are all instances of another one (language.md S11.7, S11.11), and what type variables stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from jit_runtime.types.array_kinds import ELEMENTS, ArrayKind
from jit_runtime.types.kinds import ANY, BOTTOM, KINDS, Applied, FunctionKind, Kind, TypeKind, Union, ValueKind, Variable
from jit_runtime.types.primitives import Primitive

UNTOLD = Kind("Any", ANY, None, True)
"""The argument of a parameter of which a value says nothing: `None` is an `{Option T}` for each T."""
Bindings = dict[Kind, Kind]
"""Type variables -> the kinds that they stand for."""


def parts_of(kind: Kind) -> tuple[Kind, ...]:
    """The kinds that a computed kind is made of."""
    if isinstance(kind, Applied):
        return kind.arguments
    if isinstance(kind, Union):
        return kind.members
    if isinstance(kind, FunctionKind):
        return (*kind.parameters, kind.result)
    return (kind.of,) if isinstance(kind, TypeKind) else ()


def variables_in(kind: Kind) -> Iterator[Variable]:
    if isinstance(kind, Variable):
        yield kind
    for part in parts_of(kind):
        yield from variables_in(part)


def is_open(kind: Kind) -> bool:
    """Does the kind name a type variable?"""
    return next(variables_in(kind), None) is not None


def below(a: Kind, b: Kind) -> bool:
    """Is every instance of `a` an instance of `b` (language.md S11.7, S11.11)? A kind with type variables has the instances of all that it may be."""
    if a is b or b.name == "Any" or a is BOTTOM:
        return True
    if isinstance(a, Variable):
        return below(a.bound, b)
    if isinstance(b, Variable):
        return below(a, b.bound)
    if isinstance(a, Union):
        return all(below(member, b) for member in a.members)
    if is_open(b):
        return unify(b, a, {}, 1)
    if isinstance(b, Union):
        return any(below(a, member) for member in b.members)
    if isinstance(b, Applied):
        return _applied_below(a, b)
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


def _applied_below(a: Kind, b: Applied) -> bool:
    base, arguments = split(a)
    if not arguments:
        return a is b.base and all(v > 0 and below(KINDS["Any"], k) for k, v in zip(b.arguments, b.variances, strict=True))
    if not below(base, b.base) or len(arguments) != len(b.arguments):
        return False
    return all(_fits(x, y, variance) for x, y, variance in zip(arguments, b.arguments, b.variances, strict=True))


def split(kind: Kind) -> tuple[Kind, tuple[Kind, ...]]:
    """A kind without its parameters, and the parameters."""
    if isinstance(kind, Applied):
        return kind.base, kind.arguments
    return (KINDS["Array"], (ELEMENTS[kind],)) if kind in ELEMENTS else (kind, ())


def _fits(x: Kind, y: Kind, variance: int) -> bool:
    """May `x` stand for the parameter that is `y`, which has no type variables?"""
    if variance == 0:
        return x is y or (not is_open(x) and below(x, y) and below(y, x))
    return below(x, y) if variance > 0 else below(y, x)


def _function_below(a: FunctionKind, b: FunctionKind) -> bool:
    return len(a.parameters) == len(b.parameters) and all(map(below, b.parameters, a.parameters)) and below(a.result, b.result)


# ---- type variables ----


def unify(pattern: Kind, kind: Kind, bound: Bindings, variance: int = 0) -> bool:
    """Is there a kind for each type variable of `pattern` that makes `kind` fit it? Those found are entered into `bound`."""
    if kind is UNTOLD:
        return True
    if isinstance(pattern, Variable):
        return bind(pattern, kind, bound)
    if isinstance(pattern, Union):
        members = kind.members if isinstance(kind, Union) else (kind,)
        return all(any(attempt(bound, partial(_unify_into, p, m, variance)) for p in pattern.members) for m in members)
    if isinstance(pattern, FunctionKind) and is_open(pattern):
        return isinstance(kind, FunctionKind) and len(kind.parameters) == len(pattern.parameters) and _parts_unify(pattern, kind, bound)
    if isinstance(pattern, TypeKind) and is_open(pattern):
        return isinstance(kind, TypeKind) and unify(pattern.of, kind.of, bound)
    base, arguments = split(kind)
    if not isinstance(pattern, Applied) or not arguments:
        return not is_open(pattern) and _fits(kind, pattern, variance)
    if not below(base, pattern.base) or len(arguments) != len(pattern.arguments):
        return False
    return all(unify(p, k, bound, v) for p, k, v in zip(pattern.arguments, arguments, pattern.variances, strict=True))


def _unify_into(pattern: Kind, kind: Kind, variance: int, bound: Bindings) -> bool:
    return unify(pattern, kind, bound, variance)


def _parts_unify(pattern: Kind, kind: Kind, bound: Bindings) -> bool:
    return all(unify(p, k, bound) for p, k in zip(parts_of(pattern), parts_of(kind), strict=True))


def bind(variable: Variable, kind: Kind, bound: Bindings) -> bool:
    """Let a variable stand for a kind. All that it stands for is of one concrete kind, below its bound (language.md S12.4)."""
    if kind is UNTOLD:
        return True
    if not below(kind, variable.bound):
        return False
    return bound.setdefault(variable, kind).head is kind.head


def attempt(bound: Bindings, unifies: Callable[[Bindings], bool]) -> bool:
    """What fails binds nothing."""
    trial = dict(bound)
    if not unifies(trial):
        return False
    bound.update(trial)
    return True


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
    return isinstance(kind, ArrayKind) or not isinstance(kind, (Applied, ValueKind, TypeKind))
