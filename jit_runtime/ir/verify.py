"""The verifier. What holds of every function between passes:

 1. There is at least one block; block names are unique; no block is empty.
 2. A terminator stands last in each block and nowhere else; it names as many targets as its row says, all of this function.
    The entry block is nobody's target.
 3. Every op is a row of the op table (ir/ops.py); operands and result have the types the row allows.
 4. A temporary is assigned once, by one instruction or as a parameter, and its definition dominates every use.
 5. Variables are declared by the function and have the type of what is read from or written to them.
 6. A call passes what its `Call` declares (variadic calls at least that); it has a result unless that is void.
    A call marked noreturn is followed by `unreachable`.
 7. A tail call has the function's convention and result type, and at most 6 integer and 8 float arguments: LLVM miscompiles
    `musttail` with arguments on the stack.
 8. `ret` returns the function's result type.

Unreachable blocks are allowed and are checked except for dominance. Raises BadIR naming the function, the block and the instruction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jit_runtime.ir.nodes import TYPES, Block, Function, Imm, Ins, Module, Operand, Symbol, Temp, Variable
from jit_runtime.ir.ops import OPS, SETS, Call, is_terminator, runtime_convention
from jit_runtime.ir.text import show_instruction


class BadIR(Exception):
    """A bug in the compiler: never the user's mistake."""


def verify_module(module: Module) -> None:
    names = set(module.data)
    for fn in module.functions:
        if fn.name in names:
            raise BadIR(f"@{fn.name} is defined twice in {module.name}")
        names.add(fn.name)
        verify(fn)


def verify(fn: Function) -> None:
    _Verifier(fn).run()


def verify_imports(module: Module, signatures: Mapping[str, Any]) -> None:
    """Calls of runtime functions pass what these take: name -> something with `args` and `result` (words count as i64)."""
    for fn in module.functions:
        for block in fn.blocks:
            for ins in block.ins:
                if isinstance(ins.attr, Call) and isinstance(ins.attr.callee, Symbol) and ins.attr.callee.name in signatures:
                    call, row = ins.attr, signatures[ins.attr.callee.name]
                    way = runtime_convention(ins.attr.callee.name)
                    if _plain(call.args) != _plain(row.args) or _plain((call.result,)) != _plain((row.result,)) or call.cconv != way:
                        raise BadIR(f"@{fn.name}: `{show_instruction(ins)}` but the runtime has {row.args} -> {row.result}")


def _plain(types: tuple[str, ...]) -> list[str]:
    return ["i64" if t == "ref" else t for t in types]


