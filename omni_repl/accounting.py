"""Region counters as people read them: the toolbar, `--stats`, `,stats` and the notebook panel share these words."""

from __future__ import annotations

from collections.abc import Mapping

from jit_runtime.amounts import bytes_text, count_text, short_text

Counters = Mapping[str, int]

# (key of Session.stats(), what it is called, "bytes", "count" or "microseconds"), in the order they are shown.
ROWS = (
    ("regions_live", "live regions", "count"),
    ("held_bytes", "bytes held by regions", "bytes"),
    ("spare_bytes", "bytes that no region holds: free blocks, owner words", "bytes"),
    ("table_bytes", "bytes of logs and sets of edges", "bytes"),
    ("mapped_bytes", "bytes mapped from the system, all together", "bytes"),
    ("undead_bytes", "bytes in undead regions", "bytes"),
    ("bytes_allocated", "bytes allocated", "bytes"),
    ("bytes_freed", "bytes freed, copies too", "bytes"),
    ("regions_created", "regions created", "count"),
    ("regions_reused", "of those from the pool", "count"),
    ("regions_reclaimed", "regions reclaimed", "count"),
    ("exits", "region exits", "count"),
    ("resets", "loop spaces reset", "count"),
    ("evacuations", "evacuations", "count"),
    ("promotions", "of those with promotion", "count"),
    ("compactions", "compactions of owned regions", "count"),
    ("merges", "owned regions merged", "count"),
    ("retires", "regions retired in place", "count"),
    ("objects_moved", "objects transmigrated", "count"),
    ("bytes_moved", "bytes transmigrated", "bytes"),
    ("bytes_moved_out", "of those, out of their region", "bytes"),
    ("bytes_born_in_place", "bytes born in their destination", "bytes"),
    ("splices", "regions spliced", "count"),
    ("retains", "regions retained", "count"),
    ("log_entries", "barrier entries logged", "count"),
    ("code_bytes", "bytes of machine code", "bytes"),
    ("instances", "instances of functions", "count"),
    ("units_compiled", "units compiled", "count"),
    ("units_optimised", "of those optimised", "count"),
    ("llvm_instructions", "LLVM instructions compiled", "count"),
    ("compile_us", "spent compiling", "microseconds"),
)


def amount_text(count: int, unit: str) -> str:
    if unit == "microseconds":
        return seconds_text(count / 1e6)
    return bytes_text(count) if unit == "bytes" else count_text(count)


def summary(now: Counters) -> str:
    """What lives now, the session's repairs, and what was allocated in all; the first two in less than 80 columns."""
    moved, spliced, retained, objects = (short_text(now.get(key, 0)) for key in ("evacuations", "splices", "retains", "objects_moved"))
    return (
        f"{short_text(now.get('regions_live', 0))} regions {bytes_text(now.get('held_bytes', 0))}"
        f" │ {moved} evacuated {spliced} spliced {retained} retained │ {objects} transmigrated"
        f" │ {bytes_text(now.get('bytes_allocated', 0))} allocated"
    )


def delta_summary(delta: Counters, seconds: float) -> str:
    """One line for a form or a cell: what it did."""
    parts = [seconds_text(seconds), f"{bytes_text(delta.get('bytes_allocated', 0))} allocated"]
    if delta.get("compile_us"):
        parts[0] += f" ({seconds_text(delta['compile_us'] / 1e6)} compiling)"
    parts += [
        f"{count_text(delta[key])} {name}"
        for key, name in (("evacuations", "evacuations"), ("splices", "spliced"), ("retains", "retained"), ("objects_moved", "objects transmigrated"))
        if delta.get(key)
    ]
    return ", ".join(parts)


def seconds_text(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def table(counters: Counters) -> list[tuple[str, str]]:
    """(name, amount) of every counter the session reports, in the order of ROWS."""
    return [(name, amount_text(counters[key], unit)) for key, name, unit in ROWS if key in counters]


def table_text(counters: Counters) -> str:
    """The table in two columns, numbers to the right."""
    rows = table(counters)
    width = max((len(amount) for _, amount in rows), default=0)
    return "\n".join(f"{amount:>{width}}  {name}" for name, amount in rows)


def difference(before: Counters, after: Counters) -> dict[str, int]:
    """What happened between two samples; levels (live, held, mapped) become their change."""
    return {key: value - before.get(key, 0) for key, value in after.items() if isinstance(value, int)}
