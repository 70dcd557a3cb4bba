"""The regions as a tree, for people: text for a terminal, HTML for a notebook."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from jit_runtime.amounts import bytes_text
from jit_runtime.regions import Region

BAR = 8  # characters of the largest region's bar


def tree_text(regions: Sequence[Region]) -> str:
    """A line for each region: who keeps it alive, id, bytes, how it came to be."""
    rows = [(prefix + name_of(r), f"#{r.id}", bytes_text(r.held), _bar(r, regions), facts_of(r, _below(r, regions))) for prefix, r in _lines(regions)]
    wide = [max((len(row[i]) for row in rows), default=0) for i in range(4)]
    lines = [f"{a:<{wide[0]}}  {b:>{wide[1]}}  {c:>{wide[2]}}  {d:<{wide[3]}}  {e}".rstrip() for a, b, c, d, e in rows]
    return "\n".join([summary_of(regions), *lines, *_literals(regions)])


def _literals(regions: Sequence[Region]) -> list[str]:
    """One line for the regions that hold literals of linked code: there are many, and nobody can do anything about them."""
    found = [r for r in regions if is_literals(r)]
    return [f"literals of code: {len(found)} regions, {bytes_text(sum(r.held for r in found))}"] if found else []


def is_literals(r: Region) -> bool:
    return r.state == "permanent" and bool(r.site)


def tree_html(regions: Sequence[Region]) -> str:
    import html

    most = max((r.held for r in regions), default=0) or 1
    rows = []
    for prefix, r in _lines(regions):
        bar = f'<div style="background:currentColor;opacity:.4;height:.7em;width:{100 * r.held // most}px"></div>'
        name, facts = html.escape(name_of(r)), html.escape(facts_of(r, _below(r, regions)))
        cells = (f"<code>{html.escape(prefix)}</code>{name}", f"#{r.id}", bytes_text(r.held), bar, facts)
        rows.append("<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in cells) + "</tr>")
    head = "".join(f'<th style="text-align:left">{title}</th>' for title in ("kept by", "region", "bytes", "", ""))
    literals = " ".join(_literals(regions))
    return f'<div class="omni-regions">{html.escape(summary_of(regions))}<table><tr>{head}</tr>{"".join(rows)}</table>{literals}</div>'


def summary_of(regions: Sequence[Region]) -> str:
    undead = sum(r.held for r in regions if r.state == "undead")
    waiting = f", {bytes_text(undead)} of them of values that were replaced" if undead else ""
    return f"{len(regions)} regions hold {bytes_text(sum(r.held for r in regions))}{waiting}"


def name_of(r: Region) -> str:
    """The binding that keeps a region alive, or what it is."""
    if r.owners:
        return " ".join(r.owners) + (" (running)" if r.state == "open" else "")
    if r.state == "owned":
        return "a cell"
    return {"open": "running", "undead": "replaced" if r.parent is None else "part of it", "permanent": "permanent"}[r.state]


def facts_of(r: Region, below: Collection[int] = ()) -> str:
    """`below`: the regions that are shown under it."""
    facts = [r.site] if r.site else ["symbols, kinds, functions"] if r.state == "permanent" else []
    if r.received > 2 * r.held:
        facts.append(f"received {bytes_text(r.received)}")
    if r.moves:
        facts.append(f"moved {r.moves}x")
    if r.adoptions:
        facts.append(f"adopted {r.adoptions} regions")
    if elsewhere := [f"#{one}" for one in r.retains if one not in below]:
        facts.append(f"also keeps {' '.join(elsewhere)}")
    return ", ".join(facts)


def _below(r: Region, regions: Sequence[Region]) -> set[int]:
    return {one.id for one in regions if one.parent == r.id}


def _bar(r: Region, regions: Sequence[Region]) -> str:
    most = max(one.held for one in regions) or 1
    return "█" * -(-BAR * r.held // most)


def _lines(regions: Sequence[Region]) -> list[tuple[str, Region]]:
    """(branches before the name, region): what a region keeps alive stands under it."""
    below: dict[int | None, list[Region]] = {}
    for r in regions:
        if not is_literals(r):
            below.setdefault(r.parent, []).append(r)
    order = {"open": 0, "owned": 1, "undead": 2, "permanent": 3}
    found: list[tuple[str, Region]] = []
    work = [("", r) for r in sorted(below.get(None, ()), key=lambda r: (order[r.state], -r.held), reverse=True)]
    while work:
        prefix, r = work.pop()
        found.append((prefix, r))
        inner = prefix.replace("├─ ", "│  ").replace("└─ ", "   ")
        children = sorted(below.get(r.id, ()), key=lambda one: one.held)
        work += [(inner + ("└─ " if i == 0 else "├─ "), child) for i, child in enumerate(children)]
    return found
