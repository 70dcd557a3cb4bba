"""Programs that break plausible memory models, at the level of runtime calls: bounded memory and what must survive."""

from __future__ import annotations

import pytest

from jit_runtime.layout import words as w
from tests.property.heap import Heap
from tests.property.steps import flat, poll

n = w.fixnum


def test_callee_stores_its_own_object_into_an_argument(heap: Heap) -> None:
    base = heap.form()
    b = heap.push(heap.box(base, w.NOTHING))
    r = heap.open()
    heap.store(heap.root(b), 8, heap.list(r, [n(1), n(2)]))
    heap.exit()
    assert heap.values(heap.slot(heap.root(b), 8)) == [n(1), n(2)]
    heap.check()
    heap.end()


def test_not_transitive(heap: Heap) -> None:
    """The caller's object in the callee's list, the list in a global."""
    g = heap.cell()
    heap.form()
    caller = heap.open()
    x = heap.push(heap.box(caller, n(7)))
    callee = heap.open()
    heap.set_cell(g, heap.list(callee, [heap.root(x)]))
    heap.exit()
    heap.cut(x)
    heap.exit()
    heap.check()
    heap.end()
    heap.check()
    assert heap.slot(heap.slot(g.read("value"), 0), 8) == n(7)


def test_old_value_of_a_global_that_a_root_names(heap: Heap) -> None:
    g = heap.cell()
    r = heap.form()
    heap.set_cell(g, heap.list(r, [n(1), n(2)]))
    heap.end()
    heap.form()
    x = heap.push(g.read("value"))
    wrapped = heap.push(heap.list(heap.youngest, [g.read("value")]))
    heap.set_cell(g, n(0))
    for _ in range(40):
        heap.call("t_garbage", 20_000)
    heap.heap.write(undead_budget=0)
    heap.safepoint()
    heap.check()
    assert heap.values(heap.root(x)) == [n(1), n(2)]
    assert heap.slot(heap.root(wrapped), 0) == heap.root(x)
    heap.end()
    heap.call("rt_free_undead")
    assert heap.heap.read("undead") == 0


def test_initialising_store_into_a_destination(heap: Heap) -> None:
    base = heap.form()
    dest = base
    r = heap.open()
    p = heap.push(heap.box(r, n(1)))
    q = heap.push(heap.pair(dest, heap.root(p), w.NULL))
    heap.check()
    heap.safepoint()
    assert heap.slot(heap.root(q), 0) == heap.root(p)
    result = heap.root(q)
    heap.cut(p)
    result = heap.exit(result, dest)
    heap.push(result)
    heap.check()
    assert heap.slot(heap.slot(result, 0), 8) == n(1)
    heap.end()


def test_object_of_a_loop_in_a_younger_object_and_the_other_way_round(heap: Heap) -> None:
    base = heap.form()
    loop = heap.open()
    x = heap.push(heap.box(loop, n(1)))
    later = heap.push(heap.box(base, heap.root(x)))
    heap.store(heap.root(x), 8, heap.root(later))
    heap.check()
    heap.safepoint()
    heap.check()
    word = heap.exit(heap.root(later), base)
    heap.cut(0)
    heap.push(word)
    assert heap.slot(heap.slot(word, 8), 8) == word
    heap.check()
    heap.end()


def test_slot_overwritten_by_a_younger_object(heap: Heap) -> None:
    base = heap.form()
    b = heap.push(heap.box(base, w.NOTHING))
    first = heap.open()
    heap.store(heap.root(b), 8, heap.box(first, n(1)))
    second = heap.open()
    heap.store(heap.root(b), 8, heap.box(second, n(2)))
    heap.check()
    heap.exit()
    heap.check()
    heap.exit()
    heap.check()
    assert heap.slot(heap.slot(heap.root(b), 8), 8) == n(2)
    heap.end()


