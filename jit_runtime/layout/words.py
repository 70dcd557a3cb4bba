"""How a value is packed into one 64-bit word (docs/abi.md, "Values"). Every tag is declared here and nowhere else."""

from __future__ import annotations

import struct

TAG_MASK = 7
FIXNUM_MASK, FIXNUM_TAG = 3, 0b00  # 62-bit integer, shifted left by 2
FLONUM_MASK, FLONUM_TAG = 3, 0b10  # double of common exponent, rotated
PAIR_TAG = 0b001
IMMEDIATE_TAG = 0b011
OBJECT_TAG = 0b101
FORWARD_TAG = 0b111  # only ever in the first word of a moved object

FIXNUM_SHIFT = 2
FIXNUM_MIN, FIXNUM_MAX = -(1 << 61), (1 << 61) - 1

# Immediates: payload << 8 | class << 3 | 3. Class 0: constants, class 1: characters, class 2: machine numbers.
NOTHING = 0x003
FALSE = 0x103
TRUE = 0x203
NULL = 0x303
UNINITIALIZED = 0x403
UNBOUND = 0x503
DEFAULT = 0x603  # an optional argument that was not passed
END = 0x703  # what an iterator gives after its last element
PULL = 0x803  # an iterator that holds no element: its function has to be called
REMOVED = 0x903  # the key of a removed entry of a dict
CHAR_CLASS = 0x0B
CHAR_SHIFT = 8

# Machine numbers: value << 30 | number << 16 | kind << 8 | class. `kind` is the bit index of the kind (types/kinds.py); `number` is 0 for builtin
# kinds, else what the session gave the kind. The value has 34 bits, with a sign; a Float32 is its bits. Wider values are boxed.
MACHINE_CLASS = 0x13
MACHINE_SHIFT = 30
MACHINE_KIND_SHIFT, MACHINE_NUMBER_SHIFT = 8, 16
MACHINE_CODE_MASK = (1 << MACHINE_SHIFT) - 1

FLONUM_ZERO = 0x8000000000000002
MASK64 = (1 << 64) - 1


def fixnum(value: int) -> int:
    return (value << FIXNUM_SHIFT) & MASK64


def is_fixnum_range(value: int) -> bool:
    return FIXNUM_MIN <= value <= FIXNUM_MAX


def char(code: int) -> int:
    return code << CHAR_SHIFT | CHAR_CLASS


def machine_code(kind: int, number: int = 0) -> int:
    """What all immediates of one machine kind have in common."""
    return number << MACHINE_NUMBER_SHIFT | kind << MACHINE_KIND_SHIFT | MACHINE_CLASS


def machine(value: int, code: int) -> int:
    return (value << MACHINE_SHIFT | code) & MASK64


def flonum(value: float) -> int | None:
    """The word of a double, or None where it has to be boxed.

    The top three exponent bits must be 011 or 100; rotating left by 3 then leaves them in the low
    bits, where bit 60 (now bit 63) says which of the two it was. 0.0 takes the word whose decoding
    would be 2**-255, which is therefore boxed.
    """
    bits = struct.unpack("<Q", struct.pack("<d", value))[0]
    if bits == 0:
        return FLONUM_ZERO
    if (bits >> 60) & 7 not in (3, 4):
        return None
    word = ((bits << 3 | bits >> 61) & MASK64 & ~3) | FLONUM_TAG
    return None if word == FLONUM_ZERO else word


def flonum_value(word: int) -> float:
    if word == FLONUM_ZERO:
        return 0.0
    rotated = (word & ~3) | (2 - (word >> 63))
    bits = (rotated >> 3 | rotated << 61) & MASK64
    value: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return value
