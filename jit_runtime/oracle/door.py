"""The oracle in the shape of `jit_runtime.session.Session`: what `Session(Options(engine="oracle"))` is."""

from __future__ import annotations

import os
import time
from typing import Any

from jit_runtime.accounting import COUNTERS, LEVELS
from jit_runtime.code_accounting import CODE_COUNTERS, CODE_LEVELS
from jit_runtime.failures import as_omni_error
from jit_runtime.infer.world import GenericFunction, GlobalValue, World
from jit_runtime.options import Options
from jit_runtime.oracle.session import Exit, OracleSession
from jit_runtime.oracle.values import Generic
from jit_runtime.session import Result
from jit_runtime.source.diagnostics import OmniError, fail


class OracleDoor:
    """There are no regions: all counters are 0."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.closed = False
        self._session = OracleSession(write=self._print)
        self._machine = self._session.machine

    def _print(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        while data:
            data = data[os.write(self.options.out_fd, data) :]

    def eval(self, text: str, *, name: str = "<repl>", line: int = 1) -> Result:
        """Evaluate every form of a text, in order; the result is the last one's. Raises OmniError; SystemExit for `exit`."""
        started = time.perf_counter()
        try:
            found = self._session.eval(text, name=name, line=line)
        except Exit as left:
            raise SystemExit(left.status) from None
        except OmniError:
            raise
        except BaseException as error:
            raise as_omni_error(error) from error
        kind = (found.kind_text or "Nothing").strip("{}")
        warnings, self._session.machine.warnings = self._session.machine.warnings, []
        return Result(found.value_text, kind=kind, stats=self.stats(), timings={"run": time.perf_counter() - started}, warnings=warnings)

    def load(self, path: str) -> Result:
        with open(path, encoding="utf-8") as file:
            return self.eval(file.read(), name=path)

    def interrupt(self) -> None:
        """Stop the running program at its next call."""
        self._machine.interrupt()

    def flush(self) -> None:
        """Nothing is held back."""

    def stats(self) -> dict[str, int]:
        return dict.fromkeys(LEVELS + COUNTERS + CODE_LEVELS + CODE_COUNTERS, 0)

    def is_complete(self, text: str) -> tuple[str, str]:
        from jit_runtime.assist import completeness

        return completeness(text)

    def complete(self, text: str, cursor: int) -> tuple[int, int, list[Any]]:
        from jit_runtime.assist import complete

        return complete(text, cursor, self._world())

    def inspect(self, name: str) -> str | None:
        from jit_runtime.assist import inspect

        return inspect(name, self._world())

    def functions(self) -> list[str]:
        return sorted(self._machine.functions)

    def dump(self, text: str, stage: str) -> str:
        raise fail("X0905", None, f"the oracle compiles nothing: there is no stage {stage}", help="--dump needs the native engine")

    def close(self) -> None:
        self.closed = True

    def _world(self) -> World:
        """The definitions, as what looks names up wants them."""
        world = World()
        for name, value in self._machine.globals.items():
            if type(value) is Generic and name in self._machine.functions:
                function = world.functions[name] = GenericFunction(name)
                function.doc = self._machine.docs.get(name)
                for method in value.methods:
                    function.define(method.code.source)
            else:
                world.values[name] = GlobalValue(name, 0, self._machine.declared.get(name), self._machine.docs.get(name))
        return world