def test_container_dies_before_its_log_entry(heap: Heap) -> None:
    g = heap.cell()
    heap.form()

    def turn(i: int) -> None:
        loop = heap.open()
        c = heap.list(loop, [n(i)])
        heap.set_cell(g, heap.box(loop, c))
        heap.set_cell(g, n(0))
        poll(heap)
        heap.exit()
        poll(heap)

    flat(heap, 3000, turn)
    heap.end()


@pytest.mark.parametrize("place", ["caller", "global box", "cell"])
def test_state_in_an_older_place(heap: Heap, place: str) -> None:
    """(loop (box-set! b (step (box-ref b)))): every turn makes the next state from the last one."""
    g = heap.cell()
    if place == "global box":
        heap.set_cell(g, heap.box(heap.form(), w.NULL))
        heap.end()
    base = heap.form()
    b = heap.push(heap.box(base, w.NULL))
    heap.open()
    loop = heap.open()

    def turn(i: int) -> None:
        box = g.read("value") if place == "global box" else heap.root(b)
        state = g.read("value") if place == "cell" else heap.slot(box, 8)
        new = heap.pair(loop, n(i), heap.pair(loop, state if i % 10 else w.NULL, w.NULL))
        if place == "cell":
            heap.set_cell(g, new)
        else:
            heap.store(box, 8, new)
        heap.call("t_garbage", 50)
        poll(heap)

    flat(heap, 4000, turn)
    heap.exit()
    heap.exit()
    heap.check()
    heap.end()
    heap.check()


def test_edges_of_a_global_and_of_a_box(heap: Heap) -> None:
    """(set! g (make)) (box-set! last g), a form each."""
    g, last = heap.cell(), heap.cell()
    heap.set_cell(last, heap.box(heap.form(), w.NOTHING))
    heap.end()

    def turn(i: int) -> None:
        heap.heap.write(undead_budget=0)
        r = heap.form()
        heap.set_cell(g, heap.list(r, [n(i + j) for j in range(20)]))
        heap.store(last.read("value"), 8, g.read("value"))
        heap.end()

    flat(heap, 600, turn)
    assert heap.slot(last.read("value"), 8) == g.read("value")
    assert heap.heap.read("regions_live") < 60


def test_ring_of_entries_in_a_global(heap: Heap) -> None:
    """A global store whose slots are overwritten again and again, a form each: compaction keeps it flat."""
    g = heap.cell()
    r = heap.form()
    heap.set_cell(g, heap.object(r, "store", [w.NULL] * 16))
    heap.end()

    def turn(i: int) -> None:
        heap.form()
        heap.store(g.read("value"), 8 * (1 + i % 16), heap.list(heap.youngest, [n(i)] * 20))
        heap.end()

    flat(heap, 2000, turn)
    if heap.heap.read("mode") == 0:
        assert heap.heap.read("compactions") > 1
    assert heap.values(heap.slot(g.read("value"), 8)) == [n(1984)] * 20


def test_cycle_of_owned_regions_dies(heap: Heap) -> None:
    a, b = heap.cell(), heap.cell()

    def turn(_: int) -> None:
        heap.heap.write(undead_budget=0)
        for cell in (a, b):
            heap.set_cell(cell, heap.box(heap.form(), w.NOTHING))
            heap.end()
        heap.store(a.read("value"), 8, b.read("value"))
        heap.store(b.read("value"), 8, a.read("value"))
        heap.check()

    for i in range(200):
        turn(i)
    assert heap.heap.read("regions_live") < 20


def test_held_across_compaction(heap: Heap) -> None:
    db = heap.cell()
    r = heap.form()
    store = heap.object(r, "store", [heap.list(r, [n(1), n(2)])] + [w.NULL] * 63)
    heap.set_cell(db, store)
    heap.end()
    heap.form()
    x = heap.push(heap.slot(db.read("value"), 8))
    heap.store(db.read("value"), 8, w.NULL)
    region = heap.region(heap.region_of(db.read("value")))
    for i in range(200):  # objects that grow in place, as a container's new backing does
        heap.store(db.read("value"), 16 + 8 * (i % 60), heap.object(region.address, "store", [n(i)] * 200))
        poll(heap)
    heap.check()
    assert heap.heap.read("compactions") > 0
    assert heap.values(heap.root(x)) == [n(1), n(2)]
    heap.end()
    heap.check()


