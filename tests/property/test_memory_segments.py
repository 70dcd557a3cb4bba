"""Several segments on the runtime's own records: what crosses over, what suspended ones keep, how they end; bounded memory."""

from __future__ import annotations

from random import Random

import pytest

from jit_runtime.layout import words as w
from jit_runtime.layout.records import SEGMENT
from tests.property.heap import MODES, Heap
from tests.property.segments import SegmentProgram
from tests.property.simulated import SimulatedHeap
from tests.property.steps import count, flat, garbage, settle, started

n = w.fixnum
HANDLER = 8  # stands for one: the runtime only asks whether there is any


# ---- random programs ----


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(6))
def test_random_programs(mode: str, seed: int) -> None:
    heap = Heap(MODES[mode])
    program = SegmentProgram(heap, Random(seed))
    program.run(forms=6, steps=300)
    assert program.compared > 1000
    assert len(program.stacks) > 40
    program.forget_globals()
    for _ in range(20):  # what a dropped one holds is dropped after it
        settle(heap)
        program.clean()
    assert count(heap) == 1
    assert heap.heap.read("regions_live") < 10
    heap.close()


@pytest.mark.soak
@pytest.mark.parametrize("mode", MODES)
def test_many_random_programs(mode: str) -> None:
    for seed in range(100, 200):
        heap = Heap(MODES[mode])
        SegmentProgram(heap, Random(seed)).run(forms=6, steps=300)
        heap.close()


@pytest.mark.parametrize("mode", MODES)
def test_random_programs_on_simulated_memory(mode: str) -> None:
    heap = SimulatedHeap(MODES[mode])
    program = SegmentProgram(heap, Random(2))
    program.run(forms=1, steps=70)
    assert sum(bool(stack.frames) for stack in program.stacks) >= 3


# ---- what crosses over ----


def test_sharing_is_transitive(heap: Heap) -> None:
    """`y` made by the caller, `(list y)` sent by the callee; the fiber takes `(car m)`; the caller returns; the fiber reads it."""
    heap.form()
    fiber, _ = started(heap)
    heap.suspend()
    heap.open()
    y = heap.push(heap.box(heap.youngest, n(7)))
    heap.open()
    message = heap.list(heap.youngest, [heap.root(y)])
    heap.call("rt_share", message)
    heap.resume(fiber)
    kept = heap.push(heap.slot(message, 0))
    heap.check()
    heap.suspend()
    heap.exit()
    heap.cut(y)
    heap.exit()
    garbage(heap, 5000)
    settle(heap)
    heap.resume(fiber)
    heap.safepoint()
    assert heap.slot(heap.root(kept), 8) == n(7)
    heap.suspend()
    heap.end()
    settle(heap)


def test_what_is_shared_stays_where_it_is(heap: Heap) -> None:
    heap.form()
    fiber, _ = started(heap)
    heap.suspend()
    x = heap.push(heap.box(heap.youngest, n(1)))
    word = heap.root(x)
    heap.call("rt_share", word)
    assert heap.root(x) == word
    assert heap.region_of(word) != heap.youngest
    heap.resume(fiber)
    heap.push(word)
    heap.store(word, 8, n(2))
    heap.suspend()
    assert heap.slot(heap.root(x), 8) == n(2)
    heap.end()


def test_a_store_of_what_another_segment_made_shares_it(heap: Heap) -> None:
    """The barrier alone, as if nobody had shared the value when it crossed over; and the container, which is another one's."""
    heap.form()
    mine = heap.push(heap.box(heap.youngest, w.NOTHING))
    started(heap)
    theirs = heap.list(heap.youngest, [n(1), n(2)])
    heap.push(theirs)
    container = heap.load(heap.segment.read("root_bottom"), 8 * mine)
    heap.store(container, 8, theirs)
    assert heap.region(heap.region_of(theirs)).read("state") in (2, 3)
    heap.check()
    heap.suspend()
    settle(heap)
    assert heap.values(heap.slot(heap.root(mine), 8)) == [n(1), n(2)]
    heap.end()


def test_what_was_stored_into_a_global_container_is_shared_when_the_segment_stops(heap: Heap) -> None:
    g = heap.cell()
    heap.set_cell(g, heap.box(heap.form(), w.NOTHING))
    heap.end()
    heap.form()
    fiber, _ = started(heap)
    below = heap.push(heap.box(heap.youngest, n(3)))
    heap.open()
    heap.store(g.read("value"), 8, heap.list(heap.youngest, [heap.root(below)]))
    heap.suspend()
    heap.check()
    found = heap.push(heap.slot(heap.slot(g.read("value"), 8), 0))
    heap.resume(fiber)
    heap.cut(below)
    heap.exit()
    garbage(heap, 3000)
    heap.suspend()
    settle(heap)
    assert heap.slot(heap.root(found), 8) == n(3)
    heap.end()


