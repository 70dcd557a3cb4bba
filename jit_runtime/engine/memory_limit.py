"""OMNI_MEMORY and OMNI_HISTORY: sizes, as a number of bytes with an optional unit (`512M`, `2GiB`)."""

from __future__ import annotations

import re

from jit_runtime.source.diagnostics import fail

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_FORM = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\s*", re.IGNORECASE)


def parse(text: str | None, name: str = "OMNI_MEMORY") -> int:
    """Bytes; 0 for None and the empty text. `name`: of the variable. Raises OmniError E0901."""
    if not text or not text.strip():
        return 0
    match = _FORM.fullmatch(text)
    if not match:
        raise fail("E0901", None, f"{name} is not a size: `{text}`", help=f"write a number of bytes, or one with K, M, G or T: `{name}=2G`")
    return int(float(match[1]) * _UNITS[match[2].lower()])
