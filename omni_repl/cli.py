"""The `omni` command. Start-up time is part of its interface: what only some commands need is imported by them."""

from __future__ import annotations

import os
import sys

from omni_repl.arguments import USAGE, Request, UsageError, parse
from omni_repl.door import Door


def main(arguments: list[str] | None = None) -> int:
    """Run one command line; the result is the exit status: 0, 1 (error), 2 (usage), 130 (interrupt)."""
    _open_closed_streams()
    try:
        request = parse(sys.argv[1:] if arguments is None else arguments)
    except UsageError as error:
        print(f"omni: {error}\ntry: omni --help", file=sys.stderr)
        return 2
    if request.command:
        _die_quietly_on_closed_pipe()
        return _command(request)
    if request.file is None and not request.expressions and not request.interactive and not sys.stdin.isatty():
        request.file = "-"
    if request.starts_prompt:
        from omni_repl.repl import run_prompt

        return run_prompt(request, lambda out_fd: open_session(request, out_fd))
    _die_quietly_on_closed_pipe()
    from omni_repl.program import run

    status = run(request, lambda: open_session(request))
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: the interpreter would be torn down under a worker that may be inside native code.
    os._exit(status)


def open_session(request: Request, out_fd: int = 1) -> Door:
    """A session with this request's switches, printing to `out_fd`."""
    from jit_runtime.collector import starting

    with starting():
        from jit_runtime.options import Options
        from jit_runtime.session import Session

        return Session(Options.from_environment(out_fd=out_fd, check=request.check))


def _command(request: Request) -> int:
    if request.command == "help":
        print(USAGE, end="")
        return 0
    if request.command == "version":
        return _version()
    if request.command == "doctest":
        from omni_repl.doctest_command import main as doctest

        return doctest(request.rest, check=request.check)
    if request.command == "kernel":
        from omni_repl.kernelspec import main as kernelspec

        return kernelspec(request.rest)
    from omni_repl.cache import main as cache

    return cache(request.rest)


def _version() -> int:
    from omni_repl import __version__

    print(f"omni {__version__}")
    return 0


def _open_closed_streams() -> None:
    """Descriptors 0 - 2 that the caller closed become the null device: the next file opened must not be taken for one of them."""
    for fd, mode in enumerate("rww"):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, ("stdin", "stdout", "stderr")[fd], os.fdopen(fd, mode, closefd=False))


def _die_quietly_on_closed_pipe() -> None:
    """`omni ... | head` ends like any other filter, also from inside a native loop that prints."""
    import signal

    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
