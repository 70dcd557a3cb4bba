"""The text of one function, and how names and constants are spelled. Emitters of ops are rows of `EMIT`: low_ops.py, omni_ops.py.

Names in the text: temporaries `%t7`, variables `%v7` (an alloca at entry; SROA removes them), blocks by their own names.
"""

from __future__ import annotations

from collections.abc import Callable

from jit_runtime.codegen.line_tables import LineTables
from jit_runtime.codegen.spelling import LLVM_TYPES, attributes, convention, immediate, label, linkage, symbol
from jit_runtime.ir.nodes import Function, Imm, Ins, Operand, Symbol, Temp, Variable
from jit_runtime.passes.blocks import reverse_postorder


class Emitter:
    """The text of one function, in `lines`, and what it refers to, in `declares` (symbol -> line).

    Emitters call `value`, `typed`, `set_result`, `line` and `intrinsic`.
    """

    __slots__ = ("_aliases", "_unique", "declares", "fn", "lines", "stacks", "tables")

    def __init__(self, fn: Function, declares: dict[str, str], tables: LineTables | None = None) -> None:
        self.fn, self.declares, self.tables = fn, declares, tables
        self.lines: list[str] = []
        self.stacks: list[str] = []
        self._aliases: dict[int, str] = {}
        self._unique = 0

    # ---- operands ----

    def value(self, a: Operand) -> str:
        """An operand without its type."""
        if type(a) is Temp:
            return self._aliases.get(a.id) or f"%t{a.id}"
        if type(a) is Imm:
            return immediate(a.type, a.value)
        if type(a) is Symbol:
            name = symbol(a.name)
            self.declares.setdefault(a.name, f"{name} = external global i8")
            return name if a.type == "ptr" else f"ptrtoint (ptr {name} to i64)"
        assert type(a) is Variable
        return f"%v{a.id}"

    def typed(self, a: Operand) -> str:
        return f"{LLVM_TYPES[a.type]} {self.value(a)}"

    def address(self, a: Operand) -> str:
        """An operand as `ptr ...`; words are converted."""
        if a.type == "ptr":
            return f"ptr {self.value(a)}"
        at = self.fresh()
        self.line(f"{at} = inttoptr i64 {self.value(a)} to ptr")
        return f"ptr {at}"

    def alias(self, dest: Temp, text: str) -> None:
        """The result of an instruction that needs no code is another text."""
        self._aliases[dest.id] = text

    def fresh(self) -> str:
        self._unique += 1
        return f"%x{self._unique}"

    # ---- lines ----

    def line(self, text: str) -> None:
        self.lines.append("  " + text)

    def result(self, ins: Ins, text: str) -> None:
        """`dest = text`, or just the text of an instruction without a result."""
        dest = ins.dest
        self.lines.append(f"  %t{dest.id} = {text}" if dest is not None else "  " + text)

    def intrinsic(self, name: str, result: str, args: str) -> str:
        """Text of a call `result @name(args)`; `args` is `type value, ...`. Declares it."""
        types = ", ".join(a.split(" ", 1)[0] for a in args.split(", ")) if args else ""
        self.declares.setdefault(name, f"declare {result} @{name}({types})")
        return f"call {result} @{name}({args})"

    def location(self, ins: Ins) -> str:
        """What a call ends with, so that its return address has a line."""
        node = None if self.tables is None else self.tables.location(self.fn, ins.span)
        return "" if node is None else f", !dbg !{node}"

    def function(self) -> str:
        fn = self.fn
        blocks = reverse_postorder(fn.blocks[0])  # an alias is known before it is used, whatever order the blocks were made in
        for block in blocks:
            self.lines.append(f"{label(block)}:")
            for ins in block.ins:
                EMIT[ins.op](self, ins)
        fn.emitted = len(self.lines) - len(blocks)
        params = ", ".join(f"{LLVM_TYPES[p.type]} %t{p.id}" for p in fn.params)
        head = f"define {linkage(fn)}{convention(fn.cconv)}{LLVM_TYPES[fn.result]} {symbol(fn.name)}({params})"
        entry = [f"  %v{v.id} = alloca {LLVM_TYPES[v.type]}" for v in fn.variables] + self.stacks
        first, *rest = self.lines
        scope = None if self.tables is None else self.tables.scope(fn)
        debug = "" if scope is None else f" !dbg !{scope}"
        return "\n".join([f"{head} {attributes(fn)}{debug} {{", first, *entry, *rest, "}", ""])


EMIT: dict[str, Callable[[Emitter, Ins], None]] = {}
