"""What is mapped for logs, for moves and for values that were let go: bounded by what is live, and given back."""

from __future__ import annotations

import pytest

from jit_runtime.layout import words as w
from tests.property.heap import MODES, Heap
from tests.property.sums import check_sums

MIB = 1 << 20
n = w.fixnum


@pytest.fixture(params=["normal", "checked", "stress"])
def heap(request: pytest.FixtureRequest) -> Heap:
    return Heap(MODES[request.param])


def owned_store(heap: Heap, slots: int) -> int:
    """A store of so many slots that a cell owns."""
    cell = heap.cell()
    base = heap.form()
    heap.set_cell(cell, heap.object(base, "store", [w.NULL] * slots))
    heap.end()
    return cell.read("value")


def test_a_young_object_in_many_old_slots_maps_what_its_log_needs(heap: Heap) -> None:
    slots = 50_000
    store = owned_store(heap, slots)
    before = heap.heap.read("mapped_bytes")
    x = heap.push(heap.box(heap.form(), n(1)))
    for i in range(slots):
        heap.store(store, 8 + 8 * i, heap.root(x))
    assert heap.heap.read("table_bytes") <= 16 * (1 << 16) + (1 << 15)
    heap.safepoint()
    heap.safepoint()
    check_sums(heap)
    heap.cut(x)
    heap.end()
    assert heap.heap.read("table_bytes") <= 1 << 15
    assert heap.heap.read("mapped_bytes") <= before + 4 * MIB
    assert heap.slot(heap.slot(store, 8), 8) == n(1) and heap.slot(store, 8) == heap.slot(store, 8 * slots)
    check_sums(heap)
    heap.close()


def test_slots_that_are_stored_again_and_again_stand_in_the_log_once() -> None:
    heap, slots = Heap(), 2_000
    store = owned_store(heap, slots)
    x = heap.push(heap.box(heap.form(), n(1)))
    for i in range(60_000):
        heap.store(store, 8 + 8 * (i * 7 % slots), heap.root(x))
    assert heap.heap.read("log_entries") > 30_000 and heap.heap.read("table_bytes") <= 16 * 4096 + (1 << 12)
    heap.cut(x)
    heap.end()
    heap.close()


def test_a_log_that_a_move_empties_gives_memory_back() -> None:
    heap, slots = Heap(), 20_000
    store = owned_store(heap, slots)
    base = heap.form()
    for i in range(slots):
        heap.store(store, 8 + 8 * i, heap.pair(base, n(i), w.NULL))
    for i in range(slots):
        heap.store(store, 8 + 8 * i, n(0))
    full = heap.heap.read("table_bytes")
    heap.call("t_garbage", 2_000_000)
    assert heap.heap.read("evacuations") > 0 and heap.heap.read("table_bytes") < full / 2
    heap.check()
    heap.end()
    heap.close()


def test_edges_of_a_region_go_with_it() -> None:
    """A store whose slots name thousands of owned regions."""
    heap, count = Heap(), 3_000
    cells = [heap.cell() for _ in range(count)]
    for cell in cells:
        heap.set_cell(cell, heap.box(heap.form(), n(1)))
        heap.end()
    keeper = heap.cell()
    heap.set_cell(keeper, heap.object(heap.form(), "store", [c.read("value") for c in cells]))
    heap.end()
    full = heap.heap.read("table_bytes")
    assert full >= 8 * count
    check_sums(heap)
    heap.form()
    heap.set_cell(keeper, w.NOTHING)
    heap.end()
    heap.call("rt_free_undead")
    assert heap.heap.read("table_bytes") <= full - 8 * count
    check_sums(heap)
    heap.close()


def test_a_move_needs_no_blocks_for_what_it_relinks() -> None:
    heap = Heap()
    cell = heap.cell()
    heap.set_cell(cell, heap.object(heap.form(), "bytes", [], b"\1" * (64 * MIB)))
    heap.end()
    assert heap.heap.read("mapped_bytes") <= 66 * MIB
    check_sums(heap)
    heap.close()


def test_what_a_root_held_for_a_while_goes_soon_after(heap: Heap) -> None:
    """The undead pass finds it named. The next one waits neither for as many undead bytes again, nor for ever."""
    cell = heap.cell()
    heap.set_cell(cell, heap.object(heap.form(), "bytes", [], b"\1" * (16 * MIB)))
    heap.end()
    heap.form()
    x = heap.push(cell.read("value"))
    heap.set_cell(cell, w.NOTHING)
    heap.safepoint()
    assert heap.heap.read("undead_bytes") > 16 * MIB
    heap.cut(x)
    heap.call("t_garbage", 400_000)
    assert heap.heap.read("undead_bytes") == 0
    heap.end()
    heap.close()


def test_what_only_the_roots_of_a_form_held_goes_when_it_ends(heap: Heap) -> None:
    cell = heap.cell()
    heap.set_cell(cell, heap.object(heap.form(), "bytes", [], b"\1" * (16 * MIB)))
    heap.end()
    heap.form()
    heap.push(cell.read("value"))
    heap.set_cell(cell, w.NOTHING)
    heap.safepoint()
    assert heap.heap.read("undead_bytes") > 16 * MIB
    heap.cut(0)
    heap.end()
    assert heap.heap.read("undead_bytes") == 0
    heap.close()
