"""Iterators, and everything that calls a function for each element (language S9.1, S10)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key

from jit_runtime.oracle.builtins_numbers import need_int
from jit_runtime.oracle.builtins_text import join_strings
from jit_runtime.oracle.calling import Calls, advance, all_items, iterator_over, quiet
from jit_runtime.oracle.equality import compare
from jit_runtime.oracle.raised import expected, raise_error
from jit_runtime.oracle.values import END, Array, Char, Iter, Symbol, Value, make_list, symbol, truthy
from jit_runtime.types import errors

# ---- consuming ----


def reduce(function: Value, accumulator: Value, sequence: Value) -> Calls:
    iterator = iterator_over("reduce", sequence)
    while (item := (yield from advance(iterator))) is not END:
        accumulator = yield function, (accumulator, item)
    return accumulator


def foldr(function: Value, accumulator: Value, sequence: Value) -> Calls:
    for item in reversed((yield from all_items("foldr", sequence))):
        accumulator = yield function, (item, accumulator)
    return accumulator


def for_each(function: Value, sequence: Value) -> Calls:
    iterator = iterator_over("for-each", sequence)
    while (item := (yield from advance(iterator))) is not END:
        yield function, (item,)
    return None


def searching(name: str, until: bool, found: Callable[[Value], Value], otherwise: Value) -> Callable[[Value, Value], Calls]:
    """Stops at the first element for which the function's truth is `until`."""

    def run(function: Value, sequence: Value) -> Calls:
        iterator = iterator_over(name, sequence)
        while (item := (yield from advance(iterator))) is not END:
            if truthy((yield function, (item,))) is until:
                return found(item)
        return otherwise

    return run


def sort(*arguments: Value) -> Calls:
    sequence = arguments[-1]
    items = yield from all_items("sort", sequence)
    if len(arguments) == 1:
        items.sort(key=cmp_to_key(compare))
    else:
        items = yield from merge_sort(arguments[0], items)
    return same_sequence(sequence, items)


def sort_by(key: Value, sequence: Value) -> Calls:
    keyed: list[tuple[Value, Value]] = []
    for item in (yield from all_items("sort-by", sequence)):
        keyed.append(((yield key, (item,)), item))
    keyed.sort(key=cmp_to_key(compare_first))
    return same_sequence(sequence, [item for _, item in keyed])


def compare_first(a: tuple[Value, Value], b: tuple[Value, Value]) -> int:
    return compare(a[0], b[0])


def same_sequence(model: Value, items: list[Value]) -> Value:
    return Array(items) if isinstance(model, Array) else make_list(items)


def merge_sort(less: Value, items: list[Value]) -> Calls:
    """Stable: the right element comes first only if it is less than the left one."""
    if len(items) < 2:
        return items
    middle = len(items) // 2
    left = yield from merge_sort(less, items[:middle])
    right = yield from merge_sort(less, items[middle:])
    merged = []
    i = j = 0
    while i < len(left) and j < len(right):
        if truthy((yield less, (right[j], left[i]))):
            merged.append(right[j])
            j += 1
        else:
            merged.append(left[i])
            i += 1
    return merged + left[i:] + right[j:]


# ---- iterators ----


def make_range(*bounds: Value) -> Value:
    need_int("range", *bounds)
    start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    if step == 0:
        raise_error(errors.STEP_ZERO)
    numbers = iter(range(start, stop, step))
    return Iter(quiet(lambda: next(numbers, END)))


def lazy_map(function: Value, *sequences: Value) -> Value:
    sources = [iterator_over("map", sequence) for sequence in sequences]

    def pull() -> Calls:
        items = yield from pull_each(sources)
        return END if items is END else (yield function, tuple(items))

    return Iter(pull)


def pull_each(sources: list[Iter]) -> Calls:
    """One element of each, or END at the first source that has none."""
    items = []
    for source in sources:
        item = yield from advance(source)
        if item is END:
            return END
        items.append(item)
    return items


def lazy_zip(*sequences: Value) -> Value:
    sources = [iterator_over("zip", sequence) for sequence in sequences]

    def pull() -> Calls:
        items = yield from pull_each(sources)
        return END if items is END else make_list(items)

    return Iter(pull)