def test_a_younger_region_that_a_shared_one_names_is_shared(heap: Heap) -> None:
    """The box in the caller's region goes to a global; what it names was made by the callee, later."""
    g = heap.cell()
    heap.form()
    fiber, _ = started(heap)
    b = heap.push(heap.box(heap.youngest, w.NOTHING))
    heap.open()
    heap.store(heap.root(b), 8, heap.list(heap.youngest, [n(4)]))
    heap.set_cell(g, heap.root(b))
    heap.suspend()
    heap.check()
    found = heap.push(heap.slot(g.read("value"), 8))
    heap.resume(fiber)
    heap.safepoint()
    heap.exit()
    heap.suspend()
    settle(heap)
    assert heap.values(heap.root(found)) == [n(4)]
    heap.end()


# ---- handlers and continuations ----


def test_a_clause_keeps_a_payload_while_the_body_loops_and_moves(heap: Heap) -> None:
    heap.form()
    body, _ = started(heap)
    kept = []
    for i in range(200):
        payload = heap.list(heap.youngest, [n(i), n(i + 1)])
        heap.call("rt_share", payload)
        heap.suspend()
        kept.append(heap.push(payload))
        heap.resume(body)
        garbage(heap, 300)
        heap.safepoint()
    heap.suspend()
    settle(heap)
    assert [heap.values(heap.root(i)) for i in kept] == [[n(i), n(i + 1)] for i in range(200)]
    heap.end()


def test_a_continuation_in_a_global_is_resumed_after_everything_returned(heap: Heap) -> None:
    g = heap.cell()
    heap.form()
    heap.open()
    body, handle = started(heap)
    state = heap.push(heap.list(heap.youngest, [n(1), n(2)]))
    heap.suspend()
    heap.set_cell(g, handle)
    heap.cut(0)
    heap.exit()
    heap.end()
    for _ in range(5):
        heap.form()
        garbage(heap, 3000)
        settle(heap)
        heap.end()
    heap.form()
    heap.resume(body)
    assert heap.values(heap.root(state)) == [n(1), n(2)]
    heap.cut(0)
    heap.exit()
    heap.suspend()
    heap.call("rt_segment_destroy", body.address)
    heap.set_cell(g, w.NOTHING)
    heap.end()
    heap.form()
    settle(heap)
    assert heap.heap.read("held_bytes") == 0
    heap.end()


def test_dropped_continuations_free_their_memory_and_run_their_cleanups_once(heap: Heap) -> None:
    heap.form()
    cleaned = 0

    def turn(i: int) -> None:
        nonlocal cleaned
        segment, _ = started(heap)
        heap.push(heap.list(heap.youngest, [n(j) for j in range(100)]))
        if i % 2:
            heap.task.write(handler=HANDLER)
        heap.suspend()
        heap.cut(0)
        heap.call("rt_free_undead")
        while address := heap.call("rt_next_dropped"):
            dropped = heap.record(SEGMENT, address)
            assert i % 2 and address == segment.address
            heap.resume(dropped)
            assert heap.values(heap.root(0)) == [n(j) for j in range(100)]
            heap.task.write(handler=0)
            heap.suspend()
            heap.call("rt_segment_destroy", address)
            cleaned += 1

    flat(heap, 400, turn)
    assert cleaned == 200
    assert count(heap) == 1
    heap.end()


def test_a_continuation_that_only_its_own_body_can_reach_dies(heap: Heap) -> None:
    """Its roots name the object that stands for it; two that name each other die too."""
    heap.form()
    pair = []
    for _ in range(2):
        segment, handle = started(heap)
        heap.push(handle)
        heap.suspend()
        pair.append((segment, handle))
    for (_, handle), (_, other) in zip(pair, reversed(pair), strict=True):
        heap.store(handle, 8, other)
    settle(heap)
    assert count(heap) == 3
    heap.cut(0)
    settle(heap)
    assert count(heap) == 1
    assert heap.heap.read("held_bytes") < 4096
    heap.end()


def test_what_a_dropped_one_with_a_handler_names_waits_for_it(heap: Heap) -> None:
    """The other continuation has no handler; it must not go before the handler that may still resume it."""
    heap.form()
    other, handle = started(heap)
    heap.push(heap.list(heap.youngest, [n(5)]))
    heap.suspend()
    segment, _ = started(heap)
    heap.push(handle)
    heap.task.write(handler=HANDLER)
    heap.suspend()
    heap.cut(0)
    heap.call("rt_free_undead")
    assert count(heap) == 3
    assert heap.call("rt_next_dropped") == segment.address
    assert heap.call("rt_next_dropped") == 0
    heap.resume(segment)
    heap.resume(other)
    assert heap.values(heap.root(0)) == [n(5)]
    heap.suspend()
    heap.task.write(handler=0)
    heap.suspend()
    heap.call("rt_segment_destroy", segment.address)
    settle(heap)
    assert count(heap) == 1
    heap.end()
