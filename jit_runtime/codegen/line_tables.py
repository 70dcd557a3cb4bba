"""Debug metadata that gives return addresses their places in the source (engine/traces.py reads the tables back).

Only calls get a location: a trace consists of return addresses, and every location costs compile time. Pasted runtime
functions have none of their own; inlined, they take that of the call.

A table holds no files and no lines of a file: its "line" is 1 + the distance of the place from the start of the function's
own span, its "column" the length of the place. So a function gives the same text wherever it stands, and
the object cache knows it again; the places are exact.

Metadata costs 0.15 ms of the 1 ms in which LLVM compiles a small module, and two thirds of the object. So a function
all of whose calls are at one place has none: `only_place` says which place that is.
"""

from __future__ import annotations

from collections.abc import Sequence

from jit_runtime.codegen.spelling import quoted
from jit_runtime.ir.nodes import Function, InlinedPlace, Place, Site
from jit_runtime.source.text import Span

FIRST_NODE = 10000  # below it are the nodes that every module has
_UNIT, _TYPE, _TYPES, _FILE = range(FIRST_NODE, FIRST_NODE + 4)
SITE_SHIFT = 21  # lines above are the numbers of inlined calls
_FARTHEST = (1 << SITE_SHIFT) - 2
_MOST_SITES = (1 << 32 - SITE_SHIFT) - 1
_LONGEST = 0xFFFF  # LLVM keeps columns in 16 bits


class LineTables:
    """The metadata of one module. Nodes are made when the first location of a function is asked for."""

    __slots__ = ("_locations", "_next", "_nodes", "_scopes")

    def __init__(self) -> None:
        self._nodes: list[str] = []
        self._next = _FILE + 1
        self._scopes: dict[int, int] = {}
        self._locations: dict[tuple[int, int, int], int] = {}

    def scope(self, fn: Function) -> int | None:
        """The function's node, if it has one."""
        return self._scopes.get(id(fn))

    def location(self, fn: Function, at: Place) -> int | None:
        """The node of a place in a function; None where the function is from no source."""
        home = fn.span
        if home is None:
            return None
        scope = self._scopes.get(id(fn)) or self._make_scope(fn)
        while isinstance(at, InlinedPlace) and at.site.number > _MOST_SITES:
            at = at.site.caller or home
        site, span = (at.site.number, at.span) if isinstance(at, InlinedPlace) else (0, at)
        if isinstance(at, InlinedPlace):
            home = at.site.home
        if span is None or span.source is not home.source or not home.start <= span.start <= home.end:
            span = home
        key = scope, (site << SITE_SHIFT) + 1 + min(span.start - home.start, _FARTHEST), min(span.end - span.start, _LONGEST)
        found = self._locations.get(key)
        if found is None:
            found = self._locations[key] = self._node(f"!DILocation(line: {key[1]}, column: {key[2]}, scope: !{scope})")
        return found

    def footer(self) -> str:
        """The nodes, and what makes LLVM write tables for them."""
        return "\n".join([_HEAD, *self._nodes, ""]) if self._nodes else ""

    def _make_scope(self, fn: Function) -> int:
        rest = f"file: !{_FILE}, line: 1, type: !{_TYPE}, spFlags: DISPFlagDefinition, unit: !{_UNIT}"
        scope = self._scopes[id(fn)] = self._node(f'distinct !DISubprogram(name: "{quoted(fn.name)}", {rest})')
        return scope

    def _node(self, text: str) -> int:
        number = self._next
        self._next += 1
        self._nodes.append(f"!{number} = {text}")
        return number


def only_place(fn: Function) -> Span | None:
    """The one place of all calls of a function, if there is just one."""
    found: Span | None = None
    for block in fn.blocks:
        for ins in block.ins:
            if ins.op not in ("call", "tailcall"):
                continue
            if isinstance(ins.span, InlinedPlace):
                return None
            if isinstance(ins.span, Span) and ins.span is not found:
                if found is not None and ins.span != found:
                    return None
                found = ins.span
    return found


def places(home: Span, sites: Sequence[Site], line: int, column: int) -> list[tuple[str | None, Span]]:
    """What a row of a function's table stands for: its place, and before that those in inlined callees, innermost first, with their names."""
    number = line >> SITE_SHIFT
    if number == 0:
        return [(None, place(home, line, column))]
    site = sites[number - 1]
    found: list[tuple[str | None, Span]] = [(site.name, place(site.home, line & (1 << SITE_SHIFT) - 1, column))]
    at = site.caller
    while isinstance(at, InlinedPlace):
        found.append((at.site.name, at.span))
        at = at.site.caller
    return [*found, (None, at or home)]


def place(home: Span, line: int, column: int) -> Span:
    """The span that a row of a table of a function stands for."""
    start = min(home.start + line - 1, home.end)
    return Span(home.source, start, min(start + column, len(home.source.text)))


_HEAD = f"""!llvm.dbg.cu = !{{!{_UNIT}}}
!llvm.module.flags = !{{!9003, !9004}}
!9003 = !{{i32 2, !"Debug Info Version", i32 3}}
!9004 = !{{i32 2, !"Dwarf Version", i32 4}}
!{_UNIT} = distinct !DICompileUnit(language: DW_LANG_C99, file: !{_FILE}, producer: "omni", emissionKind: LineTablesOnly)
!{_TYPE} = !DISubroutineType(types: !{_TYPES})
!{_TYPES} = !{{}}
!{_FILE} = !DIFile(filename: "omni", directory: "")"""
