"""Machine kinds: numbers of a fixed width, and what kind two numbers of different kinds have in common.

Programs define further ones (language.md S11.4). Those count as builtin kinds of their width where they meet another kind. In a set of concrete
kinds they have no bits of their own but share one: `Own Integer`, `Own AbstractFloat`, or `Own Any` for bits that are no number.
"""

from __future__ import annotations

from typing import NamedTuple


class Machine(NamedTuple):
    """`bits` wide; `floating`: an IEEE number; otherwise two's complement, or `signed` false: not negative."""

    name: str
    bits: int
    signed: bool = True
    floating: bool = False

    @property
    def low(self) -> int:
        return -1 << self.bits - 1 if self.signed else 0

    @property
    def high(self) -> int:
        return (1 << self.bits - self.signed) - 1

    @property
    def range(self) -> str:
        return f"{self.low} to {self.high}"

    def wrapped(self, value: int) -> int:
        """The number of this kind that is equal to `value` modulo 2^bits."""
        return (value - self.low) % (1 << self.bits) + self.low


    @property
    def packed(self) -> Packed:
        return Packed(f"f{self.bits}" if self.floating else f"i{max(self.bits, 8)}", max(self.bits, 8) // 8, self.signed and not self.floating)


class Packed(NamedTuple):
    """How a value lies in memory, as an element of a typed array or a field of a struct: the IR type and its bytes, which are its alignment, too."""

    type: str
    bytes: int
    signed: bool = False


INT, FLOAT = Machine("Int", 64), Machine("Float", 64, floating=True)
FLOAT32 = Machine("Float32", 32, floating=True)
INTEGERS = (
    Machine("Int8", 8), Machine("Int16", 16), Machine("Int32", 32),
    Machine("UInt8", 8, False), Machine("UInt16", 16, False), Machine("UInt32", 32, False), Machine("UInt64", 64, False),
)  # fmt: skip
MACHINES = (*INTEGERS, FLOAT32)
"""The builtin machine kinds besides Int and Float, in bit order."""
OWN = {"Own Integer": "Integer", "Own AbstractFloat": "AbstractFloat", "Own Any": "Any"}
"""What the primitive kinds of programs share a bit of -> the parent."""
BY_NAME = {machine.name: machine for machine in (INT, FLOAT, *MACHINES)}
PACKED = {name: machine.packed for name, machine in BY_NAME.items()} | {"Char": Packed("i32", 4), "Bool": Packed("i8", 1)}
"""Builtin kinds whose values lie raw in memory."""
WIDTHS = (1, 8, 16, 32, 64)
"""Widths that programs may give a primitive kind."""
MOST_OWN = 1023 - 8
"""Primitive kinds of one session: their serial numbers have ten bits in a word, and those of places (types/places.py) come first."""


def counts_as(machine: Machine) -> Machine:
    """The builtin kind that a program's kind counts as beside another kind."""
    if machine.floating:
        return FLOAT if machine.bits == 64 else FLOAT32
    if machine.bits == 1:
        return BY_NAME["UInt8"]
    return BY_NAME[("Int" if machine.signed else "UInt") + ("" if machine.bits == 64 and machine.signed else str(machine.bits))]


def promoted(a: str, b: str) -> str:
    """The kind of the result of arithmetic on two builtin kinds of numbers (docs/numbers.md)."""
    if a == b:
        return a
    x, y = BY_NAME.get(a), BY_NAME.get(b)
    floats = [m for m in (x, y) if m is not None and m.floating]
    if floats:
        return max(floats, key=lambda m: m.bits).name
    if x is None or y is None:
        return "BigInt"
    return max(x, y, key=lambda m: (m.bits, not m.signed)).name
