"""The kinds of one session: the builtin ones and those that its programs define."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from jit_runtime.types.array_kinds import ArrayKind
from jit_runtime.types.kinds import (
    BIT,
    CONCRETE,
    COVARIANT,
    KINDS,
    OPEN,
    PARAMETRIC,
    SIMPLE,
    Abstract,
    Applied,
    FunctionKind,
    Kind,
    TypeKind,
    Union,
    ValueKind,
    Variable,
    either,
    kinds_in,
)
from jit_runtime.types.machine import WIDTHS, Machine
from jit_runtime.types.order import UNTOLD
from jit_runtime.types.places import BLOCKS, PLACES, free_place, place_of
from jit_runtime.types.primitives import Primitive, shared_with
from jit_runtime.types.structs import Field, Struct

# Enums that are there from the start: name, variance of the parameters, variants with their fields and the fields' parameters.
PRELUDE: tuple[tuple[str, tuple[int, ...], tuple[tuple[Any, ...], ...]], ...] = (
    ("Option", (1,), (("Some", ("value", 0)), ("None",))),
    ("Result", (1, 1), (("Ok", ("value", 0)), ("Err", ("error", 1)))),
)


class Universe:
    """`kinds`: by name; `variants`: of all enums, by name and by `Enum.Variant`. Computed kinds are made once each (`interned`)."""

    def __init__(self) -> None:
        self._taken = (1 << len(CONCRETE)) - 1
        self.kinds: dict[str, Kind] = dict(KINDS)
        for name in OPEN[1:]:
            old = KINDS[name]
            assert old.parent is not None
            self.kinds[name] = made = Abstract(name, old.mask, self.kinds[old.parent.name], self)
            if isinstance(made.parent, Abstract):
                made.parent.children.append(made)
        self._open = {name: self.kinds[name] for name in OPEN[1:]}
        self.variants: dict[str, Struct] = {}
        self.structs: dict[int, Struct] = {}
        self.primitives: list[Primitive] = []
        self._defined: dict[Kind, int] = {}  # in the order of their definitions, with their number
        self._computed: dict[Hashable, Kind] = {}
        self._prelude()
        self._first = set(self._defined)

    def _prelude(self) -> None:
        """Option and Result (language.md S11.6); a program's own definitions replace them."""
        for name, variances, variants in PRELUDE:
            enum = self.define_abstract(name, KINDS["Any"], variances, closed=True)
            for variant, *fields in variants:
                made = self.define_struct(variant, enum, variances, enum)
                made.complete([Field(field, None, False, parameter) for field, parameter in fields])

    @property
    def later(self) -> int:
        """The bits of kinds that are not defined yet."""
        return ~self._taken

    @property
    def classes(self) -> int:
        """The bits that were given out are below this one."""
        return self._taken.bit_length()

    def _bit(self) -> int:
        """The bit that the next struct gets."""
        taken = self._taken | PLACES
        return ~taken & (taken + 1)

    # ---- definitions ----

    def define_abstract(self, name: str, parent: Kind, variances: tuple[int, ...] = (), *, closed: bool = False) -> Abstract:
        """A new abstract kind. Its name means it from now on; an earlier kind of the name goes on for the code that uses it."""
        made = Abstract(name, 0, parent, self, variances, closed)
        self._enter(made)
        self.kinds[name] = made
        return made

    def define_struct(self, name: str, parent: Kind, variances: tuple[int, ...] = (), enum: Abstract | None = None) -> Struct:
        """A new struct without fields (`Struct.complete`)."""
        made = self._struct(Struct(name, self._bit(), parent, variances, enum))
        self._enter(made)
        if enum is None:
            self.kinds[name] = made
        else:
            self.variants[name] = self.variants[f"{enum.name}.{name}"] = made
        return made

    def new_version(self, of: Struct, parent: Kind) -> Struct:
        """Another version of a struct, without fields; nobody knows of it yet (`Struct.expect`)."""
        return Struct(of.name, self._bit(), parent, of.variances, of.enum, of.nominal)

    def expect(self, version: Struct) -> None:
        """A new version that differs from the last: what is read from now on means it."""
        self._struct(version)
        version.nominal.expect(version)
        self._defined[version] = len(self._defined)

    def forget(self, version: Struct) -> None:
        """A version that `expect` told of, or a variant, does not come."""
        if version.nominal is not version:
            version.nominal.versions.remove(version)
        elif version.enum is not None:
            version.enum.children.remove(version)
            self.variants.pop(f"{version.enum.name}.{version.name}", None)
            self.variants.pop(version.name, None)

    def is_gone(self, variant: Kind) -> bool:
        """A variant that the newest definition of its enum has not."""
        return isinstance(variant, Struct) and variant.enum is not None and f"{variant.enum.name}.{variant.name}" not in self.variants

    def is_prelude(self, kind: Kind | None) -> bool:
        """Option and Result as they are from the start: definitions of these names make other kinds."""
        return kind in self._first

    def activate(self, version: Struct) -> None:
        """Values of all versions are seen as this one from now on."""
        nominal = version.nominal
        if isinstance(nominal.parent, Abstract) and nominal.parent is not version.parent:
            nominal.parent.children.remove(nominal)
        if isinstance(version.parent, Abstract) and nominal not in version.parent.children:
            version.parent.children.append(nominal)
        nominal.activate(version)

    def _struct(self, made: Struct) -> Struct:
        self.structs[made.bit.bit_length() - 1] = made
        self._taken |= made.bit
        return made

    def define_primitive(self, name: str, parent: Kind, machine: Machine) -> Primitive:
        """A new primitive kind; its number says how wide it is (runtime/machine.omni)."""
        bit = free_place(shared_with(parent), machine, self._taken)
        place = place_of(bit)
        number = place.number if place else BLOCKS + len(self.primitives) + 1 << 4 | WIDTHS.index(machine.bits) << 1 | (not machine.signed)
        made = Primitive(name, parent, machine, number, bit or self._bit())
        self.primitives.append(made)
        self._taken |= made.bit
        self._enter(made)
        self.kinds[name] = made
        return made

    def define_alias(self, name: str, kind: Kind) -> None:
        self.kinds[name] = kind

    def _enter(self, kind: Kind) -> None:
        """Tell the parent: its set contains the new kind."""
        self._defined[kind] = len(self._defined)
        if isinstance(kind.parent, Abstract):
            kind.parent.children.append(kind)

    def struct_of(self, mask: int) -> Struct | None:
        """The struct that a set of one concrete kind is."""
        return self.structs.get(mask.bit_length() - 1) if mask > 0 and mask & (mask - 1) == 0 else None

    def concrete(self, mask: int) -> Kind | None:
        """The kind that a set of one concrete kind is."""
        builtin = next((KINDS[name] for name, bit in BIT.items() if bit == mask), None)
        if builtin is not None:
            return builtin
        if mask & PLACES:
            return next((own for own in self.primitives if own.sure == mask), None)
        struct = self.struct_of(mask)
        return struct if struct is None or struct.mask == mask else Kind(struct.name, mask, struct.nominal)

    def structs_in(self, mask: int) -> list[Struct] | None:
        """All structs in a set; None where it may contain ones that are not defined yet."""
        if mask < 0:
            return None
        return [struct for number, struct in self.structs.items() if mask >> number & 1]

    def names(self, mask: int) -> list[str]:
        """Names of a set's kinds, by the least builtin kind where one is exactly the set: what people read."""
        if mask < 0:
            return ["Any"]
        whole = next((kind.name for kind in KINDS.values() if kind.mask == mask), None)
        if whole is not None:
            return [whole]
        return kinds_in(mask) + [own.name for own in self.primitives if own.sure & mask] + [struct.name for struct in self.structs_in(mask) or []]

    def renewed(self, mask: int) -> int:
        """The set of copies of values of a set: copies are of the newest versions."""
        structs = self.structs_in(mask)
        return mask if structs is None else (mask & SIMPLE) | either(struct.newest.bit for struct in structs)

    @property
    def crowded(self) -> bool:
        """Are there primitive kinds without a place?"""
        return any(not own.sure for own in self.primitives)

    # ---- kinds in caches ----

    def describe(self, kind: Kind) -> tuple[object, ...]:
        """Plain data that say which kind it is, to a universe in which the same definitions were made."""
        if isinstance(kind, Union):
            return ("union", *map(self._part, kind.members))
        if isinstance(kind, Applied):
            return ("applied", self.describe(kind.base), *map(self._part, kind.arguments))
        if isinstance(kind, ValueKind):
            assert kind.parent is not None
            return ("value", kind.value, kind.text, self.describe(kind.parent))
        if isinstance(kind, TypeKind):
            return ("type", self._part(kind.of))
        if isinstance(kind, FunctionKind):
            return ("fn", self._part(kind.result), *map(self._part, kind.parameters))
        if isinstance(kind, Variable):
            return self.describe(kind.bound)
        number = self._defined.get(kind)
        return ("builtin", kind.name) if number is None else ("defined", number)

    def _part(self, kind: Kind) -> tuple[object, ...]:
        """Of a computed kind: `{Array T}` is another kind than that of T's bound."""
        return ("variable", kind.name, kind.index, self.describe(kind.bound)) if isinstance(kind, Variable) else self.describe(kind)

    def described(self, text: tuple[Any, ...]) -> Kind:
        """The kind that `describe` gave this for."""
        word, *parts = text
        if word == "union":
            return self.union([self.described(part) for part in parts])
        if word == "applied":
            return self.applied(self.described(parts[0]), [self.described(part) for part in parts[1:]])
        if word == "value":
            return self.value_kind(parts[0], parts[1], self.described(parts[2]))
        if word == "type":
            return self.type_kind(self.described(parts[0]))
        if word == "variable":
            return self.variable(parts[0], self.described(parts[2]), parts[1])
        if word == "fn":
            return self.function_kind([self.described(part) for part in parts[1:]], self.described(parts[0]))
        return list(self._defined)[parts[0]] if word == "defined" else self.builtin(parts[0])

    def builtin(self, name: str) -> Kind:
        """A builtin kind, whatever the program calls by its name."""
        return self._open.get(name) or KINDS[name]

    # ---- computed kinds ----

    def union(self, kinds: Sequence[Kind]) -> Kind:
        members: list[Kind] = []
        for kind in kinds:
            members += [m for m in (kind.members if isinstance(kind, Union) else (kind,)) if m not in members and m is not KINDS["bottom"]]
        if len(members) < 2:
            return members[0] if members else KINDS["bottom"]
        return self._computed.setdefault(("union", *members), Union(tuple(members)))

    def parameters_of(self, base: Kind) -> tuple[int, ...]:
        """The variance of each parameter; none for a kind without parameters."""
        if isinstance(base, (Struct, Abstract)) and base.variances:
            return base.variances
        return (1 if base.name in COVARIANT else 0,) * PARAMETRIC.get(base.name, 0)

    def applied(self, base: Kind, arguments: Sequence[Kind]) -> Kind:
        """`{base argument ...}`; as many arguments as `parameters_of` says. Typed arrays are builtin."""
        builtin = KINDS.get(f"{base.name} {arguments[0].name}") if base is KINDS["Array"] else None
        if builtin is not None:
            return builtin
        made = ArrayKind(tuple(arguments)) if base is KINDS["Array"] else Applied(base, tuple(arguments), self.parameters_of(base))
        return self._computed.setdefault(("applied", base, *arguments), made)

    def settled(self, kind: Kind) -> Kind:
        """With Any for the parameters that nothing told."""
        if kind is UNTOLD:
            return KINDS["Any"]
        return self.applied(kind.base, list(map(self.settled, kind.arguments))) if isinstance(kind, Applied) else kind

    def substituted(self, kind: Kind, bound: Mapping[Kind, Kind]) -> Kind:
        """With what type variables stand for, their bounds where nothing says."""
        if isinstance(kind, Variable):
            return bound.get(kind, kind.bound)
        if isinstance(kind, Union):
            return self.union([self.substituted(member, bound) for member in kind.members])
        if isinstance(kind, Applied):
            return self.applied(kind.base, [self.substituted(argument, bound) for argument in kind.arguments])
        if isinstance(kind, TypeKind):
            return self.type_kind(self.substituted(kind.of, bound))
        if isinstance(kind, FunctionKind):
            return self.function_kind([self.substituted(each, bound) for each in kind.parameters], self.substituted(kind.result, bound))
        return kind

    def variable(self, name: str, bound: Kind, index: int) -> Variable:
        found = self._computed.setdefault(("variable", name, bound, index), Variable(name, bound, index))
        assert isinstance(found, Variable)
        return found

    def value_kind(self, value: object, text: str, of: Kind) -> Kind:
        return self._computed.setdefault(("value", of, text), ValueKind(value, text, of))

    def type_kind(self, of: Kind) -> Kind:
        return self._computed.setdefault(("type", of), TypeKind(of))

    def function_kind(self, parameters: Sequence[Kind], result: Kind) -> FunctionKind:
        found = self._computed.setdefault(("fn", result, *parameters), FunctionKind(tuple(parameters), result))
        assert isinstance(found, FunctionKind)
        return found
