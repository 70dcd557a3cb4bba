"""Amounts as people read them."""

from __future__ import annotations


def bytes_text(count: int) -> str:
    """Three significant digits in binary units: `512 B`, `12.4 KiB`, `3.02 MiB`."""
    return f"{count} B" if abs(count) < 1024 else _scaled(count, 1024, (" KiB", " MiB", " GiB", " TiB"))


def count_text(count: int) -> str:
    """Digits in groups of three."""
    return f"{count:,}".replace(",", " ")


def short_text(count: int) -> str:
    """At most five characters: `9999`, `12.3k`, `4.56M`."""
    return str(count) if abs(count) < 10_000 else _scaled(count, 1000, ("k", "M", "G", "T"))


def _scaled(count: int, base: int, units: tuple[str, ...]) -> str:
    """Three significant digits in the unit that leaves less than 1000 of it."""
    power = 1
    while power < len(units) and abs(count) >= 1000 * base**power:
        power += 1
    size = count / base**power
    return f"{size:.{2 if abs(size) < 10 else 1 if abs(size) < 100 else 0}f}{units[power - 1]}"
