"""Constants that the systems subset takes from the layout tables (docs/systems-subset.md, "Constants from the layout tables")."""

from __future__ import annotations

from jit_runtime.layout import objects, words


def layout_constants() -> dict[str, int]:
    """Name -> value; one name per tag, type id, header and offset."""
    found = _integers_of(words) | _integers_of(objects)
    for row in objects.LAYOUTS:
        found[f"TYPE-{row.name}"] = row.id
        found[f"HEADER-{row.name}"] = row.header
        for field, offset in row.offsets.items():
            found[f"OFFSET-{row.name}-{field}"] = offset
    found["COUNT-TYPES"] = max(objects.BY_ID) + 1
    return found | _error_codes()


def _integers_of(module: object) -> dict[str, int]:
    return {name.replace("_", "-"): value for name, value in vars(module).items() if name.isupper() and isinstance(value, int)}


def _error_codes() -> dict[str, int]:
    from jit_runtime.types.errors import CODES

    return {f"ERROR-{name.replace('_', '-')}": code for name, code in CODES.items()}
