"""What the compiler knows about a session: globals, generic functions, their methods and instances.

A generic function owns methods; a method owns instances, one per tuple of argument kind sets; an instance owns
a slot and code (docs/abi.md, "Slots"). Names are late bound: what an instance assumed about a name is recorded,
so that a definition finds the instances it makes stale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from operator import and_
from typing import TYPE_CHECKING, Any

from jit_runtime.expand.core import Lambda
from jit_runtime.types.builtins import CONSTANTS, Builtin, find_builtin
from jit_runtime.types.kinds import ANY, BIT, KINDS, Kind

if TYPE_CHECKING:
    from jit_runtime.infer.annotate import Analysis
    from jit_runtime.infer.shape import Shape

LIST = KINDS["List"].mask

Key = tuple[int, ...]


@dataclass(slots=True, eq=False)
class Instance:
    """One method compiled for one tuple of argument kind sets.

    `key` has one set per positional argument given (missing ones take their defaults inside), plus LIST where the
    method has a rest parameter. `result` only grows during one analysis. `callers` assumed `result`.
    """

    method: Method
    key: Key
    given: int
    result: int = 0
    analysis: Analysis | None = None
    stale: bool = True
    running: bool = False
    callers: set[Instance] = field(default_factory=set)
    slot: Any = None

    @property
    def name(self) -> str:
        from jit_runtime.types.kinds import smallest_kind

        return f"{self.method.function.name}({' '.join(smallest_kind(m).name for m in self.key)})"


@dataclass(slots=True, eq=False)
class Method:
    function: GenericFunction
    lam: Lambda
    masks: Key
    shape: Shape | None = None
    instances: dict[Key, Instance] = field(default_factory=dict)

    @property
    def required(self) -> int:
        return self.lam.required

    def accepts(self, count: int) -> bool:
        return self.required <= count and (self.lam.rest is not None or count <= len(self.lam.params))

    def signature(self) -> tuple[Key, int, bool]:
        """What makes a later definition replace this method."""
        return self.masks, self.required, self.lam.rest is not None

    def mask_at(self, index: int) -> int:
        """The kinds accepted at an argument position (ANY inside the rest)."""
        return self.masks[index] if index < len(self.masks) else ANY

    def looseness(self, count: int) -> tuple[bool, int]:
        """Of methods that accept the same kinds the least is meant: exact counts before defaults before a rest."""
        return self.lam.rest is not None, abs(len(self.lam.params) - count)

    def instance(self, masks: Key) -> Instance:
        """The instance for a call with these argument kinds (already restricted to what the method accepts)."""
        given = min(len(masks), len(self.lam.params))
        key = tuple(normalize(masks[i], self.masks[i]) for i in range(given))
        if self.lam.rest is not None:
            key += (LIST,)
        name = (given, *key)
        found = self.instances.get(name)
        if found is None:
            found = self.instances[name] = Instance(self, key, given)
        return found


@dataclass(slots=True, eq=False)
class GenericFunction:
    """`object` is the engine's record of its value as a function object, or None until somebody uses it as a value."""

    name: str
    methods: list[Method] = field(default_factory=list)
    object: Any = None
    doc: str | None = None

    def define(self, lam: Lambda) -> tuple[Method, Method | None]:
        """Add a method; returns it and the one it replaced."""
        masks = tuple(p.kind.mask if p.kind else ANY for p in lam.params)
        method = Method(self, lam, masks)
        for i, old in enumerate(self.methods):
            if old.signature() == method.signature():
                self.methods[i] = method
                return method, old
        self.methods.append(method)
        return method, None


@dataclass(slots=True, eq=False)
class GlobalValue:
    """A module-level variable; `cell` is the address of its Cell record."""

    name: str
    cell: int
    kind: Kind | None = None
    doc: str | None = None

    @property
    def mask(self) -> int:
        return self.kind.mask if self.kind else ANY


def one_kind(mask: int) -> bool:
    return mask != 0 and mask & (mask - 1) == 0


def normalize(mask: int, declared: int) -> int:
    """The set an instance is made for: one concrete kind, List, or all that the parameter accepts.

    Bounds the number of instances: there are no instances for arbitrary unions.
    """
    mask &= declared
    if one_kind(mask):
        return mask
    if mask and mask & ~LIST == 0:
        return LIST
    return declared


