"""The written form (language S2.4) and the display form (S2.5) of a value. Depth is limited by memory only."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal

from jit_runtime.oracle.values import (
    ARRAYS,
    KIND_CLASSES,
    NULL,
    Array,
    Atom,
    BigInt,
    Bits,
    Bounce,
    Box,
    Char,
    Closure,
    Dict,
    Fraction,
    Generic,
    Iter,
    Native,
    Null,
    Pair,
    Record,
    Symbol,
    Value,
    Whole,
    dims_of,
    held,
    single,
)

CHAR_NAMES = {0: "null", 8: "backspace", 9: "tab", 10: "newline", 13: "return", 27: "escape", 32: "space", 127: "delete"}
ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
QUOTES = {"quote": "'", "quasiquote": "`", "unquote": ",", "unquote-splicing": ",@"}


def display(value: Value) -> str:
    """Like the written form, but a string or char at top level is shown raw."""
    if type(value) is str:
        return value
    return chr(value.code) if type(value) is Char else written(value)


def written_as_made(value: Record) -> str:
    """A struct's value in the version it was made with."""
    if value.struct.is_constant:
        return value.struct.name
    return f"({' '.join([value.struct.name, *(written(held(value, field.name)) for field in value.struct.fields)])})"


def written(value: Value) -> str:
    out: list[str] = []
    open_containers: set[int] = set()
    work: list[Pieces] = [iter([_Form(value)])]
    while work:
        piece = next(work[-1], None)
        if piece is None:
            work.pop()
        elif isinstance(piece, str):
            out.append(piece)
        elif isinstance(piece, _Leave):
            open_containers.discard(piece.identity)
        elif id(piece.value) in open_containers:
            out.append("#<cycle>")
        else:
            inner = CONTAINERS.get(type(piece.value))
            if inner is None:
                out.append(atomic(piece.value))
            else:
                if type(piece.value) is not Pair and not (type(piece.value) is Record and not piece.value.struct.mutable):
                    open_containers.add(id(piece.value))
                work.append(inner(piece.value))
    return "".join(out)


class _Form:
    """A value still to be written (strings among the pieces are text)."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


class _Leave:
    """The mutable container with this identity has been written."""

    __slots__ = ("identity",)

    def __init__(self, value: Value) -> None:
        self.identity = id(value)


Pieces = Iterator[str | _Form | _Leave]


def _pair(value: Pair) -> Pieces:
    if type(value.head) is Symbol and value.head.name in QUOTES and type(value.tail) is Pair and value.tail.tail is NULL:
        yield QUOTES[value.head.name]
        yield _Form(value.tail.head)
        return
    yield "("
    yield _Form(value.head)
    rest = value.tail
    while type(rest) is Pair:
        yield " "
        yield _Form(rest.head)
        rest = rest.tail
    if rest is not NULL:
        yield " . "
        yield _Form(rest)
    yield ")"


def _array(value: Array) -> Pieces:
    """Rows of several dimensions stand in brackets of their own."""
    inner = [math.prod(dims_of(value)[i:]) for i in range(1, len(dims_of(value)))]
    rows = 0
    yield "["
    for i, item in enumerate(value.items):
        rows = sum(i % n == 0 for n in inner)
        if i:
            yield "]" * rows + " "
        yield "[" * rows
        yield _Form(item)
    yield "]" * (len(inner) + 1 if value.items else 1)
    yield _Leave(value)


def _dict(value: Dict) -> Pieces:
    yield "#{"
    for i, (key, item) in enumerate(value.entries.values()):
        if i:
            yield " "
        if type(key) is Symbol:
            yield ":"
        yield _Form(key)
        yield " "
        yield _Form(item)
    yield "}"
    yield _Leave(value)


def _holder(value: Box | Atom) -> Pieces:
    yield "#<box " if type(value) is Box else "#<atom "
    yield _Form(value.value)
    yield ">"
    yield _Leave(value)


def _record(value: Record) -> Pieces:
    """As one of the newest version, or in the version it was made with where it cannot be."""
    from jit_runtime.oracle.versions import obstacle

    outdated = value.struct.newest is not value.struct and obstacle(value) is not None
    struct = value.struct if outdated else value.struct.newest
    yield "#<" if outdated else ""
    yield struct.name if struct.is_constant else "(" + struct.name
    for field in struct.fields:
        yield " "
        yield _Form(held(value, field.name))
    yield "" if struct.is_constant else ")"
    yield f" of version {struct.number}>" if outdated else ""
    if value.struct.mutable:
        yield _Leave(value)


CONTAINERS: dict[type, Callable[[Value], Pieces]] = {
    Pair: _pair,
    **dict.fromkeys(ARRAYS, _array),
    Dict: _dict,
    Box: _holder,
    Atom: _holder,
    Record: _record,
}


def write_float(value: float) -> str:
    """The shortest digits that read back; Python's `repr` follows the same rule, with the same limits for exponents."""
    return repr(value)


def write_single(value: float) -> str:
    """The shortest digits that read back as the same Float32."""
    if not math.isfinite(value):
        return repr(float(value))
    texts = (f"{float(value):.{digits}e}" for digits in range(9))
    return repr(float(next(text for text in texts if single(float(text)) == value)))


def write_machine(value: Whole | Fraction | Bits) -> str:
    if isinstance(value, Bits):
        return f"({value.kind.name} {value.value})"
    if isinstance(value, Whole):
        return str(int(value))
    return write_single(value) if value.machine.bits == 32 else write_float(float(value))


def write_big(value: BigInt) -> str:
    """Through Decimal, since Python refuses to write ints of more than 4300 digits."""
    return f"{Decimal(int(value)):f}n"


def write_string(value: str) -> str:
    return '"' + "".join(ESCAPES.get(c) or (f"\\x{ord(c):02x}" if is_control(ord(c)) else c) for c in value) + '"'


def is_control(code: int) -> bool:
    return code < 32 or 127 <= code < 160


def write_char(code: int) -> str:
    name = CHAR_NAMES.get(code)
    if name is None:
        name = f"x{code:02x}" if is_control(code) else chr(code)
    return "#\\" + name


def atomic(value: Value) -> str:
    """The written form of a value without parts."""
    return write_machine(value) if isinstance(value, (Whole, Fraction, Bits)) else WRITERS[type(value)](value)


def _function(name: str | None) -> str:
    return f"#<fn {name}>" if name else "#<fn>"


WRITERS: dict[type, Callable[[Value], str]] = {
    int: str,
    BigInt: write_big,
    float: write_float,
    bool: lambda value: "true" if value else "false",
    type(None): lambda value: "nothing",
    str: write_string,
    Char: lambda value: write_char(value.code),
    Symbol: lambda value: value.name,
    Null: lambda value: "()",
    **dict.fromkeys(KIND_CLASSES, repr),
    Closure: lambda value: _function(value.code.source.name),
    Generic: lambda value: _function(value.name),
    Native: lambda value: _function(value.row.name),
    Iter: lambda value: "#<iter>",
    Bounce: lambda value: "#<bounce>",
}
