"""Where most of a value's bytes are: the way to the smallest part that holds them, for the leak finder."""

from __future__ import annotations

from collections.abc import Iterator

from jit_runtime.data_form import field, load, text_of, type_name
from jit_runtime.holders import children
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT

MOST = 300_000  # objects looked at
MAIN = 0.6  # a part with more of the bytes is the main one
DEEPEST = 8
REST = "rest"
PERMANENT = ("symbol", "function", "kind")


def largest_part(name: str, value: int) -> str:
    """A path such as `db.log`; empty where no part has most of the value, or it is too large to tell."""
    sizes = _Sizes()
    path, whole = [name], sizes.under(value)
    while is_object(value) and len(path) <= DEEPEST:
        parts = [(sizes.under(child), step, child) for step, child in _named_children(value) if is_object(child)]
        size, step, child = max(parts, default=(0, "", 0))
        if size < MAIN * whole or sizes.left <= 0:
            break
        path.append(step)
        value = child
    return ".".join(path) if len(path) > 1 else ""


def is_object(word: int) -> bool:
    return word & 3 == 1


def _named_children(word: int) -> Iterator[tuple[str, int]]:
    """(field, key or position; word). A list's elements stand for its pairs."""
    fields: dict[int, str] = {}

    def symbol(name: str) -> int:
        fields[-len(fields) - 1] = name
        return -len(fields)

    for step, child in children(word, symbol):
        if step is not None and fields.get(step) != REST:
            yield fields.get(step) or _step_text(step), child


def _step_text(step: int) -> str:
    if step & words.FIXNUM_MASK == words.FIXNUM_TAG:
        return f"[{step >> words.FIXNUM_SHIFT}]"
    named = step & words.TAG_MASK == words.OBJECT_TAG and type_name(step) in ("symbol", "string")
    return text_of(step) if named else "[..]"


class _Sizes:
    """`left`: objects that may still be looked at."""

    def __init__(self) -> None:
        self.left = MOST

    def under(self, start: int) -> int:
        """Bytes of the objects that a value leads to."""
        seen, work, total = {start}, [start], 0
        while work and self.left > 0:
            word = work.pop()
            if is_object(word):
                self.left -= 1
                total += _size(word)
                for child in _children(word):
                    if is_object(child) and child not in seen:
                        seen.add(child)
                        work.append(child)
        return total


def _children(word: int) -> Iterator[int]:
    if word & words.TAG_MASK == words.PAIR_TAG:
        yield load(word - words.PAIR_TAG)
        yield load(word - words.PAIR_TAG + 8)
    else:
        yield from (child for _, child in children(word, len))


def _size(word: int) -> int:
    """Bytes of an object and of the stores that only it has."""
    if word & words.TAG_MASK == words.PAIR_TAG:
        return 16
    layout = BY_NAME[type_name(word)]
    if layout.name in PERMANENT:
        return 0
    extra = load(word - words.OBJECT_TAG) >> EXTRA_SHIFT
    tail = {"ref": 8 * extra, "byte": extra, None: 0}[layout.tail]
    stores = [field(word, layout.name, name) for name in ("store", "entries", "index") if name in layout.offsets]
    return 8 * (1 + len(layout.fields)) + tail + sum(_size(store) for store in stores if is_object(store))
