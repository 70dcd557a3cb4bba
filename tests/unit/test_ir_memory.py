"""Simulated memory: each kind of misuse is an exception."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_runtime.ir.memory import PAGE, SLOT, Memory, MemoryFault


def test_what_was_stored_is_loaded() -> None:
    memory = Memory()
    at = memory.map(4096)
    memory.store64(at + 8, 0x0102030405060708)
    assert memory.load64(at + 8) == 0x0102030405060708
    assert memory.load(at + 8, 1) == 8 and memory.load(at + 10, 2) == 0x0506
    memory.store(at, 8, 1.5, "f")
    assert memory.load(at, 8, "f") == 1.5


def test_fresh_mappings_are_zero_and_allocated_blocks_are_not() -> None:
    memory = Memory()
    assert memory.load64(memory.map(16)) == 0
    assert memory.load64(memory.allocate(16)) != 0


@pytest.mark.parametrize("offset", [-8, 24, 4096, 1 << 40])
def test_access_beyond_a_block(offset: int) -> None:
    memory = Memory()
    at = memory.allocate(24)
    memory.load64(at + 16)
    with pytest.raises(MemoryFault):
        memory.load64(at + offset)
    with pytest.raises(MemoryFault):
        memory.store(at + offset, 1, 0)


def test_access_across_the_end() -> None:
    memory = Memory()
    at = memory.allocate(20)
    with pytest.raises(MemoryFault, match="out of bounds"):
        memory.load64(at + 16)
    assert memory.load(at + 16, 4)
    with pytest.raises(MemoryFault, match="out of bounds"):
        memory.read(at, 21)


def test_misaligned_access() -> None:
    memory = Memory()
    at = memory.map(64)
    with pytest.raises(MemoryFault, match="misaligned"):
        memory.load64(at + 4)
    with pytest.raises(MemoryFault, match="misaligned"):
        memory.store64(at + 1, 0)
    assert memory.load(at + 4, 8, align=1) == 0


def test_address_zero() -> None:
    with pytest.raises(MemoryFault, match="unmapped"):
        Memory().load64(0)


def test_use_after_free_and_double_free() -> None:
    memory = Memory()
    at = memory.allocate(24)
    memory.free(at)
    with pytest.raises(MemoryFault, match="released"):
        memory.load64(at)
    with pytest.raises(MemoryFault, match="double free"):
        memory.free(at)
    with pytest.raises(MemoryFault, match="not allocated"):
        memory.free(at + 8)
    assert memory.mapped == 0


def test_trimming_a_mapping_to_alignment() -> None:
    memory = Memory()
    at = memory.map(2 * SLOT, skew=0x9000)
    aligned = -(-at // SLOT) * SLOT
    memory.unmap(at, aligned - at)
    memory.unmap(aligned + SLOT, at + SLOT - aligned)
    assert memory.mapped == SLOT
    memory.store64(aligned, 1)
    memory.store64(aligned + SLOT - 8, 2)
    for gone in (at, aligned - 8, aligned + SLOT):
        with pytest.raises(MemoryFault):
            memory.load64(gone)
    with pytest.raises(MemoryFault, match="out of bounds"):
        memory.read(aligned, SLOT + 1)
    memory.unmap(aligned, SLOT)
    with pytest.raises(MemoryFault, match="unmapping released"):
        memory.unmap(aligned, SLOT)


def test_reading_across_a_hole_in_a_large_mapping() -> None:
    memory = Memory()
    at = memory.map(4 * SLOT)
    memory.unmap(at + 2 * SLOT, SLOT)
    assert len(memory.read(at, 2 * SLOT)) == 2 * SLOT
    with pytest.raises(MemoryFault):
        memory.read(at, 3 * SLOT)
    assert memory.load64(at + 3 * SLOT) == 0


def test_clearing_pages() -> None:
    memory = Memory()
    at = memory.map(4 * PAGE)
    memory.write(at, b"\1" * (4 * PAGE))
    memory.clear(at + PAGE, PAGE)
    assert memory.load(at + PAGE - 1, 1) == 1 and memory.load64(at + PAGE) == 0 and memory.load(at + 2 * PAGE, 1) == 1


@given(st.lists(st.tuples(st.integers(1, 3 * SLOT), st.integers(0, 15)), min_size=1, max_size=6))
def test_mappings_never_overlap(sizes: list[tuple[int, int]]) -> None:
    memory = Memory()
    ranges = sorted((start, start + size) for size, skew in sizes for start in [memory.map(size, skew * PAGE)])
    assert all(high <= low for (_, high), (low, _) in itertools.pairwise(ranges))
    assert memory.mapped == sum(size for size, _ in sizes)
