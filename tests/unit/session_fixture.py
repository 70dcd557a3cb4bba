"""Short ways to ask a native session, and a way to define something in the middle of a run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jit_runtime.doctest import Printing
from jit_runtime.oracle.session import OracleSession
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from tests.memory.program import open_session


def outcome(session: Session | OracleSession | Printing, text: str) -> str:
    """The written form of the last value, or `error: ` and the message."""
    try:
        return str(session.eval(text, name="<repl>", line=1).value_text)
    except OmniError as error:
        return f"error: {error}"


def interrupted(session: Session, text: str, times: int = 1, delay: float = 0.01) -> list[str]:
    """Outcomes of a text that another thread interrupts once it runs."""
    found = []
    for _ in range(times):
        over = threading.Event()

        def interrupt(over: threading.Event = over) -> None:
            while not over.wait(delay):
                if session.engine.running:
                    session.interrupt()

        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            found.append(outcome(session, text))
        finally:
            over.set()
            thread.join()
            session.engine.clear_interrupt()
    return found


@contextmanager
def meanwhile(session: Session, action: Callable[[], object]) -> Iterator[None]:
    """While the block runs, the first call of the function `now` runs `action`: it is then that `now` is compiled."""
    session.eval("(define ^:noinline now [] nothing)")
    compiler, pending = session.compiler, [action]
    original = compiler.instance

    def instance(slot: object) -> int:
        if pending and slot.instance.method.function.name == "now":  # type: ignore[attr-defined]
            pending.pop()()
        return original(slot)  # type: ignore[arg-type]

    compiler.instance = instance  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        compiler.instance = original  # type: ignore[method-assign]
        assert not pending, "`now` was not compiled"


__all__ = ["interrupted", "meanwhile", "open_session", "outcome"]
