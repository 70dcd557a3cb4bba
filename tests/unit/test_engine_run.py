"""Entering Omni stacks, leaving them by errors, deep recursion, calls back into Python, faults."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator

import pytest

from jit_runtime.engine.engine import Engine, Raised
from jit_runtime.engine.native import Struct
from jit_runtime.engine.stubs import CALLBACK, callback_address
from jit_runtime.layout.records import HANDLER
from tests.unit.engine_fixture import GUARD, HEADER, S, T, make_engine, omni

DEPTH = HEADER + omni(
    "depth",
    GUARD
    + """
  %zero = icmp eq i64 %n, 0
  br i1 %zero, label %end, label %more
end:
  ret i64 0
more:
  %m = sub i64 %n, 1
  %r = call tailcc i64 @depth(ptr %task, ptr %dest, i64 0, i64 %m)
  %s = add i64 %r, 1
  ret i64 %s
""",
    "ptr %task, ptr %dest, i64 %env, i64 %n",
)


def entry(call: str) -> str:
    return omni("main", call)


CALL_DEPTH = entry("  %r = call tailcc i64 @depth(ptr %task, ptr %dest, i64 0, i64 %env)\n  ret i64 %r")


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = make_engine()
    yield engine
    engine.close()


def run(engine: Engine, text: str, env: int = 0) -> tuple[int, bool]:
    return engine.run(engine.compile(text, ["main"])["main"], 0, env)


def test_a_function_runs_with_its_arguments_on_the_omni_stack(engine: Engine) -> None:
    text = HEADER + entry("  %sp = call i64 @llvm.read_register.i64(metadata !0)\n  %r = add i64 %sp, %env\n  ret i64 %r")
    sp, raised = run(engine, text, 7)
    low, high = engine.segment.bounds
    assert not raised and low < sp - 7 < high and (sp - 7) % 16 == 0


def test_an_error_that_nobody_handles_comes_back_with_its_payload(engine: Engine) -> None:
    before = engine.task.read("c_sp"), engine.segment.record.read("saved_sp"), engine.task.read("handler")
    text = HEADER + entry("  call void @rt_raise(ptr %task, i64 77)\n  unreachable")
    for _ in range(3):
        assert run(engine, text) == (77, True)
    assert (engine.task.read("c_sp"), engine.segment.record.read("saved_sp"), engine.task.read("handler")) == before
    assert run(engine, HEADER + entry("  ret i64 5")) == (5, False)


def test_a_handler_returns_a_second_time_and_restores_the_root_stack(engine: Engine) -> None:
    text = (
        HEADER
        + omni(
            "body",
            f"""
  %rp = getelementptr i8, ptr %task, i64 {T["root_top"]}
  store i64 999, ptr %rp
  %bad = icmp eq i64 %env, 3
  br i1 %bad, label %raise, label %ok
raise:
  call void @rt_raise(ptr %task, i64 50)
  unreachable
ok:
  ret i64 %env
""",
        )
        + entry(
            f"""
  %handler = alloca [{HANDLER.size} x i8], align 8
  %rp = getelementptr i8, ptr %task, i64 {T["root_top"]}
  %before = load i64, ptr %rp
  %kept = mul i64 %env, 1000
  %r = call i64 @rt_try(ptr %task, ptr %dest, i64 %env, ptr @body, ptr %handler)
  %after = load i64, ptr %rp
  store i64 %before, ptr %rp
  %same = icmp eq i64 %before, %after
  %bit = select i1 %same, i64 100, i64 0
  %raisedp = getelementptr i8, ptr %task, i64 {T["raised"]}
  %raised = load i64, ptr %raisedp
  %a = add i64 %r, %kept
  %b = add i64 %a, %bit
  %c = mul i64 %raised, 100000
  %d = add i64 %b, %c
  ret i64 %d
