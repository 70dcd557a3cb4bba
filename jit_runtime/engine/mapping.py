"""Pages from the system: reservations for stacks, and giving back what is no longer used."""

from __future__ import annotations

import ctypes

PAGE = 4096
READ_WRITE, READ_EXECUTE = 3, 5
_NONE = 0
_PRIVATE, _ANONYMOUS, _NORESERVE = 0x02, 0x20, 0x4000
_DONTNEED = 4
_FAILED = (1 << 64) - 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_size_t
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]


def reserve(size: int) -> int:
    """The address of `size` zeroed bytes that take memory only where they are touched. Raises MemoryError."""
    address: int = _libc.mmap(None, size, READ_WRITE, _PRIVATE | _ANONYMOUS | _NORESERVE, -1, 0)
    if address == _FAILED:
        raise MemoryError(f"cannot reserve {size} bytes of address space")
    return address


def protect(address: int, size: int, access: int) -> None:
    """Let these pages be accessed like this. Raises MemoryError."""
    if _libc.mprotect(address, size, access):
        raise MemoryError(f"cannot change how {size} bytes may be accessed")


def forbid(address: int, size: int) -> None:
    """Make every access to these pages a fault."""
    _libc.mprotect(address, size, _NONE)


def release(address: int, size: int) -> None:
    _libc.munmap(address, size)


def discard(address: int, size: int) -> None:
    """Give the memory of these pages back; they read as zero afterwards."""
    _libc.madvise(address, size, _DONTNEED)


def resident(address: int) -> bool:
    """Whether the page of this address takes memory."""
    answer = ctypes.create_string_buffer(1)
    return _libc.mincore(address & -PAGE, PAGE, answer) == 0 and answer.raw[0] & 1 == 1