def test_growth_between_a_logged_store_and_the_end(heap: Heap) -> None:
    """The backing of a caller's array is replaced; the log names both."""
    base = heap.form()
    array = heap.push(heap.object(base, "array", [n(1), heap.object(base, "store", [w.NULL] * 2)]))
    r = heap.open()
    x = heap.push(heap.box(r, n(5)))
    heap.store(heap.slot(heap.root(array), 16), 8, heap.root(x))
    bigger = heap.object(base, "store", [heap.root(x), w.NULL, w.NULL, w.NULL])
    heap.store(heap.slot(heap.root(array), 16), 8, w.fixnum(0))
    heap.store(heap.root(array), 16, bigger)
    heap.safepoint()
    heap.check()
    heap.cut(x)
    heap.exit()
    heap.check()
    assert heap.slot(heap.slot(heap.slot(heap.root(array), 16), 8), 8) == n(5)
    heap.end()


def test_log_of_slots_stored_again_and_again_stays_short(heap: Heap) -> None:
    """Nothing is allocated, so nothing is evacuated: the log itself is trimmed."""
    base = heap.form()
    boxes = [heap.push(heap.box(base, w.NOTHING)) for _ in range(3)]
    middle = heap.open()
    x = heap.push(heap.box(middle, n(1)))
    heap.open()
    for i in range(20_000):
        heap.store(heap.root(boxes[i % 3]), 8, heap.root(x))
    assert heap.region(middle).read("log_capacity") <= 256
    heap.exit()
    heap.cut(x)
    heap.exit()
    heap.check()
    heap.end()


def test_more_regions_than_are_opened(heap: Heap) -> None:
    """Above the limit the youngest region is shared; an error restores the height."""
    base = heap.form()
    frames = []
    for i in range(3000):
        frames.append(heap.height)
        r = heap.open()
        heap.push(heap.box(r, n(i)))
    assert heap.segment.read("height") == 3001
    assert heap.heap.read("regions_live") < 1100
    heap.check()
    for height in reversed(frames[1500:]):
        word = heap.root(height)
        heap.cut(height)
        word = heap.exit(word, base)
    assert heap.segment.read("height") == 1501
    heap.push(word)
    heap.check()
    heap.cut(0)
    heap.call("rt_unwind", base, w.NOTHING)
    assert heap.youngest == base
    assert heap.segment.read("height") == 1
    heap.end()


def test_deep_recursion_is_not_quadratic() -> None:
    """A root at each of 300 000 levels, garbage at each: the root stack counts in the threshold."""
    heap = Heap()
    heap.form()
    words_scanned = 0
    for _ in range(300):
        r = heap.youngest
        for _ in range(100):
            heap.push(heap.box(r, w.NULL))
        top = heap.task.read("root_top")
        heap.task.write(root_top=top + 8 * 900)  # zero words: fixnums
        before = heap.heap.read("evacuations")
        heap.call("t_garbage", 4000)
        words_scanned += (heap.heap.read("evacuations") - before) * heap.height
    assert words_scanned < 20 * 300_000
    heap.end()
    heap.close()


def test_large_payload_moves_by_relinking(heap: Heap) -> None:
    base = heap.form()
    r = heap.open()
    word = heap.object(r, "store", [heap.box(r, n(3))] + [w.NULL] * 4000)
    x = heap.push(word)
    heap.safepoint()
    assert heap.root(x) == word
    heap.cut(x)
    assert heap.exit(word, base) == word
    heap.push(word)
    assert heap.keeps(base, word)
    assert heap.slot(heap.slot(word, 8), 8) == n(3)
    heap.check()
    heap.end()
    heap.call("rt_free_undead")
    assert heap.heap.read("held_bytes") == 0
