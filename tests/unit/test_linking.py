"""Objects in memory: what they import near and far, tables and constants of their own, pages that are never writable and executable at once."""

from __future__ import annotations

import ctypes
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from jit_runtime.codegen.pipelines import compile_to_object, host
from jit_runtime.engine.code_memory import CodeMemory
from jit_runtime.engine.linkable import Linkable
from jit_runtime.engine.linking import LinkError, Linking, Unit
from jit_runtime.engine.mapping import PAGE

CONSTANT = "define i64 @seven() {\n  ret i64 7\n}\n"
CALLING = "declare i64 @seven()\ndefine i64 @eight() {\n  %x = call i64 @seven()\n  %y = add i64 %x, 1\n  ret i64 %y\n}\n"
ADDRESS = "@there = external global i64\ndefine i64 @read() {\n  %x = load i64, ptr @there\n  ret i64 %x\n}\n"
OWN = """
@table = internal constant [2 x ptr] [ptr @one, ptr @two]
@half = internal constant double 0.5
define i64 @one() noinline {
  ret i64 1
}
define i64 @two() noinline {
  ret i64 2
}
define i64 @pick(i64 %i) {
  %at = getelementptr ptr, ptr @table, i64 %i
  %f = load ptr, ptr %at
  %x = call i64 %f()
  ret i64 %x
}
define i64 @address() {
  ret i64 ptrtoint (ptr @two to i64)
}
define double @scaled(double %x) {
  %y = fmul double %x, 1.25
  ret double %y
}
"""


def call(unit: Unit, name: str, *arguments: int) -> int:
    function = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * len(arguments))(unit[name])
    return int(function(*arguments))


def access(address: int) -> str:
    for line in Path("/proc/self/maps").read_text().splitlines():
        bounds, rights = line.split()[:2]
        low, high = (int(part, 16) for part in bounds.split("-"))
        if low <= address < high:
            return rights[:3]
    return ""


def nothing(name: str) -> None:
    return None


@pytest.mark.parametrize("tier", [0, 1])
def test_tables_constants_and_addresses_of_its_own(tier: int) -> None:
    unit = Linking().link(compile_to_object(OWN, tier), ["pick", "address", "scaled", "two"], nothing)
    assert [call(unit, "pick", i) for i in (0, 1)] == [1, 2]
    assert call(unit, "address") == unit["two"]
    assert ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(unit["scaled"])(2.0) == 2.5
    unit.close()


@pytest.mark.parametrize("tier", [0, 1])
def test_what_is_near_is_called_directly_and_what_is_far_by_a_jump(tier: int) -> None:
    memory = CodeMemory(3 << 30)
    linking = Linking(memory)
    seven = linking.link(compile_to_object(CONSTANT, tier), ["seven"], nothing)
    found = Linkable(compile_to_object(CALLING, tier))
    near = linking.place(found, ["eight"], seven.addresses.get)
    memory.take(5 << 29)
    far = linking.place(found, ["eight"], seven.addresses.get)
    assert called(found, near) == seven["seven"]
    assert called(found, far) == far["eight"] - found.exports["eight"] + found.table + 8  # a jump, behind the word for the address
    assert call(near, "eight") == call(far, "eight") == 8


def called(found: Linkable, unit: Unit) -> int:
    """Where the first call goes."""
    offset, _, addend = found.calls[0]
    at = unit["eight"] - found.exports["eight"] + offset
    return at - addend + ctypes.c_int32.from_address(at).value


def test_data_anywhere_is_read() -> None:
    word = ctypes.c_int64(-5)
    unit = Linking().link(compile_to_object(ADDRESS, 0), ["read"], lambda name: ctypes.addressof(word))
    assert call(unit, "read") == -5
    word.value = 6
    assert call(unit, "read") == 6


def test_thousands_of_objects_in_several_reservations_reach_what_they_name() -> None:
    linking = Linking(CodeMemory(64 * PAGE))
    seven = linking.link(compile_to_object(CONSTANT, 0), ["seven"], nothing)
    word = ctypes.c_int64(3)
    names = {"seven": seven["seven"], "there": ctypes.addressof(word)}
    images = [compile_to_object(text, 0) for text in (CALLING, ADDRESS)]
    units = [linking.link(images[i % 2], [("eight", "read")[i % 2]], names.get) for i in range(3000)]
    assert {call(unit, "eight") for unit in units[::2]} == {8} and {call(unit, "read") for unit in units[1::2]} == {3}
    assert max(unit["eight"] for unit in units[::2]) - min(unit["eight"] for unit in units[::2]) > 1000 * PAGE


def test_pages_are_written_or_executed_and_free_ones_neither() -> None:
    memory = CodeMemory()
    linking = Linking(memory)
    image = compile_to_object(CONSTANT, 0)
    unit = linking.link(image, ["seven"], nothing)
    address = unit["seven"]
    assert access(address) == "r-x"
    unit.close()
    unit.close()
    assert unit.closed and access(address) == "---"
    assert linking.link(image, ["seven"], nothing)["seven"] == address
    written = memory.take(PAGE)
    assert access(written) == "rw-" and bytes(ctypes.string_at(written, 8)) == bytes(8)


def test_what_cannot_be_linked_is_named() -> None:
    with pytest.raises(LinkError, match="seven"):
        Linking().link(compile_to_object(CALLING, 0), ["eight"], nothing)
    with pytest.raises(LinkError, match="absent"):
        Linking().link(compile_to_object(CONSTANT, 0), ["absent"], nothing)
    with pytest.raises(LinkError, match="ELF"):
        Linking().link(b"no object", [], nothing)
    cpu, features = host()
    machine = llvm.Target.from_default_triple().create_target_machine(cpu=cpu, features=features, codemodel="large", reloc="pic", jit=True)
    with pytest.raises(LinkError, match="relocation of type"):
        Linking().link(machine.emit_object(llvm.parse_assembly(ADDRESS)), ["read"], lambda name: 8)
