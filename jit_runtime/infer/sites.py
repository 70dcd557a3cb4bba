"""Birth sites: what opened a region, or set the variable that owns one. Code stores a site's number in the region or cell.

Numbers derive from content, so the same source gives the same LLVM text in every session; a session's table
(jit_runtime/sites.py) says what they mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.digest import blake2
from jit_runtime.infer.code import i64
from jit_runtime.ir.nodes import Operand
from jit_runtime.source.text import NOWHERE, Span

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder

LOOP, CALL, BINDING, FORM, CODE = "loop", "call", "binding", "form", "code"
DIGITS = 6  # bytes of a number


class BirthSite(NamedTuple):
    """`what`: LOOP, CALL, BINDING, FORM, or CODE (its literals). `function`: whose code it is, None for a top-level form."""

    what: str
    function: str | None
    span: Span


def site_of(b: Builder, what: str) -> Operand:
    """The number of the place that is being built."""
    function = b.inlined[-1].method.function.name if b.inlined else b.unit.instance.method.function.name if b.unit.instance else None
    site = BirthSite(what, function, b.span or b.fn.span or NOWHERE)
    sites = b.unit.sites
    if site not in sites:
        sites[site] = number(f"{b.unit.name} {len(sites)} {what} {site.span.text}")
    return i64(sites[site])


def number(text: str) -> int:
    return int.from_bytes(blake2(text.encode("utf-8", "surrogatepass")).digest()[:DIGITS], "little")
