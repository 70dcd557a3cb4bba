"""Calls of builtins: instructions, runtime functions, functions of the C library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call
from jit_runtime.infer.all_prims import PRIMS
from jit_runtime.infer.code import NOTHING, TASK, Val, i64, rep_of, word
from jit_runtime.infer.explain import note_allocation
from jit_runtime.infer.generic_calls import builtin_arity
from jit_runtime.infer.homes import placed_arguments
from jit_runtime.infer.machine_calls import BUFFER
from jit_runtime.infer.machine_numbers import double_of
from jit_runtime.infer.placement import is_scalar, note_made
from jit_runtime.infer.tests import kind_test
from jit_runtime.infer.transfer import NUMBER
from jit_runtime.layout import words
from jit_runtime.source.diagnostics import fail
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT
from jit_runtime.types.primitives import MACHINE

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.continuations import Continuation


# Runtime functions that may run Omni code, and so move objects.
ENTER_AGAIN = {"rt_eval", "rt_doc", "rt_region_stats", "rt_regions", "rt_who_holds", "rt_forget", "rt_code_stats", "rt_region_report"} | {
    "rt_stats_now", "rt_stats_since"
}  # fmt: skip


def call_builtin(b: Builder, node: Call, builtin: Builtin, k: Continuation | None) -> Val:
    count = len(node.args)
    if count < builtin.min_args or (builtin.max_args is not None and count > builtin.max_args):
        values = placed_arguments(b, node)
        if values is not None:
            b.fail(CODES["ARITY"], b.unit.symbol(b, builtin.name), word(words.fixnum(count)), b.unit.constant(b, builtin_arity(builtin)).op)
        return NOTHING
    prim = PRIMS.get(builtin.name)
    if prim is not None:
        return prim(b, node, builtin, k)
    values = placed_arguments(b, node)
    if values is None:
        return NOTHING
    return call_runtime(b, builtin, values, b.kinds(node))


def call_runtime(b: Builder, builtin: Builtin, values: list[Val], mask: int | None = None) -> Val:
    """A builtin that the runtime implements (docs/abi.md, "Runtime functions behind builtins")."""
    if builtin.native[0] != "rt":
        raise fail("X0902", b.span, f"`{builtin.name}` is not implemented yet")
    name = builtin.native[1]
    mask = builtin.result_mask if mask is None else mask
    if not name.startswith("rt_"):
        return c_function(b, name, values)
    if builtin.name == "copy":
        b.unit.rely_on(mask)  # a copy is of the newest version
    ops_ = [b.to_word(v) for v in values]
    if builtin.max_args is None:
        if len(ops_) > BUFFER:
            b.fail(CODES["TOO_MANY"], word(words.fixnum(len(ops_))))
            return NOTHING
        for i, op in enumerate(ops_):
            b.store(op, b.offset(b.task, TASK["arguments"] + 8 * i))
        ops_ = [i64(len(ops_))]
    else:
        ops_ += [word(words.DEFAULT)] * (builtin.max_args - len(ops_))
    if name == "rt_raise":
        b.runtime(name, (b.task, *ops_), noreturn=True)
        b.unreachable()
        return NOTHING
    if mask != ANY and not is_scalar(mask):  # what may be anything is read, not made
        note_allocation(b)
        note_made(b, by_callee=name in ENTER_AGAIN)
    b.current = b.current and name not in ENTER_AGAIN
    result = b.runtime(name, (b.task, b.dest, *ops_), "ref", safepoint=name in ENTER_AGAIN)
    if not mask:
        b.unreachable()
        return NOTHING
    b.poll()
    return Val(b.to_rep(Val(result, mask), rep_of(mask)), mask)


def c_function(b: Builder, name: str, values: list[Val]) -> Val:
    """A function of the C library: doubles to a double."""
    doubles = []
    for v in values:
        if v.mask in MACHINE:
            doubles.append(double_of(b, v))
        else:
            word_of = Val(b.to_word(v), v.mask)
            b.fail_unless(kind_test(b, word_of, NUMBER), CODES["NUMBER_EXPECTED"], Val(b.unit.symbol(b, name), ANY), word_of)
            doubles.append(b.runtime("rt_to_double", (b.task, word_of.op, i64(CODES["NUMBER_EXPECTED"])), "f64"))
    return Val(b.runtime(name, tuple(doubles), "f64"), BIT["Float"])
