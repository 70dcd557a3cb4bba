"""Errors as values: only the renderer makes them pretty."""

from __future__ import annotations

from jit_runtime.dataclass import dataclass
from jit_runtime.source.text import Span


@dataclass(slots=True)
class Diagnostic:
    """What happened (`message`), where (`span`), what was expected (`notes`), what to try (`help`).

    `code` is stable: `R...` reader, `X...` expander, `T...` kinds, `E...` run time, `I...` internal.
    """

    code: str
    span: Span | None
    message: str
    notes: tuple[str, ...] = ()
    help: str | None = None
    severity: str = "error"


class OmniError(Exception):
    """One or more diagnostics; raised by every stage for a mistake of the user."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics


def fail(code: str, span: Span | None, message: str, *notes: str, help: str | None = None) -> OmniError:
    """An OmniError with one diagnostic, to be raised by the caller."""
    return OmniError(Diagnostic(code, span, message, notes, help))
