"""The books of a heap: every sum of the accounting against the blocks, edges and lists as they lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from jit_runtime.data_form import load
from jit_runtime.engine.native import Struct
from jit_runtime.layout.records import BLOCK, CHUNK, LOG_ENTRY, REGION, SEGMENT, Record
from jit_runtime.session import Session
from tests.property.heap import Heap

PAIRS, OWN = 1, 4
UNDEAD = 3
OWNER_TABLE = 1 << 14


class SessionHeap:
    """A session's heap, with the part of `Heap` that reading the books needs. What programs made is not known."""

    made = None

    def __init__(self, session: Session) -> None:
        self.heap, self.call = session.engine.heap, session.engine.call
        self.task = session.engine.task

    def record(self, record: Record, address: int) -> Struct:
        return Struct(record, address)

    def region(self, address: int) -> Struct:
        return Struct(REGION, address)

    def load(self, address: int, offset: int) -> int:
        return load(address + offset)


def check_sums(heap: Heap | SessionHeap, *, mapped: bool = True) -> None:
    """Exact after rt_stats_sync: total = sum over regions, allocated - freed = live; counts never negative.

    `mapped`: also what is mapped, which looks at every free block.
    """
    heap.call("rt_stats_sync")
    regions = list(regions_of(heap))
    total = {name: sum(r.read(name) for r in regions) for name in ("held", "allocated")}
    read = heap.heap.read
    assert total["held"] == read("held_bytes")
    assert sum(r.read("held") for r in regions if r.read("state") == UNDEAD) == read("undead_bytes")
    assert len(regions) == read("regions_live") == read("regions_created") - read("regions_reclaimed")
    assert total["allocated"] + read("bytes_ended") == read("bytes_allocated")
    assert heap.made in (None, read("bytes_allocated"))
    live = sum(used_bytes(heap, r) for r in regions)
    assert live == read("bytes_allocated") + read("bytes_moved") - read("bytes_relinked") - read("bytes_freed")
    assert read("bytes_moved_out") <= read("bytes_moved") and read("bytes_born_in_place") <= read("bytes_allocated")
    for r in regions:
        assert sum(b.read("size") for b in blocks_of(heap, r)) == r.read("held")
    if mapped:
        check_mapped(heap, regions)
    retained = Counter(s for r in regions for s in edges_of(heap, r))
    assert all(r.read("external_rc") == retained[r.address] for r in regions)


def check_mapped(heap: Heap | SessionHeap, regions: list[Any]) -> None:
    """Tables are those of all records, pooled ones too; with what is held and what is free they are all that is mapped."""
    read = heap.heap.read
    pooled = chain_of(heap, REGION, read("free_regions"))
    records = [*regions, *pooled, *([heap.region(read("from_record"))] if read("from_record") else [])]
    assert read("table_bytes") == sum(LOG_ENTRY.size * r.read("log_capacity") + 8 * r.read("edge_capacity") for r in records)
    free = [b for name in ("free_small", "free_medium", "free_large") for b in chain_of(heap, BLOCK, read(name))]
    waiting = [b for name in ("kept_large", "quarantine") for b in chain_of(heap, BLOCK, read(name))]
    own = [b for b in [*waiting, *(b for r in regions for b in blocks_of(heap, r))] if b.read("kind") == OWN]
    tables = len(list(chain_of(heap, CHUNK, read("chunks")))) + len(own)
    unused = read("fresh_end") - read("fresh") + read("batch_end") - read("batch")
    spare = sum(b.read("size") for b in [*free, *waiting]) + unused + OWNER_TABLE * tables
    assert read("mapped_bytes") == read("held_bytes") + read("table_bytes") + spare


def chain_of(heap: Heap | SessionHeap, record: Record, address: int) -> Iterator[Any]:
    while address:
        found = heap.record(record, address)
        yield found
        address = found.read("next")


def regions_of(heap: Heap | SessionHeap) -> Iterator[Any]:
    lists = [(heap.heap.read(name), "next") for name in ("owned", "undead", "literals")]
    segment = heap.task.read("segments")
    while segment:
        record = heap.record(SEGMENT, segment)
        lists.append((record.read("youngest"), "older"))
        segment = record.read("next")
    for address, link in lists:
        while address:
            region = heap.region(address)
            yield region
            address = region.read(link)
    for name in ("permanent", "constants"):
        yield heap.region(heap.heap.read(name))


def blocks_of(heap: Heap | SessionHeap, region: Any) -> Iterator[Any]:
    for field in ("blocks", "large"):
        address = region.read(field)
        while address:
            block = heap.record(BLOCK, address)
            yield block
            address = block.read("next")


def used_bytes(heap: Heap | SessionHeap, region: Any) -> int:
    """Of objects in its blocks; a lane's current block ends where the lane stands."""
    total = 0
    bumps = {region.read("pair_block"): heap.load(region.address, 0), region.read("object_block"): heap.load(region.address, 24)}
    for block in blocks_of(heap, region):
        end = block.read("used") if block.read("kind") == OWN else bumps.get(block.address) or block.read("used")
        total += end - block.read("start")
    return total


def edges_of(heap: Heap | SessionHeap, region: Any) -> list[int]:
    at = region.read("edges")
    found = [heap.load(at, 8 * i) for i in range(region.read("edge_capacity"))] if region.read("edge_count") else []
    return [s for s in found if s]
