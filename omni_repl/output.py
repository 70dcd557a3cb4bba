"""What programs print, through a pipe, so that a front end can place, count and cap it."""

from __future__ import annotations

import os

CHUNK = 1 << 16


class OutputPipe:
    """`write_fd` goes to the session as its standard output; `read_fd` never blocks.

    A session flushes before `eval` returns, so draining after that gets all of a form's output.
    """

    def __init__(self) -> None:
        self.read_fd, self.write_fd = os.pipe()
        os.set_blocking(self.read_fd, False)

    def drain(self, limit: int = 1 << 24) -> bytes:
        """What is there now, at most about `limit` bytes."""
        parts = []
        size = 0
        while size < limit:
            try:
                part = os.read(self.read_fd, CHUNK)
            except BlockingIOError:
                break
            if not part:
                break
            parts.append(part)
            size += len(part)
        return b"".join(parts)

    def close(self) -> None:
        os.close(self.read_fd)
        os.close(self.write_fd)
