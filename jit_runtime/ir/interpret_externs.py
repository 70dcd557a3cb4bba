"""What the interpreter offers for symbols outside the runtime: libc on simulated memory, and leaving by an error."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit_runtime.layout.records import HANDLER, TASK

if TYPE_CHECKING:
    from jit_runtime.ir.interpret import Interpreter

MADV_DONTNEED = 4
SKEW = 0x9000  # mappings do not begin at a multiple of 1 MiB, so that code which aligns them itself is exercised
MINUS_ONE = (1 << 64) - 1


class Abandoned(Exception):
    """omni_abandon was called: unwinds to the rt_try whose handler it names."""

    def __init__(self, handler: int) -> None:
        super().__init__("error left by omni_abandon")
        self.handler = handler


class Exited(Exception):
    """abort or _exit was called."""


def _mmap(m: Interpreter, address: int, size: int, *rest: int) -> int:
    return m.memory.map(-(-size // 4096) * 4096, SKEW)


def _munmap(m: Interpreter, address: int, size: int) -> int:
    m.memory.unmap(address, size)
    return 0


def _madvise(m: Interpreter, address: int, size: int, advice: int) -> int:
    if advice == MADV_DONTNEED:
        m.memory.clear(address, size)
    return 0


def _calloc(m: Interpreter, count: int, size: int) -> int:
    address = m.memory.allocate(count * size)
    m.memory.write(address, bytes(count * size))
    return address


def _realloc(m: Interpreter, address: int, size: int) -> int:
    fresh = m.memory.allocate(size)
    if address:
        m.memory.write(fresh, m.memory.read(address, min(m.memory.block_size(address), size)))
        m.memory.free(address)
    return fresh


def _free(m: Interpreter, address: int) -> None:
    if address:
        m.memory.free(address)


def _write(m: Interpreter, fd: int, address: int, size: int) -> int:
    m.written.setdefault(fd, bytearray()).extend(m.memory.read(address, size))
    return size


def _memcpy(m: Interpreter, to: int, source: int, size: int) -> int:
    m.memory.write(to, m.memory.read(source, size))
    return to


def _memset(m: Interpreter, to: int, byte: int, size: int) -> int:
    m.memory.write(to, bytes([byte & 255]) * size)
    return to


def _memcmp(m: Interpreter, a: int, b: int, size: int) -> int:
    left, right = m.memory.read(a, size), m.memory.read(b, size)
    return 0 if left == right else 0xFFFFFFFF if left < right else 1


def _memchr(m: Interpreter, at: int, byte: int, size: int) -> int:
    found = m.memory.read(at, size).find(byte & 255)
    return 0 if found < 0 else at + found


def _strlen(m: Interpreter, at: int) -> int:
    return len(m.memory.text(at).encode())


_NUMBER = re.compile(r"\s*[+-]?(inf(inity)?|nan|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)", re.IGNORECASE)


def _strtod(m: Interpreter, at: int, end_at: int) -> float:
    match = _NUMBER.match(m.memory.text(at))
    if end_at:
        m.memory.store64(end_at, at + (match.end() if match else 0))
    return float(match[0]) if match else 0.0


def _snprintf(m: Interpreter, to: int, size: int, template: int, *args: Any) -> int:
    """`%` of C and of Python agree where the runtime uses it: numbers, `%.*g`, `%s`."""
    text = re.sub(r"(?<=[\d.%*])l+(?=[dux])", "", m.memory.text(template))
    specs = "".join(stars + letter for stars, letter in re.findall(r"%[\d.]*(\*?)([a-zA-Z])", text))
    content = (text % tuple(m.memory.text(a) if spec == "s" else a for a, spec in zip(args, specs, strict=True))).encode()
    if size:
        m.memory.write(to, content[: size - 1] + b"\0")
    return len(content)


def _clock_gettime(m: Interpreter, clock: int, to: int) -> int:
    m.memory.store64(to, 0)
    m.memory.store64(to + 8, 0)
    return 0


def _exit(m: Interpreter, *args: int) -> None:
    raise Exited(args)


def _try(m: Interpreter, task: int, dest: int, env: int, fn: int, handler: int) -> int:
    memory, t, h = m.memory, TASK.offsets, HANDLER.offsets
    older = memory.load64(task + t["handler"])
    memory.store64(handler + h["older"], older)
    memory.store64(handler + h["sp"], m.stack_pointer)
    for field in ("root_top", "youngest"):
        memory.store64(handler + h[field], memory.load64(task + t[field]))
    memory.store64(task + t["handler"], handler)
    try:
        result = m.call_address(fn, task, dest, env)
        memory.store64(task + t["handler"], older)
        memory.store64(task + t["raised"], 0)
    except Abandoned as left:
        if left.handler != handler:
            raise
        memory.store64(task + t["raised"], 1)
        result = memory.load64(task + t["payload"])
    return int(result)


def _abandon(m: Interpreter, task: int) -> None:
    memory, t, h = m.memory, TASK.offsets, HANDLER.offsets
    handler = memory.load64(task + t["handler"])
    memory.store64(task + t["handler"], memory.load64(handler + h["older"]))
    memory.store64(task + t["root_top"], memory.load64(handler + h["root_top"]))
    raise Abandoned(handler)


def _number(fn: Callable[..., float]) -> Callable[..., float]:
    """A function of libm: what Python refuses is NaN or infinity in C."""

    def apply(m: Interpreter, *args: float) -> float:
        try:
            return fn(*args)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return apply


EXTERNS: dict[str, Callable[..., Any]] = {
    "mmap": _mmap,
    "munmap": _munmap,
    "madvise": _madvise,
    "mprotect": lambda m, *args: 0,
    "malloc": lambda m, size: m.memory.allocate(size),
    "calloc": _calloc,
    "realloc": _realloc,
    "free": _free,
    "write": _write,
    "memcpy": _memcpy,
    "memmove": _memcpy,
    "memset": _memset,
    "memcmp": _memcmp,
    "bcmp": _memcmp,
    "memchr": _memchr,
    "strlen": _strlen,
    "strtod": _strtod,
    "snprintf": _snprintf,
    "clock_gettime": _clock_gettime,
    "abort": _exit,
    "_exit": _exit,
    "rt_try": _try,
    "omni_abandon": _abandon,
    "omni_trace": lambda m, task: None,
}
_MATH = (
    math.fmod, math.pow, math.exp, math.expm1, math.log, math.log2, math.log10, math.log1p, math.sin, math.cos, math.tan, math.asin, math.acos,
    math.atan, math.atan2, math.sinh, math.cosh, math.tanh, math.hypot,
)  # fmt: skip
EXTERNS |= {fn.__name__: _number(fn) for fn in _MATH}
