"""The oracle's values: plain Python objects.

Int int, Float float, BigInt its subclass of int, other machine numbers subclasses of Whole and Fraction, Bool bool, Nothing None, String str; the
others are the classes below. `bool` is a subclass of `int` in Python, not in the language: `type(v) is int` tells them apart.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from typing import Any

from jit_runtime.expand import core
from jit_runtime.types.array_kinds import ArrayKind
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import (
    BIT,
    KINDS,
    MOST_NESTED,
    Abstract,
    Applied,
    FunctionKind,
    Kind,
    TypeKind,
    Union,
    ValueKind,
    Variable,
)
from jit_runtime.types.machine import MACHINES, Machine
from jit_runtime.types.matching import told
from jit_runtime.types.primitives import Primitive
from jit_runtime.types.structs import Struct
from jit_runtime.types.universe import Universe

Value = Any


class Symbol:
    """Interned by name, except those `gensym` makes."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


_symbols: dict[str, Symbol] = {}


def symbol(name: str) -> Symbol:
    """The symbol of a name: always the same object."""
    found = _symbols.get(name)
    if found is None:
        found = _symbols[name] = Symbol(name)
    return found


class BigInt(int):
    """A whole number of any size; a Python int as such is an Int."""

    __slots__ = ()


class Whole(int):
    """A whole machine number other than an Int; each kind has a class below this."""

    __slots__ = ()
    kind: Kind
    machine: Machine


class Fraction(float):
    """A machine number with a fraction other than a Float."""

    __slots__ = ()
    kind: Kind
    machine: Machine


class Bits:
    """A value of a program's primitive kind that is no number."""

    __slots__ = ("value",)
    kind: Kind
    machine: Machine

    def __init__(self, value: int) -> None:
        self.value = value


MACHINE_CLASSES: dict[str, type] = {
    m.name: type(m.name, (Fraction if m.floating else Whole,), {"__slots__": (), "kind": KINDS[m.name], "machine": m}) for m in MACHINES
}


class Char:
    __slots__ = ("code",)

    def __init__(self, code: int) -> None:
        self.code = code


class Null:
    """The class of `()`, whose only instance is NULL."""

    __slots__ = ()


NULL = Null()


class Pair:
    __slots__ = ("head", "tail")

    def __init__(self, head: Value, tail: Value) -> None:
        self.head, self.tail = head, tail


class Array:
    __slots__ = ("items",)

    def __init__(self, items: list[Value]) -> None:
        self.items = items


class TypedArray(Array):
    """`items` in the order of the last index; `dims` has one entry per dimension. `element`: the class of the elements. `shared`: there is
    a view of its elements, or it is one."""

    __slots__ = ("dims", "shared")
    element: type
    zero: Value

    def __init__(self, items: list[Value], dims: list[int] | None = None) -> None:
        self.items, self.dims, self.shared = items, [len(items)] if dims is None else dims, False


class IntArray(TypedArray):
    __slots__ = ()
    element, zero = int, 0


class FloatArray(TypedArray):
    __slots__ = ()
    element, zero = float, 0.0


class CharArray(TypedArray):
    __slots__ = ()
    element, zero = Char, Char(0)


class BoolArray(TypedArray):
    __slots__ = ()
    element, zero = bool, False


def dims_of(array: Array) -> list[int]:
    return array.dims if isinstance(array, TypedArray) else [len(array.items)]


TYPED_ARRAYS: dict[str, type[TypedArray]] = {"Int": IntArray, "Float": FloatArray, "Char": CharArray, "Bool": BoolArray}
TYPED_ARRAYS |= {
    name: type(f"{name}Array", (TypedArray,), {"__slots__": (), "element": cls, "zero": cls(0)}) for name, cls in MACHINE_CLASSES.items()
}
ARRAYS: tuple[type[Array], ...] = (Array, *TYPED_ARRAYS.values())


class Dict:
    """`entries` maps the key's hashable stand-in (`equality.key_of`) to [key, value], in insertion order. Another version of a struct may
    give keys other stand-ins: of keys that have become equal the first is found."""

    __slots__ = ("_entries", "_versions")
    versions = 0  # how often a struct was defined again

    def __init__(self) -> None:
        self.entries = {}

    @property
    def entries(self) -> dict[Any, list[Value]]:
        from jit_runtime.oracle.equality import key_of

        if self._versions != Dict.versions:
            old, self.entries = self._entries, {}
            for entry in old.values():
                key = key_of(entry[0])
                self._entries[object() if key in self._entries else key] = entry
        return self._entries

    @entries.setter
    def entries(self, made: dict[Any, list[Value]]) -> None:
        self._entries, self._versions = made, Dict.versions


class Box:
    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


class Atom:
    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


class Record:
    """An instance of a struct, or of a variant of an enum. `struct` is the version it was made with, `values` all fields it was ever given."""

    __slots__ = ("struct", "universe", "values")

    def __init__(self, struct: Struct, values: dict[str, Value], universe: Universe) -> None:
        self.struct, self.values, self.universe = struct, values, universe

    def kind(self, levels: int) -> Kind:
        """With the type parameters that the fields tell, down to so many levels, and Any for the others."""
        from jit_runtime.oracle.kinds import VALUES

        return told(VALUES, self, levels, KINDS["Any"])