"""
        )
    )
    assert run(engine, text, 3) == (103000 + 150, False)
    assert run(engine, text, 4) == (4004, False)
    assert engine.task.read("handler") == 0


def test_recursion_a_million_deep(engine: Engine) -> None:
    unit = engine.compile(DEPTH + CALL_DEPTH, ["main"])
    assert engine.run(unit["main"], 0, 1_000_000) == (1_000_000, False)


def test_runaway_recursion_is_an_error_and_gives_its_memory_back() -> None:
    engine = make_engine(stack_size=32 << 20)
    unit = engine.compile(DEPTH + CALL_DEPTH, ["main"])
    for _ in range(3):
        assert engine.run(unit["main"], 0, 1 << 60) == (2000, True)
    assert engine.run(unit["main"], 0, 1000) == (1000, False)
    from jit_runtime.engine import mapping

    assert not mapping.resident(engine.segment.record.read("limit") + 8192)
    engine.close()


def test_python_called_from_omni_may_enter_again_and_again(engine: Engine) -> None:
    callback = CALLBACK(lambda n, task: engine.run(unit["main"], 0, n - 1)[0] + 1)
    engine.define("callback", callback_address(callback))
    text = (
        HEADER
        + "declare i64 @callback(i64, ptr)\n"
        + entry(
            """
  %zero = icmp eq i64 %env, 0
  br i1 %zero, label %end, label %more
end:
  call void @rt_raise(ptr %task, i64 100)
  unreachable
more:
  %before = mul i64 %env, 3
  %r = call i64 @omni_call_c(ptr %task, ptr @callback, i64 %env)
  %after = mul i64 %env, 3
  %kept = sub i64 %after, %before
  %s = add i64 %r, %kept
  ret i64 %s
