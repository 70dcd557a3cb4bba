"""What compiled code costs, by instance and in all: bytes of machine code, LLVM instructions, time. `(code-stats)`, `Session.stats` and the
displays show it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from jit_runtime.engine.elf import ObjectFile
from jit_runtime.pipeline import BUILD, EMIT, INFER, LINK, LOOPS, ROOTS

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler
    from jit_runtime.infer.world import GenericFunction
    from jit_runtime.ir.nodes import Module

CODE_LEVELS = ("code_bytes", "instances")
CODE_COUNTERS = ("units_compiled", "units_optimised", "llvm_instructions", "compile_us")
TIERS = ("quick", "optimised")


class Code(NamedTuple):
    """The machine code of one instance. `instructions`: of the LLVM text; `microseconds`: of all its compilations so far."""

    tier: int
    bytes: int
    instructions: int
    microseconds: int

    def after(self, earlier: Code | None) -> Code:
        return self if earlier is None else self._replace(microseconds=self.microseconds + earlier.microseconds)


NO_CODE = Code(0, 0, 0, 0)


def shares(whole: Code, owners: dict[str, str], module: Module, image: bytes) -> dict[str, Code]:
    """What a unit cost, by the owners of its functions (`owners`: by the function's name). Time is shared like instructions."""
    instructions = dict.fromkeys(owners.values(), 0)
    sizes = dict(instructions)
    for fn in module.functions:
        instructions[owners[fn.name]] += fn.emitted
    for symbol in ObjectFile(image).symbols:
        if symbol.name in owners:
            sizes[owners[symbol.name]] += symbol.size
    each = whole.microseconds / max(whole.instructions, 1)
    return {owner: Code(whole.tier, sizes[owner], count, int(each * count)) for owner, count in instructions.items()}


def instructions_in(module: Module) -> int:
    """LLVM instructions of the functions of an emitted module, without those of the runtime that were pasted."""
    return sum(fn.emitted for fn in module.functions)


class CodeAccounts:
    """`units_compiled`, `units_optimised`, `llvm_instructions` only grow."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._seen = self._elsewhere = 0.0
        self.units_compiled = self.units_optimised = self.llvm_instructions = 0

    def linked(self, module: Module, unit: Any, tier: int, elsewhere: float = 0.0) -> Code:
        """Note a unit that was just linked. The time since the last one is its own, and the seconds that it was compiled `elsewhere`."""
        instructions, seconds = instructions_in(module), self._seconds()
        spent, self._seen = seconds - self._seen + elsewhere, seconds
        self._elsewhere += elsewhere
        self.units_compiled += 1
        self.units_optimised += tier
        self.llvm_instructions += instructions
        return Code(tier, sum(high - low for low, high, _ in unit.ranges), instructions, int(1e6 * spent))

    def _seconds(self) -> float:
        seconds = self._compiler.pipeline.seconds
        return sum(seconds.get(stage.name, 0.0) for stage in (INFER, BUILD, LOOPS, ROOTS, EMIT, LINK))

    def read(self) -> dict[str, int]:
        """By the names of CODE_LEVELS and CODE_COUNTERS; from any thread."""
        return {
            "code_bytes": self._compiler.engine.code_bytes,
            "instances": len(self._compiler.by_instance),
            "units_compiled": self.units_compiled,
            "units_optimised": self.units_optimised,
            "llvm_instructions": self.llvm_instructions,
            "compile_us": int(1e6 * (self._seconds() + self._elsewhere)),
        }

    def of_function(self, function: GenericFunction) -> dict[str, Any]:
        """The sums over all instances, and a row for each. The cost of one that was not called yet is 0."""
        instances = [inst for method in function.methods for inst in method.instances.values()]
        codes = [(slot.code if (slot := self._compiler.by_instance.get(inst)) is not None else None) for inst in instances]
        made = [code for code in codes if code is not None]
        sums = Code(0, *(sum(column) for column in list(zip(*made, strict=True))[1:])) if made else NO_CODE
        rows = [{"kinds": [self._kind(mask) for mask in inst.key], **_row(code)} for inst, code in zip(instances, codes, strict=True)]
        return {"function": function.name, "instances": len(instances), **amounts(sums), "each": rows}

    def _kind(self, mask: int) -> str:
        return "|".join(self._compiler.world.universe.names(mask))


def _row(code: Code | None) -> dict[str, Any]:
    return {"tier": "none" if code is None else TIERS[code.tier], **amounts(code or NO_CODE)}


def amounts(code: Code) -> dict[str, int]:
    return {"code-bytes": code.bytes, "llvm-instructions": code.instructions, "compile-us": code.microseconds}
