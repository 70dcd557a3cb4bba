"""Ctrl-C and Engine.interrupt stop native loops and leave everything usable."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from jit_runtime.engine.engine import Engine
from jit_runtime.engine.stubs import CALLBACK, callback_address
from tests.unit.engine_fixture import GUARD, HEADER, make_engine, omni

LIMIT = 20.0  # seconds
TURNS = 10**10  # a loop that nobody stops ends by itself, and the test fails instead of hanging

# Spins until it is interrupted; says so by calling `started` once.
LOOP = (
    HEADER
    + "declare i64 @started(i64, ptr)\n"
    + omni(
        "main",
        "  %x = call i64 @omni_call_c(ptr %task, ptr @started, i64 0)\n  br label %loop\n"
        "loop:\n  %i = phi i64 [0, %0], [%j, %go]\n  %j = add i64 %i, 1\n"
        + GUARD
        + f"  %done = icmp eq i64 %i, {TURNS}\n  br i1 %done, label %end, label %loop\nend:\n  ret i64 0",
    )
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = make_engine()
    yield engine
    engine.close()


def loop_interrupted_by(engine: Engine, interrupt: object) -> tuple[int, bool]:
    """Run LOOP; once it has started, another thread calls `interrupt`. The loop ends by itself only through the guard."""
    started = threading.Event()
    callback = CALLBACK(lambda n, task: started.set() or 0)
    engine.define("started", callback_address(callback))
    unit = engine.compile(LOOP, ["main"])
    sender = threading.Thread(target=lambda: started.wait(LIMIT) and interrupt())  # type: ignore[operator]
    sender.start()
    result = engine.run(unit["main"])
    sender.join()
    return result


def test_another_thread_stops_a_loop(engine: Engine) -> None:
    for _ in range(3):
        assert loop_interrupted_by(engine, engine.interrupt) == (1000, True)
    assert engine.run(engine.compile(HEADER + omni("main", GUARD + "  ret i64 5"), ["main"])["main"]) == (5, False)


def test_control_c_stops_a_loop_on_the_main_thread_without_a_keyboard_interrupt(engine: Engine) -> None:
    before = signal.getsignal(signal.SIGINT)
    for _ in range(3):
        assert loop_interrupted_by(engine, lambda: os.kill(os.getpid(), signal.SIGINT)) == (1000, True)
    assert signal.getsignal(signal.SIGINT) is before
    assert engine.run(engine.compile(HEADER + omni("main", GUARD + "  ret i64 5"), ["main"])["main"]) == (5, False)


def test_a_wakeup_descriptor_of_the_program_still_gets_its_signals(engine: Engine) -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)  # a signal that does not come is a failure, not a wait
    os.set_blocking(write, False)
    previous = signal.set_wakeup_fd(write)
    try:
        loop_interrupted_by(engine, lambda: os.kill(os.getpid(), signal.SIGINT))
        assert os.read(read, 10) == bytes([signal.SIGINT])
        assert signal.set_wakeup_fd(write) == write
    finally:
        signal.set_wakeup_fd(previous)
        os.close(read)
        os.close(write)


def test_control_c_reaches_python_code_that_omni_called(engine: Engine) -> None:
    seen = []

    def python() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(LIMIT)

    def called(n: int, task: int) -> int:
        try:
            engine.python_call(python)
        except KeyboardInterrupt:
            seen.append("interrupted")
        return 7

    callback = CALLBACK(called)
    engine.define("python", callback_address(callback))
    text = HEADER + "declare i64 @python(i64, ptr)\n" + omni("main", "  %r = call i64 @omni_call_c(ptr %task, ptr @python, i64 0)\n  ret i64 %r")
    assert engine.run(engine.compile(text, ["main"])["main"]) == (7, False)
    assert seen == ["interrupted"]


def test_an_interrupt_after_the_end_does_not_hit_the_next_form(engine: Engine) -> None:
    unit = engine.compile(HEADER + omni("main", "  ret i64 1") + omni("next", GUARD + "  ret i64 2"), ["main", "next"])
    engine.interrupt()
    assert engine.run(unit["main"]) == (1, False)
    assert engine.run(unit["next"]) == (2, False)


def test_an_interrupt_before_the_first_guard_is_not_lost(engine: Engine) -> None:
    unit = engine.compile(HEADER + omni("next", GUARD + "  ret i64 2"), ["next"])
    engine.interrupt()
    assert engine.run(unit["next"]) == (1000, True)
    assert engine.run(unit["next"]) == (2, False)
