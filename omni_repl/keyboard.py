"""The terminal's keyboard between two prompts: what is typed while a form runs is not echoed, and reaches the next prompt."""

from __future__ import annotations

import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_keyboard() -> Iterator[None]:
    """Around a whole session of prompts, so that there is no moment with echo after a prompt ends.

    Ctrl-C keeps its meaning (ISIG stays on), but does not throw away what was typed (NOFLSH).
    """
    try:
        saved = termios.tcgetattr(sys.stdin.fileno())
    except (termios.error, OSError, ValueError):
        yield  # not a terminal
        return
    quiet = list(saved)
    quiet[3] = (quiet[3] & ~(termios.ECHO | termios.ICANON)) | termios.NOFLSH
    termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, saved)
