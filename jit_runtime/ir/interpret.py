"""Interpreter of low-level IR on simulated memory: each function becomes a Python function when it is first called.

Integers, words and addresses are unsigned Python ints of their type's width, i1 is 0 or 1, floats are floats. What would be
undefined or fatal in compiled code is an exception: MemoryFault (memory.py) or MachineTrap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jit_runtime.ir import interpret_ops as rules
from jit_runtime.ir.interpret_externs import EXTERNS
from jit_runtime.ir.interpret_ops import MachineTrap, signed
from jit_runtime.ir.memory import Memory
from jit_runtime.ir.nodes import Block, Function, Imm, Ins, Module, Operand, Symbol, Temp, Variable
from jit_runtime.ir.ops import BITS

CODE_BASE = 0x4000_0000
STACK_POINTER = 0x7FFF_FFFF_0000
MAX_NESTING = 30  # of blocks written inside the branch that is their only way in; Python allows 100 levels


class Interpreter:
    """`externs`: name -> Python function (interpreter, *args), added to and preferred over the default ones."""

    def __init__(self, module: Module, memory: Memory | None = None, externs: dict[str, Callable[..., Any]] | None = None) -> None:
        self.memory = Memory() if memory is None else memory
        self.stack_pointer = STACK_POINTER
        self.written: dict[int, bytearray] = {}  # what went to each file descriptor
        self._functions = {fn.name: fn for fn in module.functions}
        self._externs = EXTERNS | (externs or {})
        self._codes: dict[str, int] = {}
        self._at: dict[int, str] = {}
        self._globals: dict[str, Any] = rules.namespace(self)
        self._data = {name: self._map(content) for name, content in module.data.items()}

    def _map(self, content: bytes) -> int:
        address = self.memory.allocate(len(content))
        self.memory.write(address, content)
        return address

    def call(self, name: str, *args: int | float) -> Any:
        """Call a function with the right number of arguments; negative integers wrap."""
        fn = self._functions[name]
        masked = [a if isinstance(a, float) else a & (1 << BITS[p.type]) - 1 for a, p in zip(args, fn.params, strict=True)]
        return self.function(name)(*masked)

    def call_address(self, address: int, *args: int | float) -> Any:
        name = self._at.get(address)
        if name is None:
            raise MachineTrap(f"call of {address:#x}, which is no function")
        return self.function(name)(*args)

    def define(self, name: str, fn: Callable[..., Any]) -> int:
        """Make a Python function (interpreter, *args) callable under a name; its address."""
        self._externs[name] = fn
        return self.address(name)

    def address(self, name: str) -> int:
        """The address of a symbol."""
        if name in self._data:
            return self._data[name]
        if name not in self._codes:
            address = CODE_BASE + 16 * len(self._codes)
            self._codes[name], self._at[address] = address, name
        return self._codes[name]

    def function(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] | None = self._globals.get(_global(name))
        return self._translate(name) if found is None else found

    def _translate(self, name: str) -> Callable[..., Any]:
        fn = self._functions.get(name)
        if fn is None:
            extern = self._externs.get(name)
            if extern is None:
                raise MachineTrap(f"call of {name}, which is not defined")
            result: Callable[..., Any] = lambda *args: extern(self, *args)  # noqa: E731
        else:
            text = _Translation(self, fn).text()
            exec(compile(text, f"<ir {name}>", "exec"), self._globals)
            result = self._globals["translated"]
        self._globals[_global(name)] = result
        return result

    def reference(self, name: str) -> str:
        """Python text that denotes a function, translated when it is first called."""
        key = _global(name)
        if key not in self._globals:

            def first_call(*args: Any) -> Any:
                return self._translate(name)(*args)

            self._globals[key] = first_call
        return key


def _global(name: str) -> str:
    return "f_" + "".join(c if c.isalnum() else f"_{ord(c):x}_" for c in name)


class _Translation:
    """The Python text of one function: a loop over block numbers, blocks with one predecessor written in place."""

    def __init__(self, interpreter: Interpreter, fn: Function) -> None:
        self.interpreter, self.fn = interpreter, fn
        self.lines: list[str] = []
        self.frees = False
        self.heads: list[Block] = []
        self.entries: dict[int, int] = {}
        for block in fn.blocks:
            for target in block.ins[-1].targets:
                self.entries[id(target)] = self.entries.get(id(target), 0) + 1

    def text(self) -> str:
        fn = self.fn
        params = ", ".join(f"t{p.id}" for p in fn.params)
        self.head(fn.blocks[0])
        bodies: list[list[str]] = []
        while len(bodies) < len(self.heads):
            self.lines = []
            self.block(self.heads[len(bodies)], 0)
            bodies.append(self.lines)
        lines = [f"def translated({params}):", "  pc = 0"]
        start = "  "
        if self.frees:
            lines += ["  frame = []", "  try:"]
            start = "    "
        lines.append(f"{start}while True:")
        _choose(lines, bodies, 0, len(bodies), start + "  ")
        if self.frees:
            lines += ["  finally:", "    for block in frame: free(block)"]
        return "\n".join(lines) + "\n"

    def head(self, block: Block) -> int:
        """The number of a block that is jumped to."""
        for number, known in enumerate(self.heads):
            if known is block:
                return number
        self.heads.append(block)
        return len(self.heads) - 1

    def block(self, block: Block, depth: int) -> None:
        for ins in block.ins[:-1]:
            self.line(depth, self.instruction(ins))
        self.terminator(block.ins[-1], depth)

    def line(self, depth: int, text: str) -> None:
        self.lines.append(" " * depth + text)

    def go(self, target: Block, depth: int) -> None:
        if self.entries[id(target)] == 1 and depth < MAX_NESTING and target is not self.fn.blocks[0]:
            self.block(target, depth)
        else:
            self.line(depth, f"pc = {self.head(target)}; continue")

    # ---- operands ----

    def value(self, a: Operand) -> str:
        match a:
            case Temp():
                return f"t{a.id}"
            case Imm():
                return _constant(a)
            case Symbol():
                return str(self.interpreter.address(a.name))
            case Variable():
                return f"v{a.id}"
        raise TypeError(a)

    def instruction(self, ins: Ins) -> str:
        args = [self.value(a) for a in ins.args]
        if ins.op == "call":
            text = self.call(ins, args)
        elif ins.op == "set":
            return f"{args[0]} = {args[1]}"
        elif ins.op == "stack":
            self.frees = True
            text = f"allocate({ins.attr}); frame.append(t{ins.dest.id})"  # type: ignore[union-attr]
        else:
            text = rules.expression(ins, args)
        return text if ins.dest is None else f"t{ins.dest.id} = {text}"

    def call(self, ins: Ins, args: list[str]) -> str:
        callee = ins.attr.callee
        if isinstance(callee, Symbol):
            return f"{self.interpreter.reference(callee.name)}({', '.join(args)})"
        return f"call_address({', '.join([self.value(callee), *args])})"

    def terminator(self, ins: Ins, depth: int) -> None:
        args = [self.value(a) for a in ins.args]
        match ins.op:
            case "br":
                self.go(ins.targets[0], depth)
            case "cbr":
                self.line(depth, f"if {args[0]}:")
                self.go(ins.targets[0], depth + 1)
                self.line(depth, "else:")
                self.go(ins.targets[1], depth + 1)
            case "ret":
                self.line(depth, f"return {args[0] if args else None}")
            case "tailcall":
                self.line(depth, f"return {self.call(ins, args)}")
            case "switch":
                cases = {value & (1 << BITS[ins.args[0].type]) - 1: self.head(block) for value, block in zip(ins.attr, ins.targets[1:])}
                self.line(depth, f"pc = {cases}.get({args[0]}, {self.head(ins.targets[0])}); continue")
            case "sadd_overflow" | "ssub_overflow" | "smul_overflow":
                bits = BITS[ins.args[0].type]
                self.line(depth, f"x = {rules.exact(ins.op, args, bits)}")
                self.line(depth, f"t{ins.dest.id} = x & {(1 << bits) - 1}")  # type: ignore[union-attr]
                self.line(depth, f"if {-(1 << bits - 1)} <= x <= {(1 << bits - 1) - 1}:")
                self.go(ins.targets[0], depth + 1)
                self.line(depth, "else:")
                self.go(ins.targets[1], depth + 1)
            case _:
                self.line(depth, f"trap({ins.op!r})")


def _constant(a: Imm) -> str:
    if a.type in ("f32", "f64"):
        return f"float({str(a.value)!r})"
    return str(int(a.value) & (1 << BITS[a.type]) - 1)


def _choose(lines: list[str], bodies: list[list[str]], low: int, high: int, indent: str) -> None:
    """Binary decision on `pc`."""
    if high - low == 1:
        lines += [indent + line for line in bodies[low]]
        return
    middle = (low + high) // 2
    lines.append(f"{indent}if pc < {middle}:")
    _choose(lines, bodies, low, middle, indent + " ")
    lines.append(f"{indent}else:")
    _choose(lines, bodies, middle, high, indent + " ")


__all__ = ["Interpreter", "MachineTrap", "signed"]