def _no_library(name: str) -> GenericFunction | None:
    return None


class World:
    """All bindings of a session. `dependents[name]`: instances whose analysis looked the name up. `defined`: values that were evaluated.
    `likely[name]`: the one kind of what a module-level variable was defined with; it may hold anything by now."""

    def __init__(self) -> None:
        self.functions: dict[str, GenericFunction] = {}
        self.values: dict[str, GlobalValue] = {}
        self.defined: set[str] = set()
        self.likely: dict[str, int] = {}
        self.library: Callable[[str], GenericFunction | None] = _no_library
        self.dependents: dict[str, set[Instance]] = {}

    def lookup(self, name: str) -> GenericFunction | GlobalValue | Builtin | float | None:
        """What a global name means now; a float is the value of a constant. `%name` is the builtin whatever the user defined."""
        found: GenericFunction | GlobalValue | Builtin | None = self.functions.get(name) or self.values.get(name) or find_builtin(name)
        if isinstance(found, Builtin) and found.native[0] == "lib":
            return self.library(found.name) or found
        if found is None and name[0] == "%":
            return self.library(name[1:])
        return CONSTANTS.get(name) if found is None else found

    # What the expander asks (expand.Env).
    def has_methods(self, name: str) -> bool:
        return name in self.functions

    def has_value(self, name: str) -> bool:
        return name in self.values and name in self.defined

    def kind(self, name: str) -> Kind | None:
        return KINDS.get(name)


@dataclass(slots=True)
class Target:
    """One method a call may reach, None where several clash: taken when every (argument index, kind set) test holds."""

    instance: Instance | None
    tests: list[tuple[int, int]]


@dataclass(slots=True)
class Dispatch:
    """Targets in order of specificity; `total`: some target is certain to apply."""

    targets: list[Target]
    total: bool


def dispatch(function: GenericFunction, masks: Key) -> Dispatch:
    """Which methods a call with these argument kinds may reach (language.md S12)."""
    count = len(masks)
    fitting = [m for m in function.methods if m.accepts(count)]
    targets: list[Target] = []
    for accepted, method in order_by_specificity(fitting, count):
        narrowed = tuple(map(and_, masks, accepted))
        if not all(narrowed):
            continue
        tests = [(i, accepted[i]) for i in range(count) if masks[i] & ~accepted[i]]
        targets.append(Target(method.instance(narrowed) if method else None, tests))
        if not tests:
            return Dispatch(targets, True)
    return Dispatch(targets, False)


def with_guess(found: Dispatch, function: GenericFunction, masks: Sequence[int], likely: Sequence[int]) -> Dispatch:
    """The method for the kinds that arguments are likely to have, after a test that they have them, before the others."""
    tests = [(i, guess) for i, (mask, guess) in enumerate(zip(masks, likely, strict=True)) if mask != guess]
    if not tests:
        return found
    guessed = dispatch(function, tuple(likely)).targets
    if not guessed or guessed[0].instance is None or guessed[0].tests:
        return found
    return Dispatch([Target(guessed[0].instance, tests), *found.targets], found.total)


def order_by_specificity(methods: list[Method], count: int) -> list[tuple[Key, Method | None]]:
    """The kinds each method accepts, in a linear order in which a more specific method stands before a less specific one.

    What two methods both accept of which neither is more specific (None instead of a method) stands before both; a method
    that settles it accepts no more than that, and stands in front of it.
    """
    ranks = [(tuple(m.mask_at(i) for i in range(count)), m.looseness(count), m) for m in methods]
    choices: list[tuple[int, bool, tuple[bool, int], Key, Method | None]] = []
    for accepted, loose, method in ranks:
        choices.append((width(accepted), False, loose, accepted, method))
    for (a, loose, _), (b, other, _) in combinations(ranks, 2):
        both = tuple(map(and_, a, b))
        clash = loose == other if a == b else both not in (a, b)
        if clash and all(both):
            choices.append((width(both), a != b, loose, both, None))
    choices.sort(key=lambda choice: (*choice[:3], choice[4] is not None))
    return [(accepted, method) for *_, accepted, method in choices]


def width(masks: Key) -> int:
    return sum(mask.bit_count() for mask in masks)


BOOL, INT, FLOAT, FUNCTION = BIT["Bool"], BIT["Int"], BIT["Float"], BIT["Function"]
