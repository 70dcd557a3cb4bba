"""THE op table. A row says what the verifier, the interpreter, the passes and code generation may assume of an op.

Argument and result types are patterns: a type of `nodes.TYPES`, or a letter for a set of types, where the same letter
stands for the same type throughout the row:

    I  any integer     F  f32 or f64     A  anything but void     N  any integer, ptr or ref
    P  an address: ptr, or an i64 or ref taken as one             V  a Variable (its type is the A of the row)
    *  (result only) whatever the destination's type is           -  no result

`...` as last argument stands for any number of further ones. `attr` says what `Ins.attr` holds.
"""

from __future__ import annotations

from jit_runtime.ir.nodes import Operand

# Effects, as bits. No bit: may be repeated, moved, dropped.
READS, WRITES, CALLS, ENDS, TRAPS = 1, 2, 4, 8, 16
INTS = ("i1", "i8", "i16", "i32", "i64")
SETS = {
    "I": (*INTS, "ref"),
    "F": ("f32", "f64"),
    "A": (*INTS, "f32", "f64", "ptr", "ref"),
    "N": (*INTS, "ptr", "ref"),
    "P": ("ptr", "i64", "ref"),
}
BITS = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "ref": 64, "ptr": 64}


class Op:
    """A row of the table. `targets` is how many blocks the op names (None: any number)."""

    __slots__ = ("args", "doc", "effects", "name", "result", "targets")

    def __init__(self, name: str, args: str, result: str, effects: int, doc: str, targets: int | None = 0) -> None:
        self.name, self.args, self.result = name, tuple(args.split()), result
        self.effects, self.doc, self.targets = effects, doc, targets


class Call:
    """What a call needs besides its operands: `Ins.attr` of `call` and `tailcall`.

    `callee` is a Symbol or an operand of type ptr. Arguments beyond `args` are variadic. `safepoint`: regions may be
    moved or freed meanwhile. `noreturn`: control does not come back; `unreachable` follows. `notail`: keep the frame, also
    where LLVM finds that the callee never returns (an endless recursion has to run out of stack). `changes_nothing`: where
    it returns, all memory that compiled code reads is as it was.
    """

    __slots__ = ("args", "callee", "cconv", "changes_nothing", "noreturn", "notail", "result", "safepoint", "variadic")

    def __init__(
        self,
        callee: Operand,
        args: tuple[str, ...],
        result: str,
        cconv: str = "ccc",
        *,
        safepoint: bool = False,
        noreturn: bool = False,
        variadic: bool = False,
        notail: bool = False,
        changes_nothing: bool = False,
    ) -> None:
        self.callee, self.args, self.result, self.cconv = callee, args, result, cconv
        self.safepoint, self.noreturn, self.variadic, self.notail = safepoint, noreturn, variadic, notail
        self.changes_nothing = changes_nothing


KEEPS_REGISTERS = frozenset({"rt_guard", "rt_reserve", "rt_barrier"})
"""Runtime functions on ways that are rarely taken: they save what registers they use, so that the code around need not save any for them."""


def runtime_convention(name: str) -> str:
    """The calling convention of a runtime function."""
    return "preserve_mostcc" if name in KEEPS_REGISTERS else "ccc"


OPS: dict[str, Op] = {}


def define(name: str, args: str, result: str, effects: int, doc: str, targets: int | None = 0) -> None:
    """Add a row. High-level ops are added by codegen/omni_ops.py, next to their emitters."""
    if name in OPS:
        raise ValueError(f"op {name} is defined twice")
    OPS[name] = Op(name, args, result, effects, doc, targets)


# ---- integers: they wrap ----
for _name, _doc in (
    ("add", "sum; attr fits: it is known not to overflow, signed"), ("sub", "difference; attr as for add"),
    ("mul", "product"), ("and", "bitwise and"), ("or", "bitwise or"), ("xor", "bitwise exclusive or"),
    ("shl", "shift left; the count is below the width"), ("lshr", "shift right, zeros enter"), ("ashr", "shift right, copies of the sign enter"),
    ("mulhi", "upper half of the unsigned double-width product"),
):  # fmt: skip
    define(_name, "I I", "I", 0, _doc)
for _name, _doc in (
    ("sdiv", "signed quotient, truncated"), ("srem", "signed remainder, sign of the dividend"),
    ("udiv", "unsigned quotient"), ("urem", "unsigned remainder"),
):  # fmt: skip
    define(_name, "I I", "I", TRAPS, _doc + "; the divisor is not 0, the quotient fits")
for _name in ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"):
    define(_name, "N N", "i1", 0, "comparison of integers, words or addresses")
