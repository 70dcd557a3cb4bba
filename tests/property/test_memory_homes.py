"""Homes: regions in which code allocates because a reference lies there (runtime/homes.omni)."""

from __future__ import annotations

import pytest

from jit_runtime.layout import words as w
from tests.property.heap import Heap

n = w.fixnum
OWNED, UNDEAD = 2, 3

pytestmark = pytest.mark.parametrize("heap", ["normal", "checked"], indirect=True)
"""Where values are born is what is asked: stress moves them, and retiring keeps what would be merged."""


def state(heap: Heap, region: int) -> int:
    return heap.region(region).read("state")


def fill(heap: Heap, root: int, region: int, bytes: int) -> None:
    """At a root, a list of so many bytes in a region."""
    heap.set_root(root, w.NULL)
    for i in range(bytes // 16):
        heap.set_root(root, heap.pair(region, n(i), heap.root(root)))


def test_a_new_home_lives_by_its_anchor_alone(heap: Heap) -> None:
    heap.form()
    anchor = heap.push(heap.call("rt_new_home", 0))
    home = heap.region_of(heap.root(anchor))
    assert state(heap, home) == UNDEAD
    heap.call("rt_free_undead")
    assert state(heap, home) == UNDEAD and heap.region_of(heap.pair(home, n(1), w.NULL)) == home
    heap.check()
    heap.cut(anchor)
    heap.call("rt_free_undead")
    assert heap.heap.read("undead_bytes") == 0
    heap.end()
    assert heap.heap.read("held_bytes") == 0


def test_what_is_stored_in_a_cell_is_born_in_the_region_that_it_owns(heap: Heap) -> None:
    heap.form()
    cell = heap.cell()
    at = heap.push(heap.call("rt_cell_home", cell.address, 0))
    home = heap.region_of(heap.root(at))
    made = heap.heap.read("bytes_born_in_place")
    heap.set_cell(cell, heap.list(home, [n(i) for i in range(100)]))
    assert state(heap, home) == OWNED and cell.read("region") == home
    heap.end()
    assert cell.read("region") == home and heap.heap.read("bytes_moved") == 0
    heap.call("rt_stats_sync")
    assert heap.heap.read("bytes_born_in_place") - made >= 1600
    heap.form()
    assert heap.region_of(heap.call("rt_cell_home", cell.address, 0)) == home
    heap.end()


def test_a_large_value_that_is_replaced_dies_with_its_region(heap: Heap) -> None:
    heap.form()
    cell = heap.cell()
    at = heap.push(heap.call("rt_new_home", 0))
    fill(heap, at, heap.region_of(heap.root(at)), 1 << 19)
    heap.set_cell(cell, heap.root(at))
    heap.end()
    old = heap.region_of(heap.root(at))
    heap.form()
    heap.cut(at)
    at = heap.push(heap.call("rt_cell_home", cell.address, 0))
    home = heap.region_of(heap.root(at))
    assert home != old and state(heap, home) == UNDEAD
    moved, reclaimed = heap.heap.read("bytes_moved_out"), heap.heap.read("regions_reclaimed")
    heap.set_cell(cell, heap.list(home, [n(1), n(2)]))
    heap.call("rt_free_undead")
    assert heap.heap.read("regions_reclaimed") == reclaimed + 1 and state(heap, home) == OWNED
    heap.end()
    assert heap.heap.read("bytes_moved_out") == moved


def test_a_large_value_that_its_next_one_names_has_that_in_its_region(heap: Heap) -> None:
    heap.form()
    cell = heap.cell()
    at = heap.push(heap.call("rt_new_home", 0))
    fill(heap, at, heap.region_of(heap.root(at)), 1 << 19)
    heap.set_cell(cell, heap.root(at))
    heap.end()
    region = heap.region_of(cell.read("value"))
    regions, merges = heap.heap.read("regions_live"), heap.heap.read("merges")
    for _ in range(10):
        heap.form()
        at = heap.push(heap.call("rt_cell_home", cell.address, 0))
        home = heap.region_of(heap.root(at))
        heap.set_cell(cell, heap.pair(home, n(1), cell.read("value")))
        assert heap.region_of(cell.read("value")) == region == cell.read("region")
        heap.store(heap.root(heap.push(heap.pair(home, n(1), w.NULL))), 8, cell.read("value"))  # code may still allocate there
        heap.check()
        heap.cut(at)
        heap.end()
    heap.form()
    heap.call("rt_free_undead")
    heap.end()
    assert heap.heap.read("merges") == merges + 1 and heap.heap.read("regions_live") == regions
    assert heap.heap.read("bytes_moved_out") == 0


def test_a_region_that_is_merged_while_code_allocates_in_it_stays_a_region(heap: Heap) -> None:
    """Dead objects of two globals in a circle; both regions are homes when they are merged."""
    cells = heap.cell(), heap.cell()
    heap.form()
    for cell in cells:
        heap.set_cell(cell, heap.box(heap.youngest, w.NOTHING))
    heap.end()
    heap.form()
    boxes = [heap.push(cell.read("value")) for cell in cells]
    homes = [heap.region_of(heap.root(box)) for box in boxes]
    scratch = heap.push(w.NULL)
    for _ in range(1000):
        fill(heap, scratch, homes[0], 800)
        heap.store(heap.root(boxes[0]), 8, heap.box(homes[0], heap.root(scratch)))
        heap.safepoint()
        fill(heap, scratch, homes[1], 800)
        inner = heap.slot(heap.root(boxes[0]), 8)
        heap.store(heap.root(boxes[1]), 8, heap.pair(homes[1], inner, heap.root(scratch)))
        heap.store(inner, 8, heap.slot(heap.root(boxes[1]), 8))
        heap.set_root(scratch, w.NULL)
        heap.safepoint()
        heap.check()
    assert heap.heap.read("merges") and heap.heap.read("shells")
    for i in (0, 1):  # the code is still allocating in both
        assert state(heap, homes[i]) in (OWNED, UNDEAD)
        heap.store(heap.root(boxes[i]), 8, heap.list(homes[i], [n(1), n(2)]))
    heap.check()
    heap.cut(0)
    heap.call("rt_free_undead")
    assert heap.heap.read("shells") == 0
    heap.check()
    heap.end()
    for cell in cells:
        assert heap.values(heap.slot(cell.read("value"), 8)) == [n(1), n(2)]
