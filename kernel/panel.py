"""The accounting of a cell as HTML: one line, with the table behind it, a bar for what is held now."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from jit_runtime.amounts import bytes_text, count_text
from omni_repl.accounting import Counters, amount_text, seconds_text, table

# Held bytes over time, as many samples as the sparkline shows.
SAMPLES = 120
_WIDTH, _HEIGHT = 120, 18


def panel(seconds: float, delta: Counters, now: Counters, held: Sequence[int], *, running: bool) -> dict[str, Any]:
    """A mime bundle. `delta` is what the cell did, `now` the session's levels, `held` samples of held bytes."""
    state = "running" if running else "done"
    return {"text/html": _html(state, seconds, delta, now, held), "text/plain": _plain(state, seconds, delta, now)}


def _facts(seconds: float, delta: Counters, now: Counters) -> list[tuple[str, str]]:
    return [
        ("time", seconds_text(seconds)),
        ("compiling", amount_text(delta.get("compile_us", 0), "microseconds")),
        ("live regions", count_text(now.get("regions_live", 0))),
        ("held", bytes_text(now.get("held_bytes", 0))),
        ("allocated", amount_text(delta.get("bytes_allocated", 0), "bytes")),
        ("evacuations", count_text(delta.get("evacuations", 0))),
        ("spliced", count_text(delta.get("splices", 0))),
        ("retained", count_text(delta.get("retains", 0))),
        ("transmigrated", count_text(delta.get("objects_moved", 0))),
    ]


def _plain(state: str, seconds: float, delta: Counters, now: Counters) -> str:
    return f"[{state}] " + ", ".join(f"{name} {value}" for name, value in _facts(seconds, delta, now))


def _html(state: str, seconds: float, delta: Counters, now: Counters, held: Sequence[int]) -> str:
    facts = " · ".join(f"{name} <b>{html.escape(value)}</b>" for name, value in _facts(seconds, delta, now))
    rows = "".join(f"<tr><td style='text-align:left'>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>" for name, value in table(delta))
    mark = "●" if state == "running" else "○"
    return (
        f'<details class="omni-accounting" data-state="{state}" style="font-size:85%;opacity:.85">'
        f"<summary>{mark} {facts} {_sparkline(held)}</summary><table>{rows}</table></details>"
    )


def _sparkline(held: Sequence[int]) -> str:
    """Held bytes over time, scaled to the largest; nothing for fewer than two samples."""
    if len(held) < 2:
        return ""
    top = max(held) or 1
    step = _WIDTH / (len(held) - 1)
    points = " ".join(f"{index * step:.1f},{_HEIGHT - 2 - (_HEIGHT - 4) * value / top:.1f}" for index, value in enumerate(held))
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" style="vertical-align:middle" role="img" aria-label="held bytes over time">'
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.2"/></svg>'
    )
