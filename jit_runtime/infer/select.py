"""(if test (+ n 1) n) of Ints without a branch: how loops count. Which way it goes is seldom predictable, and it costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Const, Core, Global, If, Local
from jit_runtime.infer.code import INT, Val, i64
from jit_runtime.ir.nodes import Imm, Operand
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder

SUMS = {"+": ("add", "sadd_overflows"), "-": ("sub", "ssub_overflows"), "inc": ("add", "sadd_overflows"), "dec": ("sub", "ssub_overflows")}


def selected(b: Builder, node: If) -> Val | None:
    """The value of such a form, or None where it is not one. The block may be None afterwards."""
    if b.kinds(node) != INT or b.facts.live.get(id(node)) != (True, True):
        return None
    for changed, kept, when in ((node.then, node.otherwise, True), (node.otherwise, node.then, False)):
        name = sum_of(b, changed)
        if name is not None and is_ready(b, kept):
            return choose(b, node, changed, kept, name, when)  # type: ignore[arg-type]
    return None


def sum_of(b: Builder, node: Core) -> str | None:
    """Name of the builtin if the node is a sum of two Ints that are there already."""
    if not isinstance(node, Call) or not isinstance(node.fn, Global) or not all(is_ready(b, arg) for arg in node.args):
        return None
    found = b.meant(node)
    if not isinstance(found, Builtin) or found.name not in SUMS or len(node.args) != (1 if found.name in ("inc", "dec") else 2):
        return None
    return found.name


def is_ready(b: Builder, node: Core) -> bool:
    if isinstance(node, Local):
        return b.kinds(node) == INT and not node.var.checked and node.var in b.storage and node.var not in b.shape.boxed
    return isinstance(node, Const) and type(node.value) is int and b.kinds(node) == INT


def choose(b: Builder, node: If, changed: Call, kept: Core, name: str, when: bool) -> Val:
    test = b.test(node.test)
    if b.block is None:
        return Val(i64(0), INT)
    x, y = [*(b.expr(arg).op for arg in changed.args), i64(1)][:2]
    wrapped, overflows = SUMS[name]
    total, over = b.op(wrapped, x, y), b.ins(overflows, (x, y), "i1")
    taken: Operand = test if when else b.ins("xor", (test, Imm("i1", 1)), "i1")
    ok, bad = b.new("ok"), b.new("overflow")
    b.cbr(b.ins("and", (taken, over), "i1"), bad, ok, "unlikely")
    b.at(bad)
    b.fail_ints(CODES["OVERFLOW"], b.unit.symbol(b, {"inc": "+", "dec": "-"}.get(name, name)), x, y)
    b.at(ok)
    return Val(b.ins("select", (taken, total, b.expr(kept).op), "i64"), INT)
