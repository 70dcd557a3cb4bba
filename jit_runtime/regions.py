"""The regions of a session as Python reads them: their records, and what each says to people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from jit_runtime.data_form import load
from jit_runtime.dataclass import dataclass, field
from jit_runtime.engine.native import Struct
from jit_runtime.layout.records import CELL, LOG_ENTRY, REGION, SEGMENT

if TYPE_CHECKING:
    from jit_runtime.engine.engine import Engine

STATES = {1: "open", 2: "owned", 3: "undead", 4: "permanent"}
RUNNING = "running code"
MOST_ENTRIES = 10_000  # of a log that are looked at for names


def all_regions(engine: Engine) -> Iterator[Struct]:
    """All that are not free: the open ones of each segment from the youngest, the owned ones, undead ones, and those that stay."""
    heap = engine.heap
    segments = list(all_segments(engine))
    lists = [*((s.read("youngest"), "older") for s in segments), *((heap.read(name), "next") for name in ("owned", "undead", "literals"))]
    for address, link in lists:
        while address:
            region = Struct(REGION, address)
            yield region
            address = region.read(link)
    for name in ("permanent", "constants"):
        yield Struct(REGION, heap.read(name))


def all_segments(engine: Engine) -> Iterator[Struct]:
    address = engine.task.read("segments")
    while address:
        segment = Struct(SEGMENT, address)
        yield segment
        address = segment.read("next")


@dataclass(slots=True, eq=False)
class Region:
    """One region at one moment. `received`: bytes made in it, moved to it and adopted with regions. `owners`: names whose value it holds.

    `kept_by`: the shortest way to it, a name and then the ids of regions; empty where nothing but the stack may name it.
    """

    id: int
    state: str
    held: int
    peak: int
    received: int
    moves: int
    adoptions: int
    site: str
    owners: list[str]
    retains: list[int]
    kept_by: list[str | int] = field(default_factory=list)

    @property
    def parent(self) -> int | None:
        """The region that it is shown under."""
        last = self.kept_by[-1] if self.kept_by else None
        return last if isinstance(last, int) else None


def regions_now(engine: Engine, cells: Mapping[str, int], site_text: Callable[[int], str]) -> list[Region]:
    """All regions, oldest first. `cells`: address of each name's cell, `site_text(number)`: what a birth site says."""
    engine.call("rt_stats_sync")
    records = list(all_regions(engine))
    owners: dict[int, list[str]] = {}
    for name, cell in cells.items():
        owners.setdefault(load(cell + CELL.offsets["region"]), []).append(name)
    names = {cell: name for name, cell in cells.items()}
    found = [_region(r, owners.get(r.address, []) or _logged_names(r, names), site_text(r.read("site"))) for r in records]
    _find_keepers(found)
    return sorted(found, key=lambda r: r.id)


def _region(record: Struct, owners: list[str], site: str) -> Region:
    return Region(
        id=record.read("serial"),
        state=STATES[record.read("state")],
        held=record.read("held"),
        peak=record.read("peak"),
        received=record.read("allocated") + record.read("bytes_in"),
        moves=record.read("moves"),
        adoptions=record.read("adoptions"),
        site=site,
        owners=sorted(owners),
        retains=sorted(Struct(REGION, r).read("serial") for r in edges_of(record)),
    )


def edges_of(record: Struct) -> list[int]:
    """Addresses of the regions that it retains."""
    edges, count = record.read("edges"), record.read("edge_capacity") if record.read("edge_count") else 0
    return [r for i in range(count) if (r := load(edges + 8 * i))]


def _logged_names(record: Struct, names: Mapping[int, str]) -> list[str]:
    """Globals that were set to values in an open region."""
    log = record.read("log")
    containers = {load(log + LOG_ENTRY.size * i) for i in range(min(record.read("log_count"), MOST_ENTRIES))}
    return [names[c] for c in containers if c in names]


def _find_keepers(regions: list[Region]) -> None:
    """The shortest way to each: from globals of the program, then the history's, then running code, then what stays."""
    by_id = {r.id: r for r in regions}
    rank = {"owned": 0, "undead": 0, "open": 2, "permanent": 3}

    def first(r: Region) -> tuple[int, int]:
        return rank[r.state] + (1 if r.state == "owned" and all(name.startswith("*") for name in r.owners) else 0), r.id

    for start in sorted((r for r in regions if r.owners or r.state in ("open", "permanent")), key=first):
        if not start.kept_by:
            start.kept_by = [RUNNING] if start.state == "open" else [start.owners[0]] if start.owners else ["the session"]
    work = sorted((r for r in regions if r.kept_by), key=first)
    for r in work:  # grows while it is walked
        for target in (by_id[i] for i in r.retains if i in by_id):
            if not target.kept_by:
                target.kept_by = [*r.kept_by, r.id]
                work.append(target)
