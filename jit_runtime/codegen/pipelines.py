"""LLVM text -> object file, in two tiers (design/llvmlite.md, "Pipelines").

    0  quick      inline what must be, SROA, instcombine, simplifycfg, drop the unused; code generation level 0. From a long text only the
                  unused is dropped: passes take as long there as they save, and the code is no faster, since at level 0 all that
                  lives in more than one block is in memory anyway
    1  optimised  O2; code generation level 2

Target machines are reused (0.6 ms to make one). A pass manager is never run twice: that aborts the process.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jit_runtime.engine.object_cache import key

QUICK, OPTIMISED = 0, 1
_machines: dict[int, Any] = {}
_builders: dict[int, tuple[Any, int]] = {}
MOST_RUNS = 50  # of one pass builder
LONG = 20_000  # characters of a text, some 400 instructions
_host: list[str] = []


def host() -> tuple[str, str]:
    """Name and features of this machine's processor, as LLVM spells them."""
    if not _host:
        from llvmlite import binding

        _host[:] = [binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()]
    return _host[0], _host[1]


@lru_cache(1)
def version() -> str:
    """What objects depend on besides their text and the processor: which passes run is said in this file."""
    with open(__file__, "rb") as file:
        return key(file.read().decode())


def target_machine(level: int) -> Any:
    """The target machine of this process for a code generation level (0 - 3)."""
    machine = _machines.get(level)
    if machine is None:
        from llvmlite import binding

        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        binding.initialize_native_asmparser()  # `module asm` in the engine's texts
        binding.set_option("omni", "-unroll-runtime-multi-exit")  # loops with checks: errors are exits too
        cpu, features = host()
        machine = binding.Target.from_default_triple().create_target_machine(
            cpu=cpu, features=features, opt=level, jit=True, codemodel="small", reloc="pic"
        )
        _machines[level] = machine
    return machine


def optimise(text: str, tier: int) -> Any:
    """The module after the passes of a tier, verified. Raises RuntimeError with LLVM's message for a wrong text."""
    from llvmlite import binding

    module = binding.parse_assembly(text)
    module.verify()
    builder = pass_builder(0 if tier == QUICK else 2)
    if tier == QUICK:
        passes = binding.create_new_module_pass_manager()
        if len(text) < LONG:
            passes.add_always_inliner_pass()
            passes.add_sroa_pass()
            passes.add_instruction_combine_pass()
            passes.add_simplify_cfg_pass()
        passes.add_global_dead_code_eliminate_pass()
    else:
        passes = builder.getModulePassManager()
    passes.run(module, builder)
    dispose(passes)
    return module


def pass_builder(level: int) -> Any:
    """One for many runs: llvmlite does not give all of its memory back (1.5 KB each). Not for all: every run adds callbacks that
    all later runs make."""
    builder, uses = _builders.get(level, (None, MOST_RUNS))
    if uses >= MOST_RUNS:
        from llvmlite import binding

        builder, uses = binding.create_pass_builder(target_machine(level), binding.create_pipeline_tuning_options(speed_level=2)), 0
    _builders[level] = builder, uses + 1
    return builder


def dispose(passes: Any) -> None:
    """Free a pass manager. llvmlite 0.50 never does: of its two base classes the one whose disposal is empty wins (9 - 60 KB each)."""
    from llvmlite.binding.newpassmanagers import NewPassManager

    NewPassManager._dispose(passes)
    passes.detach()


def compile_to_object(text: str, tier: int = OPTIMISED) -> bytes:
    """An object file for this machine."""
    module = optimise(text, tier)
    return bytes(target_machine(0 if tier == QUICK else 2).emit_object(module))


def assembly(text: str, tier: int = OPTIMISED) -> str:
    """What `--dump asm` shows."""
    return str(target_machine(0 if tier == QUICK else 2).emit_assembly(optimise(text, tier)))
