"""What a heap says that it holds, and what it gives back."""

from __future__ import annotations

from jit_runtime.layout import words as w
from tests.property.heap import Heap

n = w.fixnum


def test_totals_are_exact_on_request() -> None:
    heap = Heap()
    r = heap.form()
    heap.list(r, [n(1)] * 1000)
    heap.object(r, "store", [w.NULL] * 10)
    heap.call("rt_stats_sync")
    assert heap.heap.read("bytes_allocated") == 16_000 + 88
    heap.safepoint()
    heap.call("rt_stats_sync")
    heap.call("rt_stats_sync")
    assert heap.heap.read("bytes_allocated") == 16_000 + 88
    assert heap.region(r).read("allocated") == 16_000 + 88
    heap.end()
    assert heap.heap.read("bytes_allocated") == 16_000 + 88
    heap.close()


def test_unused_chunks_go_back() -> None:
    heap = Heap()
    heap.form()
    heap.push(w.NULL)
    heap.call("t_list", heap.bottom, 10_000_000)
    heap.end()
    most = heap.heap.read("mapped_bytes")
    assert most > 150 << 20
    for _ in range(32):
        heap.form()
        heap.end()
    assert heap.heap.read("mapped_bytes") <= 100 << 20
    heap.form()
    heap.push(w.NULL)
    heap.call("t_list", heap.bottom, 1_000_000)
    heap.check()
    heap.end()
    heap.close()


def test_mapping_takes_the_place_of_unused_chunks() -> None:
    """Under a limit that pairs filled before, a large object finds room."""
    heap = Heap(limit=64 << 20)
    heap.form()
    heap.push(w.NULL)
    heap.call("t_list", heap.bottom, 2_000_000)
    heap.end()
    heap.form()
    assert heap.heap.read("mapped_bytes") > 40 << 20
    heap.push(heap.object(heap.youngest, "bytes", [], b"\1" * (50 << 20)))
    heap.check()
    heap.end()
    heap.close()
