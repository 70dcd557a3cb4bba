"""THE reviewed list of symbols outside the runtime: libc, libm, and what the engine's assembly provides.

Anything else that runtime code names is an error. A row: name -> argument types, result type (IR types), attributes.
"""

from __future__ import annotations

from typing import NamedTuple


class Extern(NamedTuple):
    args: tuple[str, ...]
    result: str
    attributes: frozenset[str] = frozenset()


def _rows(text: str) -> dict[str, Extern]:
    """One row per line: `name args -> result attributes`."""
    rows = {}
    for line in text.strip().splitlines():
        left, right = line.split("->")
        name, *args = left.split()
        result, *attributes = right.split()
        rows[name] = Extern(tuple(args), result, frozenset(attributes))
    return rows


LIBC = _rows("""
mmap ptr i64 i32 i32 i32 i64 -> ptr
munmap ptr i64 -> i32
madvise ptr i64 i32 -> i32
mprotect ptr i64 i32 -> i32
malloc i64 -> ptr
calloc i64 i64 -> ptr
realloc ptr i64 -> ptr
free ptr -> void
write i32 ptr i64 -> i64
read i32 ptr i64 -> i64
memcpy ptr ptr i64 -> ptr
memmove ptr ptr i64 -> ptr
memset ptr i32 i64 -> ptr
memcmp ptr ptr i64 -> i32 readonly
memchr ptr i32 i64 -> ptr readonly
bcmp ptr ptr i64 -> i32 readonly
strlen ptr -> i64 readonly
strtod ptr ptr -> f64
snprintf ptr i64 ptr -> i32 variadic
clock_gettime i32 ptr -> i32
nanosleep ptr ptr -> i32
__errno_location -> ptr
abort -> void noreturn
_exit i32 -> void noreturn
floor f64 -> f64
ceil f64 -> f64
trunc f64 -> f64
roundeven f64 -> f64
fmod f64 f64 -> f64
pow f64 f64 -> f64
exp f64 -> f64
exp2 f64 -> f64
expm1 f64 -> f64
log f64 -> f64
log2 f64 -> f64
log10 f64 -> f64
log1p f64 -> f64
sin f64 -> f64
cos f64 -> f64
tan f64 -> f64
asin f64 -> f64
acos f64 -> f64
atan f64 -> f64
atan2 f64 f64 -> f64
sinh f64 -> f64
cosh f64 -> f64
tanh f64 -> f64
cbrt f64 -> f64
hypot f64 f64 -> f64
""")

# engine/arch_*.py
ENGINE = _rows("""
rt_try ptr ptr i64 ptr ptr -> i64
omni_abandon ptr -> void noreturn
omni_call_c ptr ptr i64 -> i64
omni_trace ptr -> void
""")

EXTERNS = LIBC | ENGINE
