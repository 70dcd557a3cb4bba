"""Elements of typed arrays in variables of the module, which may hold anything tomorrow: code tests for the kind that the array has today.

Where it is another one, the runtime is called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Core, Global
from jit_runtime.infer import typed_arrays
from jit_runtime.infer.code import FLOAT, Val, word
from jit_runtime.infer.elements import Opened
from jit_runtime.infer.number_paths import QUICK, as_word
from jit_runtime.infer.tests import kind_test
from jit_runtime.infer.typed_arrays import PACKED
from jit_runtime.ir.nodes import Block
from jit_runtime.layout import words
from jit_runtime.types.kinds import ANY

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


def guessed_kind(b: Builder, node: Core, array: Val) -> int:
    """The kind of typed array that a variable of the module holds now; 0: none, or more is known."""
    if not isinstance(node, Global) or array.mask != ANY or b.unit.tier == QUICK:
        return 0
    kind = b.unit.world.likely.get(node.name, ANY)
    return kind if kind in PACKED else 0


def tested(b: Builder, array: Val, kind: int) -> tuple[Val, Block]:
    """Go on where the array is of the kind; returns it, and the block for all others."""
    here, other = b.new("guessed"), b.new("other")
    b.cbr(kind_test(b, array, kind), here, other, "likely")
    b.at(here)
    return array._replace(mask=kind), other


def read(b: Builder, values: list[Val], kind: int, name: str, slow: Callable[[], Val]) -> Val:
    """An element that may be left open for arithmetic."""
    opened = Opened(b)
    array, other = tested(b, values[0], kind)
    found = typed_arrays.read(b, [array, *values[1:]], name)
    if found is not None and found.mask == FLOAT:
        opened.give(word(words.NOTHING), found.op)
    elif found is not None:
        opened.give(b.to_word(found), None)
    b.at(other)
    opened.give_word(b.to_word(slow()))
    return opened.value()


def write(b: Builder, values: list[Val], kind: int, name: str, slow: Callable[[], object]) -> None:
    """Store the last value, which may be open."""
    done = b.new("written")
    array, other = tested(b, values[0], kind)
    value = values[-1]
    known = b.doubles.get(value.op)
    if known is not None and PACKED[kind].kind == FLOAT:
        double = b.new("double")
        b.cbr(b.get(known.flag), double, other, "likely")
        b.at(double)
        value = Val(b.get(known.double), FLOAT)
    if typed_arrays.write(b, [array, *values[1:-1], as_word(b, value)], name) is not None:
        b.br(done)
    b.at(other)
    slow()
    b.br(done)
    b.at(done)
