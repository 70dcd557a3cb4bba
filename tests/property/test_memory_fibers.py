"""Segments that take turns, as fibers and handlers do, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jit_runtime.layout import words as w
from tests.property.heap import Heap
from tests.property.steps import flat, garbage, poll, started

n = w.fixnum


def switching(heap: Heap, turns: int, body: Callable[[int], None], clause: Callable[[int], None]) -> None:
    """A fiber that yields every turn."""
    fiber, _ = started(heap)
    heap.suspend()

    def turn(i: int) -> None:
        heap.resume(fiber)
        body(i)
        poll(heap)
        heap.suspend()
        clause(i)
        poll(heap)

    flat(heap, turns, turn)


@pytest.mark.parametrize("place", ["global", "caller"])
def test_a_fiber_with_young_state_in_a_shared_container(heap: Heap, place: str) -> None:
    """It makes its next state from the last one; a reader keeps what it read once."""
    g = heap.cell()
    if place == "global":
        heap.set_cell(g, heap.box(heap.form(), w.NULL))
        heap.end()
    base = heap.form()
    box = heap.push(g.read("value") if place == "global" else heap.box(base, w.NULL))
    heap.call("rt_share", heap.root(box))
    kept = heap.push(w.NULL)

    def body(i: int) -> None:
        shared = heap.load(heap.segment.read("root_bottom"), 8 * box)
        state = heap.slot(shared, 8)
        heap.store(shared, 8, heap.pair(heap.youngest, n(i), heap.pair(heap.youngest, state if i % 10 else w.NULL, w.NULL)))
        garbage(heap, 60)

    def clause(i: int) -> None:
        if i == 100:
            heap.set_root(kept, heap.slot(heap.root(box), 8))
        garbage(heap, 20)

    switching(heap, 3000, body, clause)
    assert heap.slot(heap.root(kept), 0) == n(100)
    heap.end()


def test_a_fiber_moves_the_container_that_the_main_program_s_log_names(heap: Heap) -> None:
    """The fiber puts a new box into a global one each turn, the main program its own young list into that."""
    g = heap.cell()
    heap.set_cell(g, heap.box(heap.form(), w.NOTHING))
    heap.end()
    heap.form()

    def body(i: int) -> None:
        heap.store(g.read("value"), 8, heap.box(heap.youngest, heap.list(heap.youngest, [n(i)])))
        garbage(heap, 30)

    def clause(i: int) -> None:
        mine = heap.list(heap.youngest, [n(i)])
        heap.store(heap.slot(g.read("value"), 8), 8, mine)
        at = heap.push(mine)
        garbage(heap, 30)
        assert heap.slot(heap.slot(g.read("value"), 8), 8) == heap.root(at)
        heap.cut(at)

    switching(heap, 3000, body, clause)
    assert heap.values(heap.slot(heap.slot(g.read("value"), 8), 8)) == [n(2999)]
    heap.end()


def test_messages_that_are_stored_into_themselves(heap: Heap) -> None:
    """(loop (let [m (recv ch)] (box-set! m (list m))))"""
    heap.form()
    slot = heap.push(w.NOTHING)

    def body(i: int) -> None:
        message = heap.load(heap.segment.read("root_bottom"), 8 * slot)
        heap.store(message, 8, heap.list(heap.youngest, [message, n(i)]))

    def clause(i: int) -> None:
        message = heap.box(heap.youngest, n(i))
        heap.set_root(slot, message)
        heap.call("rt_share", message)
        garbage(heap, 30)

    heap.set_root(slot, heap.box(heap.youngest, n(0)))
    heap.call("rt_share", heap.root(slot))
    switching(heap, 3000, body, clause)
    heap.end()


def test_turns_whose_dead_temporaries_name_the_turn_before(heap: Heap) -> None:
    g = heap.cell()
    heap.set_cell(g, heap.box(heap.form(), w.NULL))
    heap.end()
    heap.form()
    heap.push(g.read("value"))

    def body(i: int) -> None:
        last = heap.slot(g.read("value"), 8)
        heap.pair(heap.youngest, last, w.NULL)
        heap.store(g.read("value"), 8, heap.pair(heap.youngest, n(i), w.NULL))

    switching(heap, 3000, body, lambda i: None)
    heap.end()


def test_fibers_that_each_leave_a_message_behind(heap: Heap) -> None:
    """A new fiber every turn, whose dead temporary names what the one before left."""
    g = heap.cell()
    heap.set_cell(g, heap.box(heap.form(), w.NULL))
    heap.end()
    heap.form()

    def turn(i: int) -> None:
        heap.cut(0)
        segment, _ = started(heap)
        heap.pair(heap.youngest, heap.slot(g.read("value"), 8), w.NULL)
        heap.store(g.read("value"), 8, heap.pair(heap.youngest, n(i), w.NULL))
        heap.suspend()
        heap.call("rt_segment_destroy", segment.address)
        poll(heap)

    flat(heap, 3000, turn)
    heap.end()
