"""What asks about regions (language S23). The oracle has none: every counter is 0, no limit is ever reached."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from jit_runtime.accounting import COUNTERS, LEVELS
from jit_runtime.code_accounting import CODE_COUNTERS, CODE_LEVELS, NO_CODE, amounts
from jit_runtime.oracle.equality import key_of
from jit_runtime.oracle.raised import expected
from jit_runtime.oracle.values import NULL, Array, Atom, Box, Closure, Dict, Generic, Native, Pair, Symbol, Value, make_list, symbol

_OBJECTS = (Pair, Array, Dict, Box, Atom, str)


def region_stats() -> Value:
    return _dict(dict.fromkeys(LEVELS + COUNTERS, 0))


def _dict(values: dict[str, Value]) -> Value:
    made = Dict()
    for name, value in values.items():
        key = symbol(name.replace("_", "-"))
        made.entries[key_of(key)] = [key, value]
    return made


def code_stats(globals: dict[str, Value], *subject: Value) -> Value:
    """Nothing is compiled."""
    if not subject:
        return _dict(dict.fromkeys(CODE_LEVELS + CODE_COUNTERS, 0))
    if type(subject[0]) not in (Native, Generic, Closure, Symbol):
        expected("code-stats", "Function", subject[0])
    found = globals.get(subject[0].name) if isinstance(subject[0], Symbol) else subject[0]
    if type(found) is not Generic:
        return None
    return _dict({"function": symbol(found.name), "instances": 0, **amounts(NO_CODE), "each": NULL})


def region_report() -> Value:
    """Nothing is ever freed, and nothing is counted."""
    return _dict({"cliffs": NULL, "grown": NULL, "freed": 0})


def stats_since(_: Value, value: Value) -> Value:
    """Nothing is counted."""
    return _dict({"value": value, "microseconds": 0})


def forget(number: Value = None) -> Value:
    """There is no history."""
    if number is not None and type(number) is not int:
        expected("forget", "Int", number)


def limit_memory(size: Value) -> Value:
    if type(size) is not int or size < 0:
        expected("with-memory-limit", "a number of bytes", size)
    return 0


def who_holds(globals: dict[str, Value], target: Value) -> Value:
    """A path from each global, as `jit_runtime/holders.py` finds it."""
    found = []
    for name, value in sorted(globals.items()):
        steps = _path(target, value) if isinstance(target, _OBJECTS) else None
        if steps is not None:
            found.append(make_list([symbol(name), *steps]))
    return make_list(found)


def _path(target: Value, start: Value) -> list[Value] | None:
    seen = {id(start)}
    work: deque[tuple[Value, list[Value]]] = deque([(start, [])])
    while work:
        value, steps = work.popleft()
        if value is target:
            return steps
        for step, child in _children(value):
            if isinstance(child, _OBJECTS) and id(child) not in seen:
                seen.add(id(child))
                work.append((child, [*steps, step]))
    return None


def _children(value: Value) -> Iterator[tuple[Value, Value]]:
    if isinstance(value, Pair):
        at = 0
        while isinstance(value, Pair):
            yield at, value.head
            value, at = value.tail, at + 1
            yield symbol("rest"), value
    elif isinstance(value, Array):
        yield from enumerate(value.items)
    elif isinstance(value, Dict):
        for key, item in value.entries.values():
            yield key, item
            yield symbol("key"), key
    elif isinstance(value, (Box, Atom)):
        yield symbol("value"), value.value


PLAIN: dict[str, Callable[..., Value]] = {
    "region-stats": region_stats,
    "regions": lambda: NULL,
    "region-report": region_report,
    "forget": forget,
    "limit-memory": limit_memory,
    "stats-now": lambda: NULL,
    "stats-since": stats_since,
    "set-memory-limit": lambda size: None,
}
