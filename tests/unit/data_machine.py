"""The data half of the runtime on simulated memory, with a stand-in for the allocator: every object is a block with exact bounds.

`Machine.word(value)` makes a word of Python data, `Machine.value(word)` goes back; `run(name, *words)` calls a builtin.
"""

from __future__ import annotations

import functools
import pathlib
import struct
from typing import Any

from jit_runtime.infer.systems import compile_sources
from jit_runtime.ir.interpret import Interpreter
from jit_runtime.ir.interpret_ops import MachineTrap
from jit_runtime.ir.nodes import Module
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_ID, BY_NAME, EXTRA_SHIFT
from jit_runtime.layout.records import HEAP, REGION, SEGMENT, TASK
from jit_runtime.source.text import Source

RUNTIME = pathlib.Path(__file__).parents[2] / "jit_runtime" / "runtime"
FILES = (
    "values", "text_buffer", "print", "number_text", "numbers", "machine", "machine_numbers", "int_ops",
    "floats", "limbs", "big", "big_text", "sorting",
    "strings", "string_parts", "unicode", "unicode_tables", "symbols", "lists", "arrays", "typed_arrays", "views", "dicts", "dict_ops", "paths",
    "ranges", "equal", "hash", "kinds", "structs", "versions", "calls", "kind_tables", "errors", "error_texts", "output", "guard",
)  # fmt: skip
STAND_IN = """
(define alloc-object [task {CPtr Task}] [dest {CPtr Region}] [bytes {I64}] {I64} (%cast {I64} (malloc bytes)))
(define alloc-pair [task {CPtr Task}] [dest {CPtr Region}] {I64} (%cast {I64} (malloc 16)))
(define store-ref [task {CPtr Task}] [container {Word}] [offset {I64}] [value {Word}]
  (%store {Word} (+ (band container -8) offset) value))
(define region-of [w {Word}] {CPtr Region} nothing)
(define ask-session [task {CPtr Task}] [dest {CPtr Region}] [callback {CPtr}] [operand {Word}] {Word} (%trap) 0)
(define restore-limit [heap {CPtr Heap}] (set! heap.limit_given 0))
(define ^:noreturn throw [task {CPtr Task}] [payload {Word}] (set! task.payload payload) (%trap))
(define ^:noreturn rt_raise [task {CPtr Task}] [payload {Word}] (set! task.payload payload) (%trap))
"""


class Failed(Exception):
    """The runtime raised; the text is the message."""


class Symbol(str):
    """A symbol, where a str is a string."""


class Char(str):
    """A char."""


class Big(int):
    """A BigInt, where an int is an Int."""


class Array(list[Any]):
    """An array, where a Python list is a list."""


@functools.cache
def module() -> Module:
    sources = [Source(name, (RUNTIME / f"{name}.omni").read_text(encoding="utf-8")) for name in FILES if (RUNTIME / f"{name}.omni").exists()]
    return compile_sources([*sources, Source("stand_in", STAND_IN)])


