"""The typed IR: functions of basic blocks over typed temporaries and local variables.

Temporaries are assigned once. Locals are variables (`get`/`set`); LLVM's SROA makes them registers, so no
pass here builds SSA. `ref` is a tagged word that may name an object in a region (an i64 to LLVM): the roots
pass cares about `ref` only. `word` results that are proven immediate or permanent have type `i64`.
"""

from __future__ import annotations

from typing import Any

from jit_runtime.dataclass import dataclass, field
from jit_runtime.source.text import Span

TYPES = ("void", "i1", "i8", "i16", "i32", "i64", "f32", "f64", "ptr", "ref")


class Temp:
    """A value computed once. `name` is for the text form only."""

    __slots__ = ("id", "type")

    def __init__(self, id: int, type: str) -> None:
        self.id, self.type = id, type

    def __repr__(self) -> str:
        return f"%{self.id}"


class Imm:
    """A constant. `value` is an int (also for ptr and ref: the bits) or a float. `written`: it stands in the program, or is the word of what does."""

    __slots__ = ("type", "value", "written")

    def __init__(self, type: str, value: int | float, written: bool = False) -> None:
        self.type, self.value, self.written = type, value, written

    def __repr__(self) -> str:
        return f"{self.type} {self.value}"


class Symbol:
    """The address of a function or of data outside the unit: resolved when linking, never baked in.

    With type `ref` or `i64` the address itself is the value: a literal's tagged word.
    """

    __slots__ = ("name", "type")

    def __init__(self, name: str, type: str = "ptr") -> None:
        self.name, self.type = name, type

    def __repr__(self) -> str:
        return f"@{self.name}"


class Variable:
    """A local variable of a function."""

    __slots__ = ("id", "name", "type")

    def __init__(self, id: int, name: str, type: str) -> None:
        self.id, self.name, self.type = id, name, type

    def __repr__(self) -> str:
        return f"${self.name}.{self.id}"


Operand = Temp | Imm | Symbol | Variable


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """An inlined call: the callee's name and the span that its places are relative to, the place of the call, a number in the unit."""

    name: str
    home: Span
    caller: Place
    number: int


@dataclass(frozen=True, slots=True)
class InlinedPlace:
    """A place in the body of an inlined callee."""

    span: Span
    site: Site


Place = Span | InlinedPlace | None


class Ins:
    """One instruction: a row of the op table (ir/ops.py), operands, the temp it defines, and what else the op needs.

    Terminators are instructions too, and stand last in a block; `targets` are the blocks they may go to.
    """

    __slots__ = ("args", "attr", "dest", "op", "span", "targets")

    def __init__(
        self,
        op: str,
        args: tuple[Operand, ...] = (),
        dest: Temp | None = None,
        attr: Any = None,
        span: Place = None,
        targets: tuple[Block, ...] = (),
    ) -> None:
        self.op, self.args, self.dest, self.attr, self.span, self.targets = op, args, dest, attr, span, targets


class Block:
    __slots__ = ("ins", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.ins: list[Ins] = []


@dataclass(slots=True, eq=False)
class BackEdge:
    """A loop's way back to `head`. `block` only jumps until the guard is put there (passes/strips.py).

    `arrays`: values bound around or in the loop that are arrays of known kind, which may be read wherever they are known.
    """

    head: Block
    block: Block
    arrays: set[Operand]
    span: Place


@dataclass(slots=True, eq=False)
class Function:
    """`cconv` is tailcc for Omni functions (docs/abi.md) and ccc for the runtime. The first block is the entry.

    `back_edges`: its loops, inner ones first, until they get their guards. `homes`: regions that code allocates in because a reference lies
    there; it has to be rooted as long as the region is used. `attributes` is a set of: inline, noinline, export, cold,
    noreturn, readonly, allocates (may reach a safepoint poll: sets the task's pending flag), raises.
    """

    name: str
    params: list[Temp]
    result: str
    cconv: str = "tailcc"
    blocks: list[Block] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    span: Span | None = None
    next_id: int = 0
    sites: list[Site] = field(default_factory=list)
    emitted: int = 0  # LLVM instructions of its text
    back_edges: list[BackEdge] = field(default_factory=list)
    homes: dict[Operand, Temp | Variable] = field(default_factory=dict)

    def temp(self, type: str) -> Temp:
        self.next_id += 1
        return Temp(self.next_id, type)

    def variable(self, name: str, type: str) -> Variable:
        self.next_id += 1
        v = Variable(self.next_id, name, type)
        self.variables.append(v)
        return v

    def block(self, name: str) -> Block:
        self.next_id += 1
        b = Block(f"{name}.{self.next_id}")
        self.blocks.append(b)
        return b


@dataclass(slots=True, eq=False)
class Module:
    """A unit of code generation. `data` are named constants: name -> bytes. `guarded`: its loops have guards, and what else the tier gives them."""

    name: str
    functions: list[Function] = field(default_factory=list)
    data: dict[str, bytes] = field(default_factory=dict)
    guarded: bool = False
