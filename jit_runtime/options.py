"""Switches of a session, from OMNI_* variables and from the command line."""

from __future__ import annotations

import os

from jit_runtime.dataclass import dataclass
from jit_runtime.engine.memory_limit import parse

CHECK, STRESS_EVACUATE, STRESS_RETIRE = 1, 2, 4
HISTORY = 256 << 20


@dataclass(frozen=True, slots=True)
class Options:
    """`engine`: native, quick (never the optimising tier) or oracle (the reference interpreter).

    `check`: checked mode (OMNI_CHECK). `stress`: "evacuate", "retire", "tiers" or "" (OMNI_STRESS). `out_fd`: where programs print.
    `history`: bytes that the prompt's history may keep alive (OMNI_HISTORY). `verify`: check what each stage of the pipeline made (OMNI_VERIFY).
    `specialise`: compile methods for the kinds they are called with; else once, for anything they accept (OMNI_SPECIALISE=0): to see whether a
    wrong value comes from what was inferred, and what kinds gain.
    """

    engine: str = "native"
    check: bool = False
    stress: str = ""
    out_fd: int = 1
    verify: bool = False
    history: int = HISTORY
    specialise: bool = True

    @staticmethod
    def from_environment(*, engine: str | None = None, check: bool = False, out_fd: int = 1) -> Options:
        env = os.environ
        return Options(
            engine=engine or env.get("OMNI_ENGINE") or "native",
            check=check or env.get("OMNI_CHECK", "0") not in ("", "0"),
            stress=env.get("OMNI_STRESS", ""),
            out_fd=out_fd,
            history=parse(text, "OMNI_HISTORY") if (text := env.get("OMNI_HISTORY")) else HISTORY,
            verify=env.get("OMNI_VERIFY", "0") not in ("", "0"),
            specialise=env.get("OMNI_SPECIALISE", "1") not in ("", "0"),
        )

    @property
    def mode(self) -> int:
        """The bits of Heap.mode."""
        stress = {"evacuate": STRESS_EVACUATE, "retire": STRESS_RETIRE}.get(self.stress, 0)
        return (CHECK if self.check else 0) | stress
