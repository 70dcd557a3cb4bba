"""Dicts in compiled code: where the kinds of dict and key are known, the search is in place and what is found is not tested again.

A lookup only reads: nothing is allocated, so nothing polls. A store of an entry that was just looked up is a compare and a store
(runtime/dicts.omni, `found`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.arrays import out_of_line
from jit_runtime.infer.code import BOOL, INT, NOTHING, Val, rep_of
from jit_runtime.infer.number_paths import QUICK
from jit_runtime.infer.prims import prim, values_of
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.expand.core import Call
    from jit_runtime.infer.build import Builder
    from jit_runtime.types.builtins import Builtin

DICT = BIT["Dict"]


@prim("dict-ref")
def dict_ref(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    return read_at(b, values) or out_of_line(b, builtin, values, b.kinds(node))


def read_at(b: Builder, values: list[Val]) -> Val | None:
    """The value at a key of what is known to be a dict, or nothing, or a third value. None: it is not known to be a dict."""
    target, key, missing = (*values, NOTHING)[:3]
    if target.mask != DICT:
        return None
    inline = key.mask == INT and b.unit.tier != QUICK
    args = (b.task, target.op, b.to_word(key), b.to_word(missing))
    return Val(b.runtime("rt_dict_at_int" if inline else "rt_dict_at", args, "ref"), ANY)


@prim("dict-contains?")
def dict_contains(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    target, key = values
    if target.mask != DICT or key.mask != INT or b.unit.tier == QUICK:
        return out_of_line(b, builtin, values, b.kinds(node))
    found = b.runtime("rt_dict_has_int", (b.task, target.op, b.to_word(key)), "ref")
    return Val(b.to_rep(Val(found, BOOL), rep_of(BOOL)), BOOL)


@prim("dict-set!")
def dict_set(b: Builder, node: Call, builtin: Builtin, k: object) -> Val:
    values = values_of(b, node)
    if values is None:
        return NOTHING
    made = write_at(b, values)
    if made is None:
        out_of_line(b, builtin, values, ANY)
    return values[2]


def write_at(b: Builder, values: list[Val]) -> Val | None:
    """Store the last value at a key of what is known to be a dict. None: it is not known to be one."""
    target, key, value = values
    if target.mask != DICT:
        return None
    name = "rt_dict_set_at" if b.unit.tier == QUICK else "rt_dict_put"
    b.runtime(name, (b.task, target.op, b.to_word(key), b.to_word(value)))
    b.poll()
    return value
