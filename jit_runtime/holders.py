"""Who keeps an object alive: the shortest path to it from each global, through the heap as it lies.

Slots are those that the layout table traces. A path follows positions of lists and arrays, keys of dicts, and names of fields.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from jit_runtime.data_form import dict_entries, field, load, type_name
from jit_runtime.engine.native import Struct
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT
from jit_runtime.layout.records import STRUCT_FIELD, STRUCT_INFO

MOST = 1_000_000  # objects looked at for one global
POLLED = 1024  # slots of one object between two calls of `poll`
_WORD = 0  # StructField.rep

Step = int
"""A word: a position, a key, or the symbol of a field."""
Symbols = Callable[[str], int]
"""The word of the symbol of a name."""


def holders(target: int, globals: dict[str, int], symbol: Symbols, poll: Callable[[], None]) -> Iterator[tuple[str, list[Step]]]:
    """(global, steps) for each global that leads to the target. `poll` is called now and then; what it raises ends the search."""
    for name, value in sorted(globals.items()):
        steps = path_to(target, value, symbol, poll)
        if steps is not None:
            yield name, steps


def path_to(target: int, start: int, symbol: Symbols, poll: Callable[[], None]) -> list[Step] | None:
    """Breadth first; None where the target cannot be reached. Each object is looked at once, each pair of a list too."""
    if start & 3 != 1:
        return None
    found: dict[int, tuple[int, Step | None]] = {start: (0, None)}  # word -> where from, and by which step
    walked: set[int] = set()
    work = deque([start])
    while work and len(found) < MOST:
        word = work.popleft()
        if word == target:
            return _steps(found, word)
        for count, (step, child) in enumerate(children(word, symbol, walked)):
            if count % POLLED == 0:
                poll()
            if child & 3 == 1 and child not in found:
                found[child] = word, step
                work.append(child)
    return None


def _steps(found: dict[int, tuple[int, Step | None]], word: int) -> list[Step]:
    steps: list[Step] = []
    while True:
        before, step = found[word]
        if not before:
            return steps[::-1]
        if step is not None:
            steps.append(step)
        word = before


def children(word: int, symbol: Symbols, walked: set[int] | None = None) -> Iterator[tuple[Step | None, int]]:
    """(step, word) for each slot. A list's elements are all reached from its first pair, up to a pair in `walked`, which gets the others."""
    if word & words.TAG_MASK == words.PAIR_TAG:
        yield from _elements(word, symbol, set() if walked is None else walked)
        return
    layout = BY_NAME[type_name(word)]
    if layout.name == "array":
        store = field(word, "array", "store")
        if BY_NAME[type_name(store)].tail == "ref":
            yield from ((words.fixnum(i), field(store, "store", "tail", i)) for i in range(field(word, "array", "length")))
        return
    if layout.name == "dict":
        for key, value in dict_entries(word):
            yield key, value
            yield symbol("key"), key
        return
    if layout.name == "struct":
        yield from ((symbol, load(word - words.OBJECT_TAG + offset)) for symbol, offset in _struct_slots(word))
        return
    for name, kind in layout.fields:
        if kind == "ref":
            yield symbol(name), field(word, layout.name, name)
    if layout.tail == "ref":
        for i in range(load(word - words.OBJECT_TAG) >> EXTRA_SHIFT):
            yield symbol("captured"), field(word, layout.name, "tail", i)


def _struct_slots(word: int) -> Iterator[tuple[int, int]]:
    """(symbol of the field, offset) of each field that holds a word."""
    info = Struct(STRUCT_INFO, load(word - words.OBJECT_TAG) >> EXTRA_SHIFT)
    for i in range(info.read("count")):
        row = Struct(STRUCT_FIELD, info.read("fields") + i * STRUCT_FIELD.size)
        if row.read("rep") == _WORD:
            yield row.read("name"), row.read("offset")


def _elements(word: int, symbol: Symbols, walked: set[int]) -> Iterator[tuple[Step | None, int]]:
    rest = symbol("rest")
    for at in range(MOST):
        if word & words.TAG_MASK != words.PAIR_TAG or word in walked:
            return
        walked.add(word)
        yield words.fixnum(at), load(word - words.PAIR_TAG)
        word = load(word - words.PAIR_TAG + 8)
        yield rest, word
