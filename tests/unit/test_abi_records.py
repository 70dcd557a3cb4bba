"""Every record has one layout: in the table, for ctypes, and for the systems subset."""

from __future__ import annotations

import ctypes
import functools

import pytest

from jit_runtime.engine.native import Struct
from jit_runtime.infer.systems import compile_sources
from jit_runtime.infer.systems_constants import layout_constants
from jit_runtime.ir.interpret import Interpreter
from jit_runtime.layout import words
from jit_runtime.layout.objects import EXTRA_SHIFT, HEADER_MUTABLE, LAYOUTS, TYPE_SHIFT
from jit_runtime.layout.records import RECORDS
from jit_runtime.layout.walkers import PATH, shapes, text
from jit_runtime.source.text import Source

FIELDS = [(record, field) for record in RECORDS for field in RECORDS[record].offsets]
C_TYPES = {"i8": ctypes.c_int8, "i16": ctypes.c_int16, "i32": ctypes.c_int32, "f32": ctypes.c_float, "f64": ctypes.c_double}


def function(record: str, field: str) -> str:
    return f"at_{record}_{field}".lower()


@functools.cache
def machine() -> Interpreter:
    """A function for the size of each record and one for the offset of each field."""
    parts = [f"(define ^:export size_{name.lower()} [] {{I64}} (%sizeof {name}))" for name in RECORDS]
    parts += [
        f"(define ^:export {function(r, f)} [r {{CPtr {r}}}] {{I64}} (- (%cast {{I64}} (%address r.{f})) (%cast {{I64}} r)))" for r, f in FIELDS
    ]
    return Interpreter(compile_sources([Source("records", "\n".join(parts))]))


@functools.cache
def structure(name: str) -> type[ctypes.Structure]:
    """The C struct with the record's fields, laid out by ctypes."""

    def type_of(declared: str | tuple[str, int]) -> type:
        base, count = declared if isinstance(declared, tuple) else (declared, 0)
        one = structure(base) if base in RECORDS else C_TYPES.get(base, ctypes.c_uint64)
        return one * count if count else one

    return type(name, (ctypes.Structure,), {"_fields_": [(f, type_of(t)) for f, t in RECORDS[name].types.items()]})


@pytest.mark.parametrize("name", RECORDS)
def test_sizes_agree(name: str) -> None:
    assert RECORDS[name].size == ctypes.sizeof(structure(name)) == machine().call(f"size_{name.lower()}")


@pytest.mark.parametrize("name", RECORDS)
def test_offsets_agree(name: str) -> None:
    base = 0x10000
    for field, offset in RECORDS[name].offsets.items():
        assert offset == getattr(structure(name), field).offset == machine().call(function(name, field), base), field


def test_a_mirror_reads_and_writes_words_of_arrays() -> None:
    task = Struct(RECORDS["Task"])
    task.word("arguments", 255).value = 7
    assert ctypes.c_uint64.from_address(task.address + RECORDS["Task"].offsets["arguments"] + 8 * 255).value == 7
    assert task.read("argument_count") == 0


def test_the_constants_of_the_subset_are_those_of_the_tables() -> None:
    constants = layout_constants()
    for row in LAYOUTS:
        assert constants[f"TYPE-{row.name}"] == row.id
        assert constants[f"HEADER-{row.name}"] == row.header == row.id << TYPE_SHIFT | (HEADER_MUTABLE if row.mutable else 0)
        for field, offset in row.offsets.items():
            assert constants[f"OFFSET-{row.name}-{field}"] == offset
    for name in ("NOTHING", "FALSE", "TRUE", "NULL", "UNBOUND", "DEFAULT", "PAIR_TAG", "OBJECT_TAG", "FORWARD_TAG"):
        assert constants[name.replace("_", "-")] == getattr(words, name)


def test_a_header_is_never_a_forwarding_mark_and_a_mark_never_a_value() -> None:
    assert all(row.header & words.TAG_MASK == 0 for row in LAYOUTS)
    assert EXTRA_SHIFT == 16 and max(row.id for row in LAYOUTS) < 256
    tags = {words.PAIR_TAG, words.OBJECT_TAG, words.IMMEDIATE_TAG, *(words.fixnum(i) & words.TAG_MASK for i in range(4)), 2, 6}
    assert words.FORWARD_TAG not in tags


def test_walkers_are_derived_from_the_table() -> None:
    assert PATH.read_text(encoding="utf-8") == text()
    for row in LAYOUTS:
        shape = shapes()[row.id]
        assert shape & 0xFF == len(row.fields) + 1
        assert [i for i in range(48) if shape >> 16 + i & 1] == [i + 1 for i, (_, kind) in enumerate(row.fields) if kind == "ref"]
