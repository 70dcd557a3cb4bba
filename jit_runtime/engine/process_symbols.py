"""The C library functions that compiled code may name: a reviewed list. Nothing else of the process is visible to it.

They run on the Omni stack, inside the guard's reserve: none may recurse, call back or need more than a few KiB.
"""

from __future__ import annotations

import ctypes
from typing import Any

# What LLVM calls by itself: copies, and float operations without an instruction. Sources name those of infer/externs.py.
_EMITTED = """
memcpy memmove memset memcmp bcmp fmod pow sqrt exp exp2 log log2 log10 sin cos tan
floor ceil trunc round rint nearbyint roundeven fabs ldexp frexp fma copysign fmin fmax
"""
EMITTED = frozenset(_EMITTED.split())

_process: ctypes.CDLL | None = None


def address(name: str) -> int | None:
    """The address of a function of the list; None for any other name, or where this C library lacks it."""
    global _process
    if name not in EMITTED and not _named_by_sources(name):
        return None
    if _process is None:
        _process = ctypes.CDLL(None)
    try:
        function: Any = getattr(_process, name)
    except AttributeError:
        function = _from_libm(name)
    return None if function is None else ctypes.cast(function, ctypes.c_void_p).value


def _named_by_sources(name: str) -> bool:
    from jit_runtime.infer.externs import LIBC

    return name in LIBC


def _from_libm(name: str) -> Any:
    try:
        return getattr(ctypes.CDLL("libm.so.6"), name)
    except (OSError, AttributeError):
        return None
