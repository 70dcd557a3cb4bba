"""Diagnostics on standard error."""

from __future__ import annotations

import sys

from jit_runtime.source.diagnostics import Diagnostic, OmniError
from omni_repl.colors import wants_color


def report(error: OmniError, color: str = "auto") -> None:
    """Write an error to standard error; a closed standard error is not worth a second one."""
    try:
        sys.stderr.write(rendered(error, wants_color(sys.stderr, color)))
        sys.stderr.flush()
    except OSError:
        pass


def warn(warnings: list[Diagnostic], color: str = "auto") -> None:
    """Write warnings to standard error."""
    if warnings:
        report(OmniError(*warnings), color)


def rendered(error: OmniError, color: bool) -> str:
    """The text of an error with source line and caret, ending in a newline."""
    from jit_runtime.source.render import render_ansi, render_plain

    return (render_ansi if color else render_plain)(error.diagnostics)


def as_omni_error(error: Exception) -> OmniError:
    """The error itself, a file's trouble, or a mistake of ours that must not end the session, with where it happened."""
    if isinstance(error, OmniError):
        return error
    if isinstance(error, OSError) and error.strerror:
        return OmniError(Diagnostic("E0000", None, f"{error.filename}: {error.strerror}" if error.filename else error.strerror))
    from traceback import extract_tb

    frames = tuple(f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in extract_tb(error.__traceback__)[-6:])
    message = f"internal error: {type(error).__name__}: {error}"
    return OmniError(Diagnostic("I0001", None, message, frames, "this is a bug of the compiler, not of the program; please report it"))


def is_interrupt(error: OmniError) -> bool:
    """True for the error with which the session answers `interrupt()`."""
    return any("interrupted" in diagnostic.message for diagnostic in error.diagnostics)
