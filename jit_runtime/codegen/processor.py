"""Which processor this is, for the keys of caches. Asked of the system where it tells: to load LLVM takes longer than the rest of a start
together, and nothing else of a start needs it when everything is in the cache."""

from __future__ import annotations

from functools import lru_cache

from jit_runtime.digest import short_digest

DESCRIBED = "/proc/cpuinfo"
DECIDING = (
    "vendor_id", "cpu family", "model", "model name", "stepping", "flags",
    "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features",
)  # fmt: skip
"""What LLVM's name of a processor and its features follow from."""


@lru_cache(1)
def processor() -> str:
    """Differs where LLVM makes other code for this machine."""
    from jit_runtime.codegen.pipelines import host

    return described(DESCRIBED) or " ".join(host())


def described(path: str) -> str | None:
    """The same from the system's description of the first processor; None where there is none."""
    found = []
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                name = line.partition(":")[0].strip()
                if not name:
                    break
                if name in DECIDING:
                    found.append(line.strip())
    except OSError:
        return None
    return short_digest("\n".join(found)) if found else None
