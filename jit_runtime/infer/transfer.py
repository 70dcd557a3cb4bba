"""What builtins do to kind sets: result sets, and what a test tells about its argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from jit_runtime.expand.core import Call, Const, KindRef
from jit_runtime.types.kinds import ANY, BIT, KINDS, NUMBERS, either
from jit_runtime.types.machine import BY_NAME, MACHINES, counts_as, promoted

INT, FLOAT, BIG, BOOL = BIT["Int"], BIT["Float"], BIT["BigInt"], BIT["Bool"]
INTEGER = KINDS["Integer"].mask
NUMBER = either(BIT[name] for name in NUMBERS)
MACHINE = {BIT[name]: machine for name, machine in BY_NAME.items()}
"""Kinds whose values are machine values -> what they are."""
OWN_INTEGER, OWN_FLOAT = BIT["Own Integer"], BIT["Own AbstractFloat"]
COUNTED = {
    **{BIT[name]: (name,) for name in NUMBERS},
    OWN_INTEGER: tuple(counts_as(machine).name for machine in MACHINE.values() if not machine.floating),
    OWN_FLOAT: tuple(machine.name for machine in MACHINE.values() if machine.floating),
}
"""A kind of numbers -> the builtin kinds that it counts as beside a number of another kind."""
NOTHING, NULL, PAIR = BIT["Nothing"], BIT["Null"], BIT["Pair"]
FALSY = NOTHING | BOOL
IMMEDIATE = BOOL | BIT["Char"] | NOTHING | NULL  # compared by bits
IDENTITY = IMMEDIATE | BIT["Symbol"]
ARRAYS = KINDS["Array"].mask
ELEMENT_KINDS = {BIT[f"Array {name}"]: BIT[name] for name in ("Int", "Float", "Char", "Bool", *(m.name for m in MACHINES))}
"""Kind of a typed array -> kind of its elements."""

ARITHMETIC = frozenset({"+", "-", "*", "/", "%"})
COMPARISON = frozenset({"<", ">", "<=", ">="})
COMPARABLE = NUMBER | BIT["Char"]


def arithmetic(a: int, b: int) -> int:
    """Result of a binary arithmetic operation on two kind sets; 0 when it can only raise."""
    return _common(a & NUMBER, b & NUMBER)


@cache
def _common(a: int, b: int) -> int:
    result = a & b & (OWN_INTEGER | OWN_FLOAT)
    for x in kinds_of(a):
        for y in kinds_of(b):
            result |= BIT[promoted(x, y)]
    return result


def kinds_of(mask: int) -> set[str]:
    """What the numbers of a set count as."""
    return {name for bit, names in COUNTED.items() if mask & bit for name in names}


def _fold(masks: Sequence[int]) -> int:
    if not masks:
        return INT
    result = masks[0] & NUMBER
    if len(masks) == 1:
        return result
    for mask in masks[1:]:
        result = arithmetic(result, mask)
    return result


def _keep_number(masks: Sequence[int]) -> int:
    return masks[0] & NUMBER


def _divisor(masks: Sequence[int]) -> int:
    return _fold([mask & INTEGER for mask in masks])


def _modular(masks: Sequence[int]) -> int:
    return _fold([mask & INTEGER & ~BIG for mask in masks])


def _quotient(masks: Sequence[int]) -> int:
    return _fold([INT, *masks] if len(masks) == 1 else masks)


def _bits(masks: Sequence[int]) -> int:
    return masks[0] & INTEGER & ~BIG


def _shifted(masks: Sequence[int]) -> int:
    return _bits(masks) if masks[1] & INT else 0


def kind_of_conversion(node: Call) -> int:
    """What `(convert x {Int8})` makes, if the kind is constant."""
    kind = node.args[1]
    return kind.value.kind.mask if isinstance(kind, Const) and isinstance(kind.value, KindRef) else ANY


def _element(masks: Sequence[int]) -> int:
    """What reading an array or another sequence by an index gives."""
    array = masks[0]
    if array & ~sum(ELEMENT_KINDS):
        return ANY
    return sum(element for kind, element in ELEMENT_KINDS.items() if array & kind)


def _array(masks: Sequence[int]) -> int:
    return masks[0] & ARRAYS


def _view(masks: Sequence[int]) -> int:
    return masks[0] & sum(ELEMENT_KINDS)


def kind_of_new(node: Call, otherwise: int) -> int:
    """What `(typed-array n {Float})` makes, if the kind is constant."""
    kind = node.args[1] if len(node.args) == 2 else None
    if isinstance(kind, Const) and isinstance(kind.value, KindRef):
        return sum(array for array, element in ELEMENT_KINDS.items() if element == kind.value.kind.mask)
    return otherwise


RESULT: dict[str, Callable[[Sequence[int]], int]] = {
    **dict.fromkeys(("+", "-", "*", "%"), _fold),
    "/": _quotient,
    **dict.fromkeys(("abs", "inc", "dec", "signum", "floor", "ceil", "round", "trunc"), _keep_number),
    **dict.fromkeys(("min", "max"), _fold),
    **dict.fromkeys(("gcd", "lcm"), _divisor),
    **dict.fromkeys(("+%", "-%", "*%", "+|", "-|", "*|", "band", "bor", "bxor"), _modular),
    **dict.fromkeys(("lshift", "lshift%", "rshift"), _shifted),
    "bnot": _bits,
    "identity": lambda masks: masks[0],
    "box-set!": lambda masks: masks[1],
    "array-ref": _element,
    "item-at": _element,
    "path-get": _element,
    "get": lambda masks: _element(masks) | (masks[2] if len(masks) > 2 else 0),
    "array-set!": lambda masks: masks[-1],
    **dict.fromkeys(("array-push!", "array-fill!", "array-slice"), _array),
    **dict.fromkeys(("array-view", "array-row"), _view),
    "copy": lambda masks: masks[0],
    "list": lambda masks: PAIR if masks else NULL,
    "not": lambda masks: BOOL,
}

# predicate -> the set it tests for
PREDICATES: dict[str, int] = {
    "int?": INT,
    "float?": FLOAT,
    "big?": BIG,
    "integer?": KINDS["Integer"].mask,
    "number?": NUMBER,
    "null?": NULL,
    "pair?": PAIR,
    "list?": KINDS["List"].mask,
    "nothing?": NOTHING,
    "char?": BIT["Char"],
    "string?": BIT["String"],
    "symbol?": BIT["Symbol"],
    "bool?": BOOL,
    "array?": KINDS["Array"].mask,
    "dict?": BIT["Dict"],
    "function?": BIT["Function"],
    "box?": BIT["Box"],
    "atom?": BIT["Atom"],
}

TRUTHY = ANY & ~NOTHING
