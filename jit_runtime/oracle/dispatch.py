"""Which method of a generic function a call means: by count, then by the kinds of all arguments (language S12.1 - S12.3)."""

from __future__ import annotations

from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import Closure, Generic, Value, is_instance, kind_of, make_list, symbol
from jit_runtime.types import errors
from jit_runtime.types.kinds import KINDS, Kind


def signature(method: Closure) -> tuple[tuple[Kind, ...], int, bool]:
    """Kinds of the parameters, how many are required, whether there is a rest."""
    source = method.code.source
    return tuple(param.kind or KINDS["Any"] for param in source.params), source.required, source.rest is not None


def same_signature(a: Closure, b: Closure) -> bool:
    return signature(a) == signature(b)


def expected_count(method: Closure, count: int) -> bool:
    code = method.code
    return bool(code.least <= count and (code.most is None or count <= code.most))


def kinds_for(method: Closure, count: int) -> list[Kind]:
    """The kind of each of `count` arguments; the rest is Any."""
    kinds = signature(method)[0]
    return [kinds[i] if i < len(kinds) else KINDS["Any"] for i in range(count)]


def choose(generic: Generic, methods: list[Closure], arguments: list[Value]) -> Closure:
    """The most specific of the methods (which accept the count) whose kinds the arguments have."""
    count = len(arguments)
    applicable = [method for method in methods if all(map(is_instance, arguments, kinds_for(method, count)))]
    best = [method for method in applicable if not any(beats(other, method, count) for other in applicable)]
    if len(best) == 1:
        return best[0]
    kinds = make_list([kind_of(value) for value in arguments])
    raise_error(errors.AMBIGUOUS if applicable else errors.NO_METHOD, symbol(generic.name), kinds)


def beats(a: Closure, b: Closure, count: int) -> bool:
    """Each kind of a is below that of b and one strictly; with equal kinds, fewer defaults and no rest win."""
    if a is b:
        return False
    pairs = list(zip(kinds_for(a, count), kinds_for(b, count)))
    if not all(x.mask & ~y.mask == 0 for x, y in pairs):
        return False
    return any(x.mask != y.mask for x, y in pairs) or looseness(a, count) < looseness(b, count)


def looseness(method: Closure, count: int) -> tuple[bool, int]:
    """Exact counts before defaults before a rest."""
    kinds, _, rest = signature(method)
    return rest, abs(len(kinds) - count)
