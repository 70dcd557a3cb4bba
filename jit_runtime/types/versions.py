"""What is said of a value whose struct was redefined so that it cannot be seen as one of the newest version."""

from __future__ import annotations

from jit_runtime.types.kinds import Kind
from jit_runtime.types.structs import Field, Struct


def obstacle_text(written: str, struct: Struct, field: Field, wanted: Kind, held: str | None) -> str:
    """`written`: the value in the version it was made with, `struct`; `field`: of the newest version, which holds `held`, or is new."""
    nominal = f"{struct.visible!r}" if struct.enum is None else f"{struct.name} of {struct.enum!r}"
    has = "" if held is None else f", not {held}"
    needs = f"version {struct.newest.number} needs field {field.name} {wanted!r}{has}"
    return f"version: this {written} is of version {struct.number} of {nominal}; {needs}"
