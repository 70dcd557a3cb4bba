"""Fresh pairs and lists of known length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.allocation import init_part, reserve
from jit_runtime.infer.code import Val, i64, word
from jit_runtime.ir.nodes import Operand
from jit_runtime.layout import words
from jit_runtime.types.kinds import BIT

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


ONE_RESERVATION = 8  # pairs of a fresh list that are reserved together


def rest_list(b: Builder, values: list[Val]) -> Operand:
    """A fresh list."""
    result = Val(word(words.NULL), BIT["Null"])
    at = len(values)
    while at:
        first = max(0, at - ONE_RESERVATION)
        result = conses(b, values[first:at], result)
        at = first
    return result.op


def cons(b: Builder, head: Val, tail: Val) -> Val:
    """A fresh pair in the current place."""
    return conses(b, [head], tail)


def conses(b: Builder, heads: list[Val], tail: Val) -> Val:
    """Fresh pairs in the current place, one behind the other, the last one with this tail."""
    ops_, tail_word = [b.to_word(head) for head in heads], b.to_word(tail)
    address = reserve(b, 16 * len(heads), "pairs")
    start = b.ins("ptrtoint", (address,), "i64")
    pairs = [b.as_ref(b.op("add", start, i64(16 * n + words.PAIR_TAG))) for n in range(len(heads))]
    for n, (pair, head, op) in enumerate(zip(pairs, heads, ops_, strict=True)):
        init_part(b, pair, 0, head, op, in_pair=True)
        if pair is pairs[-1]:
            init_part(b, pair, 8, tail, tail_word, in_pair=True)
        else:
            b.store(pairs[n + 1], b.pointer(pair, 8 - words.PAIR_TAG))
    return Val(pairs[0], BIT["Pair"], b.dest)
