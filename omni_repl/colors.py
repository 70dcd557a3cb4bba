"""Whether to write colour: the flag, then NO_COLOR, then FORCE_COLOR, then the terminal."""

from __future__ import annotations

import os
from typing import TextIO


def wants_color(stream: TextIO, flag: str = "auto") -> bool:
    """Only non-empty values of NO_COLOR and FORCE_COLOR count; NO_COLOR wins over FORCE_COLOR."""
    if flag != "auto":
        return flag == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()
