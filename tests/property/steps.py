"""Steps on a heap that several files of tests take."""

from __future__ import annotations

from collections.abc import Callable

from jit_runtime.engine.native import Struct
from jit_runtime.layout import words as w
from jit_runtime.layout.records import SEGMENT
from tests.property.heap import Heap
from tests.property.sums import check_sums


def flat(heap: Heap, turns: int, turn: Callable[[int], None]) -> None:
    """What the regions hold after all turns is no more than twice what they held after a tenth of them, or 1 MiB."""
    for i in range(turns // 10):
        turn(i)
    before = heap.heap.read("held_bytes")
    for i in range(turns // 10, turns):
        turn(i)
    assert heap.heap.read("held_bytes") <= max(2 * before, 1 << 20)
    heap.check()


def poll(heap: Heap) -> None:
    if heap.task.read("poll"):
        heap.safepoint()


def started(heap: Heap) -> tuple[Struct, int]:
    """A segment that runs, and the word of the box that stands for it."""
    segment, home = heap.new_segment()
    word = heap.box(home, w.NOTHING)
    heap.push(word)
    heap.resume(segment)
    heap.open()
    return segment, word


def garbage(heap: Heap, pairs: int) -> None:
    heap.made += 16 * pairs
    heap.call("t_garbage", pairs)


def count(heap: Heap) -> int:
    """Segments that did not end."""
    found, at = 0, heap.task.read("segments")
    while at:
        found, at = found + 1, heap.record(SEGMENT, at).read("next")
    return found


def settle(heap: Heap) -> None:
    for _ in range(3):
        heap.call("rt_free_all_dead")
    heap.check()
    check_sums(heap)
