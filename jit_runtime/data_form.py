"""Data as code: the form of a value in the heap, for `eval`. Nothing may move while it is read."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from jit_runtime.expand.quoted_kinds import list_form
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_ID, BY_NAME, EXTRA_SHIFT, TYPE_SHIFT
from jit_runtime.source.diagnostics import fail
from jit_runtime.source.text import NOWHERE
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.engine.engine import Engine

DEEPEST = 400
_CONSTANTS = {words.NOTHING: None, words.TRUE: True, words.FALSE: False}


def form_of(engine: Engine, word: int, depth: int = 0) -> f.Form:
    """Raises OmniError for a value that no program can write, such as a function."""
    if depth > DEEPEST:
        raise fail("X013", NOWHERE, "eval: the data is nested too deeply")
    if word in _CONSTANTS:
        return f.Literal(_CONSTANTS[word], NOWHERE)
    if word & words.FIXNUM_MASK == words.FIXNUM_TAG:
        return f.Int(signed(word) >> words.FIXNUM_SHIFT, NOWHERE)
    if word & words.FLONUM_MASK == words.FLONUM_TAG:
        return f.Float(words.flonum_value(word), NOWHERE)
    if word & 0xFF == words.MACHINE_CLASS or (word & words.TAG_MASK == words.OBJECT_TAG and type_name(word) in MACHINE_BOXES):
        return _machine(engine, word)
    if word & 0xFF == words.CHAR_CLASS:
        return f.Char(chr(word >> words.CHAR_SHIFT), NOWHERE)
    if word == words.NULL or word & words.TAG_MASK == words.PAIR_TAG:
        return _list(engine, word, depth)
    rule = _RULES.get(type_name(word)) if word & words.TAG_MASK == words.OBJECT_TAG else None
    if rule is None:
        engine.call("rt_write_value", word)
        raise fail("X013", NOWHERE, f"eval: {engine.read_text()} is not code")
    return rule(engine, word, depth)


def _list(engine: Engine, word: int, depth: int) -> f.Form:
    items = []
    while word & words.TAG_MASK == words.PAIR_TAG:
        items.append(form_of(engine, load(word - words.PAIR_TAG), depth + 1))
        word = load(word - words.PAIR_TAG + 8)
    return list_form(items, None if word == words.NULL else form_of(engine, word, depth + 1))


def _array(engine: Engine, word: int, depth: int) -> f.Form:
    length, store = field(word, "array", "length"), field(word, "array", "store")
    layout = type_name(store)
    at = store - words.OBJECT_TAG + BY_NAME[layout].offsets["tail"]
    if layout == "bools":
        return f.Array([f.Literal(item != 0, NOWHERE) for item in ctypes.string_at(at, length)], NOWHERE)
    if layout == "floats":
        return f.Array([f.Float(item, NOWHERE) for item in (ctypes.c_double * length).from_address(at)], NOWHERE)
    return f.Array([form_of(engine, load(at + 8 * i), depth + 1) for i in range(length)], NOWHERE)


def _dict(engine: Engine, word: int, depth: int) -> f.Form:
    parts = [form_of(engine, part, depth + 1) for entry in dict_entries(word) for part in entry]
    return f.Dict(parts, NOWHERE)


MACHINE_BOXES = ("uint64", "own-integer", "own-float", "own-any")


def _machine(engine: Engine, word: int) -> f.Form:
    """A call of the kind, with a number that has no less digits."""
    kind = engine.call("rt_kind_of", 0, word)
    engine.call("rt_write_value", word)
    text = engine.read_text().strip("()").split(" ")[-1]
    number = f.BigInt(int(text), NOWHERE) if text.lstrip("-").isdigit() else f.Float(float(text), NOWHERE)
    return f.List([f.Kind([f.Symbol(text_of(kind), NOWHERE)], NOWHERE), number], NOWHERE)


def _big(word: int) -> int:
    size = load(word - words.OBJECT_TAG) >> EXTRA_SHIFT
    value = int.from_bytes(ctypes.string_at(word - words.OBJECT_TAG + BY_NAME["bigint"].offsets["tail"], size), "little")
    return -value if field(word, "bigint", "negative") else value


def text_of(word: int) -> str:
    """The text of a string, or the name of a symbol or kind."""
    layout = type_name(word)
    if layout != "string":
        word = field(word, layout, "name")
        return text_of(word)
    size = load(word - words.OBJECT_TAG) >> EXTRA_SHIFT
    return ctypes.string_at(word - words.OBJECT_TAG + BY_NAME["string"].offsets["tail"], size).decode("utf-8", "surrogatepass")


def type_name(word: int) -> str:
    """The layout of an object."""
    return BY_ID[load(word - words.OBJECT_TAG) >> TYPE_SHIFT & 0xFF].name


def field(word: int, layout: str, name: str, index: int = 0) -> int:
    return load(word - words.OBJECT_TAG + BY_NAME[layout].offsets[name] + 8 * index)


def dict_entries(word: int) -> Iterator[tuple[int, int]]:
    """The words of the keys and values of a dict, in order."""
    entries = field(word, "dict", "entries")
    for at in range(0, 2 * field(word, "dict", "used"), 2):
        if field(entries, "store", "tail", at) != words.REMOVED:
            yield field(entries, "store", "tail", at), field(entries, "store", "tail", at + 1)


def load(address: int) -> int:
    return ctypes.c_uint64.from_address(address).value


def list_words(word: int) -> Iterator[int]:
    """The elements of a list."""
    while word & words.TAG_MASK == words.PAIR_TAG:
        yield load(word - words.PAIR_TAG)
        word = load(word - words.PAIR_TAG + 8)


def signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


_RULES: dict[str, Callable[[Engine, int, int], f.Form]] = {
    "array": _array,
    "dict": _dict,
    "string": lambda engine, word, depth: f.String(text_of(word), NOWHERE),
    "symbol": lambda engine, word, depth: f.Symbol(text_of(word), NOWHERE),
    "kind": lambda engine, word, depth: f.Kind([f.Symbol(part, NOWHERE) for part in text_of(word).split(" ")], NOWHERE),
    "bigint": lambda engine, word, depth: f.BigInt(_big(word), NOWHERE),
    "int": lambda engine, word, depth: f.Int(signed(field(word, "int", "value")), NOWHERE),
    "float": lambda engine, word, depth: f.Float(ctypes.c_double.from_address(word - words.OBJECT_TAG + 8).value, NOWHERE),
}
