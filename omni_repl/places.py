"""Where the prompt keeps its files: OMNI_HOME, or the system's standard folders."""

from __future__ import annotations

import os
from pathlib import Path


def history_file() -> Path:
    """The history of the prompt; its folder may not exist yet."""
    home = os.environ.get("OMNI_HOME")
    if home:
        return Path(home) / "history"
    from platformdirs import user_state_dir

    return Path(user_state_dir("omnilisp", appauthor=False)) / "history"
