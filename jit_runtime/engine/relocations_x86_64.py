"""What the relocations of x86-64 objects mean, of those that LLVM emits for the small code model with position independent code, and for assembly."""

from __future__ import annotations

WORD = frozenset({1})  # R_X86_64_64: 8 bytes, an address
NEAR = frozenset({2, 4})  # PC32, PLT32: 4 bytes, the distance from there to an address
INDIRECT = frozenset({9, 41, 42})  # GOTPCREL, GOTPCRELX, REX_GOTPCRELX: 4 bytes, the distance from there to a word with an address
CALL = frozenset({4})  # PLT32: of NEAR, those that may go to a jump instead
REACH = 1 << 31

JUMP_SIZE = 8


def jump(distance: int) -> bytes:
    """Code that goes to the address in a word at this distance from it."""
    return b"\xff\x25" + (distance - 6).to_bytes(4, "little", signed=True) + b"\xcc\xcc"
