"""Which of several methods is meant: arity, then the kinds of all arguments (language.md S12.1 - S12.4)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from jit_runtime.dataclass import dataclass
from jit_runtime.types.kinds import KINDS, FunctionKind, Kind, TypeKind, ValueKind, Variable
from jit_runtime.types.order import below, is_open, parts_of, variables_in

Kinds = tuple[Kind, ...]


class Shared(NamedTuple):
    """Two arguments whose kinds name the same type variable."""

    first: int
    second: int
    kinds: tuple[Kind, Kind]

    @property
    def plain(self) -> bool:
        """Do both just need one concrete kind?"""
        return all(isinstance(kind, Variable) for kind in self.kinds)


@dataclass(slots=True, eq=False)
class Signature:
    """Kinds of the parameters, how many of them are required, whether a rest parameter follows."""

    params: Kinds
    required: int
    rest: bool

    def accepts(self, count: int) -> bool:
        return self.required <= count and (self.rest or count <= len(self.params))

    def kinds_for(self, count: int) -> Kinds:
        """The kind accepted at each of `count` argument positions (Any inside the rest)."""
        return self.params[:count] + (KINDS["Any"],) * (count - len(self.params))

    def same_for(self, count: int) -> tuple[Shared, ...]:
        """Pairs of arguments that have to agree about a type variable. Where one says it plainly, the others need only agree with that."""
        places: dict[Variable, list[int]] = {}
        for i, kind in enumerate(self.params[:count]):
            for variable in dict.fromkeys(variables_in(kind)):
                places.setdefault(variable, []).append(i)
        found: dict[Shared, None] = {}
        for variable, at in places.items():
            plain = next((i for i in at if self.params[i] is variable), None)
            pairs = combinations(at, 2) if plain is None else ((plain, i) for i in at if i != plain)
            found.update({Shared(i, j, (self.params[i], self.params[j])): None for i, j in pairs})
        return tuple(found)

    def looseness(self, count: int) -> tuple[bool, int, bool]:
        """Of methods that accept the same kinds the least is meant: exact counts before defaults before a rest, then constraints."""
        return self.rest, abs(len(self.params) - count), not any(map(is_open, self.params))

    @property
    def key(self) -> tuple[object, ...]:
        """What makes a later definition replace this one: type variables count by their place and bound."""
        variables: dict[Kind, int] = {}
        return tuple(_shape(kind, variables) for kind in self.params), self.required, self.rest


def _shape(kind: Kind, variables: dict[Kind, int]) -> object:
    if isinstance(kind, Variable):
        return variables.setdefault(kind, len(variables)), kind.bound
    return (type(kind), kind.head, *(_shape(part, variables) for part in parts_of(kind))) if is_open(kind) else kind


@dataclass(slots=True, eq=False)
class Choice:
    """What a method accepts: for each argument the kinds it has to be an instance of, and which have to agree.

    `index` of the signature; None: several clash here.
    """

    kinds: tuple[Kinds, ...]
    same: tuple[Shared, ...]
    index: int | None


def ordered(signatures: Sequence[Signature], count: int) -> list[Choice]:
    """Those that accept so many arguments, a more specific one before a less specific one.

    What two accept of which neither is more specific stands before both, behind those that settle it: that accept no
    more than both do.
    """
    waiting = [i for i, signature in enumerate(signatures) if signature.accepts(count)]
    order: list[int] = []
    while waiting:  # a selection along a partial order: methods are few
        least = next(i for i in waiting if not any(j != i and more_specific(signatures[j], signatures[i], count) for j in waiting))
        waiting.remove(least)
        order.append(least)
    choices = [Choice(tuple((kind,) for kind in signatures[i].kinds_for(count)), signatures[i].same_for(count), i) for i in order]
    for i, j in combinations(order, 2):
        a, b = signatures[i], signatures[j]
        if more_specific(a, b, count) or more_specific(b, a, count) or _apart(a, b, count):
            continue
        both = tuple(zip(a.kinds_for(count), b.kinds_for(count), strict=True))
        settled = [n for n in order if n not in (i, j) and _within(signatures[n].kinds_for(count), both)]
        first = next(n for n, choice in enumerate(choices) if choice.index in (i, j))
        behind = [n + 1 for n, choice in enumerate(choices) if choice.index in settled]
        choices.insert(max([first, *behind]), Choice(both, a.same_for(count) + b.same_for(count), None))
    return choices


def _within(kinds: Kinds, both: tuple[Kinds, ...]) -> bool:
    return all(below(kind, x) for kind, pair in zip(kinds, both, strict=True) for x in pair)


def more_specific(a: Signature, b: Signature, count: int) -> bool:
    """Every kind of `a` is below that of `b` and one strictly; with equal kinds the tighter one."""
    pairs = list(zip(a.kinds_for(count), b.kinds_for(count), strict=True))
    if not all(below(x, y) for x, y in pairs):
        return False
    return not all(below(y, x) for x, y in pairs) or a.looseness(count) < b.looseness(count)


def _apart(a: Signature, b: Signature, count: int) -> bool:
    """Can no arguments fit both?"""
    return any(_no_common(x, y) for x, y in zip(a.kinds_for(count), b.kinds_for(count), strict=True))


def _no_common(x: Kind, y: Kind) -> bool:
    if isinstance(x, ValueKind | TypeKind) or isinstance(y, ValueKind | TypeKind):  # one instance each
        return not below(x, y) and not below(y, x)
    if isinstance(x, FunctionKind) and isinstance(y, FunctionKind):  # a function is an instance of both
        return False
    return not x.mask & y.mask or (not x.abstract and not y.abstract and x.head is not y.head)
