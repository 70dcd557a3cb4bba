"""Python's answers as values of the language, made in a destination. Nothing moves meanwhile, so words may be kept."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from jit_runtime.engine.constants import immediate_word
from jit_runtime.layout import words

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler


class Text(str):
    """A string; a plain str stands for a symbol."""

    __slots__ = ()


class Word(int):
    """A word as it is."""

    __slots__ = ()


class WordMaker:
    """Symbols, `Text`s, `Word`s, immediate values, lists, and dicts with symbols as keys."""

    def __init__(self, compiler: Compiler) -> None:
        self._engine, self._constants = compiler.engine, compiler.constants

    def word(self, value: Any, dest: int) -> int:
        if isinstance(value, Word):
            return value
        if isinstance(value, Text):
            return self.string(value, dest)
        if isinstance(value, str):
            return self.symbol(value)
        if isinstance(value, list):
            return self.list([self.word(item, dest) for item in value], dest)
        if isinstance(value, dict):
            return self._dict(value, dest)
        found = immediate_word(value)
        assert found is not None
        return found

    def symbol(self, name: str) -> int:
        return self._constants.symbol(name)

    def string(self, text: str, dest: int) -> int:
        data = text.encode("utf-8", "surrogatepass")
        buffer = ctypes.create_string_buffer(data, len(data) + 1)
        return self._engine.call("rt_string", dest, ctypes.addressof(buffer), len(data))

    def list(self, items: list[int], dest: int) -> int:
        made = words.NULL
        for item in reversed(items):
            made = self._engine.call("rt_cons", dest, item, made)
        return made

    def _dict(self, values: dict[str, Any], dest: int) -> int:
        made = self._engine.call("rt_dict", dest, 0)
        for name, value in values.items():
            self._engine.call("rt_dict_set", dest, made, self.symbol(name), self.word(value, dest))
        return made
