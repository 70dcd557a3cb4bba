"""The builtins that the session answers: `eval`, `doc`, and what asks about regions (runtime/session.omni calls here, on the thread's own stack)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.accounting import Accounting
from jit_runtime.data_form import form_of, text_of, type_name
from jit_runtime.definitions import evaluated_parts
from jit_runtime.expand.core import DefineMethod, DefineValue, DefineVersion
from jit_runtime.infer.world import GenericFunction
from jit_runtime.layout import words
from jit_runtime.pipeline import EMIT, EXPAND, LINK, LOOPS, RUN
from jit_runtime.types.builtins import find_builtin
from jit_runtime.types.kinds import FunctionKind, Variable
from jit_runtime.types.matching import agree, bound_kind, matches
from jit_runtime.types.order import below
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler

BELOW, KIND_OF, VALUE_KIND, METHODS, MAKER, WHY, REGIONS, TYPED = range(8)  # runtime/kinds.omni, ASK-; then the stages of code
CODE = (LOOPS, EMIT, LINK)
VERSION = TYPED + len(CODE) + 1
ADMITS, MATCHES, AGREE, BOUND_KIND = range(VERSION + 1, VERSION + 5)
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)
_PENDING = words.UNBOUND  # the answer that means: an error goes on, with task.payload


class Callbacks:
    """`failed(exception)` gives the word that stands for it in the program."""

    def __init__(self, compiler: Compiler, failed: Callable[[BaseException], int]) -> None:
        self._compiler, self._engine, self._failed = compiler, compiler.engine, failed
        self._accounting = Accounting(compiler)
        self._kept = [_CALLBACK(self._answer(answer)) for answer in (self._eval, self._doc, self._about_regions, self._ask)]
        names = ("eval_entry", "doc_entry", "accounting_entry", "ask_entry")
        self._engine.task.write(**{name: ctypes.cast(c, ctypes.c_void_p).value or 0 for name, c in zip(names, self._kept, strict=True)})

    @property
    def display(self) -> dict[str, str]:
        """The last answer about regions as people read it, by MIME type."""
        return self._accounting.display

    def _answer(self, function: Callable[[int, int], int]) -> Callable[[int, int], int]:
        def run(_: int, task: int) -> int:
            word, dest = self._engine.task.words("arguments", 2)
            try:
                return self._engine.python_call(function, word, dest)  # type: ignore[no-any-return]
            except BaseException as error:
                self._engine.task.write(payload=self._failed(error), error_code=0)
                return _PENDING

        return run

    def _eval(self, word: int, dest: int) -> int:
        """Evaluate data at top level; the last value is born in `dest`."""
        compiler, result = self._compiler, words.NOTHING
        for part in evaluated_parts(compiler.pipeline.run(EXPAND, form_of(self._engine, word), compiler.world)):
            if isinstance(part, (DefineMethod, DefineVersion)):
                compiler.definitions.define(part)
                result = words.NOTHING
                continue
            unit, entry = compiler.form(part)
            result, raised = compiler.pipeline.run(RUN, self._engine, entry, dest)
            compiler.retire(unit)
            if raised:
                self._engine.task.write(payload=result)
                return _PENDING
            if isinstance(part, DefineValue):
                compiler.defined.add(part.name)
        return result

    def _about_regions(self, operand: int, dest: int) -> int:
        return self._accounting.answers[self._engine.task.words("arguments", 3)[2]](operand, dest)

    def _ask(self, subject: int, dest: int) -> int:
        """Questions of runtime/kinds.omni."""
        _, _, question, other, third = self._engine.task.words("arguments", 5)
        kinds = self._compiler.kinds
        if question >= ADMITS:
            return self._ask_of_variables(question, subject, other, third)
        if question == BELOW:
            return words.TRUE if below(kinds.kind(subject), kinds.kind(other)) else words.FALSE
        if question in (KIND_OF, VALUE_KIND):
            return kinds.word(kinds.kind_of(subject) if question == KIND_OF else kinds.value_kind(subject))
        if question == VERSION:
            return self._string(kinds.obstacle(subject, other >> 2), dest)
        if question == MAKER:
            return kinds.converter(subject)
        function = self._function(subject)
        if function is None:
            return words.UNINITIALIZED
        if question == METHODS:
            return self._signatures(function, dest)
        return self._string(self._told(question, function), dest)

    def _ask_of_variables(self, question: int, subject: int, other: int, third: int) -> int:
        kinds, values = self._compiler.kinds, self._compiler.kinds.values
        if question == MATCHES:
            return words.TRUE if matches(values, subject, kinds.kind(other), {}) else words.FALSE
        kind = kinds.kind(subject)
        if question == ADMITS:
            return words.TRUE if below(kind, kinds.kind_of(other)) else words.FALSE
        assert isinstance(kind, FunctionKind)
        if question == BOUND_KIND:
            return kinds.word(bound_kind(values, self._compiler.world.universe, kind, other))
        holds = agree(values, kind, other, third)
        return words.TRUE if holds else words.FALSE

    def _told(self, question: int, function: GenericFunction) -> str:
        if question == WHY:
            from jit_runtime.explain import why_boxed

            return why_boxed(self._compiler, function)
        if question == REGIONS:
            from jit_runtime.explain import where_allocations_go

            return where_allocations_go(self._compiler, function)
        if question == TYPED:
            from jit_runtime.typed_listing import typed_listing

            return typed_listing(self._compiler, function)
        from jit_runtime.dumping import of_function

        return of_function(self._compiler, function, CODE[question - TYPED - 1])

    def _function(self, word: int) -> GenericFunction | None:
        """The generic function that a function object, a symbol or a struct means."""
        compiler = self._compiler
        for name, made in compiler.objects.made.items():
            if made.word == word and name.startswith("fun."):
                return made.function
        if word & words.TAG_MASK == words.OBJECT_TAG:
            if type_name(word) == "symbol":
                return compiler.world.functions.get(text_of(word))
            if type_name(word) == "kind" and isinstance(kind := compiler.kinds.kind(word), Struct):
                return compiler.world.functions.get(kind.name)
        return None

    def _signatures(self, function: GenericFunction, dest: int) -> int:
        """A list of lists of kinds; a rest parameter is the symbol `..`."""
        compiler, engine = self._compiler, self._engine
        result = words.NULL
        for method in reversed(function.own_methods):
            signature = method.signature
            row = [compiler.kinds.word(kind.bound if isinstance(kind, Variable) else kind) for kind in signature.params]
            inner = words.NULL
            for word in reversed([*row, *([compiler.constants.symbol("..")] if signature.rest else [])]):
                inner = engine.call("rt_cons", dest, word, inner)
            result = engine.call("rt_cons", dest, inner, result)
        return result

    def _string(self, text: str, dest: int) -> int:
        data = text.encode("utf-8", "surrogatepass")
        buffer = ctypes.create_string_buffer(data, len(data) + 1)
        return self._engine.call("rt_string", dest, ctypes.addressof(buffer), len(data))

    def _doc(self, subject: int, dest: int) -> int:
        text = self._doc_text(subject)
        if text is None:
            return words.NOTHING
        return self._string(text, dest)

    def _doc_text(self, subject: int) -> str | None:
        """The documentation of a function object, or of what a symbol names."""
        kind = type_name(subject)
        if kind not in ("function", "symbol"):
            return None
        name = text_of(subject)
        world = self._compiler.world
        builtin = kind == "function" and self._compiler.objects.is_builtin(subject)
        found = None if builtin else world.functions.get(name) or world.values.get(name)
        if found is not None:
            return found.doc or None
        row = find_builtin(name)
        return row.doc if row is not None else None
