"""Kinds of the systems subset: machine types with a sign, pointers that know what they point at."""

from __future__ import annotations

from jit_runtime.layout.records import RECORDS, Record
from jit_runtime.source.diagnostics import OmniError, fail
from jit_runtime.syntax import forms as f


class CKind:
    """`ir` is the IR type of its values; `to` what a pointer points at (None: anything)."""

    __slots__ = ("ir", "name", "signed", "size", "to")

    def __init__(self, name: str, ir: str, size: int, signed: bool = True, to: CKind | Record | None = None) -> None:
        self.name, self.ir, self.size, self.signed, self.to = name, ir, size, signed, to

    def __repr__(self) -> str:
        return "{" + self.name + "}"

    @property
    def is_int(self) -> bool:
        return self.ir[0] == "i" and self.ir != "i1"

    @property
    def is_pointer(self) -> bool:
        return self.ir == "ptr"


class ArrayOf:
    """`count` values of one kind inside a record."""

    __slots__ = ("count", "of")

    def __init__(self, of: CKind | Record, count: int) -> None:
        self.of, self.count = of, count


Target = CKind | Record | ArrayOf

VOID = CKind("CVoid", "void", 0)
BOOL = CKind("CBool", "i1", 1, False)
DOUBLE = CKind("CDouble", "f64", 8)
SINGLE = CKind("CFloat", "f32", 4)
INT64 = CKind("CInt64", "i64", 8)
INT32 = CKind("CInt32", "i32", 4)
UINT8 = CKind("CUInt8", "i8", 1, False)
UINT64 = CKind("CUInt64", "i64", 8, False)
POINTER = CKind("CPtr", "ptr", 8)

_SCALARS = (
    VOID, BOOL, DOUBLE, SINGLE, INT64, INT32, UINT8, UINT64, POINTER,
    CKind("CInt8", "i8", 1), CKind("CInt16", "i16", 2), CKind("CUInt16", "i16", 2, False), CKind("CUInt32", "i32", 4, False),
)  # fmt: skip
KINDS = {k.name: k for k in _SCALARS}
KINDS |= {
    "I8": KINDS["CInt8"], "I16": KINDS["CInt16"], "I32": INT32, "I64": INT64, "U8": UINT8, "U16": KINDS["CUInt16"], "U32": KINDS["CUInt32"],
    "U64": UINT64, "F64": DOUBLE, "F32": SINGLE, "Bool": BOOL, "Void": VOID, "Ptr": POINTER, "Word": INT64,
}  # fmt: skip
_FIELD_KINDS = {"i8": UINT8, "i16": KINDS["CUInt16"], "i32": INT32, "i64": INT64, "ref": INT64, "f64": DOUBLE, "ptr": POINTER}

# What the pointer fields of layout/records.py point at.
POINTEES = {
    "Lane": {"region": "Region"},
    "Block": {"next": "Block", "forward": "Block"},
    "Chunk": {"next": "Chunk"},
    "Region": {
        "pair_block": "Block", "object_block": "Block", "blocks": "Block", "large": "Block", "segment": "Segment", "older": "Region",
        "log": "LogEntry", "owner": "Cell", "next": "Region", "previous": "Region", "work": "Region",
        "continues": "Segment",
    },
    "Segment": {
        "youngest": "Region", "handler": "Handler", "resumer": "Segment", "home": "Region", "next": "Segment", "previous": "Segment",
    },
    "Handler": {"older": "Handler", "youngest": "Region"},
    "Task": {"youngest": "Region", "retired": "Region", "segment": "Segment", "segments": "Segment", "handler": "Handler", "heap": "Heap"},
    "Move": {"from": "Region", "to": "Region", "quiet": "Region", "pair_block": "Block", "object_block": "Block", "large": "Block"},
    "Heap": {
        "chunks": "Chunk", "free_small": "Block", "free_medium": "Block", "free_large": "Block", "kept_large": "Block", "free_regions": "Region",
        "undead": "Region", "owned": "Region", "permanent": "Region", "constants": "Region", "literals": "Region", "from_record": "Region",
        "quarantine": "Block", "quarantine_last": "Block",
    },
    "StructInfo": {"fields": "StructField"},
    "Cell": {"region": "Region", "next": "Cell", "previous": "Cell"},
}  # fmt: skip

_pointers: dict[int, CKind] = {}


def pointer(to: CKind | Record) -> CKind:
    """`{CPtr to}`; interned, so kinds compare by identity."""
    found = _pointers.get(id(to))
    if found is None:
        found = _pointers[id(to)] = CKind(f"CPtr {to.name}", "ptr", 8, True, to)
    return found


def field_target(record: Record, field: str) -> Target:
    """What a field of a record holds."""
    declared = record.types[field]
    if isinstance(declared, tuple):
        return ArrayOf(RECORDS.get(declared[0]) or _FIELD_KINDS[declared[0]], declared[1])
    to = POINTEES.get(record.name, {}).get(field)
    if to is not None:
        return pointer(RECORDS[to])
    return RECORDS.get(declared) or _FIELD_KINDS[declared]


def size_of(target: Target) -> int:
    return size_of(target.of) * target.count if isinstance(target, ArrayOf) else target.size


def read_target(form: f.Form) -> CKind | Record:
    """A kind or a record by its written form, with or without braces."""
    if isinstance(form, f.Kind):
        if len(form.items) == 1:
            return read_target(form.items[0])
        if len(form.items) == 2 and isinstance(form.items[0], f.Symbol) and form.items[0].name in ("CPtr", "Ptr"):
            return pointer(read_target(form.items[1]))
    if isinstance(form, f.Symbol):
        found = KINDS.get(form.name) or RECORDS.get(form.name)
        if found is not None:
            return found
    raise unknown_kind(form)


def read_kind(form: f.Form) -> CKind:
    target = read_target(form)
    if isinstance(target, Record):
        raise fail("T201", form.span, f"a record is used through a pointer: write {{CPtr {target.name}}}")
    return target


def unknown_kind(form: f.Form) -> OmniError:
    return fail("T202", form.span, f"unknown kind {form.span.text} in the systems subset", "kinds are those of docs/systems-subset.md")
