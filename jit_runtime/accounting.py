"""What `region-stats`, `regions`, `region-report`, `who-holds` and `forget` answer.

Nothing moves while an answer is made, so words may be kept meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from jit_runtime.data_form import list_words, load, signed, text_of, type_name
from jit_runtime.dataclass import replace
from jit_runtime.engine.arch_x86_64 import PENDING_INTERRUPT
from jit_runtime.holders import holders
from jit_runtime.largest_part import largest_part
from jit_runtime.layout import words
from jit_runtime.layout.records import CELL
from jit_runtime.region_report import Cliff, Growth, Past, held_by, report, report_text, traffic_of
from jit_runtime.region_tree import tree_html, tree_text
from jit_runtime.regions import Region, regions_now
from jit_runtime.word_maker import Text, Word, WordMaker

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler
    from jit_runtime.engine.native import Struct

LEVELS = ("regions_live", "held_bytes", "spare_bytes", "table_bytes", "mapped_bytes", "undead_bytes")
COUNTERS = (
    "regions_created", "regions_reused", "regions_reclaimed", "bytes_allocated", "bytes_freed", "evacuations", "objects_moved", "bytes_moved",
    "bytes_moved_out", "bytes_born_in_place", "forwarding_hits", "splices", "retains", "log_entries", "barrier_slow", "exits", "resets",
    "promotions", "compactions", "merges", "retires",
)  # fmt: skip
PAIR_BYTES = 16
HISTORY = ("*1", "*2", "*3")
SPARE = "spare_bytes"  # what is mapped and neither held nor a table's: read from no field
DISPLAYED = ("regions", "region-report")  # a form that only calls one of these is displayed, not only written


def heap_counters(heap: Struct) -> dict[str, int]:
    """LEVELS and COUNTERS. What is held, spare and in tables adds up to what is mapped."""
    found = {name: 0 if name == SPARE else heap.read(name) for name in LEVELS + COUNTERS}
    return found | {SPARE: max(0, found["mapped_bytes"] - found["held_bytes"] - found["table_bytes"])}


class Accounting:
    """`display`: the last answer to one of DISPLAYED as people read it, by MIME type."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler, self._engine = compiler, compiler.engine
        self._make = WordMaker(compiler)
        self._past: Past | None = None  # the last report
        self.display: dict[str, str] = {}
        self.answers: tuple[Callable[[int, int], int], ...] = (
            self._stats, self._regions, self._who_holds, self._forget, self._code_stats, self._report, self._now, self._since,
        )  # fmt: skip

    # ---- the questions, in the order of runtime/session.omni ----

    def _stats(self, _: int, dest: int) -> int:
        self._engine.call("rt_stats_sync")
        return self._make.word({name.replace("_", "-"): count for name, count in heap_counters(self._engine.heap).items()}, dest)

    def _regions(self, _: int, dest: int) -> int:
        now = self.regions()
        self.display = {"text/plain": tree_text(now), "text/html": tree_html(now)}
        return self._make.word([_described(r) for r in now], dest)

    def _who_holds(self, value: int, dest: int) -> int:
        """Paths from globals: a list for each, the global's name and then what to follow: field names, positions, keys."""
        if value & 3 != 1:
            return words.NULL
        globals = {name: word for name, value in self._compiler.cells.items() if (word := self._value(value.cell)) != words.UNBOUND}
        paths = holders(value, globals, self._make.symbol, self.poll_interrupt)
        return self._make.list([self._make.list([self._make.symbol(name), *steps], dest) for name, steps in paths], dest)

    def _forget(self, number: int, dest: int) -> int:
        """Empty a slot of the history, all for `nothing`; what only it held goes at the next safepoint."""
        wanted = HISTORY if number == words.NOTHING else (f"*{number >> words.FIXNUM_SHIFT}",)
        for name in wanted:
            if name in HISTORY and name in self._compiler.cells:
                self._engine.call("rt_cell_set", self._compiler.cells[name].cell, words.NOTHING)
        self._engine.heap.write(undead_budget=0)
        self._engine.task.write(poll=1)
        return words.NOTHING

    def _code_stats(self, subject: int, dest: int) -> int:
        """Of the session, or of one function; `nothing` for what is no function of the program."""
        accounts = self._compiler.accounts
        if subject == words.NOTHING:
            return self._make.word({name.replace("_", "-"): count for name, count in accounts.read().items()}, dest)
        name = text_of(subject) if type_name(subject) in ("function", "symbol") else ""
        function = self._compiler.world.functions.get(name)
        return words.NOTHING if function is None else self._make.word(accounts.of_function(function), dest)

    def _report(self, _: int, dest: int) -> int:
        """Retention cliffs, and what grew since the last report; what is dead goes first."""
        before = self.regions()
        self._engine.call("rt_free_all_dead")
        now = self.regions()
        found = report(before, now, self._past)
        self._past = Past(held_by(now), traffic_of(now))
        found = replace(found, grown=[replace(g, part=self._largest(g.holder)) for g in found.grown])
        from html import escape

        text = report_text(found)
        self.display = {"text/plain": text, "text/html": f"<pre>{escape(text)}</pre>"}
        return self._make.word(
            {"cliffs": [_cliff(one) for one in found.cliffs], "grown": [_growth(one) for one in found.grown], "freed": found.freed}, dest
        )

    def _now(self, _: int, dest: int) -> int:
        """Nanoseconds, then the counters, as they are when the list of them has been made."""
        counts = self._counts()
        counts[COUNTERS.index("bytes_allocated")] += PAIR_BYTES * (1 + len(counts))
        made = self._make.word(counts, dest)
        return self._engine.call("rt_cons", dest, words.fixnum(perf_counter_ns()), made)

    def _since(self, before: int, dest: int) -> int:
        """Besides value and time, what grew."""
        now = [perf_counter_ns(), *self._counts()]
        value = self._engine.task.words("arguments", 4)[3]
        nanoseconds, *grown = [b - a for a, b in zip((signed(word) >> words.FIXNUM_SHIFT for word in list_words(before)), now, strict=True)]
        counted = {name.replace("_", "-"): n for name, n in zip(COUNTERS, grown, strict=True) if n}
        return self._make.word({"value": Word(value), "microseconds": nanoseconds // 1000, **counted}, dest)

    def _counts(self) -> list[int]:
        self._engine.call("rt_stats_sync")
        return [self._engine.heap.read(name) for name in COUNTERS]

    # ---- regions ----

    def regions(self) -> list[Region]:
        cells = {name: value.cell for name, value in self._compiler.cells.items()}
        return regions_now(self._engine, cells, self._compiler.sites.text)

    def poll_interrupt(self) -> None:
        """An interrupt from any thread becomes a KeyboardInterrupt here."""
        if self._engine.task.read("pending") & PENDING_INTERRUPT:
            raise KeyboardInterrupt

    def _value(self, cell: int) -> int:
        return load(cell + CELL.offsets["value"])

    def _largest(self, name: str) -> str:
        """The way from a global to the part that holds most of what it keeps."""
        found = self._compiler.cells.get(name)
        return largest_part(name, self._value(found.cell)) if found is not None else ""


def _described(r: Region) -> dict[str, Any]:
    return {
        "id": r.id,
        "state": r.state,
        "bytes": r.held,
        "peak": r.peak,
        "received": r.received,
        "moves": r.moves,
        "owners": r.owners,
        "retains": r.retains,
        "kept-by": r.kept_by,
        "site": Text(r.site),
    }


def _cliff(cliff: Cliff) -> dict[str, Any]:
    r = cliff.region
    facts = {"id": r.id, "kept-by": r.kept_by, "site": Text(r.site), "received": r.received, "keeps": r.held, "freed": cliff.freed}
    return facts | {"moves": r.moves, "suggestion": Text(cliff.suggestion)}


def _growth(growth: Growth) -> dict[str, Any]:
    return {"holder": growth.holder, "before": growth.before, "now": growth.now, "part": Text(growth.part), "site": Text(growth.site)}
