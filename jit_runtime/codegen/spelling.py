"""How types, names, constants and data are written in LLVM text."""

from __future__ import annotations

import struct

from jit_runtime.ir.nodes import Block, Function
from jit_runtime.ir.ops import LARGEST_LENGTH, MEMORY_CLASSES

LLVM_TYPES = {
    "void": "void", "i1": "i1", "i8": "i8", "i16": "i16", "i32": "i32", "i64": "i64", "f32": "float", "f64": "double", "ptr": "ptr", "ref": "i64",
}  # fmt: skip
STACK_POINTER_NODE, LENGTH_RANGE = "!9000", "!9009"
MEMORY_TAGS = {name: f"!{9012 + 2 * i}" for i, name in enumerate(MEMORY_CLASSES)}
"""Class of memory -> access tag of LLVM's type-based alias analysis; the node before it is the class, !9010 the root."""
_INTS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "ref": 64}


def symbol(name: str) -> str:
    return f"@{name}" if name.replace(".", "_").isidentifier() and name.isascii() else f'@"{quoted(name)}"'


def quoted(name: str) -> str:
    """Bytes other than plain printable ASCII as \\XX."""
    return "".join(chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\{b:02X}" for b in name.encode())


def label(block: Block) -> str:
    name = block.name
    return name if name.replace(".", "_").isidentifier() and name.isascii() else f'"{quoted(name)}"'


def immediate(type: str, value: int | float) -> str:
    if type == "f64":
        return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
    if type == "f32":
        rounded = struct.unpack("<f", struct.pack("<f", value))[0]
        return f"0x{struct.unpack('<Q', struct.pack('<d', rounded))[0]:016X}"
    number = int(value)
    if type == "ptr":
        return "null" if number == 0 else f"inttoptr (i64 {number} to ptr)"
    if type == "i1":
        return "true" if number & 1 else "false"
    bits = _INTS[type]
    if -(1 << bits - 1) <= number < 1 << bits - 1:
        return str(number)
    return str((number + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1))


def memory_nodes() -> str:
    """The metadata that MEMORY_TAGS names."""
    lines = [f"{LENGTH_RANGE} = !{{i64 0, i64 {LARGEST_LENGTH + 1}}}", '!9010 = !{!"omni"}']
    for i, name in enumerate(MEMORY_CLASSES):
        kind = 9011 + 2 * i
        lines += [f'!{kind} = !{{!"{name}", !9010}}', f"!{kind + 1} = !{{!{kind}, !{kind}, i64 0}}"]
    return "\n".join(lines)


def data_line(name: str, content: bytes) -> str:
    text = "".join(f"\\{b:02X}" for b in content)
    return f'{symbol(name)} = private unnamed_addr constant [{len(content)} x i8] c"{text}", align 16'


def convention(cconv: str) -> str:
    return "" if cconv == "ccc" else cconv + " "


def linkage(fn: Function) -> str:
    """Functions that are not exported are internal, so that LLVM drops them when all calls are inlined."""
    return "" if "export" in fn.attributes else "internal "


def attributes(fn: Function) -> str:
    words = [LLVM_ATTRIBUTES[a] for a in sorted(fn.attributes) if a in LLVM_ATTRIBUTES]
    return " ".join(["#0", *words])


LLVM_ATTRIBUTES = {"inline": "alwaysinline", "noinline": "noinline", "cold": "cold", "noreturn": "noreturn"}
