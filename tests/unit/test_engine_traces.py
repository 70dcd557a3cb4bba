"""Traces: functions and lines from the object's own tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_runtime.engine.dwarf_lines import line_rows
from jit_runtime.engine.elf import ObjectFile
from jit_runtime.engine.engine import Engine
from tests.unit.engine_fixture import HEADER, compile_text, make_engine, omni


def debug_text(version: int) -> str:
    """main (line 10) calls deep (line 3), which raises in line 5 or faults in line 6."""
    deep = omni(
        "deep",
        """
  %fault = icmp eq i64 %env, 0, !dbg !11
  br i1 %fault, label %bad, label %raise, !dbg !11
bad:
  %v = load volatile i64, ptr null, !dbg !13
  ret i64 %v, !dbg !13
raise:
  call void @rt_raise(ptr %task, i64 7), !dbg !12
  unreachable, !dbg !12
""",
    )
    main = omni(
        "main",
        "  %r = call tailcc i64 @deep(ptr %task, ptr %dest, i64 %env), !dbg !21\n  %s = add i64 %r, 1, !dbg !22\n  ret i64 %s, !dbg !22",
    )
    return (
        HEADER
        + deep.replace('"frame-pointer"="all"', '"frame-pointer"="all" !dbg !10')
        + main.replace('"frame-pointer"="all"', '"frame-pointer"="all" !dbg !20')
        + f"""
!llvm.dbg.cu = !{{!1}}
!llvm.module.flags = !{{!2, !3}}
!1 = distinct !DICompileUnit(language: DW_LANG_C99, file: !4, producer: "omni", isOptimized: true, runtimeVersion: 0, emissionKind: LineTablesOnly)
!2 = !{{i32 2, !"Debug Info Version", i32 3}}
!3 = !{{i32 2, !"Dwarf Version", i32 {version}}}
!4 = !DIFile(filename: "program.omni", directory: "/x")
!5 = !DISubroutineType(types: !6)
!6 = !{{}}
!10 = distinct !DISubprogram(name: "deep", file: !4, line: 3, type: !5, spFlags: DISPFlagDefinition, unit: !1)
!11 = !DILocation(line: 4, column: 2, scope: !10)
!12 = !DILocation(line: 5, column: 3, scope: !10)
!13 = !DILocation(line: 6, column: 4, scope: !10)
!20 = distinct !DISubprogram(name: "main", file: !4, line: 10, type: !5, spFlags: DISPFlagDefinition, unit: !1)
!21 = !DILocation(line: 300, column: 7, scope: !20)
!22 = !DILocation(line: 301, column: 1, scope: !20)
"""
    )


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = make_engine()
    yield engine
    engine.close()


@pytest.mark.parametrize("tier", [0, 2])
@pytest.mark.parametrize("version", [4, 5])
def test_every_frame_has_its_line(engine: Engine, version: int, tier: int) -> None:
    unit = engine.compile(debug_text(version), ["main"], tier)
    assert engine.run(unit["main"], 0, 1) == (7, True)
    assert [(f.symbol, f.line, f.column) for f in engine.frames()] == [("deep", 5, 3), ("main", 300, 7)]


def test_a_native_fault_has_the_line_of_the_instruction(engine: Engine) -> None:
    unit = engine.compile(debug_text(5), ["main"])
    assert engine.run(unit["main"], 0, 0) == (3011, True)
    assert [(f.symbol, f.line) for f in engine.frames()] == [("deep", 6), ("main", 300)]


def test_without_debug_information_functions_are_still_named(engine: Engine) -> None:
    text = HEADER + omni("inner (Int)".replace(" ", "."), "  ret i64 1").replace("@inner.(Int)", '@"inner (Int)"')
    text += omni("main", '  call void @rt_raise(ptr %task, i64 1)\n  unreachable')
    unit = engine.compile(text, ["main"])
    engine.run(unit["main"])
    assert [frame[1:] for frame in engine.frames()] == [("main", 0, 0)]


def test_a_trace_through_two_units_and_a_stub(engine: Engine) -> None:
    def compile(slot: object) -> int:
        return engine.compile(HEADER + omni("callee", "  call void @rt_raise(ptr %task, i64 1)\n  unreachable"), ["callee"])["callee"]

    engine.slot("callee", "", compile)
    text = "@callee = external global ptr\n" + omni(
        "main", "  %f = load ptr, ptr @callee\n  %r = call tailcc i64 %f(ptr %task, ptr %dest, i64 0)\n  %s = add i64 %r, 1\n  ret i64 %s"
    )
    assert engine.run(engine.compile(text, ["main"])["main"]) == (1, True)
    assert [f.symbol for f in engine.frames()] == ["callee", "main"]


OBJECT = compile_text(debug_text(5))


@given(st.data())
def test_a_damaged_object_never_crashes_the_reader(data: st.DataObject) -> None:
    damaged = bytearray(OBJECT)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        elf = ObjectFile(bytes(damaged))
    except ValueError:
        return
    line_rows(elf)
