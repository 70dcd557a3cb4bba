"""Constants that code names by symbol: built once, in the constants region, under names that derive from their content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from jit_runtime.engine.constants import immediate_word
from jit_runtime.expand.core import Big, KindRef, Lst, Sym
from jit_runtime.layout import words
from jit_runtime.source.diagnostics import fail

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler


class Literals:
    """`names`: symbol by (text, value), in the order in which they were made; `words`: word by symbol."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler, self._constants = compiler, compiler.constants
        self.names: dict[object, str] = {}
        self.words: dict[str, int] = {}

    def name(self, value: object) -> str:
        """The symbol of an immutable constant."""
        text = repr(self._compiler.world.universe.describe(value.kind)) if isinstance(value, KindRef) else repr(value)
        key = (text, value)  # 1 and 1.0 are equal, also inside lists
        name = self.names.get(key)
        if name is None:
            name = "lit." + hashlib.sha1(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            self.names[key] = name
            self.words[name] = word = self._make(value)
            self._compiler.engine.define(name, word)
        return name

    def word(self, value: object) -> int:
        found = immediate_word(value)
        return found if found is not None else self.words[self.name(value)]

    def _make(self, value: object) -> int:
        constants = self._constants
        if isinstance(value, str):
            return constants.string(value)
        if isinstance(value, Sym):
            return constants.symbol(value.name)
        if isinstance(value, KindRef):
            return self._compiler.kinds.word(value.kind)
        if isinstance(value, Lst):
            tail = self.word(value.tail) if value.tail is not None else words.NULL
            for item in reversed(value.items):
                tail = constants.pair(self.word(item), tail)
            return tail
        if isinstance(value, (int, float)):
            return constants.boxed(value)
        if isinstance(value, Big):
            return constants.big(value.value)
        raise fail("X0900", None, f"not supported yet: a literal {type(value).__name__}")
