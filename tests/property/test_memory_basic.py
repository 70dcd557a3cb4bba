"""Regions at the level of runtime calls: what survives, what dies, what is counted."""

from __future__ import annotations

import pytest

from jit_runtime.layout import walkers
from jit_runtime.layout import words as w
from tests.property.heap import CHECK, Heap

n = w.fixnum


def test_shapes_are_up_to_date() -> None:
    assert walkers.PATH.read_text("utf-8") == walkers.text()


def test_nothing_survives(heap: Heap) -> None:
    base = heap.form()
    r = heap.open()
    heap.list(r, [n(i) for i in range(100)])
    heap.exit()
    assert heap.youngest == base
    heap.end()
    assert heap.heap.read("held_bytes") == 0


def test_result_moves_to_destination(heap: Heap) -> None:
    base = heap.form()
    r = heap.open()
    result = heap.exit(heap.list(r, [n(1), n(2), n(3)]), base)
    assert heap.keeps(base, result)
    assert heap.values(result) == [n(1), n(2), n(3)]
    heap.push(result)
    heap.check()
    heap.end()


def test_alias_after_a_store(heap: Heap) -> None:
    base = heap.form()
    d = heap.push(heap.box(base, w.NOTHING))
    r = heap.open()
    p = heap.push(heap.box(r, n(1)))
    heap.store(heap.root(d), 8, heap.root(p))
    heap.safepoint()
    heap.store(heap.root(p), 8, n(9))
    assert heap.slot(heap.root(d), 8) == heap.root(p)
    heap.check()
    heap.cut(p)
    heap.exit()
    assert heap.slot(heap.slot(heap.root(d), 8), 8) == n(9)
    assert heap.keeps(base, heap.slot(heap.root(d), 8))
    heap.check()
    heap.end()


def test_global_survives_forms(heap: Heap) -> None:
    g = heap.cell()
    r = heap.form()
    heap.set_cell(g, heap.list(r, [n(i) for i in range(50)]))
    heap.end()
    heap.form()
    heap.call("t_garbage", 10_000)
    heap.check()
    heap.end()
    assert heap.values(g.read("value")) == [n(i) for i in range(50)]
    assert heap.region_of(g.read("value")) == g.read("region") != 0


def test_replaced_global_is_freed(heap: Heap) -> None:
    g = heap.cell()
    for i in range(3000):
        r = heap.form()
        heap.set_cell(g, heap.list(r, [n(i)]))
        heap.end()
    assert heap.values(g.read("value")) == [n(2999)]
    assert heap.heap.read("regions_live") < 1600
    assert heap.heap.read("mapped_bytes") <= 80 << 20


def test_wide_tree_survives_moves(heap: Heap) -> None:
    """Scanning breadth first fills blocks while it scans them."""
    base = heap.form()
    layer = [heap.box(base, n(i)) for i in range(4096)]
    while len(layer) > 1:
        layer = [heap.pair(base, a, heap.object(base, "closure", [0, 0, b])) for a, b in zip(layer[::2], layer[1::2], strict=True)]
    root = heap.push(layer[0])
    for _ in range(3):
        heap.region(base).write(since=1 << 40)
        heap.safepoint()
        heap.check()
    leaves = [heap.root(root)]
    while leaves[0] & 7 == w.PAIR_TAG:
        leaves = [part for x in leaves for part in (heap.slot(x, 0), heap.slot(heap.slot(x, 8), 24))]
    assert [heap.slot(x, 8) for x in leaves] == [n(i) for i in range(4096)]
    heap.end()


def test_form_inside_a_form(heap: Heap) -> None:
    """Its globals move out with the outer form; the outer form's objects stay."""
    g = heap.cell()
    outer = heap.form()
    x = heap.push(heap.list(outer, [n(1), n(2)]))
    inner = heap.form()
    heap.set_cell(g, heap.list(inner, [n(3), heap.root(x)]))
    heap.call("rt_form_end")
    heap.check()
    assert heap.youngest == outer
    heap.safepoint()
    assert heap.slot(heap.slot(g.read("value"), 8), 0) == heap.root(x)
    heap.end()
    heap.check()
    assert heap.values(heap.values(g.read("value"))[1]) == [n(1), n(2)]


def test_checked_mode_notices_what_is_wrong_only_while_a_form_runs() -> None:
    heap = Heap(CHECK)
    r = heap.form()
    pair = heap.push(heap.pair(r, w.NULL, w.NULL))
    inner = heap.open()
    heap.put(heap.root(pair) & ~7, 0, heap.pair(inner, w.NULL, w.NULL))  # no barrier
    for _ in range(3000):
        heap.safepoint()
    heap.put(heap.root(pair) & ~7, 0, w.NULL)
    heap.exit()
    assert heap.call("rt_check") == 4
    heap.close()


@pytest.mark.parametrize("length", [1, 2, 31, 255, 2100, 9000])
@pytest.mark.parametrize("every", [0, 1, 2, 300])
def test_lists_move_with_what_is_in_them(heap: Heap, length: int, every: int) -> None:
    """Over the ends of blocks; some heads are boxes, all of which name the list's first pair in the end."""
    base = heap.form()
    r = heap.open()
    boxes = [heap.box(r, n(i)) if every and i % every == 0 else n(i) for i in range(length)]
    result = heap.list(r, boxes)
    for box in boxes:
        if box & 3 == 1:
            heap.store(box, 8, result)
    at = heap.push(heap.exit(result, base))
    heap.check()
    for i, head in enumerate(heap.values(heap.root(at))):
        assert (heap.slot(head, 8) == heap.root(at)) if every and i % every == 0 else (head == n(i))
    heap.safepoint()
    heap.check()
    heap.end()
