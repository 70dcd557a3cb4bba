"""Values of a struct that was redefined: seen as the newest version, where its fields allow it.

A value has all fields that it was ever given, by name. The newest version says which of them programs see; one that it was not
given is nothing.
"""

from __future__ import annotations

from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import Record, Value, held, kind_of
from jit_runtime.types import errors
from jit_runtime.types.kinds import Kind
from jit_runtime.types.structs import Field
from jit_runtime.types.versions import obstacle_text


def fields_of(record: Record) -> tuple[Field, ...]:
    return record.struct.newest.fields


def obstacle(record: Record) -> tuple[Field, Kind, Value] | None:
    """The first field whose value the newest version does not admit, with the kind that it wants."""
    from jit_runtime.oracle.kinds import is_instance

    told: dict[int, Kind] = {}
    for field in fields_of(record):
        value = held(record, field.name)
        if field.kind is not None and not is_instance(value, field.kind):
            return field, field.kind, value
        if field.parameter is not None and told.setdefault(field.parameter, kind_of(value).head) is not kind_of(value).head:
            return field, told[field.parameter], value
    return None


def need_newest(record: Record) -> None:
    """Raises unless the value can be seen as one of the newest version."""
    if record.struct.newest is record.struct:
        return
    found = obstacle(record)
    if found is not None:
        from jit_runtime.oracle.printer import written, written_as_made

        field, wanted, value = found
        has = written(value) if field.name in record.values else None
        raise_error(errors.VERSION, obstacle_text(written_as_made(record), record.struct, field, wanted, has))


def renewed(record: Record) -> Record:
    """A new instance of the newest version with the same fields."""
    need_newest(record)
    struct = record.struct.newest
    return Record(struct, {field.name: held(record, field.name) for field in struct.fields}, record.universe)
