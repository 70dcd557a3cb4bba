"""Tests of one variable that follow each other, each with a constant or a struct, as one jump: `(match op [(Push n) ...] [(Add) ...] ...)`,
`(cond [(= c 1) ...] [(= c 2) ...] ...)`. LLVM makes it a table where the numbers are dense.

An Int is switched on itself, a Char on its code, an instance of a struct on its kind's number, which its header leads to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.expand.core import Call, Chr, Const, Core, Global, If, KindRef, Local, Var
from jit_runtime.infer.code import CHAR, INT, Val, i64
from jit_runtime.ir.nodes import Block, Imm, Operand
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT, TYPE_SHIFT
from jit_runtime.layout.records import STRUCT_INFO
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import BIT, SIMPLE
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.continuations import Continuation

FEWEST = 4
"""Cases that are worth a switch."""


class Case(NamedTuple):
    """A test of a variable, by its sort ("int", "char", "struct"), and the numbers that it holds for."""

    local: Local
    sort: str
    numbers: tuple[int, ...]


def switch_tail(b: Builder, node: If, k: Continuation) -> bool:
    """Deliver a chain of such tests through a switch. False: it is none, and nothing was built."""
    cases, last = chain(b, node)
    if len(cases) < FEWEST:
        return False
    first = cases[0][0]
    value = b.expr(first.local)
    otherwise = b.new("else")
    on = number_of(b, value, first.sort, otherwise)
    blocks: dict[int, Block] = {}
    results: list[tuple[Block, Core]] = []
    for case, result in cases:
        fresh = [number for number in case.numbers if number not in blocks]
        if fresh:
            results.append((b.new("case"), result))
            blocks.update(dict.fromkeys(fresh, results[-1][0]))
    b.ins("switch", (on,), attr=tuple(blocks), targets=(otherwise, *blocks.values()))
    place = b.dest
    for block, result in results:
        b.dest = place
        b.at(block)
        b.tail(result, k)
    b.dest = place
    b.at(otherwise)
    b.tail(last, k)
    return True


def chain(b: Builder, node: Core) -> tuple[list[tuple[Case, Core]], Core]:
    """The tests and their results, and what comes after them."""
    found: list[tuple[Case, Core]] = []
    while type(node) is If and b.facts.live.get(id(node)) == (True, True):
        case = case_of(b, node.test)
        if case is None or (found and (case.local.var is not found[0][0].local.var or case.sort != found[0][0].sort)):
            break
        found.append((case, node.then))
        node = node.otherwise
    return found, node


def case_of(b: Builder, test: Core) -> Case | None:
    if type(test) is not Call or type(test.fn) is not Global or len(test.args) != 2:
        return None
    local, wanted = test.args
    if type(local) is not Local or type(wanted) is not Const or not is_plain(b, local.var):
        return None
    found = b.meant(test)
    name = found.name if isinstance(found, Builtin) else ""
    value, mask = wanted.value, b.kinds(local)
    if name == "=" and type(value) is int and mask == INT:
        return Case(local, "int", (value,))
    if name in ("=", "eq?") and isinstance(value, Chr) and mask == CHAR:
        return Case(local, "char", (value.code,))
    by_kind = name == "instance?" or (name == "type?" and not mask & BIT["Kind"])
    if by_kind and isinstance(value, KindRef) and isinstance(value.kind, Struct):
        return Case(local, "struct", numbers_of(b, value.kind.mask & mask))
    return None


def numbers_of(b: Builder, mask: int) -> tuple[int, ...]:
    """Those of a struct's versions."""
    b.unit.structs |= mask
    return tuple(struct.bit.bit_length() - 1 for struct in b.unit.world.universe.structs_in(mask) or ())


def is_plain(b: Builder, var: Var) -> bool:
    return not var.assigned and not var.checked and var not in b.shape.boxed and var not in b.shape.lambda_of


def number_of(b: Builder, value: Val, sort: str, otherwise: Block) -> Operand:
    """What is switched on, as an i64; a value that is no instance of a struct goes to `otherwise`."""
    if sort == "int":
        return value.op
    if sort == "char":
        return b.op("lshr", b.bits(value.op), i64(words.CHAR_SHIFT))
    if value.mask & SIMPLE:
        behind_test(b, b.compare("eq", b.op("and", b.bits(value.op), i64(words.TAG_MASK)), i64(words.OBJECT_TAG)), otherwise)
    header = b.header(value.op)
    if value.mask & SIMPLE:
        kind = b.op("and", b.op("lshr", header, i64(TYPE_SHIFT)), i64(0xFF))
        behind_test(b, b.compare("eq", kind, i64(BY_NAME["struct"].id)), otherwise)
    info = b.ins("inttoptr", (b.op("lshr", header, i64(EXTRA_SHIFT)),), "ptr")
    return b.load(b.offset(info, STRUCT_INFO.offsets["number"]), "i64")


def behind_test(b: Builder, test: Operand, otherwise: Block) -> None:
    go = b.new("struct")
    if isinstance(test, Imm):
        b.br(go)
    else:
        b.cbr(test, go, otherwise, "likely")
    b.at(go)
