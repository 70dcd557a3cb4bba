"""THE table of heap objects. Offsets, walkers (trace, copy, size, verify) and printing derive from these rows.

Every object but a pair starts with a header word:

    bits 0-2   000 (so that a header is never a forwarding mark)
    bit  3     MUTABLE          bit 4  LOGGED        bit 5  FROZEN      bit 6  FINALIZER
    bit  7     VISITING: being printed, so that cycles are seen; always 0 outside printing
    bits 8-15  type id
    bits 16-63 `extra`: length, identity or count, as the row says

A reference to it is its address + 5; to a pair, its address + 1. Objects are multiples of 8 bytes,
pairs of 16; every object is at least 16 bytes (room for a forwarding mark and alignment).
The forwarding mark replaces the first word: new address + 7 (FORWARD_TAG).
"""

from __future__ import annotations

from jit_runtime.dataclass import dataclass
from jit_runtime.types.machine import MACHINES

HEADER_MUTABLE = 1 << 3
HEADER_LOGGED = 1 << 4
HEADER_FROZEN = 1 << 5
HEADER_FINALIZER = 1 << 6
HEADER_VISITING = 1 << 7
TYPE_SHIFT, EXTRA_SHIFT = 8, 16


@dataclass(frozen=True, slots=True)
class Layout:
    """One type of object.

    `fields` are the words after the header: (name, "ref" | "i64" | "f64"). `tail` is what follows them:
    None, "ref" (extra words of references) or "byte" (extra bytes, padded to 8): the count is the header's
    `extra` when `counted`. `kind` is the language's kind, or None for parts that programs never see.
    """

    name: str
    id: int
    kind: str | None
    fields: tuple[tuple[str, str], ...]
    tail: str | None = None
    mutable: bool = False
    extra: str = "0"

    @property
    def offsets(self) -> dict[str, int]:
        """Byte offset of each field from the object's start; `tail` is where the tail begins."""
        at = {name: 8 * (i + 1) for i, (name, _) in enumerate(self.fields)}
        return at | {"tail": 8 * (len(self.fields) + 1)}

    @property
    def header(self) -> int:
        """The header with `extra` 0."""
        return self.id << TYPE_SHIFT | (HEADER_MUTABLE if self.mutable else 0)


# A typed array begins like any array. `start` is where its elements begin in the store, in bytes; not 0 in views only. `line` is its length if it
# has one dimension, `rows` and `columns` are those of two; else they are 0, so that comparing an index checks the number of indices too.
# `dims`: the dimensions as a store of Ints; nothing if it has one, false if it has one that cannot grow, since others share the store.
TYPED_ARRAY = (("length", "i64"), ("store", "ref"), ("start", "i64"), ("line", "i64"), ("rows", "i64"), ("columns", "i64"), ("dims", "ref"))

MACHINE_NAMES = tuple(machine.name for machine in MACHINES)

LAYOUTS = (
    Layout("int", 1, "Int", (("value", "i64"),)),  # outside the fixnum range
    Layout("float", 2, "Float", (("value", "f64"),)),  # outside the flonum range
    Layout("string", 3, "String", (("length", "i64"), ("hash", "i64")), "byte", extra="bytes of UTF-8; length counts code points; hash 0: none yet"),
    Layout("symbol", 4, "Symbol", (("name", "ref"), ("hash", "i64")), extra="1: made by gensym"),
    Layout("box", 5, "Box", (("value", "ref"),), mutable=True, extra="identity, 0: none yet"),
    Layout("atom", 6, "Atom", (("value", "ref"),), mutable=True, extra="identity"),
    Layout("array", 7, "Array Any", (("length", "i64"), ("store", "ref")), mutable=True, extra="identity"),
    Layout("store", 8, None, (), "ref", mutable=True, extra="capacity in words; unused slots hold 0"),
    Layout(
        "dict",
        9,
        "Dict",
        (
            *(("count", "i64"), ("used", "i64"), ("found", "i64"), ("mixed", "i64"), ("places", "i64"), ("direct", "i64")),
            *(("entries", "ref"), ("index", "ref")),
        ),
        mutable=True,
        extra="identity; entries: a store of (key, value) pairs in insertion order; index: bytes",
    ),
    Layout("bytes", 10, None, (), "byte", mutable=True, extra="bytes"),
    Layout(
        "closure",
        11,
        "Function",
        (("entry", "i64"), ("info", "i64")),
        "ref",
        extra="number of captured values; entry: generic entry address; "
        "info: arity (bits 0-7), variadic or slow arity (bit 8), symbol that names it or 0 (bits 16-)",
    ),
    Layout(
        "function",
        12,
        "Function",
        (("entry", "i64"), ("info", "i64"), ("name", "ref")),
        extra="permanent; a generic function or builtin as a value; same first words as a closure",
    ),
    Layout(
        "kind",
        13,
        "Kind",
        (("id", "i64"), ("name", "ref"), ("info", "i64")),
        extra="permanent; id: the builtin concrete kinds in it; name: a symbol, its written form; info: KindInfo record, or 0 for a builtin kind",
    ),
    Layout("range", 14, "Iter", (("next", "i64"), ("stop", "i64"), ("step", "i64")), mutable=True, extra="identity"),
    Layout("iter", 15, "Iter", (("pull", "ref"), ("kept", "ref")), mutable=True, extra="identity; pull: function; kept: next element, or PULL"),
    Layout("bounce", 16, "Function", (("call", "ref"),), extra="identity; call: pair of function and arguments"),
    Layout("struct", 40, None, (), mutable=False, extra="address of its StructInfo record, which has the shape; MUTABLE as the struct says"),
    Layout("bools", 17, None, (), "byte", mutable=True, extra="capacity: a store of Bools, one byte each (0 or 1); unused ones hold 0"),
    Layout("ints", 18, None, (), "byte", mutable=True, extra="bytes: a store of raw Ints"),
    Layout("floats", 19, None, (), "byte", mutable=True, extra="bytes: a store of raw Floats"),
    Layout("chars", 20, None, (), "byte", mutable=True, extra="bytes: a store of code points, four bytes each"),
    Layout("int-array", 21, "Array Int", TYPED_ARRAY, mutable=True, extra="identity"),
    Layout("float-array", 22, "Array Float", TYPED_ARRAY, mutable=True, extra="identity"),
    Layout("char-array", 23, "Array Char", TYPED_ARRAY, mutable=True, extra="identity"),
    Layout("bool-array", 24, "Array Bool", TYPED_ARRAY, mutable=True, extra="identity"),
    *(Layout(f"{name.lower()}-array", 41 + i, f"Array {name}", TYPED_ARRAY, mutable=True, extra="identity") for i, name in enumerate(MACHINE_NAMES)),
    *(Layout(f"{name.lower()}s", 49 + i, None, (), "byte", mutable=True, extra="bytes: of that kind") for i, name in enumerate(MACHINE_NAMES)),
    Layout("uint64", 26, "UInt64", (("value", "i64"),)),  # a machine number that is no immediate
    Layout("own-integer", 27, "Own Integer", (("value", "i64"),), extra="the kind's number, as in an immediate (layout/words.py)"),
    Layout("own-float", 28, "Own AbstractFloat", (("value", "i64"),), extra="the same; value: the bits"),
    Layout("own-any", 29, "Own Any", (("value", "i64"),), extra="the same"),
    Layout("bigint", 25, "BigInt", (("negative", "i64"),), "byte", extra="bytes of limbs, 64 bits each, the least first, none 0 at the top"),
)
BY_NAME = {row.name: row for row in LAYOUTS}
BY_ID = {row.id: row for row in LAYOUTS}