class Machine:
    def __init__(self) -> None:
        self.machine = Interpreter(module())
        memory = self.memory = self.machine.memory
        self.task, self.heap, self.dest = memory.map(TASK.size), memory.map(HEAP.size), memory.map(REGION.size)
        self.set_task("heap", self.heap)
        self.set_task("segment", memory.map(SEGMENT.size))
        self.set_task("youngest", self.dest)
        self.set_task("out_fd", 1)
        memory.store64(self.heap + HEAP.offsets["permanent"], self.dest)
        self.machine.call("rt_data_init", self.task)

    def set_task(self, field: str, value: int) -> None:
        self.memory.store64(self.task + TASK.offsets[field], value)

    def get_task(self, field: str) -> int:
        return self.memory.load64(self.task + TASK.offsets[field])

    # ---- calling ----

    def call(self, name: str, *args: int | float) -> Any:
        """A runtime function; an error is Failed, with its message."""
        try:
            return self.machine.call(name, self.task, *args)
        except MachineTrap:
            payload = self.get_task("payload")
            raise Failed(self.display(payload)) from None

    def run(self, name: str, *args: int) -> int:
        """A builtin on words."""
        result: int = self.call(name, self.dest, *args)
        return result

    def spread(self, name: str, *args: int) -> int:
        """A builtin without a limit on its arguments."""
        for i, word in enumerate(args):
            self.memory.store64(self.task + TASK.offsets["arguments"] + 8 * i, word)
        return self.run(name, len(args))

    def __call__(self, name: str, *values: Any) -> Any:
        """A builtin on Python data, to Python data."""
        return self.value(self.run(name, *map(self.word, values)))

    # ---- words ----

    def word(self, value: Any) -> int:
        match value:
            case Word():
                return int(value)
            case None:
                return words.NOTHING
            case bool():
                return words.TRUE if value else words.FALSE
            case Big():
                return self.big(value)
            case int():
                return int(self.call("rt_int_to_word", self.dest, value))
            case float():
                return int(self.call("rt_float_to_word", self.dest, value))
            case Symbol():
                return int(self.text("rt_symbol", value))
            case Char():
                return words.char(ord(value))
            case str():
                return int(self.text("rt_string", value))
            case Array():
                return self.array([self.word(item) for item in value])
            case list():
                word = words.NULL
                for item in reversed(value):
                    word = self.run("rt_cons", self.word(item), word)
                return word
            case dict():
                made = self.spread("rt_dict")
                for key, item in value.items():
                    self.run("rt_dict_set", made, self.word(key), self.word(item))
                return made
        raise TypeError(value)

    def big(self, value: int) -> int:
        count = (abs(value).bit_length() + 63) // 64
        address = self.memory.allocate(8 * count)
        self.memory.write(address, abs(value).to_bytes(8 * count, "little"))
        word: int = self.call("rt_big_from_limbs", self.dest, int(value < 0), address, count)
        self.memory.free(address)
        return word

    def array(self, items: list[int]) -> int:
        made = self.spread("rt_array")
        for item in items:
            self.run("rt_array_push", made, item)
        return made

    def text(self, name: str, text: str) -> int:
        data = text.encode()
        address = self.memory.allocate(len(data))
        self.memory.write(address, data)
        args = (address, len(data)) if name == "rt_symbol" else (self.dest, address, len(data))
        word: int = self.call(name, *args)
        self.memory.free(address)
        return word

    def value(self, word: int) -> Any:
        """Python data of a word; a dict's pairs in order."""
        constants: dict[int, Any] = {words.NOTHING: None, words.FALSE: False, words.TRUE: True, words.NULL: []}
        if word in constants:
            return constants[word]
        if word & 3 == words.FIXNUM_TAG:
            return (word ^ 1 << 63) - (1 << 63) >> 2
        if word & 3 == words.FLONUM_TAG:
            return words.flonum_value(word)
        if word & 7 == words.PAIR_TAG:
            return self._list(word)
        if word & 255 == words.CHAR_CLASS:
            return Char(chr(word >> 8))
        return self._object(word)

    def _list(self, word: int) -> list[Any]:
        items = []
        while word & 7 == words.PAIR_TAG:
            items.append(self.value(self.memory.load64(word - 1)))
            word = self.memory.load64(word + 7)
        return items if word == words.NULL else [*items, "...", self.value(word)]

    def _object(self, word: int) -> Any:
        row = BY_ID[self.field(word, 0) >> 8 & 255]
        extra = self.field(word, 0) >> EXTRA_SHIFT
        at = word - words.OBJECT_TAG
        if row.name == "int":
            value = self.field(word, 8)
            return value - (1 << 64) if value >> 63 else value
        if row.name == "bigint":
            size = int.from_bytes(self.memory.read(at + row.offsets["tail"], extra), "little")
            return Big(-size if self.field(word, row.offsets["negative"]) else size)
        if row.name == "float":
            return self.memory.load(at + 8, 8, "f")
        if row.name == "string":
            return self.memory.read(at + row.offsets["tail"], extra).decode()
        if row.name == "symbol":
            return Symbol(self.value(self.field(word, row.offsets["name"])))
        if row.name == "array":
            return Array(map(self.value, self.elements(word)))
        if row.name == "kind":
            return "{" + self.value(self.field(word, row.offsets["name"])) + "}"
        if row.name == "dict":
            keys, values = self("rt_dict_keys", Word(word)), self("rt_dict_values", Word(word))
            return dict(zip(map(str, keys), values, strict=True))
        return row.name

    def store_of(self, array: int) -> str:
        """The row of an array's store: `store`, `bools` or `floats`."""
        return BY_ID[self.field(self.field(array, BY_NAME["array"].offsets["store"]), 0) >> 8 & 255].name

    def elements(self, array: int) -> list[int]:
        offsets, tail = BY_NAME["array"].offsets, BY_NAME["store"].offsets["tail"]
        length, store = self.field(array, offsets["length"]), self.field(array, offsets["store"])
        if self.store_of(array) == "store":
            return [self.field(store, tail + 8 * i) for i in range(length)]
        if self.store_of(array) == "floats":
            return [self.word(struct.unpack("<d", struct.pack("<Q", self.field(store, tail + 8 * i)))[0]) for i in range(length)]
        content = self.memory.read(store - words.OBJECT_TAG + tail, length)
        assert set(content) <= {0, 1}
        return [words.TRUE if byte else words.FALSE for byte in content]

    def field(self, word: int, offset: int) -> int:
        return self.memory.load64(word - words.OBJECT_TAG + offset)

    # ---- text ----

    def written(self, word: int) -> str:
        return self._printed("rt_write_value", word)

    def display(self, word: int) -> str:
        return self._printed("rt_display_value", word)

    def _printed(self, name: str, word: int) -> str:
        self.call(name, word)
        at = self.task + TASK.offsets["text"]
        return self.memory.read(self.memory.load64(at), self.memory.load64(at + 8)).decode()


class Word(int):
    """A word that `Machine.word` leaves as it is."""
