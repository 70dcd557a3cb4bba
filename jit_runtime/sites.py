"""What the numbers of birth sites mean in a session (infer/sites.py makes those of compiled code)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ctypes import c_uint64
from typing import TYPE_CHECKING

from jit_runtime.infer.sites import FORM, BirthSite
from jit_runtime.layout.records import CELL
from jit_runtime.regions import all_regions
from jit_runtime.source.text import Span

if TYPE_CHECKING:
    from jit_runtime.engine.engine import Engine
    from jit_runtime.engine.linking import Unit

LEAST = 1024  # sites kept without asking which are in use


class Sites:
    """Those that regions, cells and linked code name: others are dropped now and then. `cells`: addresses of all cells."""

    def __init__(self, engine: Engine, cells: Callable[[], list[int]]) -> None:
        self._engine, self._cells = engine, cells
        self._known: dict[int, BirthSite] = {}
        self._patience = LEAST
        self.latest = 0  # number of the form that began last
        self._numbers = 0

    def add(self, sites: Mapping[BirthSite, int]) -> None:
        self._known.update((number, site) for site, number in sites.items())
        if len(self._known) > self._patience:
            self._forget()

    def add_code(self, unit: Unit, sites: Mapping[BirthSite, int]) -> None:
        unit.sites = frozenset(sites.values())
        self.add(sites)

    def form(self, span: Span) -> int:
        """A number for a form that is about to run."""
        self.latest = self.number(BirthSite(FORM, None, span))
        return self.latest

    def number(self, site: BirthSite) -> int:
        """A number for a place that no code names."""
        self._numbers += 1
        self.add({site: self._numbers})
        return self._numbers

    def get(self, number: int) -> BirthSite | None:
        return self._known.get(number)

    def text(self, number: int) -> str:
        """`loop in run, life.omni:12:3`; empty where it is not known."""
        site = self._known.get(number)
        if site is None:
            return ""
        inside = f"{site.what} in {site.function}" if site.function else site.what
        return f"{inside}, {site.span.source.name}:{site.span.line}:{site.span.column}"

    def _forget(self) -> None:
        used = {c_uint64.from_address(cell + CELL.offsets["site"]).value for cell in self._cells()}
        used.update(region.read("site") for region in all_regions(self._engine))
        used = used.union({self.latest, self._numbers}, *(unit.sites for unit in self._engine.units))
        self._known = {number: site for number, site in self._known.items() if number in used}
        self._patience = max(LEAST, 2 * len(self._known))
