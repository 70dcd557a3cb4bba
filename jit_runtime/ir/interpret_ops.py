"""What each op means in Python: one expression per row of the op table."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit_runtime.ir.nodes import Ins
from jit_runtime.ir.ops import BITS

if TYPE_CHECKING:
    from jit_runtime.ir.interpret import Interpreter

M64 = (1 << 64) - 1


class MachineTrap(Exception):
    """What would have ended the process, or is undefined."""


def signed(value: int, bits: int = 64) -> int:
    """An unsigned integer of a width, read as two's complement."""
    return value - (1 << bits) if value >> bits - 1 else value


_WRAPPING = {"add": "+", "sub": "-", "mul": "*", "shl": "<<"}
_PLAIN = {"and": "&", "or": "|", "xor": "^", "lshr": ">>", "eq": "==", "ne": "!=", "ult": "<", "ule": "<=", "ugt": ">", "uge": ">="}
_SIGNED = {"slt": "<", "sle": "<=", "sgt": ">", "sge": ">="}
_FLOAT = {"fadd": "+", "fsub": "-", "fmul": "*", "feq": "==", "fne": "!=", "flt": "<", "fle": "<=", "fgt": ">", "fge": ">="}
_FUNCTIONS = frozenset(("sdiv", "srem", "udiv", "urem", "ctlz", "cttz", "popcount", "bswap", "mulhi"))
_OVERFLOW = {"sadd": "+", "ssub": "-", "smul": "*"}


def expression(ins: Ins, args: list[str]) -> str:
    """Python text of an instruction's result (or effect)."""
    op = ins.op
    if op in _PLAIN:
        return f"{args[0]} {_PLAIN[op]} {args[1]}"
    if op in _WRAPPING:
        return f"({args[0]} {_WRAPPING[op]} {args[1]}) & {_mask(ins.args[0].type)}"
    if op in _SIGNED:
        sign = 1 << BITS[ins.args[0].type] - 1
        return f"({args[0]} ^ {sign}) {_SIGNED[op]} ({args[1]} ^ {sign})"
    if op in _FLOAT:
        text = f"{args[0]} {_FLOAT[op]} {args[1]}"
        return f"single({text})" if ins.dest is not None and ins.dest.type == "f32" else text
    if op in _FUNCTIONS:
        return f"{op}({', '.join(args)}, {BITS[ins.args[0].type]})"
    if op.endswith("_overflows"):
        bits = BITS[ins.args[0].type]
        return f"not {-(1 << bits - 1)} <= {exact(op, args, bits)} <= {(1 << bits - 1) - 1}"
    return _RULES[op](ins, args)


def exact(op: str, args: list[str], bits: int) -> str:
    """The signed result before wrapping, of an `..._overflow` op."""
    sign = 1 << bits - 1
    return f"(({args[0]} ^ {sign}) - {sign}) {_OVERFLOW[op[:4]]} (({args[1]} ^ {sign}) - {sign})"


def _mask(type: str) -> int:
    return (1 << BITS[type]) - 1


_SIZES = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "f32": 4, "f64": 8, "ptr": 8, "ref": 8}


def _load(ins: Ins, args: list[str]) -> str:
    type = ins.dest.type  # type: ignore[union-attr]
    align = ins.attr if isinstance(ins.attr, int) else 0
    if _SIZES[type] == 8 and type != "f64" and not align:
        return f"load64({args[0]})"
    return f"load({args[0]}, {_SIZES[type]}, {type[0] if type[0] == 'f' else 'i'!r}, {align})"


def _store(ins: Ins, args: list[str]) -> str:
    type = ins.args[0].type
    align = ins.attr if isinstance(ins.attr, int) else 0
    if _SIZES[type] == 8 and type != "f64" and not align:
        return f"store64({args[1]}, {args[0]})"
    return f"store({args[1]}, {_SIZES[type]}, {args[0]}, {type[0] if type[0] == 'f' else 'i'!r}, {align})"


def _sext(ins: Ins, args: list[str]) -> str:
    sign = 1 << BITS[ins.args[0].type] - 1
    return f"(({args[0]} ^ {sign}) - {sign}) & {_mask(ins.dest.type)}"  # type: ignore[union-attr]


def _offset(ins: Ins, args: list[str]) -> str:
    bits = BITS[ins.args[1].type]
    count = args[1] if bits == 64 else f"signed({args[1]}, {bits})"
    return f"({args[0]} + {count}) & {M64}"


def _bitcast(ins: Ins, args: list[str]) -> str:
    have, want = ins.args[0].type, ins.dest.type  # type: ignore[union-attr]
    if (have[0] == "f") == (want[0] == "f"):
        return args[0]
    size = _SIZES[have]
    return f"{'float_bits' if have[0] == 'f' else 'bits_float'}({args[0]}, {size})"


def _rmw(ins: Ins, args: list[str]) -> str:
    return f"atomic_rmw({ins.attr[0]!r}, {args[0]}, {args[1]}, {_SIZES[ins.args[1].type]})"


def _identity(ins: Ins, args: list[str]) -> str:
    return args[0]


def _function(name: str) -> Callable[[Ins, list[str]], str]:
    return lambda ins, args: f"{name}({', '.join(args)})"


