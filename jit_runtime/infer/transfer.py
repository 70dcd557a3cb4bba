"""What builtins do to kind sets: result sets, and what a test tells about its argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jit_runtime.expand.core import Call, Const, KindRef
from jit_runtime.types.kinds import ANY, BIT, KINDS

INT, FLOAT, BIG, BOOL = BIT["Int"], BIT["Float"], BIT["BigInt"], BIT["Bool"]
INTEGER = INT | BIG
NUMBER = INTEGER | FLOAT
NOTHING, NULL, PAIR = BIT["Nothing"], BIT["Null"], BIT["Pair"]
FALSY = NOTHING | BOOL
IMMEDIATE = BOOL | BIT["Char"] | NOTHING | NULL  # compared by bits
IDENTITY = IMMEDIATE | BIT["Symbol"]
ARRAYS = KINDS["Array"].mask
ELEMENT_KINDS = {BIT[f"Array {name}"]: BIT[name] for name in ("Int", "Float", "Char", "Bool")}
"""Kind of a typed array -> kind of its elements."""

ARITHMETIC = frozenset({"+", "-", "*", "/", "%"})
COMPARISON = frozenset({"<", ">", "<=", ">="})
COMPARABLE = NUMBER | BIT["Char"]


def arithmetic(a: int, b: int) -> int:
    """Result of a binary arithmetic operation on two kind sets; 0 when it can only raise."""
    a, b = a & NUMBER, b & NUMBER
    if not a or not b:
        return 0
    big = (a & BIG and b & INTEGER) or (b & BIG and a & INTEGER)
    return (INT if a & INT and b & INT else 0) | (BIG if big else 0) | (FLOAT if (a | b) & FLOAT else 0)


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
    result = INT
    for mask in masks:
        result = arithmetic(result, mask & INTEGER)
    return result


def _modular(masks: Sequence[int]) -> int:
    return INT if all(m & INT for m in masks) else 0


def _element(masks: Sequence[int]) -> int:
    """What reading an array or another sequence by an index gives."""
    array = masks[0]
    if array & ~sum(ELEMENT_KINDS):
        return ANY
    return sum(element for kind, element in ELEMENT_KINDS.items() if array & kind)


def _array(masks: Sequence[int]) -> int:
    return masks[0] & ARRAYS


def kind_of_new(node: Call, otherwise: int) -> int:
    """What `(typed-array n {Float})` makes, if the kind is constant."""
    kind = node.args[1] if len(node.args) == 2 else None
    if isinstance(kind, Const) and isinstance(kind.value, KindRef):
        return sum(array for array, element in ELEMENT_KINDS.items() if element == kind.value.kind.mask)
    return otherwise


RESULT: dict[str, Callable[[Sequence[int]], int]] = {
    **dict.fromkeys(("+", "-", "*", "/", "%"), _fold),
    **dict.fromkeys(("abs", "inc", "dec", "floor", "ceil", "round", "trunc"), _keep_number),
    **dict.fromkeys(("min", "max"), _fold),
    **dict.fromkeys(("gcd", "lcm"), _divisor),
    **dict.fromkeys(("+%", "-%", "*%", "+|", "-|", "*|"), _modular),
    "identity": lambda masks: masks[0],
    "box-set!": lambda masks: masks[1],
    "array-ref": _element,
    "path-get": _element,
    "get": lambda masks: _element(masks) | (masks[2] if len(masks) > 2 else 0),
    "array-set!": lambda masks: masks[-1],
    **dict.fromkeys(("array-push!", "array-fill!", "array-slice"), _array),
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
