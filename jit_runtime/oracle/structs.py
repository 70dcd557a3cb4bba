"""Structs and variants of enums: making them, their fields (language S11.5, S11.6, S9.4 - S9.7)."""

from __future__ import annotations

from jit_runtime.oracle.kinds import is_instance
from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import Record, Symbol, Value, kind_of, symbol
from jit_runtime.types import errors
from jit_runtime.types.kinds import Field, Struct
from jit_runtime.types.universe import Universe


def construct(universe: Universe, struct: Struct, *values: Value) -> Record:
    """A new instance, each field checked."""
    for field, value in zip(struct.fields, values, strict=True):
        if field.kind is not None and not is_instance(value, field.kind):
            raise_error(errors.TYPE, f"the field `{field.name}` of `{struct.name}`", field.kind.name, value)
    for i, field in enumerate(struct.fields):
        if field.parameter is not None:
            same = next(j for j, other in enumerate(struct.fields) if other.parameter == field.parameter)
            check_parameter(field, values[same], values[i])
    return Record(struct, list(values), universe)


def check_parameter(field: Field, first: Value, value: Value) -> None:
    """The fields of one type parameter hold values of one kind."""
    if concrete(first) is not concrete(value):
        raise_error(errors.FIELD_KIND, symbol(field.name), concrete(first), value)


def concrete(value: Value) -> object:
    """The kind without its parameters."""
    return kind_of(value).head


def index_of(record: Record, key: Value) -> int | None:
    names = [field.name for field in record.struct.fields]
    return names.index(key.name) if type(key) is Symbol and key.name in names else None


def need_index(record: Record, key: Value) -> int:
    index = index_of(record, key)
    return raise_error(errors.NO_FIELD, record, key) if index is None else index


def get_field(record: Record, key: Value) -> Value:
    return record.fields[need_index(record, key)]


def check_field(record: Record, index: int, value: Value) -> None:
    field = record.struct.fields[index]
    if field.kind is not None and not is_instance(value, field.kind):
        raise_error(errors.FIELD_KIND, symbol(field.name), field.kind, value)


def set_field(record: Record, key: Value, value: Value) -> Value:
    index = need_index(record, key)
    field = record.struct.fields[index]
    if not field.mutable:
        raise_error(errors.IMMUTABLE_FIELD, key, record)
    check_field(record, index, value)
    if field.parameter is not None:
        check_parameter(field, record.fields[index], value)
    record.fields[index] = value
    return value


def with_field(record: Record, key: Value, value: Value) -> Record:
    """A copy with another value in a field."""
    index = need_index(record, key)
    check_field(record, index, value)
    fields = record.fields[:]
    fields[index] = value
    return Record(record.struct, fields, record.universe)
