"""One line of the results, and the statistics of repeated measurements."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Times:
    """Seconds of each repetition."""

    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        ordered = sorted(self.seconds)
        middle = len(ordered) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2

    @property
    def spread(self) -> float:
        """Half of the distance between the extremes, as a fraction of the median."""
        return (max(self.seconds) - min(self.seconds)) / 2 / self.median if self.median else 0.0


@dataclass
class Row:
    """A requirement: `value` must be at most `target`. `error` says why there is no value."""

    name: str
    value: float | None
    target: float | None
    unit: str
    detail: str = ""
    error: str = ""

    @property
    def verdict(self) -> str:
        if self.error:
            return "**fails**"
        if self.value is None or self.target is None:
            return "-"
        return "yes" if self.value <= self.target else "**no**"


@dataclass
class KernelRow:
    """A program: `results` maps a system ("omni", "c", ...) to its times or to the reason why it has none."""

    name: str
    target: float
    results: dict[str, Times | str] = field(default_factory=dict)
    peak_mib: float = 0.0

    def ratio(self, system: str) -> float | None:
        """Median time as a multiple of C's."""
        times, c = self.results.get(system), self.results.get("c")
        return times.median / c.median if isinstance(times, Times) and isinstance(c, Times) else None

    @property
    def best_peer(self) -> tuple[str, float] | None:
        """The fastest system other than Omni and hand-written C."""
        ratios = [(ratio, name) for name in self.results if name not in ("omni", "c", "c-arena") and (ratio := self.ratio(name)) is not None]
        return (min(ratios)[1], min(ratios)[0]) if ratios else None

    @property
    def verdict(self) -> str:
        ours = self.ratio("omni")
        if ours is None:
            return "**fails**" if isinstance(self.results.get("omni"), str) else "-"
        return "yes" if ours <= self.target else "**no**"
