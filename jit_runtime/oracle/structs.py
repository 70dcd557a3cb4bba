"""Structs and variants of enums: making them, their fields (language S11.5, S11.6, S9.4 - S9.7)."""

from __future__ import annotations

from jit_runtime.oracle.kinds import VALUES, is_instance
from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import Record, Symbol, Value, held, kind_of
from jit_runtime.oracle.versions import need_newest, renewed
from jit_runtime.types import errors
from jit_runtime.types.matching import agree, bound_kind, pairs_of_fields
from jit_runtime.types.structs import Field, Struct
from jit_runtime.types.universe import Universe


def construct(universe: Universe, struct: Struct, *values: Value) -> Record:
    """A new instance, each field checked."""
    for field, value in zip(struct.fields, values, strict=True):
        if field.kind is not None and not is_instance(value, field.kind):
            raise_error(errors.TYPE, struct.what(field), field.kind, value)
    for i, field in enumerate(struct.fields):
        if field.parameter is not None:
            same = next(j for j, other in enumerate(struct.fields) if other.parameter == field.parameter)
            check_parameter(struct, field, values[same], values[i])
    for first, second, kinds in pairs_of_fields(struct):
        if not agree(VALUES, universe.function_kind(kinds, kinds[1]), values[first], values[second]):
            wanted = bound_kind(VALUES, universe, universe.function_kind(kinds[:1], kinds[1]), values[first])
            raise_error(errors.TYPE, struct.what(struct.fields[second]), wanted, values[second])
    return Record(struct, {field.name: value for field, value in zip(struct.fields, values)}, universe)


def check_parameter(struct: Struct, field: Field, first: Value, value: Value) -> None:
    """The fields of one type parameter hold values of one kind."""
    if concrete(first) is not concrete(value):
        raise_error(errors.TYPE, struct.what(field), concrete(first), value)


def concrete(value: Value) -> object:
    """The kind without its parameters."""
    return kind_of(value).head


def field_named(record: Record, key: Value) -> Field | None:
    return record.struct.newest.field(key.name) if type(key) is Symbol else None


def need_field(record: Record, key: Value) -> Field:
    """Raises where the newest version has no such field, or the value cannot be one of it."""
    field = field_named(record, key)
    if field is None:
        raise_error(errors.NO_FIELD, record, key)
    need_newest(record)
    return field


def get_field(record: Record, key: Value) -> Value:
    return held(record, need_field(record, key).name)


def check_field(struct: Struct, field: Field, value: Value) -> None:
    if field.kind is not None and not is_instance(value, field.kind):
        raise_error(errors.TYPE, struct.what(field), field.kind, value)


def set_field(record: Record, key: Value, value: Value) -> Value:
    field = need_field(record, key)
    if not field.mutable:
        raise_error(errors.IMMUTABLE_FIELD, key, record)
    if not record.struct.mutable:
        raise_error(errors.IMMUTABLE_VERSION, key, record)
    check_field(record.struct.newest, field, value)
    if field.parameter is not None:
        check_parameter(record.struct.newest, field, held(record, field.name), value)
    record.values[field.name] = value
    return value


def with_field(record: Record, key: Value, value: Value) -> Record:
    """A copy with another value in a field."""
    field = need_field(record, key)
    check_field(record.struct.newest, field, value)
    made = renewed(record)
    made.values[field.name] = value
    return made