_RULES: dict[str, Callable[[Ins, list[str]], str]] = {
    "load": _load,
    "store": _store,
    "offset": _offset,
    "get": _identity,
    "zext": _identity,
    "ptrtoint": _identity,
    "inttoptr": _identity,
    "bits": _identity,
    "ref": _identity,
    "fpext": _identity,
    "sext": _sext,
    "trunc": lambda ins, args: f"{args[0]} & {_mask(ins.dest.type)}",  # type: ignore[union-attr]
    "sitofp": lambda ins, args: f"float(signed({args[0]}, {BITS[ins.args[0].type]}))",
    "uitofp": lambda ins, args: f"float({args[0]})",
    "fptosi": lambda ins, args: f"to_int({args[0]}, {BITS[ins.dest.type]})",  # type: ignore[union-attr]
    "fptoui": lambda ins, args: f"to_int({args[0]}, {BITS[ins.dest.type]})",  # type: ignore[union-attr]
    "fptrunc": _function("single"),
    "bitcast": _bitcast,
    "select": lambda ins, args: f"{args[1]} if {args[0]} else {args[2]}",
    "ashr": lambda ins, args: f"(signed({args[0]}, {BITS[ins.args[0].type]}) >> {args[1]}) & {_mask(ins.args[0].type)}",
    "fdiv": _function("fdiv"),
    "fneg": lambda ins, args: f"-{args[0]}",
    "fsqrt": _function("fsqrt"),
    "fabs": _function("abs"),
    "floor": _function("floor"),
    "ceil": _function("ceil"),
    "rint": _function("rint"),
    "ftrunc": _function("ftrunc"),
    "atomic_rmw": _rmw,
    "cmpxchg": lambda ins, args: f"cmpxchg({', '.join(args)}, {_SIZES[ins.args[1].type]})",
    "fence": lambda ins, args: "None",
    "memcpy": _function("memcpy"),
    "memmove": _function("memmove"),
    "memset": _function("memset"),
    "read_sp": lambda ins, args: "machine.stack_pointer",
}


# ---- functions that the expressions name ----


def _quotient(a: int, b: int, bits: int) -> tuple[int, int]:
    a, b = signed(a, bits), signed(b, bits)
    if b == 0 or (b == -1 and a == -(1 << bits - 1)):
        raise MachineTrap(f"{a} / {b}")
    q = abs(a) // abs(b)
    q = q if (a < 0) == (b < 0) else -q
    return q, a - q * b


def sdiv(a: int, b: int, bits: int) -> int:
    return _quotient(a, b, bits)[0] & (1 << bits) - 1


def srem(a: int, b: int, bits: int) -> int:
    return _quotient(a, b, bits)[1] & (1 << bits) - 1


def udiv(a: int, b: int, bits: int) -> int:
    if b == 0:
        raise MachineTrap(f"{a} / 0")
    return a // b


def urem(a: int, b: int, bits: int) -> int:
    if b == 0:
        raise MachineTrap(f"{a} % 0")
    return a % b


def fdiv(a: float, b: float) -> float:
    if b == 0.0:
        return math.nan if a == 0.0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


def to_int(value: float, bits: int) -> int:
    return 1 << bits - 1 if not -(2.0**63) <= value < 2.0**64 else int(value) & (1 << bits) - 1


def _whole(fn: Callable[[float], int]) -> Callable[[float], float]:
    def apply(value: float) -> float:
        return value if math.isinf(value) or math.isnan(value) else math.copysign(float(fn(value)), value)

    return apply


def single(value: float) -> float:
    result: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return result


def float_bits(value: float, size: int) -> int:
    return int.from_bytes(struct.pack("<d" if size == 8 else "<f", value), "little")


def bits_float(value: int, size: int) -> float:
    result: float = struct.unpack("<d" if size == 8 else "<f", value.to_bytes(size, "little"))[0]
    return result


_COMBINE: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "xchg": lambda a, b: b,
    "umax": max,
    "umin": min,
}


def trap(what: str) -> None:
    raise MachineTrap(f"control reached `{what}`")


def namespace(machine: Interpreter) -> dict[str, Any]:
    """Globals of translated functions."""
    memory = machine.memory

    def atomic_rmw(op: str, address: int, value: int, size: int) -> int:
        old = int(memory.load(address, size))
        memory.store(address, size, _COMBINE[op](old, value) & (1 << 8 * size) - 1)
        return old

    def cmpxchg(address: int, old: int, new: int, size: int) -> int:
        found = int(memory.load(address, size))
        if found == old:
            memory.store(address, size, new)
        return found

    def memcpy(to: int, source: int, count: int) -> None:
        if to < source + count and source < to + count and count:
            raise MachineTrap(f"memcpy of overlapping memory, {count} bytes from {source:#x} to {to:#x}")
        memory.write(to, memory.read(source, count))

    def memmove(to: int, source: int, count: int) -> None:
        memory.write(to, memory.read(source, count))

    def memset(to: int, byte: int, count: int) -> None:
        memory.write(to, bytes([byte]) * count)

    return {
        "machine": machine, "load": memory.load, "store": memory.store, "load64": memory.load64, "store64": memory.store64,
        "allocate": memory.allocate, "free": memory.free, "call_address": machine.call_address, "signed": signed, "trap": trap,
        "sdiv": sdiv, "srem": srem, "udiv": udiv, "urem": urem,
        "fdiv": fdiv, "to_int": to_int, "single": single, "float_bits": float_bits, "bits_float": bits_float, "atomic_rmw": atomic_rmw,
        "cmpxchg": cmpxchg,
        "memcpy": memcpy, "memmove": memmove, "memset": memset, "floor": _whole(math.floor), "ceil": _whole(math.ceil), "rint": _whole(round),
        "ftrunc": _whole(math.trunc), "fsqrt": lambda x: math.sqrt(x) if x >= 0 else math.nan if x != 0 else x,
        "ctlz": lambda a, bits: bits - a.bit_length(), "cttz": lambda a, bits: (a & -a).bit_length() - 1 if a else bits,
        "popcount": lambda a, bits: a.bit_count(), "bswap": lambda a, bits: int.from_bytes(a.to_bytes(bits // 8, "little"), "big"),
        "mulhi": lambda a, b, bits: a * b >> bits,
    }  # fmt: skip
