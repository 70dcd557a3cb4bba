"""Which method of a generic function a call means: by count, then by the kinds of all arguments (language S12.1 - S12.3)."""

from __future__ import annotations

from jit_runtime.oracle.kinds import VALUES
from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import Closure, Generic, Value, kind_of, make_list, symbol
from jit_runtime.types import errors
from jit_runtime.types.kinds import KINDS, Kind
from jit_runtime.types.matching import matches
from jit_runtime.types.order import Bindings, below, is_open


def kinds_of(method: Closure) -> list[Kind]:
    return [param.kind or KINDS["Any"] for param in method.code.source.params]


def same_signature(a: Closure, b: Closure) -> bool:
    """The same kinds, counts and rest. Type variables count by their bounds and by where else they stand, not by name."""
    return bool(a.code.source.signature.key == b.code.source.signature.key)


def expected_count(method: Closure, count: int) -> bool:
    code = method.code
    return bool(code.least <= count and (code.most is None or count <= code.most))


def kinds_for(method: Closure, count: int) -> list[Kind]:
    """The kind of each of `count` arguments; the rest is Any."""
    kinds = kinds_of(method)
    return [kinds[i] if i < len(kinds) else KINDS["Any"] for i in range(count)]


def applies(generic: Generic, arguments: list[Value]) -> bool:
    """Does some method take these arguments?"""
    count = len(arguments)
    return any(expected_count(method, count) and accepts(kinds_for(method, count), arguments) for method in generic.methods)


def choose(generic: Generic, methods: list[Closure], arguments: list[Value]) -> Closure:
    """The most specific of the methods (which accept the count) whose kinds the arguments have."""
    count = len(arguments)
    applicable = [method for method in methods if accepts(kinds_for(method, count), arguments)]
    best = [method for method in applicable if not any(beats(other, method, count) for other in applicable)]
    if len(best) == 1:
        return best[0]
    kinds = make_list([kind_of(value) for value in arguments])
    raise_error(errors.AMBIGUOUS if applicable else errors.NO_METHOD, symbol(generic.name), kinds)


def accepts(kinds: list[Kind], arguments: list[Value]) -> bool:
    """Are the arguments instances of the kinds, with one kind for each type variable?"""
    bound: Bindings = {}
    return all(matches(VALUES, value, kind, bound) for value, kind in zip(arguments, kinds))


def beats(a: Closure, b: Closure, count: int) -> bool:
    """Each kind of a is below that of b and one strictly; with equal kinds, fewer defaults, no rest and type variables win."""
    if a is b:
        return False
    pairs = list(zip(kinds_for(a, count), kinds_for(b, count)))
    if not all(below(x, y) for x, y in pairs):
        return False
    return not all(below(y, x) for x, y in pairs) or looseness(a, count) < looseness(b, count)


def looseness(method: Closure, count: int) -> tuple[bool, int, bool]:
    """Exact counts before defaults before a rest; then type variables before their bounds."""
    kinds = kinds_of(method)
    return method.code.source.rest is not None, abs(len(kinds) - count), not any(map(is_open, kinds))
