"""A line at the bottom of the terminal while native code runs.

The rest of the screen becomes the scroll region, so program output, also unfinished lines, scrolls above it untouched.
"""

from __future__ import annotations

import os


class StatusLine:
    """Use as a context manager around a running job; `draw` may be called any number of times."""

    def __init__(self, fd: int, color: bool) -> None:
        self._fd = fd
        self._style = "\x1b[7m" if color else ""
        self._rows = 0

    def __enter__(self) -> StatusLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._rows:
            self._write(f"\x1b7\x1b[r\x1b[{self._rows};1H\x1b[2K\x1b8")
            self._rows = 0

    def draw(self, text: str) -> None:
        """Show `text`, cut to the width; follows a resized window."""
        # The terminal itself is asked, as prompt_toolkit does: COLUMNS may be somebody else's.
        columns, rows = os.get_terminal_size(self._fd)
        if rows < 3:
            return
        if rows != self._rows:
            # The line feed scrolls when the cursor is on the last row, so that the row is free; setting the region homes the cursor.
            self._write(f"\n\x1b[A\x1b7\x1b[1;{rows - 1}r\x1b8")
            self._rows = rows
        self._write(f"\x1b7\x1b[{rows};1H{self._style} {text[: columns - 2]:<{columns - 2}} \x1b[0m\x1b8")

    def _write(self, text: str) -> None:
        os.write(self._fd, text.encode())