define("ctlz", "I", "I", 0, "number of leading zero bits; of 0: the width")
define("cttz", "I", "I", 0, "number of trailing zero bits; of 0: the width")
define("popcount", "I", "I", 0, "number of one bits")
define("bswap", "I", "I", 0, "bytes reversed")
for _name in ("sadd", "ssub", "smul"):
    define(f"{_name}_overflow", "I I", "I", ENDS, "the wrapped result; goes to targets[1] on signed overflow, else to targets[0]", 2)
    define(f"{_name}_overflows", "I I", "i1", 0, "does the signed result not fit?")

# ---- floats ----
for _name in ("fadd", "fsub", "fmul", "fdiv"):
    define(_name, "F F", "F", 0, "IEEE arithmetic, round to nearest")
for _name in ("fneg", "fsqrt", "fabs", "floor", "ceil", "rint", "ftrunc"):
    define(_name, "F", "F", 0, "IEEE operation; rint: ties to even")
for _name in ("feq", "flt", "fle", "fgt", "fge"):
    define(_name, "F F", "i1", 0, "ordered comparison: false for NaN")
define("fne", "F F", "i1", 0, "unordered or unequal: true for NaN")

# ---- conversions: the destination's type says into what ----
define("zext", "I", "*", 0, "widen with zeros")
define("sext", "I", "*", 0, "widen with the sign")
define("trunc", "I", "*", 0, "keep the low bits")
define("sitofp", "I", "*", 0, "signed integer to float")
define("uitofp", "I", "*", 0, "unsigned integer to float")
define("fptosi", "F", "*", 0, "float to signed integer, truncated; out of range is unspecified")
define("fptoui", "F", "*", 0, "float to unsigned integer, truncated; out of range is unspecified")
define("fptrunc", "F", "*", 0, "f64 to f32")
define("fpext", "F", "*", 0, "f32 to f64")
define("bitcast", "A", "*", 0, "the same bits as another type of the same size, not to or from ptr")
define("ptrtoint", "ptr", "*", 0, "address as i64 or ref")
define("inttoptr", "I", "ptr", 0, "i64 or ref as address")
define("bits", "ref", "i64", 0, "a tagged word as plain bits: no longer a root")
define("ref", "i64", "ref", 0, "plain bits as a tagged word: a root from here on")
define("select", "i1 A A", "A", 0, "the second operand if the first is true, else the third")

# ---- memory ----
ORDERINGS = ("monotonic", "acquire", "release", "acq_rel", "seq_cst")
MEMORY_CLASSES = ("element", "field", "length", "struct")
"""Accesses of different classes never overlap: elements of arrays; what compiled code reads of the objects around them, and headers; fields
of structs; lengths of arrays, which are at most LARGEST_LENGTH: so an index in bounds plus another does not overflow, and LLVM drops that check."""
LARGEST_LENGTH = 1 << 32
define(
    "load", "P", "*", READS, "attr: None, an ordering, a class of MEMORY_CLASSES, or an int: the alignment in bytes where it is not the natural one"
)
define("store", "A P", "-", WRITES, "store operand 0 at operand 1; attr as for load")
define("offset", "P I", "ptr", 0, "address plus bytes")
define("atomic_rmw", "P N", "N", READS | WRITES, "attr: (operation, ordering); operation: add sub and or xor xchg min max umin umax; the old value")
define("cmpxchg", "P N N", "N", READS | WRITES, "attr: ordering; (address, expected, new); the value found")
define("fence", "", "-", READS | WRITES, "attr: ordering")
define("memcpy", "ptr ptr i64", "-", READS | WRITES, "to, from, bytes; no overlap")
define("memmove", "ptr ptr i64", "-", READS | WRITES, "to, from, bytes")
define("memset", "ptr i8 i64", "-", WRITES, "to, byte, count")
define("stack", "", "ptr", 0, "attr: bytes; memory of the frame, 16-aligned, one per instruction")
define("read_sp", "", "*", READS, "the stack pointer, as i64 or ptr")

# ---- variables ----
define("get", "V", "A", READS, "value of a variable")
define("set", "V A", "-", WRITES, "assign a variable")

# ---- control ----
define("call", "...", "*", READS | WRITES | CALLS, "attr: Call; dest None if the result is void")
AGAIN = "again"
define("br", "", "-", ENDS, "go to targets[0]; attr: None, or AGAIN where a turn of a loop begins (passes/loop_entries.py)", 1)
define("cbr", "i1", "-", ENDS, "targets[0] if true, else targets[1]; attr: None, likely, unlikely, or (weight, weight)", 2)
define("switch", "I", "-", ENDS, "attr: values for targets[1:]; targets[0] is the default", None)
define("ret", "...", "-", ENDS, "return operand 0, or nothing from a void function")
define("tailcall", "...", "-", ENDS | READS | WRITES | CALLS, "attr: Call, of this function's convention and result; at most 6 integer arguments")
define("unreachable", "", "-", ENDS, "control never comes here")
define("trap", "", "-", ENDS, "end the process with SIGILL")


def is_terminator(op: str) -> bool:
    return bool(OPS[op].effects & ENDS)
