"""What the compiler knows about a session: globals, generic functions, their methods and instances.

A generic function owns methods; a method owns instances, one per tuple of argument kind sets; an instance owns
a slot and code (docs/abi.md, "Slots"). Names are late bound: what an instance assumed about a name is recorded,
so that a definition finds the instances it makes stale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from jit_runtime.dataclass import dataclass, field
from jit_runtime.expand.core import Lambda
from jit_runtime.expand.kind_definitions import constructor
from jit_runtime.infer.specialisation import most_instances
from jit_runtime.source.diagnostics import Diagnostic
from jit_runtime.source.text import NOWHERE
from jit_runtime.types.builtins import CHAINING, CONSTANTS, FOLDING, Builtin, find_builtin
from jit_runtime.types.kinds import ANY, BIT, CONCRETE, KINDS, Kind, either
from jit_runtime.types.machine import OWN
from jit_runtime.types.order import Bindings, certain, unify
from jit_runtime.types.primitives import overlap
from jit_runtime.types.specificity import Shared, Signature, ordered
from jit_runtime.types.structs import Struct
from jit_runtime.types.universe import Universe

if TYPE_CHECKING:
    from jit_runtime.infer.analysis import Analysis
    from jit_runtime.infer.shape import Shape

LIST = KINDS["List"].mask
NUMBER = BIT["Int"] | BIT["Float"] | BIT["BigInt"]

Key = tuple[int, ...]
BUILTIN_METHOD = "builtin"  # the flag of a method that calls the builtin of its name


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
    def general(self) -> bool:
        """Does it take all that the method accepts?"""
        return self.key == self.method.general_key(self.given)


@dataclass(slots=True, eq=False)
class Method:
    """`makes`: the struct whose constructor this is. `flags`: metadata of the definition, such as `noinline`. `hot`: its general instance
    is called often."""

    function: GenericFunction
    lam: Lambda
    makes: Struct | None = None
    flags: tuple[str, ...] = ()
    shape: Shape | None = None
    instances: dict[Key, Instance] = field(default_factory=dict)
    hot: bool = False

    @property
    def required(self) -> int:
        return self.lam.required

    @property
    def signature(self) -> Signature:
        return self.lam.signature

    def accepts(self, count: int) -> bool:
        return self.signature.accepts(count)

    def may_take(self, masks: Sequence[int]) -> bool:
        """May arguments of these kinds be instances of the parameters' kinds? `0` is what never has a value."""
        return all(param.kind is None or not mask or mask & param.kind.mask for param, mask in zip(self.lam.params, masks, strict=False))

    def instance(self, masks: Key) -> Instance:
        """The instance for a call with these argument kinds (already restricted to what the method accepts)."""
        if not self.function.specialise:
            masks = (ANY,) * len(masks)
        given = min(len(masks), len(self.lam.params))
        general = self.general_key(given)
        key = tuple(map(normalize, masks[:given], general)) + general[given:]
        name = (given, *key)
        if name not in self.instances and key != general and len(self.instances) >= most_instances(self.lam, self.hot):
            key, name = general, (given, *general)
        found = self.instances.get(name)
        if found is None:
            found = self.instances[name] = Instance(self, key, given)
        return found

    def general_key(self, given: int) -> Key:
        """That of the instance for calls with so many arguments of which nothing is known."""
        declared = tuple(within(ANY, param.kind) for param in self.lam.params[:given])
        return declared if self.lam.rest is None else (*declared, LIST)


@dataclass(slots=True, eq=False)
class GenericFunction:
    """`object` is the engine's record of its value as a function object, or None until somebody uses it as a value.

    `extends`: the builtin that the methods with the flag `BUILTIN_METHOD` call; the others are the program's, for kinds of its own.
    `specialise`: the methods are compiled for the kinds of the arguments, else for all that they accept.
    """

    name: str
    methods: list[Method] = field(default_factory=list)
    object: Any = None
    doc: str | None = None
    extends: Builtin | None = None
    specialise: bool = True

    @property
    def own_methods(self) -> list[Method]:
        """Those that the program defined."""
        return [method for method in self.methods if BUILTIN_METHOD not in method.flags]

    def is_builtin_for(self, masks: Sequence[int]) -> bool:
        """Can a call with arguments of these kinds mean nothing but the builtin?"""
        if self.extends is None:
            return False
        if len(masks) > 2 and self.extends.name in FOLDING | CHAINING:
            return all(self.is_builtin_for((a, b)) for a in masks for b in (*masks, NUMBER | BIT["Bool"]))
        return not any(m.accepts(len(masks)) and m.may_take(masks) for m in self.own_methods)

    def makes(self, count: int) -> Struct | None:
        """The struct that a call with so many arguments makes, if that is all it can do."""
        fitting = [m for m in self.methods if m.accepts(count)]
        return fitting[0].makes if len(fitting) == 1 else None

    def define(self, lam: Lambda, makes: Struct | None = None, flags: tuple[str, ...] = ()) -> tuple[Method, Method | None]:
        """Add a method; returns it and the one it replaced. A struct's constructor replaces that of an earlier struct of the name."""
        method = Method(self, lam, makes, flags)
        if makes is not None:
            self.methods = [m for m in self.methods if m.makes is None or m.signature.key == method.signature.key]
        for i, old in enumerate(self.methods):
            if old.signature.key == method.signature.key:
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
        return within(ANY, self.kind)


def one_kind(mask: int) -> bool:
    return mask > 0 and mask & (mask - 1) == 0


