"""OracleSession: evaluates program text with the oracle, in the shape of the real Session."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from jit_runtime.expand.expand import expand_toplevel
from jit_runtime.oracle import registry
from jit_runtime.oracle.builtins_memory import code_stats, who_holds
from jit_runtime.oracle.calling import Calls, Tail
from jit_runtime.oracle.data_form import form_of
from jit_runtime.oracle.kinds import VALUES, value_to_kind
from jit_runtime.oracle.machine import STACK_LIMIT, Machine
from jit_runtime.oracle.printer import display, written
from jit_runtime.oracle.raised import Raised, expected
from jit_runtime.oracle.structs import construct
from jit_runtime.oracle.values import Closure, Generic, Native, Symbol, Value, kind_of, make_list, symbol
from jit_runtime.source.diagnostics import Diagnostic, OmniError
from jit_runtime.source.text import Source
from jit_runtime.syntax.reader import read
from jit_runtime.types.builtins import find_builtin
from jit_runtime.types.errors import code_of
from jit_runtime.types.kinds import Variable
from jit_runtime.types.matching import bound_kind
from jit_runtime.types.structs import Struct


class Exit(Exception):
    """The program called `exit`."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Result:
    """What the last form of a text gave: its written form and its kind's; both None for a text without forms."""

    __slots__ = ("kind_text", "value_text")

    def __init__(self, value_text: str | None, kind_text: str | None) -> None:
        self.value_text, self.kind_text = value_text, kind_text


class OracleSession:
    """One module and its output. `eval` raises OmniError; definitions made before an error stay."""

    def __init__(self, stack_limit: int = STACK_LIMIT, write: Callable[[str], None] | None = None) -> None:
        self._output: list[str] = []
        self._write = write or self._output.append
        self._gensyms = 0
        plain, calling = self._builtins()
        self.machine = Machine(registry.natives({**registry.PLAIN, **plain}, {**registry.CALLING, **calling}), stack_limit)

    def eval(self, text: str, *, name: str = "<oracle>", line: int = 1) -> Result:
        """Evaluate all forms. Nothing is evaluated if the reader finds a mistake. Raises OmniError, Exit."""
        found = read(Source(name, text, line))
        if found.diagnostics:
            raise OmniError(*found.diagnostics)
        result = Result(None, None)
        for form in found.forms:
            value = self.eval_form(form)
            result = Result(written(value), written(kind_of(value)))
        return result

    def eval_form(self, form: Any) -> Value:
        """The value of one form that has been read. Raises OmniError, Exit."""
        core = expand_toplevel(form, self.machine)
        try:
            return self.machine.run(core)
        except Raised as error:
            raise OmniError(Diagnostic(code_of(error.number), error.span or form.span, error.message)) from None

    def take_output(self) -> str:
        """What the program wrote since the last time."""
        text = "".join(self._output)
        self._output.clear()
        return text

    # ---- builtins that need the session ----

    def close(self) -> None:
        """Nothing to give back; sessions of every engine can be closed."""

    def _builtins(self) -> tuple[dict[str, Callable[..., Value]], dict[str, Callable[..., Value]]]:
        plain: dict[str, Callable[..., Value]] = {
            "print": lambda *values: self._write(" ".join(map(display, values))),
            "println": lambda *values: self._write(" ".join(map(display, values)) + "\n"),
            "display": lambda value: self._write(display(value)),
            "write": lambda value: self._write(written(value)),
            "newline": lambda: self._write("\n"),
            "current-time-millis": lambda: time.time_ns() // 1_000_000,
            "exit": _exit,
            "gensym": self._gensym,
            "doc": self._doc,
            "who-holds": lambda value: who_holds(self.machine.globals, value),
            "code-stats": lambda *subject: code_stats(self.machine.globals, *subject),
            "methods-of": self._methods_of,
            **{name: partial(self._not_compiled, name) for name in ("code-typed", "why-boxed", "code-ir", "code-llvm", "code-asm", "code-regions")},
            "construct": lambda struct, *fields: construct(self.machine.universe, struct, *fields),
            "bound-kind": lambda pair, value: bound_kind(VALUES, self.machine.universe, pair, value),
            "value->type": lambda value: value_to_kind(self.machine.universe, value),
        }
        return plain, {"eval": self._eval}

    def _gensym(self, prefix: Value = "g") -> Value:
        self._gensyms += 1
        return Symbol(f"{display(prefix)}~{self._gensyms}")

    def _methods_of(self, subject: Value) -> Value:
        """The parameter kinds of each method."""
        rows = []
        for method in self._generic("methods-of", subject).methods:
            signature = method.code.source.signature
            kinds = [kind.bound if isinstance(kind, Variable) else kind for kind in signature.params]
            rows.append(make_list([*kinds, *([symbol("..")] if signature.rest else [])]))
        return make_list(rows)

    def _not_compiled(self, name: str, subject: Value) -> None:
        self._write(f"{self._generic(name, subject).name} has no compiled instance yet: call it first\n")

    def _generic(self, name: str, subject: Value) -> Generic:
        found = self.machine.globals.get(subject.name) if type(subject) is Symbol else subject
        if isinstance(subject, Struct):
            found = self.machine.globals.get(subject.name)
        if type(found) is not Generic:
            expected(name, "a function of the program", subject)
        return found

    def _doc(self, subject: Value) -> Value:
        """The documentation of a function or of what a symbol names."""
        if type(subject) is Native:
            return subject.row.doc or None
        if type(subject) is Closure:
            return None
        if type(subject) not in (Generic, Symbol):
            expected("doc", "Function", subject)
        name = subject.name
        if name in self.machine.globals:
            return self.machine.docs.get(name)
        row = find_builtin(name)
        return None if row is None else row.doc

    def _eval(self, data: Value) -> Calls:
        yield from ()  # makes this a generator function
        return Tail(self.machine.thunk(expand_toplevel(form_of(data), self.machine)), ())


def _exit(status: Value = 0) -> Value:
    raise Exit(status if type(status) is int else expected("exit", "Int", status))