def lazy_filter(function: Value, sequence: Value) -> Value:
    source = iterator_over("filter", sequence)

    def pull() -> Calls:
        while (item := (yield from advance(source))) is not END:
            if truthy((yield function, (item,))):
                return item
        return END

    return Iter(pull)


def take(count: Value, sequence: Value) -> Value:
    left = need_count("take", count)
    source = iterator_over("take", sequence)

    def pull() -> Calls:
        nonlocal left
        if left == 0:
            return END
        left -= 1
        return (yield from advance(source))

    return Iter(pull)


def drop(count: Value, sequence: Value) -> Value:
    left = need_count("drop", count)
    source = iterator_over("drop", sequence)

    def pull() -> Calls:
        nonlocal left
        while left > 0:
            left -= 1
            if (yield from advance(source)) is END:
                return END
        return (yield from advance(source))

    return Iter(pull)


def need_count(name: str, count: Value) -> int:
    need_int(name, count)
    if count < 0:
        raise_error(errors.NEGATIVE_LENGTH, count)
    return int(count)


def take_while(function: Value, sequence: Value) -> Value:
    source = iterator_over("take-while", sequence)
    ended = False

    def pull() -> Calls:
        nonlocal ended
        item = END if ended else (yield from advance(source))
        if item is not END and truthy((yield function, (item,))):
            return item
        ended = True
        return END

    return Iter(pull)


def enumerated(sequence: Value) -> Value:
    source = iterator_over("enumerate", sequence)
    index = -1

    def pull() -> Calls:
        nonlocal index
        item = yield from advance(source)
        index += 1
        return END if item is END else make_list((index, item))

    return Iter(pull)


def iterate(function: Value, seed: Value) -> Value:
    """The function is called when the element after the seed is asked for, not before."""
    current, started = seed, False

    def pull() -> Calls:
        nonlocal current, started
        if started:
            current = yield function, (current,)
        started = True
        return current

    return Iter(pull)


def need_iter(name: str, iterator: Value) -> Iter:
    return iterator if type(iterator) is Iter else expected(name, "Iter", iterator)


def next_element(iterator: Value) -> Calls:
    item = yield from advance(need_iter("next", iterator))
    return None if item is END else item


def has_next(iterator: Value) -> Calls:
    """Pulls the next element and keeps it for `next`."""
    iterator = need_iter("has-next", iterator)
    if not iterator.buffer:
        item = yield from iterator.pull()
        if item is END:
            return False
        iterator.buffer.append(item)
    return True


def collect(sequence: Value, target: Value = None) -> Calls:
    target = symbol("array") if target is None else target
    finish = TARGETS.get(target.name) if type(target) is Symbol else None
    if finish is None:
        raise_error(errors.COLLECT_TARGET, target)
    return finish((yield from all_items("collect", sequence)))


def to_string(items: list[Value]) -> str:
    for item in items:
        if type(item) is not Char and type(item) is not str:
            expected("collect", "Char or String", item)
    return "".join(chr(item.code) if type(item) is Char else item for item in items)


def string_join(delimiter: Value, strings: Value) -> Calls:
    if type(strings) is Iter:
        strings = make_list((yield from all_items("string-join", strings)))
    return join_strings(delimiter, strings)


TARGETS: dict[str, Callable[[list[Value]], Value]] = {"array": Array, "list": make_list, "string": to_string}

PLAIN: dict[str, Callable[..., Value]] = {
    "range": make_range,
    "map": lazy_map,
    "zip": lazy_zip,
    "filter": lazy_filter,
    "take": take,
    "drop": drop,
    "take-while": take_while,
    "enumerate": enumerated,
    "iterate": iterate,
    "iter": lambda sequence: iterator_over("iter", sequence),
}
CALLING: dict[str, Callable[..., Calls]] = {
    "reduce": reduce,
    "foldr": foldr,
    "for-each": for_each,
    "any?": searching("any?", True, lambda item: True, False),
    "every?": searching("every?", False, lambda item: False, True),
    "find": searching("find", True, lambda item: item, None),
    "sort": sort,
    "sort-by": sort_by,
    "next": next_element,
    "has-next": has_next,
    "collect": collect,
    "collect-list": lambda sequence: collect(sequence, symbol("list")),
    "collect-array": lambda sequence: collect(sequence, symbol("array")),
    "string-join": string_join,
    "elements": lambda sequence: collect(sequence, symbol("list")),
}
