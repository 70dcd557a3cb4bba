"""Views of typed arrays, which share the elements of another one (language S20)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from jit_runtime.oracle.builtins_arrays import check_index
from jit_runtime.oracle.builtins_text import check_range, need_index
from jit_runtime.oracle.raised import raise_error
from jit_runtime.oracle.values import TypedArray, Value, symbol
from jit_runtime.types import errors


class Window(list[Any]):
    """`size` items of another list from `first` on, for reading and writing. The list's own storage stays empty."""

    def __init__(self, items: list[Value], first: int, size: int) -> None:
        super().__init__()
        self.base, self.first, self.size = items, first, size
        if isinstance(items, Window):
            self.base, self.first = items.base, items.first + first

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Any]:
        return iter(self[:])

    def __reversed__(self) -> Iterator[Any]:
        return iter(self[::-1])

    def __getitem__(self, at: Any) -> Any:
        places = range(self.first, self.first + self.size)[at]
        return [self.base[place] for place in places] if isinstance(places, range) else self.base[places]

    def __setitem__(self, at: Any, value: Any) -> None:
        places = range(self.first, self.first + self.size)[at]
        if isinstance(places, range):
            self.base[places.start : places.stop] = value
        else:
            self.base[places] = value


def need_typed(name: str, array: Value) -> None:
    if not isinstance(array, TypedArray):
        raise_error(errors.NO_VIEW, symbol(name), array)


def view(array: TypedArray, first: int, dims: list[int]) -> TypedArray:
    made = type(array)(Window(array.items, first, math.prod(dims)), dims)
    made.shared = array.shared = True
    return made


def array_view(array: Value, start: Value, end: Value = None) -> Value:
    need_typed("array-view", array)
    count, *inner = array.dims
    end = count if end is None else end
    need_index("array-view", start, end)
    check_range(start, end, count)
    return view(array, start * math.prod(inner), [end - start, *inner])


def array_row(array: Value, index: Value) -> Value:
    need_typed("array-row", array)
    count, *inner = array.dims
    if not inner:
        raise_error(errors.NO_ROW)
    check_index("array-row", index, count)
    return view(array, index * math.prod(inner), inner)


PLAIN: dict[str, Callable[..., Value]] = {"array-view": array_view, "array-row": array_row}
