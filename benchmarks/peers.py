"""The other systems: how each builds and runs a program of `programs/`.

A program prints one line, `checksum seconds`; the seconds are those of the measured part alone: no start-up, no compilation
ahead of time, no preparation of input. Each run is a process of its own.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
BUILD = Path(__file__).parent / ".build"
C_FLAGS = ("-O3", "-march=native", "-w")
TIME_LIMIT = 240

# system -> (command it needs, source, prelude, file it is run from)
PEERS = {
    "c": ("gcc", "c.c", "", "program"),
    "c-arena": ("gcc", "c.c", "", "program"),
    "clang": ("clang", "c.c", "", "program"),
    "sbcl-typed": ("sbcl", "typed.lisp", "prelude.lisp", "program.lisp"),
    "sbcl-unsafe": ("sbcl", "typed.lisp", "prelude.lisp", "program.lisp"),
    "sbcl-plain": ("sbcl", "plain.lisp", "prelude.lisp", "program.lisp"),
    "chez-typed": ("scheme", "typed.scm", "chez.ss", "program.ss"),
    "chez-unsafe": ("scheme", "typed.scm", "chez.ss", "program.ss"),
    "chez-plain": ("scheme", "plain.scm", "chez.ss", "program.ss"),
    "chez-open": ("scheme", "plain.scm", "chez.ss", "program.ss"),
    "racket-typed": ("racket", "typed.scm", "racket.rkt", "program.rkt"),
    "racket-plain": ("racket", "plain.scm", "racket.rkt", "program.rkt"),
    "luajit": ("luajit", "lua.lua", "prelude.lua", "program.lua"),
}
POLICY = {"sbcl-typed": "(speed 3) (safety 1) (debug 0)", "sbcl-unsafe": "(speed 3) (safety 0) (debug 0)"}
SBCL = (
    "sbcl --dynamic-space-size 4096 --control-stack-size 512 --noinform --no-userinit --no-sysinit --disable-debugger"
    ' --eval (handler-bind_((warning_#\'muffle-warning))_(let_((*error-output*_(make-broadcast-stream)))_(load_"{}")))'
    " --eval (sb-ext:exit)"
)


class PeerFailed(Exception):
    """A peer's program did not compile or did not run; the message is its first line of output."""


def installed(peer: str) -> bool:
    return shutil.which(PEERS[peer][0]) is not None


def build(peer: str, program: str) -> list[str] | None:
    """Make one program; the command that runs it, or None where the peer has no such program."""
    tool, source, prelude, target = PEERS[peer]
    path = PROGRAMS / program / source
    if not path.exists() or (peer == "c-arena" and program != "bintrees"):
        return None
    folder = BUILD / program / peer
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / target
    if not prelude:
        arena = ["-DARENA"] if peer == "c-arena" else []
        _check([tool, *C_FLAGS, *arena, "-I", str(PROGRAMS / "prelude"), "-o", str(file), str(path), "-lm"])
        return [str(file)]
    policy = f"(proclaim '(optimize {POLICY[peer]}))\n" if peer in POLICY else ""
    file.write_text(policy + (PROGRAMS / "prelude" / prelude).read_text() + path.read_text())
    return _command(peer, str(file))


def _command(peer: str, file: str) -> list[str]:
    if peer.startswith("sbcl"):
        return [word.replace("_", " ").format(file) for word in SBCL.split(" ")]
    if peer == "chez-open":
        return ["scheme", "--script", file]
    if peer.startswith("chez"):
        return ["scheme", "--optimize-level", "3" if peer == "chez-unsafe" else "0", "--program", file]
    if peer.startswith("racket"):
        _check(["raco", "make", file])
    return [PEERS[peer][0], file]


def _check(command: list[str]) -> str:
    """Run a command; its output. Raises PeerFailed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        raise PeerFailed(f"more than {TIME_LIMIT} s") from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()
        raise PeerFailed(lines[0])
    return done.stdout


def run(command: list[str]) -> tuple[float, float]:
    """One process: (checksum, seconds). Raises PeerFailed."""
    for line in reversed(_check(command).splitlines()):
        words = line.split()
        if len(words) == 2:
            return float(words[0]), float(words[1])
    raise PeerFailed("no result")