def held(record: Record, name: str) -> Value:
    """A field, whatever kind the newest version wants; nothing where the value was never given it."""
    return record.values.get(name)


class Iter:
    """`pull()` is a generator function that may ask for calls (see `calling.py`) and returns an element or END."""

    __slots__ = ("buffer", "pull")

    def __init__(self, pull: Callable[[], Any]) -> None:
        self.pull = pull
        self.buffer: list[Value] = []


class End:
    """The class of END: what `pull` returns when there are no more elements."""


END = End()


class Uninitialized:
    """What a recursive binding holds before its initialiser has run. Never seen by programs."""


UNINITIALIZED = Uninitialized()


class Closure:
    """A function value: code (`compile.Code`) and what it captured."""

    __slots__ = ("captured", "code")

    def __init__(self, code: Any, captured: list[Value]) -> None:
        self.code, self.captured = code, captured


class Generic:
    """A module-level function: methods, told apart by count and kinds of the arguments.

    `constructor` is the one among them that makes instances of the struct of that name. `extends`: the builtin that takes the calls
    which none of the methods does.
    """

    __slots__ = ("constructor", "doc", "extends", "methods", "name")

    def __init__(self, name: str, extends: Native | None = None) -> None:
        self.name, self.extends = name, extends
        self.doc: str | None = None
        self.methods: list[Closure] = []
        self.constructor: Closure | None = None


class Native:
    """A builtin as a value. `calling`: the implementation is a generator that asks for calls (see `calling.py`).

    `binary` is the implementation for two arguments.
    """

    __slots__ = ("binary", "calling", "implementation", "row")

    def __init__(self, row: Builtin, implementation: Callable[..., Any], calling: bool) -> None:
        self.row, self.implementation, self.calling = row, implementation, calling
        self.binary = getattr(implementation, "binary", implementation)


class Bounce:
    """A call that `trampoline` will make."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: Value, arguments: tuple[Value, ...]) -> None:
        self.function, self.arguments = function, arguments


KIND_CLASSES = (Kind, Abstract, Applied, ArrayKind, FunctionKind, Primitive, Struct, TypeKind, Union, ValueKind, Variable)

KIND_NAMES: dict[type, str] = {
    int: "Int",
    float: "Float",
    BigInt: "BigInt",
    bool: "Bool",
    Char: "Char",
    type(None): "Nothing",
    str: "String",
    Symbol: "Symbol",
    Null: "Null",
    Pair: "Pair",
    Array: "Array Any",
    IntArray: "Array Int",
    FloatArray: "Array Float",
    CharArray: "Array Char",
    BoolArray: "Array Bool",
    **{cls: name for name, cls in MACHINE_CLASSES.items()},
    **{cls: f"Array {name}" for name, cls in TYPED_ARRAYS.items()},
    Dict: "Dict",
    Closure: "Function",
    Generic: "Function",
    Native: "Function",
    Bounce: "Function",
    **dict.fromkeys(KIND_CLASSES, "Kind"),
    Box: "Box",
    Atom: "Atom",
    Iter: "Iter",
}
BITS = {cls: BIT[name] for cls, name in KIND_NAMES.items()}
FUNCTIONS = (Closure, Generic, Native)


def kind_of(value: Value, levels: int = MOST_NESTED) -> Kind:
    """The kind that programs see: both cases of a list are List, arrays that can hold anything Array."""
    if type(value) is Record:
        return value.kind(levels)
    if isinstance(value, (Whole, Fraction, Bits)):
        return value.kind
    name = KIND_NAMES[type(value)]
    return KINDS[{"Null": "List", "Pair": "List", "Array Any": "Array"}.get(name, name)]


def is_number(value: Value) -> bool:
    return type(value) in (int, float) or isinstance(value, (BigInt, Whole, Fraction))


def single(x: float) -> float:
    """The nearest Float32."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", x))[0])
    except OverflowError:
        return math.copysign(math.inf, x)


def truthy(value: Value) -> bool:
    return value is not None and value is not False


def make_list(items: Any, tail: Value = NULL) -> Value:
    """The list of a Python sequence."""
    result = tail
    for item in reversed(items):
        result = Pair(item, result)
    return result


def list_items(value: Value) -> Iterator[Value]:
    """The elements of a chain of pairs; what ends the chain is not looked at."""
    while type(value) is Pair:
        yield value.head
        value = value.tail


def from_datum(datum: core.Datum) -> Value:
    """The value of a literal in the core AST."""
    if isinstance(datum, core.Sym):
        return symbol(datum.name)
    if isinstance(datum, core.Chr):
        return Char(datum.code)
    if isinstance(datum, core.Lst):
        return make_list([from_datum(item) for item in datum.items], NULL if datum.tail is None else from_datum(datum.tail))
    if isinstance(datum, core.KindRef):
        return datum.kind
    if isinstance(datum, core.Uninitialized):
        return UNINITIALIZED
    if isinstance(datum, core.Big):
        return BigInt(datum.value)
    return datum
