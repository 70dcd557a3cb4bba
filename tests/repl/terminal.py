"""A real terminal around a command: a tmux server of its own, typed into and read back."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scripted import wait_until

ROOT = Path(__file__).resolve().parents[2]

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Terminal:
    """120 x 24; use as a context manager."""

    def __init__(self, command: str, home: Path, **environment: str) -> None:
        self._socket = f"omni-test-{uuid.uuid4().hex[:8]}"
        variables = {"OMNI_HOME": str(home), **environment}
        settings = " ".join(f"{name}='{value}'" for name, value in variables.items())
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "24", "-c", str(ROOT), f"env {settings} {command}; cat")

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server")

    def type(self, text: str) -> None:
        """Characters exactly as they are."""
        self._tmux("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: Enter, Tab, Up, C-c, C-d, M-Enter."""
        self._tmux("send-keys", *keys)

    def enter(self, text: str) -> None:
        self.type(text)
        self.press("Enter")

    @property
    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def shows(self, condition: str | Callable[[str], bool]) -> bool:
        """True as soon as the screen contains the text, or satisfies the condition."""
        test = condition if callable(condition) else lambda screen: condition in screen
        return wait_until(lambda: test(self.screen), 20)

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(["tmux", "-L", self._socket, *arguments], capture_output=True, text=True).stdout
