"""Slots and the stubs that compile on the first call."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_runtime.engine import stubs_x86_64
from jit_runtime.engine.elf import EXECUTABLE, ObjectFile
from jit_runtime.engine.engine import Engine
from jit_runtime.engine.object_cache import ObjectCache
from jit_runtime.engine.process import assembled
from jit_runtime.engine.slots import Slot
from tests.unit.engine_fixture import HEADER, make_engine, omni

DOUBLES = 8
PARAMS = "ptr %task, ptr %dest, i64 %env, i64 %a, i64 %b, i64 %c, " + ", ".join(f"double %d{i}" for i in range(DOUBLES))
ARGUMENTS = "ptr %task, ptr %dest, i64 4, i64 5, i64 6, i64 7, " + ", ".join(f"double {i}.5" for i in range(DOUBLES))


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = make_engine()
    yield engine
    engine.close()


def weighted_sum() -> str:
    """A function whose result depends on every argument register and its position."""
    lines, total = [], "0"
    for weight, name in enumerate(("env", "a", "b", "c"), 1):
        lines += [f"  %m{name} = mul i64 %{name}, {weight}", f"  %s{name} = add i64 {total}, %m{name}"]
        total = f"%s{name}"
    lines.append("  %dest.word = ptrtoint ptr %dest to i64")
    lines.append(f"  %with.dest = add i64 {total}, %dest.word")
    total = "%with.dest"
    for i in range(DOUBLES):
        lines += [f"  %x{i} = fmul double %d{i}, {100 * (i + 1)}.0", f"  %i{i} = fptosi double %x{i} to i64", f"  %t{i} = add i64 {total}, %i{i}"]
        total = f"%t{i}"
    return omni("target", "\n".join(lines) + f"\n  ret i64 {total}", PARAMS)


CALL_F = "  %f = load ptr, ptr @f\n  %r = call tailcc i64 %f(ptr %task, ptr %dest, i64 0)\n  ret i64 %r"
EXPECTED = 4 + 10 + 18 + 28 + 1234 + sum(int((i + 0.5) * 100 * (i + 1)) for i in range(DOUBLES))


def caller(slot: str, arguments: str = ARGUMENTS) -> str:
    declaration = f'@"{slot}" = external global ptr\n'
    return declaration + omni("main", f'  %f = load ptr, ptr @"{slot}"\n  %r = call tailcc i64 %f({arguments})\n  ret i64 %r')


def test_all_argument_registers_survive_the_compiler(engine: Engine) -> None:
    calls = []

    def compile(slot: Slot) -> int:
        calls.append(slot.name)
        clobber = [float(i) ** 0.5 for i in range(100)]  # Python uses the same registers
        struct.pack("8d", *clobber[:8])
        return engine.compile(HEADER + weighted_sum(), ["target"])["target"]

    engine.slot("f wwwdddddddd>w", "wwwdddddddd>w", compile)
    unit = engine.compile(HEADER + caller("f wwwdddddddd>w"), ["main"])
    assert engine.run(unit["main"], 1234) == (EXPECTED, False)
    assert engine.run(unit["main"], 1234) == (EXPECTED, False)
    assert calls == ["f wwwdddddddd>w"]


def test_a_tail_call_through_a_stub_keeps_its_arguments(engine: Engine) -> None:
    engine.slot("f", "", lambda slot: engine.compile(HEADER + weighted_sum(), ["target"])["target"])
    body = f"  %f = load ptr, ptr @f\n  %r = musttail call tailcc i64 %f({ARGUMENTS})\n  ret i64 %r"
    # musttail from a function with the same shape
    text = HEADER + "@f = external global ptr\n" + omni("hop", body, PARAMS)
    text += omni("main", f"  %r = call tailcc i64 @hop({ARGUMENTS})\n  ret i64 %r")
    assert engine.run(engine.compile(text, ["main"])["main"], 1234) == (EXPECTED, False)


def test_the_argument_buffer_survives_the_compiler(engine: Engine) -> None:
    def compile(slot: Slot) -> int:
        for i in range(256):
            engine.task.word("arguments", i).value = 666
        engine.task.write(argument_count=1)
        return engine.compile(HEADER + omni("target", "  ret i64 0"), ["target"])["target"]

    engine.slot("f", "", compile)
    for i in range(256):
        engine.task.word("arguments", i).value = i
    engine.task.write(argument_count=256)
    main = engine.compile("@f = external global ptr\n" + omni("main", CALL_F), ["main"])["main"]
    assert engine.run(main) == (0, False)
    assert engine.task.words("arguments", 256) == list(range(256)) and engine.task.read("argument_count") == 256


def test_a_failing_compiler_raises_in_the_program_and_the_stub_tries_again(engine: Engine) -> None:
    seen: list[BaseException] = []
    engine.failed = lambda error: seen.append(error) or 555  # type: ignore[func-returns-value]
    answers = [ValueError("no"), ValueError("not yet"), None]

    def compile(slot: Slot) -> int:
        error = answers.pop(0)
        if error:
            raise error
        return engine.compile(HEADER + omni("target", "  ret i64 8", PARAMS), ["target"])["target"]

    engine.slot("f", "", compile)
    main = engine.compile(HEADER + caller("f"), ["main"])["main"]
    assert [engine.run(main) for _ in range(4)] == [(555, True), (555, True), (8, False), (8, False)]
    assert [str(e) for e in seen] == ["no", "not yet"]


def test_a_kept_copy_of_a_stub_goes_to_the_current_code(engine: Engine) -> None:
    slot = engine.slot("f", "", lambda slot: engine.compile(HEADER + omni("target", "  ret i64 1"), ["target"])["target"])
    stub = slot.target
    assert engine.run(stub) == (1, False)
    slot.target = engine.compile(HEADER + omni("again", "  ret i64 2"), ["again"])["again"]
    assert engine.run(stub) == (2, False)
    slot.reset()
    assert engine.run(stub) == (1, False)


def test_more_stubs_than_one_table_holds(engine: Engine) -> None:
    target = engine.compile(HEADER + omni("target", "  ret i64 %env"), ["target"])["target"]
    slots = [engine.slot(f"s{i}", "", lambda slot: target) for i in range(stubs_x86_64.STUBS + 5)]
    assert len({slot.stub for slot in slots}) == len(slots)
    for slot in (slots[0], slots[stubs_x86_64.STUBS - 1], slots[-1]):
        assert engine.run(slot.target, 0, 6) == (6, False)
        assert slot.target == target


def test_redefinition_is_seen_by_a_running_caller(engine: Engine) -> None:
    codes = [engine.compile(HEADER + omni(f"v{i}", f"  ret i64 {i}"), [f"v{i}"])[f"v{i}"] for i in range(3)]

    def redefine(slot: Slot) -> int:
        return codes[1]

    engine.slot("first", "", redefine)
    second = engine.slot("second", "", lambda slot: codes[2])

    def swap(slot: Slot) -> int:
        second.target = codes[0]
        return codes[1]

    engine.slot("swap", "", swap)
    text = HEADER
    body = ""
    for i, name in enumerate(("second", "swap", "second")):
        text += f"@{name} = external global ptr\n" if f"@{name} =" not in text else ""
        body += f"  %f{i} = load volatile ptr, ptr @{name}\n  %r{i} = call tailcc i64 %f{i}(ptr %task, ptr %dest, i64 0)\n"
    body += "  %a = mul i64 %r0, 100\n  %b = mul i64 %r1, 10\n  %c = add i64 %a, %b\n  %d = add i64 %c, %r2\n  ret i64 %d"
    assert engine.run(engine.compile(text + omni("main", body), ["main"])["main"]) == (210, False)


def test_slot_names_are_new_and_words_are_reused(engine: Engine) -> None:
    slot = engine.slots.create("a", "i>i")
    with pytest.raises(ValueError):
        engine.slots.create("a", "i>i")
    engine.slots.remove(slot)
    assert engine.slots.create("b", "i>i").address == slot.address
    assert engine.slots.get("a") is None and len(engine.slots) == 1


def test_another_page_of_stubs_has_no_data(tmp_path: Path) -> None:
    """The linker may put data too far from the code for the code to reach it, and ends the process then."""
    page = ObjectFile(assembled(ObjectCache(str(tmp_path)), "stubs", stubs_x86_64.page()))
    loaded = [section for section in page.sections if section.flags & 2 and section.size]  # SHF_ALLOC
    assert len(loaded) == 1 and loaded[0].flags & EXECUTABLE
    assert page.undefined() == ["omni_stub_entry"]


def test_stubs_of_several_pages_are_called(engine: Engine) -> None:
    target = engine.compile(HEADER + omni("answer", "  ret i64 42"), ["answer"])["answer"]
    slots = [engine.slot(f"many{i}", "", lambda slot: target) for i in range(3 * stubs_x86_64.STUBS)]
    main = engine.compile(HEADER + '@"f" = external global ptr\n' + omni("main", CALL_F), ["main"], names={"f": slots[-1].address})
    assert engine.run(main["main"]) == (42, False)
    assert slots[-1].compiled and not slots[0].compiled
