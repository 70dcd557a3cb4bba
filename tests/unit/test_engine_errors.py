"""raise.omni and guard.omni, compiled, with stand-ins for the parts of the runtime that they call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import jit_runtime.runtime
from jit_runtime.codegen.emit import emit_module
from jit_runtime.codegen.pipelines import compile_to_object
from jit_runtime.engine import process_symbols
from jit_runtime.engine.engine import Engine, Image
from jit_runtime.engine.object_cache import ObjectCache
from jit_runtime.infer.externs import LIBC
from jit_runtime.infer.systems import compile_sources
from jit_runtime.layout import words
from jit_runtime.source.text import Source
from jit_runtime.types.errors import INTERRUPTED, NATIVE_FAULT, STACK, USER
from tests.unit.engine_fixture import GUARD, HEADER, omni

# rt_fail raises its code as a fixnum; unwinding puts the youngest region back and marks the payload.
STAND_INS = """
(define ^:export ^:noreturn rt_fail [task {CPtr Task}] [code {I64}] [a {Word}] [b {Word}] [c {Word}]
  (set! task.error_code code)
  (throw task (lshift code 2)))
(define rt-unwind [task {CPtr Task}] [youngest {CPtr Region}] [payload {Word}] {Word}
  (set! task.youngest youngest)
  (+ payload 4000))
(define rt-after-memory-ended [task {CPtr Task}] [payload {Word}] {Word} payload)
(define rt_flush [task {CPtr Task}] {I64} 0)
(define symbol-of-text [task {CPtr Task}] [text {CPtr U8}] {Word} 0)
(define ^:export load-from [task {CPtr Task}] [address {I64}] {I64} (%load {I64} address))
"""
FOLDER = Path(jit_runtime.runtime.__file__).parent


def runtime_image() -> Image:
    sources = [Source(name, (FOLDER / name).read_text()) for name in ("raise.omni", "guard.omni")]
    text = emit_module(compile_sources([*sources, Source("stand-ins", STAND_INS)]))
    return Image(compile_to_object(text), ("rt_raise", "rt_reraise", "rt_fault", "rt_guard", "rt_fail", "load_from"))


IMAGE = runtime_image()


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(IMAGE, ObjectCache(None), stack_size=32 << 20)
    yield engine
    engine.close()


def run(engine: Engine, text: str, env: int = 0) -> tuple[int, bool]:
    return engine.run(engine.compile(HEADER + text, ["main"])["main"], 0, env)


def failed(code: int) -> tuple[int, bool]:
    return (code << 2) + 4000, True


def test_what_a_program_raises_passes_through_unwinding_and_has_no_code(engine: Engine) -> None:
    engine.task.write(youngest=1234, error_code=5)
    assert run(engine, omni("main", "  call void @rt_raise(ptr %task, i64 1000)\n  unreachable")) == (5000, True)
    assert engine.task.read("error_code") == USER
    assert engine.task.read("youngest") == 1234 and engine.task.read("root_top") == engine.segment.record.read("root_bottom")
    assert [f.symbol for f in engine.frames()] == ["main"]


def test_raising_again_keeps_code_and_trace(engine: Engine) -> None:
    text = "declare void @rt_reraise(ptr, i64)\ndeclare void @rt_fail(ptr, i64, i64, i64, i64)\n"
    text += omni("inner", "  call void @rt_fail(ptr %task, i64 9, i64 0, i64 0, i64 0)\n  unreachable")
    text += omni(
        "main",
        "  %h = alloca [32 x i8], align 8\n  %r = call i64 @rt_try(ptr %task, ptr %dest, i64 0, ptr @inner, ptr %h)\n"
        "  call void @rt_reraise(ptr %task, i64 %r)\n  unreachable",
    )
    assert run(engine, text) == (36 + 8000, True)
    assert engine.task.read("error_code") == 9
    assert [f.symbol for f in engine.frames()] == ["inner", "main"]


def test_the_guard_raises_interrupted_once(engine: Engine) -> None:
    text = omni("main", GUARD + "  ret i64 1")
    engine.interrupt()
    assert run(engine, text) == failed(INTERRUPTED)
    assert run(engine, text) == (1, False)


def test_the_guard_ignores_other_pending_bits(engine: Engine) -> None:
    engine.task.write(pending=6, limit=(1 << 64) - 1)
    assert run(engine, omni("main", GUARD + "  ret i64 1")) == (1, False)
    assert engine.task.read("pending") == 6
    assert engine.task.read("limit") == engine.segment.record.read("limit")


def test_runaway_recursion_is_a_stack_overflow(engine: Engine) -> None:
    body = GUARD + "  %r = call tailcc i64 @main(ptr %task, ptr %dest, i64 0)\n  %s = add i64 %r, 1\n  ret i64 %s"
    for _ in range(2):
        assert run(engine, omni("main", body)) == failed(STACK)
    unguarded = body.replace("icmp ule i64 %sp", "icmp ugt i64 0")
    assert run(engine, omni("main", unguarded)) == failed(STACK)


def test_a_systems_function_that_loads_from_address_0_is_an_error_of_the_program(engine: Engine) -> None:
    source = Source("user", "(define ^:export peek [task {CPtr Task}] [address {I64}] {I64} (%load {I64} address))")
    peek = engine.compile(emit_module(compile_sources([source], "user")), ["peek"])
    engine.define("peek", peek["peek"])
    text = "declare i64 @peek(ptr, i64)\n" + omni("main", "  %r = call i64 @peek(ptr %task, i64 %env)\n  ret i64 %r")
    assert run(engine, text, 0) == failed(NATIVE_FAULT)
    assert run(engine, text, engine.task.address) == (engine.task.read("limit"), False)
    assert engine.task.read("error_code") == NATIVE_FAULT


def test_every_c_function_that_sources_may_name_exists() -> None:
    assert [name for name in (*LIBC, *process_symbols.EMITTED) if process_symbols.address(name) is None] == []
    assert process_symbols.address("system") is None


def test_a_payload_from_a_failed_compilation_is_raised(engine: Engine) -> None:
    def compile(slot: object) -> int:
        raise KeyError

    engine.failed = lambda error: words.TRUE
    slot = engine.slot("f", "", compile)
    assert engine.run(slot.target) == (words.TRUE + 4000, True)
