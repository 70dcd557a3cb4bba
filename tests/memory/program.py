"""One program that breaks a plausible memory model, and how it is run."""

from __future__ import annotations

import os
from dataclasses import dataclass

from jit_runtime.dataclass import replace
from jit_runtime.options import Options
from jit_runtime.session import Session

MODES = {
    "normal": Options(),
    "checked": Options(check=True),
    "stress": Options(check=True, stress="evacuate"),
    "retire": Options(check=True, stress="retire"),
}
ALLOWED_GROWTH = 5 << 20


@dataclass(frozen=True)
class Program:
    """`results`: forms that are evaluated in order, with the written form of their values ("" where it does not matter).

    `loop`: its loop form, where {n} is the number of turns, or "" when it has none. `turns`: of the ordinary suite;
    `soak`: of the long one. `step`: the step of the memory model without which it does not work yet, else 0.
    """

    number: int
    name: str
    definitions: str
    results: tuple[tuple[str, str], ...]
    loop: str = ""
    turns: int = 50_000
    soak: int = 1_000_000
    step: int = 0
    growth: int = ALLOWED_GROWTH

    @property
    def id(self) -> str:
        return f"{self.number}-{self.name.replace(' ', '-')}"


def open_session(mode: str) -> Session:
    """A session that prints nothing."""
    return Session(replace(MODES[mode], out_fd=os.open(os.devnull, os.O_WRONLY)))


def peak_of(session: Session, text: str) -> int:
    """The largest number of resident bytes of this process while the text runs, less what checked mode holds back."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # sets the peak back to what is resident now
    session.eval(text)
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("VmHWM:"))
    return (int(line.split()[1]) << 10) - session.engine.heap.read("quarantine_bytes")
