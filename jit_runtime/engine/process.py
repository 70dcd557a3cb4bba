"""What all engines of a process share: the architecture's machine code, the fault handler, the target's name."""

from __future__ import annotations

import os
import threading
from functools import lru_cache

import llvmlite

from jit_runtime.codegen.pipelines import target_machine, version
from jit_runtime.codegen.processor import processor
from jit_runtime.engine import arch_x86_64 as arch
from jit_runtime.engine import stubs_x86_64
from jit_runtime.engine.faults import Faults
from jit_runtime.engine.linking import Linking
from jit_runtime.engine.object_cache import ObjectCache, key
from jit_runtime.engine.stubs import Machine
from jit_runtime.source.diagnostics import fail

_lock = threading.RLock()


class Process:
    def __init__(self, cache: ObjectCache) -> None:
        self.linking = Linking()
        self.machine = Machine(self.linking, _arch_image(cache), lambda: assembled(cache, "stubs", stubs_x86_64.page()))
        self.faults = Faults(self.machine)


_process: Process | None = None


def process(cache: ObjectCache) -> Process:
    """The one Process, made at the first call; `cache` keeps its machine code. Raises OmniError E0902 on other machines."""
    global _process
    with _lock:
        if _process is None:
            _process = Process(cache)
        return _process


@lru_cache(1)
def target_name() -> str:
    """What an object depends on besides its source: LLVM's version, the processor, the passes."""
    return f"llvmlite {llvmlite.__version__} {processor()} {version()}"


def _arch_image(cache: ObjectCache) -> bytes:
    if os.uname().machine not in ("x86_64", "AMD64"):
        raise fail("E0902", None, f"no machine code for {os.uname().machine} yet: only x86-64")
    return assembled(cache, "arch", arch.assembly())


def assembled(cache: ObjectCache, what: str, text: str) -> bytes:
    name = key(what, target_name(), text)
    image = cache.get(name)
    if image is None:
        image = _assemble(text)
        cache.put(name, image)
    return image


def _assemble(text: str) -> bytes:
    from llvmlite import binding

    machine = target_machine(0)
    image: bytes = machine.emit_object(binding.parse_assembly(text))
    return image
