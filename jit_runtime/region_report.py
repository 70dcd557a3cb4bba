"""`(region-report)`: what holds memory that nobody uses, and what holds more than at the last report.

A retention cliff is a region that received much and keeps little of it. Before the report everything that is dead goes, so
what a region holds then is alive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jit_runtime.amounts import bytes_text
from jit_runtime.dataclass import dataclass
from jit_runtime.regions import RUNNING, Region

LEAST_RECEIVED = 64 << 10  # bytes: below it nothing is a cliff
SURVIVORS = 4  # a cliff keeps less than 1 / SURVIVORS of what it received
LEAST_GROWTH = 4 << 10  # bytes between two reports that are worth a line
MOST = 12  # rows of each list


@dataclass(frozen=True, slots=True)
class Cliff:
    """`freed`: bytes that were dead until this report."""

    region: Region
    freed: int

    @property
    def suggestion(self) -> str:
        """What to try, in words."""
        name = str(self.region.kept_by[0]) if self.region.kept_by else "it"
        if self.region.state == "open":
            return "a turn's values live on in variables from outside: let the loop carry Ints, or make temporaries in a function that returns one"
        if self.freed * 2 > self.region.received:
            return f"most of it was dead and waited for {name} to receive more: set {name} to a fresh value when it was emptied"
        return f"values are stored in {name} and replaced soon: keep them in a local, and store what stays"


@dataclass(frozen=True, slots=True)
class Growth:
    """What one holder keeps alive, at the last report and now. `part`: the way to most of it, from the holder."""

    holder: str
    before: int
    now: int
    site: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """What the last report found: bytes by holder (`held_by`), and what each region had received (`traffic_of`)."""

    held: Mapping[str, int]
    traffic: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Report:
    """`first`: there was no report before it to compare with."""

    cliffs: Sequence[Cliff]
    grown: Sequence[Growth]
    freed: int
    first: bool


def held_by(regions: Sequence[Region]) -> dict[str, int]:
    """Bytes that each global keeps alive, its own region and those under it; each region counts for one holder."""
    found: dict[str, int] = {}
    for r in regions:
        if r.kept_by and r.state != "permanent" and r.kept_by[0] != RUNNING:
            holder = str(r.kept_by[0])
            found[holder] = found.get(holder, 0) + r.held
    return found


def traffic_of(regions: Sequence[Region]) -> dict[int, int]:
    """Bytes that each region ever received, by its number."""
    return {r.id: r.received for r in regions}


def report(before: Sequence[Region], now: Sequence[Region], last: Past | None) -> Report:
    """`before`: the regions before what is dead went. `last`: at the last report, None for the first."""
    held = {r.id: r.held for r in before}
    cliffs = [
        Cliff(r, max(0, held.get(r.id, r.held) - r.held))
        for r in now
        if r.state in ("open", "owned") and r.received >= LEAST_RECEIVED and r.received > SURVIVORS * r.held
    ]
    sites = {r.owners[0]: r.site for r in now if r.owners}
    past = last or Past({}, {})
    moved = {str(r.kept_by[0]) for r in now if r.kept_by and past.traffic.get(r.id) != r.received}  # blocks come and go without, where a region moves
    grown = [Growth(name, past.held.get(name, 0), bytes, sites.get(name, "")) for name, bytes in held_by(now).items() if name in moved]
    grown = [g for g in grown if g.now - g.before >= LEAST_GROWTH]
    return Report(
        sorted(cliffs, key=lambda c: c.region.received - c.region.held, reverse=True)[:MOST],
        sorted(grown, key=lambda g: g.now - g.before, reverse=True)[:MOST],
        max(0, sum(r.held for r in before) - sum(r.held for r in now)),
        last is None,
    )


def report_text(found: Report) -> str:
    parts = [_cliffs(found.cliffs), _grown(found.grown, found.first)]
    if found.freed:
        parts.append(f"{bytes_text(found.freed)} were dead and are free now")
    return "\n".join(parts)


def _cliffs(cliffs: Sequence[Cliff]) -> str:
    if not cliffs:
        return "no retention cliffs: no region received much more than it keeps"
    lines = ["retention cliffs: regions that received much and keep little"]
    for cliff in cliffs:
        r = cliff.region
        names = " ".join(r.owners) or " ".join(map(str, r.kept_by[:1]))
        lines.append(f"  {names} #{r.id}: received {bytes_text(r.received)}, keeps {bytes_text(r.held)}, moved {r.moves}x; {r.site}")
        lines.append(f"    {cliff.suggestion}")
    return "\n".join(lines)


def _grown(grown: Sequence[Growth], first: bool) -> str:
    title = "what holds most" if first else "grew since the last report"
    if not grown:
        return "nothing holds much" if first else "nothing grew since the last report"
    lines = [title]
    for g in grown:
        change = bytes_text(g.now) if first else f"{bytes_text(g.before)} -> {bytes_text(g.now)}, +{bytes_text(g.now - g.before)}"
        part = f", most of it in {g.part}" if g.part else ""
        lines.append(f"  {g.holder}: {change}{part}; {g.site}")
    return "\n".join(lines)
