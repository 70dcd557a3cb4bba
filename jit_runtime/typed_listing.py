"""What inference knows of a function, expression by expression, in the program's terms: `(code-typed f)`.

A line for each parameter, variable and call of the function's own text: place, text, kinds, how a call is made. `boxed` marks
numbers that are tagged words. What one piece of text became several times (a function that is fused into loops) is one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.expand.core import Call, Core, Global, Lambda, Let, Letrec, Local
from jit_runtime.explain import instances, is_boxed, not_called, title
from jit_runtime.infer.inline import analysed
from jit_runtime.infer.placement import children

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler
    from jit_runtime.infer.analysis import Analysis
    from jit_runtime.infer.explain import CallNote
    from jit_runtime.infer.world import GenericFunction, Instance
    from jit_runtime.source.text import Span

LONGEST = 48


class Row(NamedTuple):
    span: Span
    text: str
    mask: int
    note: str


def typed_listing(compiler: Compiler, function: GenericFunction) -> str:
    """One paragraph for each compiled instance."""
    return "\n".join(_paragraph(compiler, inst) for inst in instances(function)) or not_called(function)


def _paragraph(compiler: Compiler, inst: Instance) -> str:
    calls, facts, text = compiler.unit_of(inst).calls, inst.analysis, inst.method.lam.span
    assert facts is not None
    found: dict[Span, Row] = {}
    for row in [*_parameters(inst), *_expressions(compiler, facts, analysed(facts).body, calls)]:
        inside = row.span.source is text.source and text.start <= row.span.start and row.span.end <= text.end
        if inside and row.text == " ".join(row.span.text.split()):
            first = found.setdefault(row.span, row)
            found[row.span] = first._replace(mask=first.mask | row.mask)
    rows = sorted(found.values(), key=lambda row: (row.span.start, -row.span.end))
    heading = f"{title(compiler, inst)} gives {_kinds(compiler, inst.result)}"
    return "\n".join([heading, *_aligned([_cells(compiler, row) for row in rows])])


def _parameters(inst: Instance) -> Iterator[Row]:
    for param, mask in zip(inst.method.lam.params, inst.key, strict=False):
        yield Row(param.var.span, param.var.name, mask, "parameter")


def _expressions(compiler: Compiler, facts: Analysis, body: Core, calls: dict[Span, dict[CallNote, None]]) -> Iterator[Row]:
    """Variables and calls, outer ones first."""
    work = [body]
    while work:
        node = work.pop()
        work += reversed(children(node))
        if isinstance(node, Let | Letrec):
            yield from (Row(var.span, var.name, facts.vars[var], "variable") for var, _ in node.bindings if var in facts.vars)
        elif isinstance(node, Lambda):
            yield from (Row(param.var.span, param.var.name, facts.vars.get(param.var, 0), "variable") for param in node.params)
        elif isinstance(node, Call) and not isinstance(node.fn, Lambda) and not _only_raises(node, facts):
            notes = _jump(node, facts) or ", ".join(_said(compiler, note) for note in calls.get(node.span, ()))
            yield Row(node.span, " ".join(node.span.text.split()), facts.kinds.get(id(node), 0), notes)


def _only_raises(node: Call, facts: Analysis) -> bool:
    """Does the call stand for an error of the form around it, as `match` has one where no clause fits?"""
    return isinstance(node.fn, Global) and node.fn.name[0] == "%" and not facts.kinds.get(id(node))


def _jump(node: Call, facts: Analysis) -> str:
    """How a loop is entered and goes on."""
    loop = facts.shape.loops.get(node.fn.var) if isinstance(node.fn, Local) else None
    if loop is None:
        return ""
    return "loop" if node.span.start <= loop.span.start and loop.span.end <= node.span.end else "next turn"


def _said(compiler: Compiler, note: CallNote) -> str:
    return note.how if note.instance is None else f"{title(compiler, note.instance)} {note.how}"


def _cells(compiler: Compiler, row: Row) -> tuple[str, str, str, str]:
    text = row.text if len(row.text) <= LONGEST else row.text[: LONGEST - 3] + "..."
    kinds = "" if row.note in ("loop", "next turn") else _kinds(compiler, row.mask)
    notes = [row.note] * bool(row.note) + ["boxed"] * bool(kinds and is_boxed(row.mask))
    return f"{row.span.line}:{row.span.column}", text, kinds, ", ".join(notes)


def _kinds(compiler: Compiler, mask: int) -> str:
    return " or ".join(compiler.world.universe.names(mask)) or "never returns"


def _aligned(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    wide = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    for at, text, kinds, note in rows:
        yield f"  {at:<{wide[0]}}  {text:<{wide[1]}}  {kinds:<{wide[2]}}  {note}".rstrip()
