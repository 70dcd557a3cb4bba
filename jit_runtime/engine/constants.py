"""Making the objects that units name: literals, symbols, kinds, function objects, cells. From Python, through the runtime."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from jit_runtime.data_form import text_of
from jit_runtime.engine.native import Struct
from jit_runtime.expand.core import Chr, Lst
from jit_runtime.layout import words
from jit_runtime.layout.records import CELL, Record
from jit_runtime.types.kinds import NUMBERED

if TYPE_CHECKING:
    from jit_runtime.engine.engine import Engine


def immediate_word(value: object) -> int | None:
    """The word of a datum that needs no memory, or None."""
    if isinstance(value, bool):
        return words.TRUE if value else words.FALSE
    if value is None:
        return words.NOTHING
    if isinstance(value, int) and words.is_fixnum_range(value):
        return words.fixnum(value)
    if isinstance(value, float):
        return words.flonum(value)
    if isinstance(value, Chr):
        return words.char(value.code)
    if isinstance(value, Lst) and not value.items:
        return words.NULL
    return None


class Constants:
    """What is made here lives as long as the engine, or as the region that is given."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.symbols: dict[str, int] = {}
        self.cells: list[Any] = []

    @property
    def region(self) -> int:
        return self.engine.heap.read("constants")

    def string(self, text: str, region: int = 0) -> int:
        """`region` here and below: where it is made, else among what stays."""
        data = text.encode("utf-8", "surrogatepass")
        buffer = ctypes.create_string_buffer(data, len(data) + 1)
        return self.engine.call("rt_string", region or self.region, ctypes.addressof(buffer), len(data))

    def symbol(self, name: str) -> int:
        word = self.symbols.get(name)
        if word is None:
            data = name.encode("utf-8", "surrogatepass")
            buffer = ctypes.create_string_buffer(data, len(data) + 1)
            word = self.symbols[name] = self.engine.call("rt_symbol", ctypes.addressof(buffer), len(data))
        return word

    def text(self, symbol: int) -> str:
        """The name of a symbol."""
        return text_of(symbol)

    def boxed(self, value: int | float, region: int = 0) -> int:
        """A number outside the range of immediate words."""
        if isinstance(value, int):
            return self.engine.call("rt_box_int", region or self.region, value & words.MASK64)
        box = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_double)
        made: int = box(self.engine.runtime["rt_box_float"])(self.engine.task.address, region or self.region, value)
        return made

    def big(self, value: int, region: int = 0) -> int:
        """A BigInt of any size."""
        count = (abs(value).bit_length() + 63) // 64
        limbs = ctypes.create_string_buffer(abs(value).to_bytes(8 * count, "little"), 8 * count + 1)
        return self.engine.call("rt_big_from_limbs", region or self.region, int(value < 0), ctypes.addressof(limbs), count)

    def pair(self, head: int, tail: int, region: int) -> int:
        return self.engine.call("rt_cons", region, head, tail)

    def kind(self, name: str) -> int:
        """The object of a builtin kind."""
        return self.engine.call("rt_kind", NUMBERED.index(name))

    def record(self, record: Record, **fields: int) -> Any:
        """A record of the runtime, filled in."""
        made = Struct(record)
        made.write(**fields)
        self.cells.append(made)
        return made

    def array(self, values: list[int]) -> int:
        """The address of an array of words."""
        made = (ctypes.c_uint64 * max(1, len(values)))(*(value & words.MASK64 for value in values))
        self.cells.append(made)
        return ctypes.addressof(made)

    def function(self, name: str, entry: int, info: int) -> int:
        return self.engine.call("rt_new_function", self.symbol(name), entry, info)

    def set_function(self, word: int, entry: int, info: int) -> None:
        self.engine.call("rt_set_function", word, entry, info)

    def cell(self, name: str) -> int:
        """A Cell record without a value."""
        cell = Struct(CELL)
        cell.write(value=words.UNBOUND, name=self.symbol(name))
        self.cells.append(cell)
        return cell.address
