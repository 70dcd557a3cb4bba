"""Arrays: those that can hold anything, and typed ones of one or more dimensions (language S9.2, S20)."""

from __future__ import annotations

import math
from collections.abc import Callable

from jit_runtime.oracle.builtins_text import check_range, need_index
from jit_runtime.oracle.machine_numbers import NAMES, convert
from jit_runtime.oracle.raised import expected, raise_error
from jit_runtime.oracle.values import TYPED_ARRAYS, Array, BigInt, Pair, TypedArray, Value, dims_of, is_number, list_items, make_list, symbol
from jit_runtime.types import errors
from jit_runtime.types.kinds import KINDS, Kind

LARGEST = 1 << 32
"""More elements than this is out of memory, on every machine."""


def need_array(name: str, value: Value) -> None:
    if not isinstance(value, Array):
        expected(name, "Array", value)


def check_index(name: str, index: Value, length: int) -> None:
    need_index(name, index)
    if not 0 <= index < length:
        raise_error(errors.BOUNDS, index, length)


# ---- making ----


def make_array(count: Value, init: Value = None) -> Value:
    return Array([init] * dimension("make-array", count))


def dimension(name: str, count: Value) -> int:
    need_index(name, count)
    if count < 0:
        raise_error(errors.NEGATIVE_LENGTH, count)
    if count > LARGEST:
        raise_error(errors.MEMORY)
    return int(count)


def typed_array(shape: Value, kind: Value) -> Value:
    made = TYPED_ARRAYS.get(kind.name) if type(kind) is Kind else None
    if made is None:
        raise_error(errors.ELEMENT_KIND, kind)
    if isinstance(shape, Array):
        shape = shape.items
    elif type(shape) is Pair:
        shape = list(list_items(shape))
    else:
        shape = [shape]
    if not shape:
        raise_error(errors.INDEX_COUNT, 0, 1)
    dims = [dimension("typed-array", count) for count in shape]
    if math.prod(dims) > LARGEST:
        raise_error(errors.MEMORY)
    return made([made.zero] * math.prod(dims), dims)


def like(model: Array, items: list[Value]) -> Array:
    """An array of the same kind, in one dimension."""
    return type(model)(items)


def copy_array(array: Array) -> Array:
    result = like(array, array.items[:])
    if isinstance(array, TypedArray) and isinstance(result, TypedArray):
        result.dims = array.dims[:]
    return result


# ---- elements ----


def position(name: str, array: Array, indices: tuple[Value, ...]) -> int:
    dims, result = dims_of(array), 0
    if len(indices) != len(dims):
        raise_error(errors.INDEX_COUNT, len(indices), len(dims))
    for index, length in zip(indices, dims):
        check_index(name, index, length)
        result = result * length + index
    return result


def stored(array: Array, value: Value) -> Value:
    """What an array holds for a value: a number becomes one of the array's kind, if that holds it; a fraction is never dropped."""
    if not isinstance(array, TypedArray) or type(value) is array.element:
        return value
    name = NAMES.get(array.element)
    whole = not issubclass(array.element, float)
    if name is None or not is_number(value) or type(value) is BigInt or (whole and isinstance(value, float)):
        raise_error(errors.ELEMENT, array, value)
    return convert(value, KINDS[name])


def array_ref(array: Value, *indices: Value) -> Value:
    need_array("array-ref", array)
    return array.items[position("array-ref", array, indices)]


def array_set(array: Value, *rest: Value) -> Value:
    need_array("array-set!", array)
    *indices, value = rest
    at = position("array-set!", array, tuple(indices))
    array.items[at] = stored(array, value)
    return value


def put_item(array: Array, index: Value, value: Value) -> Value:
    """By one index, in the order of the elements."""
    check_index("array-set!", index, len(array.items))
    array.items[index] = stored(array, value)
    return value


def array_fill(array: Value, value: Value) -> Value:
    need_array("array-fill!", array)
    array.items[:] = [stored(array, value) for _ in array.items]
    return array


def array_length(array: Value) -> Value:
    need_array("array-length", array)
    return len(array.items)


def array_dimensions(array: Value) -> Value:
    need_array("array-dimensions", array)
    return make_list(dims_of(array))


# ---- growing, parts ----


def need_line(name: str, array: Value) -> None:
    need_array(name, array)
    if len(dims_of(array)) != 1:
        raise_error(errors.FIXED_SHAPE, symbol(name), len(dims_of(array)))
    if isinstance(array, TypedArray) and array.shared:
        raise_error(errors.SHARED, symbol(name), len(array.items))


def resize(array: Array) -> None:
    if isinstance(array, TypedArray):
        array.dims = [len(array.items)]


def array_push(array: Value, value: Value) -> Value:
    need_line("array-push!", array)
    array.items.append(stored(array, value))
    resize(array)
    return array


def array_pop(array: Value) -> Value:
    need_line("array-pop!", array)
    if not array.items:
        raise_error(errors.POP_EMPTY)
    value = array.items.pop()
    resize(array)
    return value


def array_slice(array: Value, start: Value, end: Value = None) -> Value:
    need_array("array-slice", array)
    end = len(array.items) if end is None else end
    need_index("array-slice", start, end)
    check_range(start, end, len(array.items))
    return like(array, array.items[start:end])


def array_to_list(array: Value) -> Value:
    need_array("array->list", array)
    return make_list(array.items)


PLAIN: dict[str, Callable[..., Value]] = {
    "array": lambda *items: Array(list(items)),
    "make-array": make_array,
    "typed-array": typed_array,
    "array-ref": array_ref,
    "array-set!": array_set,
    "array-fill!": array_fill,
    "array-length": array_length,
    "array-dimensions": array_dimensions,
    "array-push!": array_push,
    "array-pop!": array_pop,
    "array-slice": array_slice,
    "array->list": array_to_list,
}