def normalize(mask: int, declared: int) -> int:
    """The set an instance is made for: one concrete kind, List, or all that the parameter accepts.

    Bounds the number of instances: there are no instances for arbitrary unions.
    """
    mask = overlap(mask, declared)
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
        self.universe = Universe()
        self.warnings: list[Diagnostic] = []
        self._constructors: dict[Struct, GenericFunction] = {}

    def lookup(self, name: str) -> GenericFunction | GlobalValue | Builtin | float | None:
        """What a global name means now; a float is the value of a constant. `%name` is the builtin whatever the user defined."""
        found: GenericFunction | GlobalValue | Builtin | None = self.functions.get(name) or self.values.get(name) or find_builtin(name)
        if isinstance(found, Builtin) and found.native[0] == "lib":
            return self.library(found.name) or found
        if found is None and name[0] == "%":
            return self.library(name[1:])
        if found is None:
            return CONSTANTS.get(name) if name in CONSTANTS else self.prelude(name)
        return found

    def prelude(self, name: str) -> GenericFunction | None:
        """The constructor of a variant that no program defined."""
        variant = self.universe.variants.get(name)
        if variant is None:
            return None
        function = self._constructors.get(variant)
        if function is None:
            function = self._constructors[variant] = GenericFunction(name)
            function.define(constructor(variant, name, NOWHERE).method, variant)
        return function

    def meant(self, name: str, masks: Sequence[int]) -> GenericFunction | GlobalValue | Builtin | float | None:
        """What a name means in a call with arguments of these kinds: where a builtin has methods that take none of them, the builtin."""
        found = self.lookup(name)
        if isinstance(found, GenericFunction) and found.extends is not None and found.is_builtin_for(masks):
            return self.lookup("%" + found.extends.name)
        return found

    # What the expander asks (expand.Env).
    def has_methods(self, name: str) -> bool:
        return name in self.functions

    def has_value(self, name: str) -> bool:
        return name in self.values and name in self.defined

    def extends(self, name: str) -> bool:
        function = self.functions.get(name)
        return function is not None and function.extends is not None


@dataclass(slots=True)
class Target:
    """One method a call may reach, None where several clash: taken when every (argument index, kind) test holds, and the
    arguments in `same` agree about their type variables."""

    instance: Instance | None
    tests: list[tuple[int, Kind]]
    same: tuple[Shared, ...] = ()


@dataclass(slots=True)
class Dispatch:
    """Targets in order of specificity; `total`: some target is certain to apply."""

    targets: list[Target]
    total: bool


def dispatch(function: GenericFunction, masks: Key) -> Dispatch:
    """Which methods a call with these argument kinds may reach (language.md S12)."""
    count = len(masks)
    targets: list[Target] = []
    for choice in ordered([m.signature for m in function.methods], count):
        narrowed = tuple(reduce(within, kinds, mask) for mask, kinds in zip(masks, choice.kinds, strict=True))
        if not all(narrowed):
            continue
        tests = [(i, kind) for i, kinds in enumerate(choice.kinds) for kind in kinds if not certain(masks[i], kind)]
        decided = [(shared, surely_agree(shared, narrowed)) for shared in choice.same]
        if any(agrees is False for _, agrees in decided):
            continue
        same = tuple(shared for shared, agrees in decided if agrees is None)
        targets.append(Target(None if choice.index is None else function.methods[choice.index].instance(narrowed), tests, same))
        if not tests and not same:
            return Dispatch(targets, True)
    return Dispatch(targets, False)


def with_guess(found: Dispatch, function: GenericFunction, masks: Sequence[int], likely: Sequence[int], universe: Universe) -> Dispatch:
    """The method for the kinds that arguments are likely to have, after a test that they have them, before the others."""
    guesses = [(i, universe.concrete(guess)) for i, (mask, guess) in enumerate(zip(masks, likely, strict=True)) if mask != guess]
    tests = [(i, kind) for i, kind in guesses if kind is not None]
    if not tests or len(tests) < len(guesses):
        return found
    guessed = dispatch(function, tuple(likely)).targets
    if not guessed or guessed[0].instance is None or guessed[0].tests or guessed[0].same:
        return found
    return Dispatch([Target(guessed[0].instance, tests), *found.targets], found.total)


def within(mask: int, kind: Kind | None) -> int:
    """Those of a set that are instances of a kind; None: of any."""
    return mask if kind is None else overlap(mask, kind.exact)


SHARED = either(BIT[name] for name in OWN)
"""Bits that several concrete kinds have."""


def surely_agree(shared: Shared, masks: Sequence[int]) -> bool | None:
    """Do arguments of these kinds surely agree about their type variables, or surely not?"""
    first, second = masks[shared.first], masks[shared.second]
    if shared.plain:
        return True if same_concrete([first, second]) else None
    known = [TOLD[mask] for mask in (first, second) if mask in TOLD]
    bound: Bindings = {}
    return all(unify(pattern, kind, bound, 1) for pattern, kind in zip(shared.kinds, known, strict=True)) if len(known) == 2 else None


TOLD = {BIT[name]: KINDS[name] for name, _ in CONCRETE if name not in ("Null", "Pair", "Kind", "Function", "Dict", "Box", "Atom", "Iter", *OWN)}
"""Sets of one concrete kind that is all that there is to know of a value's kind."""


def same_concrete(masks: list[int]) -> bool:
    """Have values of these sets surely the same concrete kind?"""
    return one_kind(masks[0]) and not masks[0] & SHARED and all(mask == masks[0] for mask in masks)


BOOL, INT, FLOAT, FUNCTION = BIT["Bool"], BIT["Int"], BIT["Float"], BIT["Function"]