"""
        )
    )
    unit = engine.compile(text, ["main"])
    assert engine.run(unit["main"], 0, 20) == (120, False)
    assert engine.task.read("c_sp") == 0
    assert engine.segment.record.read("saved_sp") == engine.segment.record.read("stack_high")


def test_c_runs_on_the_threads_own_stack(engine: Engine) -> None:
    seen = []
    callback = CALLBACK(lambda n, task: seen.append((engine.task.read("c_sp"), engine.segment.record.read("saved_sp"))) or n)
    engine.define("callback", callback_address(callback))
    text = HEADER + "declare i64 @callback(i64, ptr)\n" + entry("  %r = call i64 @omni_call_c(ptr %task, ptr @callback, i64 9)\n  ret i64 %r")
    assert run(engine, text) == (9, False)
    low, high = engine.segment.bounds
    c_sp, saved = seen[0]
    assert low < saved < high and not low < c_sp < high


FAULTS = {
    "load from 0": ("  %r = load volatile i64, ptr null\n  ret i64 %r", 3011),
    "store to a wild address": ("  store volatile i64 1, ptr inttoptr (i64 123456789 to ptr)\n  ret i64 0", 3011),
    "non-canonical address": ("  %r = load volatile i64, ptr inttoptr (i64 -1234567890123 to ptr)\n  ret i64 %r", 3011),
    "call of 0": ("  %f = inttoptr i64 %env to ptr\n  %r = call i64 %f(i64 1)\n  ret i64 %r", 3011),
    "division by 0": ("  %r = sdiv i64 5, %env\n  ret i64 %r", 3008),
    "trap": ("  call void @llvm.trap()\n  unreachable", 3004),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_native_fault_becomes_an_error(engine: Engine, name: str) -> None:
    body, word = FAULTS[name]
    for _ in range(2):
        assert run(engine, "declare void @llvm.trap()\n" + HEADER + entry(body)) == (word, True)
    assert run(engine, DEPTH + CALL_DEPTH, 10) == (10, False)


def test_a_fault_in_the_guard_of_the_stack_is_an_overflow(engine: Engine) -> None:
    engine = make_engine(stack_size=32 << 20)
    unguarded = DEPTH.replace("icmp ule i64 %sp", "icmp ugt i64 0")
    assert run(engine, unguarded + CALL_DEPTH, 1 << 60) == (3000, True)
    assert run(engine, DEPTH + CALL_DEPTH, 1000) == (1000, False)
    engine.close()


def test_a_root_stack_overflow_is_a_stack_overflow(engine: Engine) -> None:
    root_limit = engine.segment.record.read("root_limit")
    assert run(engine, HEADER + entry("  %p = inttoptr i64 %env to ptr\n  store i64 1, ptr %p\n  ret i64 1"), root_limit + 8) == (3000, True)


def test_the_trace_names_the_callers_innermost_first(engine: Engine) -> None:
    text = HEADER
    for name, callee in (("a", "b"), ("b", "c")):
        text += omni(name, f"  %r = call tailcc i64 @{callee}(ptr %task, ptr %dest, i64 0)\n  %s = add i64 %r, 1\n  ret i64 %s")
    text += omni("c", "  call void @rt_raise(ptr %task, i64 1)\n  unreachable")
    text += entry("  %r = call tailcc i64 @a(ptr %task, ptr %dest, i64 0)\n  %s = add i64 %r, 1\n  ret i64 %s")
    unit = engine.compile(text, ["main", "a", "b", "c"])
    assert engine.run(unit["main"]) == (1, True)
    starts = sorted((unit[name], name) for name in ("main", "a", "b", "c"))
    names = [[name for start, name in starts if start < pc][-1] for pc in engine.trace()[:4]]
    assert names == ["c", "b", "a", "main"]


def test_the_trace_of_a_deep_recursion_is_bounded(engine: Engine) -> None:
    text = DEPTH.replace("  ret i64 0\n", "  call void @rt_raise(ptr %task, i64 6)\n  unreachable\n")
    assert run(engine, text + CALL_DEPTH, 10_000) == (6, True)
    assert len(engine.trace()) == 64


def test_another_thread_may_run_and_fault(engine: Engine) -> None:
    results: list[tuple[int, bool]] = []
    for text in (FAULTS_TEXT, DEPTH + CALL_DEPTH):
        thread = threading.Thread(target=lambda text=text: results.append(run(engine, text, 12)))  # type: ignore[misc]
        thread.start()
        thread.join()
    assert results == [(3011, True), (12, False)]
    assert run(engine, DEPTH + CALL_DEPTH, 5) == (5, False)


def test_two_threads_take_turns_on_one_engine(engine: Engine) -> None:
    unit = engine.compile(DEPTH + CALL_DEPTH, ["main"])
    results: list[tuple[int, bool]] = []
    threads = [threading.Thread(target=lambda n=n: results.append(engine.run(unit["main"], 0, n))) for n in range(1000, 1020)]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(n, False) for n in range(1000, 1020)]


def test_two_engines_do_not_share_a_stack() -> None:
    first, second = make_engine(), make_engine()
    assert first.segment.bounds != second.segment.bounds
    assert run(first, DEPTH + CALL_DEPTH, 100) == run(second, DEPTH + CALL_DEPTH, 100) == (100, False)
    first.close()
    assert run(second, FAULTS_TEXT) == (3011, True)
    second.close()


FAULTS_TEXT = HEADER + entry(FAULTS["load from 0"][0])


def test_python_calls_runtime_functions_and_sees_their_errors(engine: Engine) -> None:
    text = HEADER + """
define i64 @digits(ptr %task, i64 %a, i64 %b, i64 %c, i64 %d, i64 %e) {
  %bad = icmp eq i64 %a, 9
  br i1 %bad, label %raise, label %ok
raise:
  call void @rt_raise(ptr %task, i64 44)
  unreachable
ok:
  %b1 = mul i64 %b, 10
  %c1 = mul i64 %c, 100
  %d1 = mul i64 %d, 1000
  %e1 = mul i64 %e, 10000
  %x = add i64 %a, %b1
  %y = add i64 %x, %c1
  %z = add i64 %y, %d1
  %r = add i64 %z, %e1
  ret i64 %r
}
"""
    unit = engine.compile(text, ["digits"])
    engine.define("digits", unit["digits"])
    assert engine.call("digits", 1, 2, 3, 4, 5) == 54321
    assert engine.call("digits", 7) == 7
    with pytest.raises(Raised) as caught:
        engine.call("digits", 9)
    assert caught.value.payload == 44
    assert engine.call("digits", 6, 1) == 16


def test_records_are_views_of_native_memory() -> None:
    record = Struct(HANDLER)
    record.write(sp=5)
    assert ctypes.c_uint64.from_address(record.address + HANDLER.offsets["sp"]).value == record.read("sp") == 5
    assert S["stack_low"] == 0
