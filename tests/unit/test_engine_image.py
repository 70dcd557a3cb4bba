"""The engine with the real runtime: errors that native code meets have their messages, and the engine goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.engine.engine import Engine, Raised
from jit_runtime.layout import words
from jit_runtime.types.errors import INTERRUPTED, NATIVE_FAULT, STACK
from tests.unit.engine_fixture import GUARD, HEADER, omni


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine(stack_size=64 << 20)
    for name in ("rt_heap_init", "rt_task_init", "rt_data_init", "rt_form_begin"):
        engine.call(name)
    yield engine
    engine.close()


def shown(engine: Engine, body: str) -> tuple[str, int]:
    """The display form of what `main` returns or raises, and the code of an error (-1: none)."""
    unit = engine.compile(HEADER + omni("main", body), ["main"])
    word, raised = engine.run(unit["main"], engine.task.read("youngest"))
    code = engine.task.read("error_code") if raised else -1
    engine.call("rt_display_value", word)
    return engine.read_text(), code


ENDLESS = GUARD + "  %r = call tailcc i64 @main(ptr %task, ptr %dest, i64 0)\n  %s = add i64 %r, 1\n  ret i64 %s"


def test_errors_of_native_code_have_messages_and_leave_the_engine_usable(engine: Engine) -> None:
    for _ in range(2):
        assert shown(engine, "  %r = load volatile i64, ptr null\n  ret i64 %r") == ("native fault: bad-address", NATIVE_FAULT)
        assert shown(engine, "  %z = sdiv i64 50, %env\n  ret i64 %z") == ("native fault: arithmetic", NATIVE_FAULT)
        assert shown(engine, ENDLESS) == ("stack overflow", STACK)
        assert shown(engine, ENDLESS.replace("icmp ule i64 %sp", "icmp ugt i64 0")) == ("stack overflow", STACK)
        engine.interrupt()
        assert shown(engine, GUARD + "  ret i64 0") == ("interrupted", INTERRUPTED)
        assert shown(engine, GUARD + f"  ret i64 {words.fixnum(42)}") == ("42", -1)


def test_a_runtime_function_called_from_python_raises_its_error(engine: Engine) -> None:
    with pytest.raises(Raised) as caught:
        engine.call("rt_add", engine.task.read("youngest"), words.fixnum(1), words.NOTHING)
    engine.call("rt_display_value", caught.value.payload)
    assert "nothing" in engine.read_text()
    assert engine.call("rt_add", engine.task.read("youngest"), words.fixnum(1), words.fixnum(2)) == words.fixnum(3)
