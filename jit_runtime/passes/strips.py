"""Guards of loops, which interrupt them. Where a loop only computes and accesses elements of typed arrays, it runs in strips.

A strip is an inner loop of at most TURNS turns, whose count is known, without guard; the guard stands between strips. LLVM vectorises no
loop with a guard in it: it cannot count the turns until another thread moves the limit.

    head:   read the arrays' fields; for how many turns are the tests certain (passes/certain.py)? -> fast (that many turns) or slow (a few)
    fast:   the body without those tests; after the last turn -> slow, where the loop most likely ends
    slow:   the body as it was built, which raises the errors; after the last turn -> guard
    guard:  -> head; so a loop that is over within a strip has none, as one without strips that ends in its first turn

What a strip reads of the arrays themselves (length, store) is read in the head. LLVM would do so only for the first array: it does not know
that the others may be read where the first one's bounds check fails.

Before: the blocks of `Function.back_edges` only jump. After: there are none.
"""

from __future__ import annotations

from jit_runtime.infer.code import Code, i64
from jit_runtime.ir.nodes import BackEdge, Block, Function, Imm, InlinedPlace, Ins, Operand, Variable
from jit_runtime.passes.blocks import between, predecessors
from jit_runtime.passes.certain import CHECKED, Certain, certain_turns, long_enough
from jit_runtime.passes.copies import Rewrite, copy
from jit_runtime.passes.hot_paths import may_change
from jit_runtime.passes.stores import Field, Kinds, expected, fields

TURNS = 4096
"""Turns between two guards: some microseconds. Vectorised loops start anew in each strip, so not too few."""
SLOW_TURNS = 16
SHORT = 8
"""Loops with fewer turns left are over before it is known for how many turns the tests are certain. Not SLOW_TURNS: where it is the same that the
first test and those behind it lead to, LLVM makes all of them before it jumps."""


def guard_loops(fn: Function) -> None:
    """Fill the blocks of a function's back-edges."""
    before = predecessors(fn.blocks)
    heads = {edge.head for edge in fn.back_edges}
    bodies = [between(edge.head, edge.block, before) for edge in fn.back_edges]
    for edge, body in zip(fn.back_edges, bodies, strict=True):
        b = code_at(fn, edge)
        innermost = sum(block in heads for block in body) == 1 and keeps_arrays(body)
        read = fields(body, edge.arrays) if innermost else {}
        kinds = expected(body, edge.block, read)
        edge.block.ins = []
        if innermost and only_raw(kinds.body):
            strips(b, edge, body, read, kinds)
        else:
            guard(b, edge)
    fn.back_edges = []


def only_guards(fn: Function) -> None:
    """The same for quick code, whose loops run as they were built."""
    for edge in fn.back_edges:
        edge.block.ins = []
        guard(code_at(fn, edge), edge)
    fn.back_edges = []


def code_at(fn: Function, edge: BackEdge) -> Code:
    b = Code(fn)
    b.span, b.site = (edge.span.span, edge.span.site) if isinstance(edge.span, InlinedPlace) else (edge.span, None)
    return b


def guard(b: Code, edge: BackEdge) -> None:
    b.at(edge.block)
    b.guard()
    b.again(edge.head)


def keeps_arrays(body: list[Block]) -> bool:
    """Does nothing in the body change arrays, but for their elements?"""
    every = [ins for block in body for ins in block.ins]
    return not any(may_change(ins) or (ins.op == "store" and ins.attr not in ("element", "struct")) for ins in every)


def only_raw(body: list[Block]) -> bool:
    """Elements of arrays, none of them words, and no calls: loops of words are not worth it, short ones get slower."""
    every = [ins for block in body for ins in block.ins]
    elements = {(ins.dest or ins.args[0]).type for ins in every if ins.op in ("load", "store") and ins.attr == "element"}
    return bool(elements) and "ref" not in elements and not any(ins.op == "call" and not ins.attr.noreturn for ins in every)


def strips(b: Code, edge: BackEdge, body: list[Block], read: dict[Ins, Field], kinds: Kinds) -> None:
    head, again = edge.head, edge.block
    slow = b.new("strip")
    slow.ins, head.ins = head.ins, []
    body, inner = ([slow if block is head else block for block in blocks] for blocks in (body, kinds.body))
    turns = b.fn.variable("turns", "i64")
    b.at(again)
    left, strip_ends = b.op("sub", b.get(turns), i64(1)), b.new("turns")
    b.set(turns, left)
    b.cbr(b.compare("ne", left, i64(0)), slow, strip_ends, "likely")
    b.at(strip_ends)
    b.guard()
    b.again(head)
    b.at(head)
    headers = read_before(b, read)
    found = Certain(b.fn, inner, again, dict(headers.values()))
    if not found.tests and not kinds.stores:
        b.set(turns, i64(TURNS))
        b.br(slow)
        return
    rest, short = b.new("rest"), b.new("short")
    fast = copy(b.fn, inner, {head: rest}, without_tests(found, kinds), entered=len(inner) < len(body))[0][inner[0]]
    long_enough(b, found, short, SHORT)
    b.set(turns, i64(SLOW_TURNS))
    for store, kind in kinds.stores.items():
        expected = b.new("expected")
        b.cbr(b.compare("eq", headers[store][1], Imm("i8", kind)), expected, slow, "likely")
        b.at(expected)
    b.set(turns, certain_turns(b, found, slow, TURNS))
    b.br(fast)
    for block, most in ((rest, SLOW_TURNS), (short, SHORT)):
        b.at(block)
        b.set(turns, i64(most))
        b.br(slow)


def read_before(b: Code, read: dict[Ins, Field]) -> dict[Field, tuple[Variable, Operand]]:
    """Read fields of arrays here; the body gets the values, through variables. Returns the variable and value of each."""
    values: dict[Field, tuple[Variable, Operand]] = {}
    for ins, field in read.items():
        if field not in values:
            owner = values[field.owner][1] if isinstance(field.owner, Field) else field.owner
            value = b.load(b.pointer(owner, field.offset), field.type, field.memory)
            variable = b.fn.variable("header", field.type)
            b.set(variable, value)
            values[field] = variable, value
        ins.op, ins.args, ins.attr = "get", (values[field][0],), None
    return values


def without_tests(found: Certain, kinds: Kinds) -> Rewrite:
    """The body's copy needs no tests that are certain."""

    def rewrite(ins: Ins, made: Ins) -> list[Ins]:
        way = found.tests[ins].stays if ins in found.tests else kinds.answers.get(ins)
        if way is not None:
            return [Ins("br", targets=(made.targets[way],), span=ins.span)]
        if ins in found.fits:
            made.op, made.attr, targets, made.targets = CHECKED[ins.op], "fits", made.targets[:1], ()
            return [made, Ins("br", targets=targets, span=ins.span)]
        return [made]

    return rewrite
