"""Code of the systems subset run both ways: on the interpreter and as native code."""

from __future__ import annotations

import ctypes

from jit_runtime.codegen.emit import emit_module
from jit_runtime.codegen.pipelines import compile_to_object
from jit_runtime.engine import process_symbols
from jit_runtime.engine.linking import Linking
from jit_runtime.infer.systems import compile_sources
from jit_runtime.ir.interpret import Interpreter
from jit_runtime.ir.nodes import Function, Module
from jit_runtime.ir.verify import verify_module
from jit_runtime.source.text import Source

C_TYPES = {
    "void": None, "i1": ctypes.c_bool, "i8": ctypes.c_uint8, "i16": ctypes.c_uint16, "i32": ctypes.c_uint32,
    "i64": ctypes.c_uint64, "ref": ctypes.c_uint64, "ptr": ctypes.c_uint64, "f32": ctypes.c_float, "f64": ctypes.c_double,
}  # fmt: skip


def module_of(text: str) -> Module:
    module = compile_sources([Source("test.omni", text)])
    verify_module(module)
    return module


class Native:
    """A module linked into this process."""

    def __init__(self, module: Module, tier: int = 1) -> None:
        self._functions = {fn.name: fn for fn in module.functions if "export" in fn.attributes}
        object = compile_to_object(emit_module(module), tier)
        self._unit = Linking().link(object, self._functions, process_symbols.address)

    def call(self, name: str, *args: int | float) -> int | float | None:
        fn = self._functions[name]
        return _prototype(fn)(self._unit[name])(*args)  # type: ignore[no-any-return]


def _prototype(fn: Function) -> type:
    return ctypes.CFUNCTYPE(C_TYPES[fn.result], *[C_TYPES[p.type] for p in fn.params])


class Both:
    """Calls a function on the interpreter, in quick and in optimised code, and insists on one result."""

    def __init__(self, text: str) -> None:
        module = module_of(text)
        self.interpreter = Interpreter(module)
        self.machines = [Native(module, 0), Native(module, 1)]

    def call(self, name: str, *args: int | float) -> int | float | None:
        result = self.interpreter.call(name, *args)
        for machine in self.machines:
            native = machine.call(name, *args)
            assert native == result or (native != native and result != result), (name, args, result, native)
        return result  # type: ignore[no-any-return]

    def signed(self, name: str, *args: int) -> int:
        value = self.call(name, *args)
        assert isinstance(value, int)
        return value - (1 << 64) if value >> 63 else value


def both(text: str) -> Both:
    return Both(text)


def result_of(body: str, result: str = "CInt64") -> int | float | None:
    """The value of an expression of the systems subset."""
    return Both(f"(define ^:export test-it [] {{{result}}} {body})").call("test_it")
