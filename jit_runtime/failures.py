"""Every exception as an OmniError: what leaves a session is never anything else (but SystemExit, for `exit`)."""

from __future__ import annotations

from pathlib import Path

from jit_runtime.source.diagnostics import Diagnostic, OmniError
from jit_runtime.types.errors import INTERRUPTED, MEMORY, code_of

_HERE = Path(__file__).parent


def as_omni_error(error: BaseException) -> OmniError:
    """The error itself if it is one for the user; an interrupt; otherwise a mistake of ours, with where it happened."""
    if isinstance(error, OmniError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return OmniError(Diagnostic(code_of(INTERRUPTED), None, "interrupted"))
    if isinstance(error, MemoryError):
        return OmniError(Diagnostic(code_of(MEMORY), None, "out of memory"))
    if isinstance(error, RecursionError):
        return OmniError(Diagnostic("X0904", None, f"nested too deeply for the compiler (in {stage_of(error)})", help="name inner parts"))
    from traceback import extract_tb

    frames = [f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in extract_tb(error.__traceback__)[-4:]]
    message = f"internal error in {stage_of(error)}: {type(error).__name__}: {error}"
    help = "this is a bug of the compiler, not of the program; please report it together with the form"
    return OmniError(Diagnostic("I0001", None, message, tuple(frames), help))


def stage_of(error: BaseException) -> str:
    """The part of the compiler that the exception came from: a folder of this package, or one of its modules."""
    found, at = "session", error.__traceback__
    while at is not None:
        path = Path(at.tb_frame.f_code.co_filename)
        if _HERE in path.parents:
            found = path.relative_to(_HERE).parts[0].removesuffix(".py")
        at = at.tb_next
    return found