class _Verifier:
    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.block: Block | None = None
        self.ins: Ins | None = None
        self.defined: dict[int, tuple[int, int]] = {}  # temp -> number of its block, position
        self.blocks = {id(block): number for number, block in enumerate(fn.blocks)}

    def bad(self, what: str) -> BadIR:
        where = f"@{self.fn.name}"
        if self.block is not None:
            where += f", {self.block.name}"
        if self.ins is not None:
            where += f": `{show_instruction(self.ins)}`"
        return BadIR(f"{what} ({where})")

    def run(self) -> None:
        self.check_blocks()
        self.define_temps()
        dominators = self.dominators()
        for number, block in enumerate(self.fn.blocks):
            self.block = block
            for position, self.ins in enumerate(block.ins):
                self.check_types(self.ins)
                self.check_rules(self.ins, block, position)
                if dominators[number] is not None:
                    self.check_uses(self.ins, number, position, dominators)

    # ---- structure ----

    def check_blocks(self) -> None:
        fn = self.fn
        if not fn.blocks:
            raise self.bad("no block")
        names = [block.name for block in fn.blocks]
        if len(set(names)) != len(names):
            raise self.bad("two blocks of one name")
        for block in fn.blocks:
            self.block, self.ins = block, None
            if not block.ins:
                raise self.bad("empty block")
            for self.ins in block.ins:
                if self.ins.op not in OPS:
                    raise self.bad("unknown op")
                if is_terminator(self.ins.op) != (self.ins is block.ins[-1]):
                    raise self.bad("a terminator stands last, and only there")
                self.check_targets(self.ins)
        self.block = self.ins = None

    def check_targets(self, ins: Ins) -> None:
        wanted = OPS[ins.op].targets
        if wanted is not None and len(ins.targets) != wanted:
            raise self.bad(f"{len(ins.targets)} targets")
        for target in ins.targets:
            if id(target) not in self.blocks:
                raise self.bad("a target outside the function")
            if target is self.fn.blocks[0]:
                raise self.bad("the entry is a target")
        if ins.op == "switch" and len(ins.attr) != len(ins.targets) - 1:
            raise self.bad("values and targets do not match")

    def define_temps(self) -> None:
        for param in self.fn.params:
            self.define(param, 0, -1)
        for number, block in enumerate(self.fn.blocks):
            for position, ins in enumerate(block.ins):
                if ins.dest is not None:
                    self.block, self.ins = block, ins
                    self.define(ins.dest, number, position)
        self.block = self.ins = None

    def define(self, temp: Temp, number: int, position: int) -> None:
        if temp.id in self.defined:
            raise self.bad(f"{temp} is assigned twice")
        if temp.type not in TYPES or temp.type == "void":
            raise self.bad(f"{temp} has type {temp.type}")
        self.defined[temp.id] = number, position

    # ---- types ----

    def check_types(self, ins: Ins) -> None:
        row = OPS[ins.op]
        bound: dict[str, str] = {}
        if row.args != ("...",):
            if len(ins.args) != len(row.args):
                raise self.bad(f"{len(ins.args)} operands")
            for pattern, operand in zip(row.args, ins.args):
                self.match(pattern, operand, bound)
        if row.result == "-":
            if ins.dest is not None:
                raise self.bad("this has no result")
        elif row.result != "*":
            have = "nothing" if ins.dest is None else ins.dest.type
            if have != bound.get(row.result, row.result):
                raise self.bad(f"the result is {have}")

    def match(self, pattern: str, operand: Operand, bound: dict[str, str]) -> None:
        if (pattern == "V") != isinstance(operand, Variable):
            raise self.bad("variables are operands of get and set")
        if pattern == "V":
            bound["A"] = operand.type
            return
        allowed = SETS.get(pattern)
        if allowed is None:
            right = operand.type == pattern
        else:
            right = operand.type in allowed and bound.setdefault(pattern, operand.type) == operand.type
        if not right:
            raise self.bad(f"operand {operand!r} is {operand.type}")

    # ---- rules of single ops ----

    def check_rules(self, ins: Ins, block: Block, position: int) -> None:
        for operand in ins.args:
            if isinstance(operand, Variable) and operand not in self.fn.variables:
                raise self.bad(f"{operand} is not of this function")
            if isinstance(operand, Imm) and operand.type not in TYPES:
                raise self.bad(f"a constant of type {operand.type}")
        if ins.op in ("call", "tailcall"):
            self.check_call(ins, block, position)
        elif ins.op == "ret":
            have = ins.args[0].type if ins.args else "void"
            if have != self.fn.result:
                raise self.bad(f"returns {have}, not {self.fn.result}")
        elif ins.op in ("load", "zext", "sext", "trunc", "bitcast", "read_sp") and ins.dest is None:
            raise self.bad("the result is nothing")

    def check_call(self, ins: Ins, block: Block, position: int) -> None:
        call = ins.attr
        if not isinstance(call, Call):
            raise self.bad("a call without Call")
        have = tuple(a.type for a in ins.args)
        if have[: len(call.args)] != call.args or (len(have) > len(call.args) and not call.variadic):
            raise self.bad(f"arguments {have} for {call.args}")
        if call.callee.type != "ptr":
            raise self.bad("the callee is not an address")
        if ins.op == "tailcall":
            floats = sum(t in ("f32", "f64") for t in have)
            if call.cconv != self.fn.cconv or call.result != self.fn.result:
                raise self.bad("a tail call differs in convention or result")
            if floats > 8 or len(have) - floats > 6:
                raise self.bad("a tail call with arguments on the stack")
            return
        if (ins.dest.type if ins.dest is not None else "void") != call.result:
            raise self.bad(f"the result is not {call.result}")
        if call.noreturn and block.ins[position + 1].op != "unreachable":
            raise self.bad("a call that does not return is followed by unreachable")

    # ---- dominance ----

    def check_uses(self, ins: Ins, number: int, position: int, dominators: list[int | None]) -> None:
        operands = [*ins.args, ins.attr.callee] if isinstance(ins.attr, Call) else ins.args
        for operand in operands:
            if isinstance(operand, Temp):
                found = self.defined.get(operand.id)
                if found is None:
                    raise self.bad(f"{operand} is not defined")
                at, where = found
                if not (where < position if at == number else self.dominates(at, number, dominators)):
                    raise self.bad(f"{operand} is not defined on every way here")
            elif not isinstance(operand, (Imm, Symbol, Variable)):
                raise self.bad(f"{operand!r} is no operand")

    def dominates(self, a: int, b: int, dominators: list[int | None]) -> bool:
        while b != a:
            above = dominators[b]
            if above is None or above == b:
                return False
            b = above
        return True

    def dominators(self) -> list[int | None]:
        """Immediate dominator of each block by number (Cooper, Harvey, Kennedy); None where control cannot come."""
        targets = [[self.blocks[id(t)] for t in block.ins[-1].targets] for block in self.fn.blocks]
        order = _postorder(targets)
        rank = {block: i for i, block in enumerate(order)}
        before: dict[int, list[int]] = {block: [] for block in order}
        for block in order:
            for target in targets[block]:
                before[target].append(block)
        found: list[int | None] = [None] * len(targets)
        found[0] = 0
        changed = True
        while changed:
            changed = False
            for block in reversed(order[:-1]):
                known = [b for b in before[block] if found[b] is not None]
                best = known[0]
                for other in known[1:]:
                    best = _meet(best, other, found, rank)
                if found[block] != best:
                    found[block], changed = best, True
        return found


def _postorder(targets: list[list[int]]) -> list[int]:
    """Numbers of the blocks reachable from block 0, each after what it reaches."""
    seen, order = {0}, []
    work = [(0, iter(targets[0]))]
    while work:
        block, rest = work[-1]
        for target in rest:
            if target not in seen:
                seen.add(target)
                work.append((target, iter(targets[target])))
                break
        else:
            order.append(block)
            work.pop()
    return order


def _meet(a: int, b: int, found: list[int | None], rank: dict[int, int]) -> int:
    while a != b:
        while rank[a] < rank[b]:
            a = found[a]  # type: ignore[assignment]
        while rank[b] < rank[a]:
            b = found[b]  # type: ignore[assignment]
    return a
