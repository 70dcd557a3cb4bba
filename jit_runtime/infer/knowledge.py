"""What is known of parts of a value on one way through a `match`: what tests that succeeded or failed there have told.

A *path* says how a part is reached: a variable, or the name of a builtin that reads (`%car`, `%path-get`) and the paths and
constants it is applied to. Two expressions with one path have one value, until code of the program runs that may store into it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

from jit_runtime.dataclass import dataclass, replace
from jit_runtime.expand.core import Big, Call, Chr, Const, Core, Datum, Global, KindRef, Local, Lst, Sym, Var
from jit_runtime.infer.transfer import BOOL, INT, NOTHING, NULL, NUMBER, PAIR, PREDICATES
from jit_runtime.types.kinds import ANY, BIT, KINDS, SIMPLE, Kind
from jit_runtime.types.universe import Universe

Path = tuple[Any, ...]
LIST, KIND = NULL | PAIR, BIT["Kind"]
SEQUENCE = LIST | KINDS["Array"].mask
READS = {"%car", "%cdr", "%sequence-ref", "%sequence-length", "%sequence-slice", "%path-get", "%-"}
"""Builtins without effects that pattern matching applies to parts."""
BIT_OF = {
    bool: BOOL, int: INT, float: BIT["Float"], str: BIT["String"], type(None): NOTHING, Sym: BIT["Symbol"], Chr: BIT["Char"], Big: BIT["BigInt"],
}  # fmt: skip


class Test(NamedTuple):
    """A test of a part. `name`: "kind", "equal", "least", or another builtin whose answer is only remembered."""

    name: str
    path: Path
    what: Any
    kinds: tuple[int, int] = (0, 0)
    """Of a kind test: where it holds the kinds are in the first set; all values of the kinds in the second pass it."""


@dataclass(frozen=True, slots=True)
class Known:
    """Of one part: its kinds; the constant it equals, or those it does not; the least and greatest it can be; answers of other tests."""

    mask: int = ANY
    value: Any = None
    others: frozenset[Hashable] = frozenset()
    least: int | None = None
    most: int | None = None
    told: frozenset[tuple[Hashable, bool]] = frozenset()


Facts = dict[Path, Known]
NEW = Known()


# ---- reading code ----


def path_of(node: Core, renamed: dict[Var, Path]) -> Path | None:
    """The path that an expression reads; `renamed`: variables that stand for parts."""
    if type(node) is Local:
        return renamed.get(node.var) or (None if node.var.assigned else ("var", node.var))
    if type(node) is Const and type(node.value) in (int, Sym):
        return ("const", type(node.value), node.value)
    if type(node) is not Call or type(node.fn) is not Global or node.fn.name not in READS:
        return None
    parts = [path_of(arg, renamed) for arg in node.args]
    return None if None in parts else (node.fn.name, *parts)


def test_of(node: Core, renamed: dict[Var, Path]) -> Test | None:
    """The test that an expression is; None for code that is not known to be without effects."""
    if type(node) is not Call or type(node.fn) is not Global or node.fn.name[0] != "%" or not node.args:
        return None
    path = path_of(node.args[0], renamed)
    if path is None or path[0] == "const":
        return None
    name = node.fn.name[1:]
    if len(node.args) == 1:
        mask = PREDICATES.get(name, 0)
        return Test("kind", path, name, (mask, mask)) if name in ("null?", "pair?") else None
    if len(node.args) != 2 or type(node.args[1]) is not Const:
        return None
    return _with_constant(name, path, node.args[1].value)


def _with_constant(name: str, path: Path, value: Datum) -> Test | None:
    if name in ("type?", "instance?") and isinstance(value, KindRef):
        return Test("kind", path, (name, value.kind), _kinds(name, value.kind))
    if name in ("=", "eq?"):
        return Test("again" if isinstance(value, Lst) else "equal", path, constant(value) if type(value) in BIT_OF else (name, id(value)))
    if name == ">=" and type(value) is int:
        return Test("least", path, value)
    return Test("again", path, value) if name == "has-key?" else None


def _kinds(name: str, kind: Kind) -> tuple[int, int]:
    """A kind is also an instance of the kinds above it (language.md S11.10)."""
    return (kind.mask | KIND if name == "type?" else kind.mask), kind.sure


def constant(value: Datum) -> Hashable:
    """Equal for constants that are equal and of one kind."""
    return BIT_OF[type(value)], value


# ---- what a test would say, and what it tells ----


def verdict(facts: Facts, test: Test) -> bool | None:
    """The answer of a test, where it is known."""
    known = facts.get(test.path, NEW)
    for answer in (True, False):
        if (test.what, answer) in known.told:
            return answer
    if test.name == "kind":
        inside, sure = test.kinds
        return True if not known.mask & ~sure else False if not known.mask & inside else None
    if test.name in ("equal", "least"):
        return _compared(facts, known, test)
    return None


def _compared(facts: Facts, known: Known, test: Test) -> bool | None:
    value = length(facts, test.path) if known.value is None else known.value
    if test.name == "least":
        least, at_least = test.what, known.least
        if value is not None:
            return bool(value[1] >= least)
        if at_least is not None and at_least >= least:
            return True
        return False if known.most is not None and known.most < least else None
    if value is not None:
        return bool(value == test.what)
    bit, number = test.what
    alike = NUMBER if bit & NUMBER else bit
    if not known.mask & alike or test.what in known.others or _outside(known, number):
        return False
    return None


def _outside(known: Known, number: Any) -> bool:
    return (known.least is not None and number < known.least) or (known.most is not None and number > known.most)


def length(facts: Facts, path: Path) -> Any:
    """The length of what is known to be no sequence is -1."""
    if path[0] == "%sequence-length" and not facts.get(path[1], NEW).mask & SEQUENCE:
        return constant(-1)
    return None


def learned(facts: Facts, test: Test, answer: bool) -> Facts:
    """The facts where the test has given that answer."""
    known = facts.get(test.path, NEW)
    result = {**facts, test.path: RULES.get(test.name, _again)(known, test, answer)}
    if test.path[0] == "%sequence-length" and answer and test.name in ("equal", "least"):
        whole: Path = test.path[1]
        count = test.what[1] if test.name == "equal" else test.what
        was = result.get(whole, NEW)
        wanted = SEQUENCE & ~NULL if count > 0 else SEQUENCE
        result[whole] = replace(was, mask=was.mask & wanted)
    return result


def _again(known: Known, test: Test, answer: bool) -> Known:
    return replace(known, told=known.told | {(test.what, answer)})


def _kind(known: Known, test: Test, answer: bool) -> Known:
    inside, sure = test.kinds
    known = replace(known, mask=known.mask & (inside if answer else ~sure))
    return known if inside == sure else _again(known, test, answer)


def _equal(known: Known, test: Test, answer: bool) -> Known:
    bit, value = test.what
    if bit & NUMBER and known.mask & NUMBER != bit:
        return _again(known, test, answer)  # numbers of other kinds are equal to it
    if answer:
        return replace(known, mask=known.mask & bit, value=test.what)
    others = known.others | {test.what}
    gone = bit == NOTHING or (bit == BOOL and constant(not value) in others)
    return replace(known, mask=known.mask & ~bit if gone else known.mask, others=others)


def _least(known: Known, test: Test, answer: bool) -> Known:
    number: int = test.what
    return replace(known, least=number) if answer else replace(known, most=number - 1)


RULES = {"kind": _kind, "equal": _equal, "least": _least}


# ---- what stays true ----


def lasting(facts: Facts, universe: Universe) -> Facts:
    """What still holds after code of the program ran: it may have stored into arrays, dicts and mutable structs."""
    return {path: replace(known, told=frozenset()) for path, known in facts.items() if is_lasting(path, facts, universe)}


def is_lasting(path: Path, facts: Facts, universe: Universe) -> bool:
    """Will reading the path give the same value again, whatever the program does? A struct of the program may get a mutable version,
    whose values this code sees too."""
    if path[0] in ("var", "const"):
        return True
    if not all(is_lasting(part, facts, universe) for part in path[1:]):
        return False
    mask = facts.get(path[1], NEW).mask
    if path[0] == "%path-get":
        structs = None if mask & SIMPLE else universe.structs_in(mask)
        return bool(structs) and all(map(universe.is_prelude, structs or ()))
    return path[0] in ("%car", "%cdr", "%-") or not mask & ~LIST
