"""Kinds as objects of the running program: kind values, what struct headers point at, and what the runtime asks about kinds."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from jit_runtime.data_form import form_of
from jit_runtime.digest import short_digest
from jit_runtime.expand.core import Chr, Sym
from jit_runtime.expand.show import datum
from jit_runtime.infer.code import CODE
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT, HEADER_MUTABLE
from jit_runtime.layout.records import KIND_INFO, STRUCT_FIELD, STRUCT_INFO
from jit_runtime.source.diagnostics import fail
from jit_runtime.syntax import forms as f
from jit_runtime.types.kinds import (
    BIT,
    BUILTIN,
    CONCRETE,
    KINDS,
    MOST_NESTED,
    NUMBERED,
    OF_VALUES,
    Abstract,
    Applied,
    FunctionKind,
    Kind,
    TypeKind,
    Union,
    ValueKind,
    Variable,
)
from jit_runtime.types.machine import MOST_OWN
from jit_runtime.types.matching import is_indirect, told
from jit_runtime.types.order import below, is_nominal, is_open
from jit_runtime.types.places import BLOCKS, PLACE_CLASSES
from jit_runtime.types.primitives import Primitive
from jit_runtime.types.structs import Struct
from jit_runtime.types.versions import obstacle_text
from jit_runtime.word_values import WordValues, struct_of

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler

NOMINAL, VALUE, TYPE, LIST, FIELDS, UNION, BASE, VARIANTS, MACHINE, OPEN = range(10)
REPS = {BIT["Int"]: 1, BIT["Float"]: 2, BIT["Bool"]: 3, BIT["Char"]: 4} | CODE
"""Kinds of raw fields -> how the runtime reads one, a machine number by its code (runtime/structs.omni)."""
OWN_SERIAL_SHIFT = 4
MOST_STRUCTS = 1 << 16  # bits of a table that grows with the session


class KindObjects:
    """One object per kind, made when it is first needed; they are never freed."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = self.compiler = compiler
        self._words: dict[Kind, int] = {}
        self._kinds: dict[int, Kind] = {}
        self._infos: dict[Struct, Any] = {}
        self.tested: dict[str, Kind] = {}  # kinds whose tables compiled code names, by symbol
        self._tables: list[tuple[Kind, Any, ctypes.Array[ctypes.c_uint8]]] = []
        self.values = WordValues(self)
        self._own = (ctypes.c_uint64 * (2 * (PLACE_CLASSES + BLOCKS + MOST_OWN + 1)))()
        compiler.engine.heap.write(own_kinds=ctypes.addressof(self._own))

    def word(self, kind: Kind) -> int:
        """The object of a kind; a type variable counts as its bound."""
        if isinstance(kind, Variable):
            return self.word(kind.bound)
        found = self._words.get(kind)
        if found is None:
            builtin = kind.name in NUMBERED and kind in (KINDS[kind.name], self._compiler.world.universe.builtin(kind.name))
            found = self._compiler.constants.kind(kind.name) if builtin else self._make(kind)
            self._words[kind] = found
            self._kinds[found] = kind
            if builtin and isinstance(kind, Abstract):
                self._open(kind, found)
        return found

    def kind(self, word: int) -> Kind:
        """The kind of an object; those that only the runtime made so far are builtin."""
        if word not in self._kinds:
            for name in NUMBERED:
                self.word(self._compiler.world.universe.builtin(name))
        return self._kinds[word]

    def classes(self, kind: Kind) -> str:
        """The symbol of an abstract kind's or union's table: a bit per class (infer/tests.py)."""
        text = repr(self._compiler.world.universe.describe(kind))
        name = "classes." + short_digest(text)
        if name not in self.tested:
            self.word(kind)
            self.tested[name] = kind
            self._compiler.engine.define(name, next(ctypes.addressof(table) for of, _, table in self._tables if of is kind))
        return name

    def _make(self, kind: Kind) -> int:
        constants = self._compiler.constants
        info = constants.record(KIND_INFO, maker=words.NOTHING)
        shown = kind.visible if isinstance(kind, Struct) else kind
        made = constants.engine.call("rt_new_kind", constants.symbol(shown.name), kind.sure & BUILTIN, info.address)
        self._words[kind] = made  # a struct may have fields of its own kind
        fields = self._describe(kind)
        info.write(**fields)
        if fields["form"] == NOMINAL:
            self._table(kind, info)
        if isinstance(kind, Primitive):
            self._enter(kind, made)
        if isinstance(kind, Primitive) or (isinstance(kind, Struct) and kind.enum is None):
            info.write(maker=self._compiler.objects.maker(kind))
        return made

    def _enter(self, kind: Primitive, word: int) -> None:
        """Into the heap's table, where a value's number leads, and the tables of the kinds above it."""
        row = 2 * (kind.bit.bit_length() - 1 if kind.sure else PLACE_CLASSES + (kind.number >> OWN_SERIAL_SHIFT))
        self._own[row], self._own[row + 1] = word, kind.bit.bit_length() - 1
        for above, _, table in self._tables:
            self._fill(above, table)
        if kind.sure:
            self._compiler.decisions.enter(kind)

    def converter(self, word: int) -> int:
        """The function of a builtin kind of numbers, which its object has from now on."""
        compiler = self._compiler
        function = compiler.world.library(self.kind(word).name)
        assert function is not None
        made = compiler.objects.made[compiler.function_object(function)].word
        info = compiler.constants.record(KIND_INFO, maker=made, abstract=2, form=NOMINAL)
        ctypes.c_uint64.from_address(word - words.OBJECT_TAG + BY_NAME["kind"].offsets["info"]).value = info.address
        return made

    def _open(self, kind: Abstract, word: int) -> None:
        """A builtin kind that programs define kinds below: its object gets a table."""
        info = self._compiler.constants.record(KIND_INFO, maker=words.NOTHING, abstract=1, form=NOMINAL)
        self._table(kind, info)
        ctypes.c_uint64.from_address(word - words.OBJECT_TAG + BY_NAME["kind"].offsets["info"]).value = info.address

    def _table(self, kind: Kind, info: Any) -> None:
        size = MOST_STRUCTS // 8 if isinstance(kind, (Abstract, Union)) else kind.sure.bit_length() // 8 + 1
        table = (ctypes.c_uint8 * size)()
        self._tables.append((kind, info, table))
        info.write(bits=ctypes.addressof(table), bits_count=8 * len(table))
        self._fill(kind, table)

    def _fill(self, kind: Kind, table: ctypes.Array[ctypes.c_uint8]) -> None:
        sure = kind.sure
        universe = self._compiler.world.universe
        below_it = [number for number in (*range(len(CONCRETE)), *universe.structs) if sure >> number & 1]
        below_it += [own.bit.bit_length() - 1 for own in universe.primitives if below(own, kind)]
        for number in below_it:
            table[number >> 3] |= 1 << (number & 7)

    def _describe(self, kind: Kind) -> dict[str, int]:
        constants = self._compiler.constants
        if isinstance(kind, FunctionKind) and (plain := plain_pair(kind)) is not None:
            return {"form": NOMINAL, "word": self.word(plain), "abstract": 2}
        if isinstance(kind, Applied) and names_plainly(kind):
            return {"form": BASE, "word": self.word(kind.base), "abstract": 1}
        if not isinstance(kind, FunctionKind) and (is_open(kind) or tells_indirectly(kind)) and not is_nominal(kind):
            return {"form": OPEN, "word": self.word(self._closed(kind)), "count": self._words[kind], "abstract": 1}
        if isinstance(kind, ValueKind):
            return {"form": VALUE, "word": self._compiler.literals.constant(kind.value), "abstract": 2}
        if isinstance(kind, TypeKind):
            return {"form": TYPE, "word": self.word(kind.of), "abstract": 2}
        if isinstance(kind, Applied):
            return self._applied(kind)
        if isinstance(kind, Primitive):
            code = words.machine_code(kind.shared.bit_length() - 1, kind.number)
            return {"form": MACHINE, "count": code, "abstract": 2}
        if isinstance(kind, Union) and not is_nominal(kind):
            return {"form": UNION, "items": constants.array([self.word(m) for m in kind.members]), "count": len(kind.members), "abstract": 1}
        return {"form": NOMINAL, "abstract": 1 if kind.abstract else 2}

    def _closed(self, kind: Kind) -> Kind:
        """A kind that has all instances of an open one, and that a value's concrete kind tells."""
        if isinstance(kind, Union):
            return self._compiler.world.universe.union([self._closed(member) for member in kind.members])
        return kind if is_nominal(kind) else kind.head if isinstance(kind, Applied) else KINDS["Any"]

    def _applied(self, kind: Applied) -> dict[str, int]:
        base = kind.base
        if base.name == "List":
            return {"form": LIST, "word": self.word(kind.arguments[0]), "abstract": 2}
        if isinstance(base, Struct):
            items: list[int] = []
            for i, argument in enumerate(kind.arguments):
                items += [i + 1, self.word(argument), kind.variances[i]]
            return {"form": FIELDS, "word": self.word(base), "items": self._compiler.constants.array(items), "count": len(items) // 3, "abstract": 2}
        if isinstance(base, Abstract) and base.closed:
            universe = self._compiler.world.universe
            variants = [self.word(universe.applied(child, kind.arguments)) for child in base.children]
            return {"form": VARIANTS, "items": self._compiler.constants.array(variants), "count": len(variants), "abstract": 1}
        return {"form": BASE, "word": self.word(base), "abstract": 1 if base.abstract else 2}

    # ---- structs ----

    def header(self, struct: Struct) -> int:
        """The first word of a fresh instance."""
        if struct not in self._infos:
            if struct.bit.bit_length() > MOST_STRUCTS:
                raise fail("X016", None, f"too many struct kinds: a session has room for {MOST_STRUCTS}")
            self._new_info(struct)
            for kind, _, table in self._tables:
                self._fill(kind, table)
            self._compiler.decisions.enter(struct)
        return int(self._infos[struct].address) << EXTRA_SHIFT | BY_NAME["struct"].header | (HEADER_MUTABLE if struct.mutable else 0)

    def _new_info(self, struct: Struct) -> None:
        constants = self._compiler.constants
        references = sum(1 << (at // 8) for at in (struct.identity, *(f.offset for f in struct.fields if f.packed is None)) if at)
        info = self._infos[struct] = constants.record(
            STRUCT_INFO, shape=references << 16 | struct.size // 8, number=struct.bit.bit_length() - 1, kind=self.word(struct.visible),
            name=constants.symbol(struct.name), count=len(struct.fields), identity=struct.identity, version=struct.number,
            constant=int(struct.is_constant), parametric=int(bool(struct.variances)),
        )  # fmt: skip
        rows: list[int] = []
        for field in struct.fields:
            kind = words.NOTHING if field.kind is None else self.word(field.kind)
            parameter = 0 if field.parameter is None else field.parameter + 1
            rep = 0 if field.packed is None or field.kind is None else REPS[field.kind.sure]
            width, signed = (8, 0) if field.packed is None else (field.packed.bytes, int(field.packed.signed))
            rows += [constants.symbol(field.name), constants.symbol(struct.what(field))]
            rows += [kind, field.offset, rep, width, signed, int(field.mutable), parameter]
        assert STRUCT_FIELD.size == 72
        info.write(fields=constants.array(rows))
        self._see_as_newest(struct)

    def _see_as_newest(self, struct: Struct) -> None:
        if struct.newest is not struct:
            self.header(struct.newest)
            self._infos[struct].write(newest=self._infos[struct.newest].address)

    def activate(self, struct: Struct) -> None:
        """A version became the newest: tables of kinds get its bit, values of older versions are seen as it."""
        tables, self._tables = self._tables, []
        for kind, info, table in tables:
            if kind.sure.bit_length() > 8 * len(table):
                self._table(kind, info)
            else:
                self._tables.append((kind, info, table))
        heap = self._compiler.engine.heap
        heap.write(versions=heap.read("versions") + 1)
        self.header(struct)
        for version in struct.nominal.versions:
            if version in self._infos:
                self._infos[version].write(newest=0)
                self._see_as_newest(version)
        for kind, _, table in self._tables:
            ctypes.memset(table, 0, len(table))
            self._fill(kind, table)

    # ---- kinds of values ----

    def kind_of(self, word: int, levels: int = MOST_NESTED) -> Kind:
        """The kind of a value, with the parameters that its fields tell, down to so many levels."""
        return told(self.values, word, levels, KINDS["Any"])

    def held(self, word: int, name: str) -> int:
        """A field of a struct's value, whatever kind the newest version wants; DEFAULT where it was never given it."""
        constants = self._compiler.constants
        return constants.engine.call("rt_held", constants.region, word, constants.symbol(name))

    def obstacle(self, word: int, index: int) -> str:
        """Why a value cannot be seen as one of the newest version, whose field `index` does not admit what it holds."""
        struct = struct_of(self._compiler.world.universe, word)
        assert struct is not None
        field = struct.newest.fields[index]
        held, wanted = self.held(word, field.name), field.kind
        if wanted is None:
            first = next(f for f in struct.newest.fields if f.parameter == field.parameter)
            wanted = self.kind(self._compiler.engine.call("rt_kind_of", 0, self.held(word, first.name)))
        made = self._written(word).removeprefix("#<").rpartition(" of version ")[0]
        return obstacle_text(made, struct, field, wanted, None if held == words.DEFAULT else self._written(held))

    def _written(self, word: int) -> str:
        engine = self._compiler.engine
        engine.call("rt_write_value", word)
        return engine.read_text()

    def value_kind(self, word: int) -> Kind:
        """The kind whose only instance is a value."""
        kind = self.kind_of(word)
        if kind.name not in OF_VALUES:
            raise fail("X015", None, f"type error: {kind!r} is not among the kinds whose values have a kind of their own: {', '.join(OF_VALUES)}")
        form = form_of(self._compiler.engine, word)
        value: Any = getattr(form, "value", form)
        if isinstance(form, (f.Symbol, f.Char)):
            value = Sym(form.name) if isinstance(form, f.Symbol) else Chr(ord(form.value))
        return self._compiler.world.universe.value_kind(value, datum(value), kind)


def tells_indirectly(kind: Kind) -> bool:
    """Of a kind with parameters: do fields with kinds such as `{List T}` tell one of them?"""
    base = kind.head
    children = base.children if isinstance(base, Abstract) else [base]
    return isinstance(kind, Applied) and any(is_indirect(child.latest) for child in children if isinstance(child, Struct))


def names_plainly(kind: Applied) -> bool:
    """Are a struct's parameters different type variables that may be anything?"""
    free = [argument for argument in kind.arguments if isinstance(argument, Variable) and argument.bound.name == "Any"]
    return isinstance(kind.base, (Struct, Abstract)) and len(set(free)) == len(kind.arguments)


def plain_pair(kind: FunctionKind) -> Kind | None:
    """The S of `(fn [{T} {S T}] ...)`, where fields of S tell its parameter."""
    if len(kind.parameters) != 2 or not isinstance(kind.parameters[0], Variable):
        return None
    first, second = kind.parameters
    plain = isinstance(second, Applied) and second.arguments == (first,) and names_plainly(second) and not tells_indirectly(second)
    return second.head if plain else None
