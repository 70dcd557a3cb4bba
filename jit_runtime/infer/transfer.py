"""What builtins do to kind sets: result sets, and what a test tells about its argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from jit_runtime.expand.core import Call, Const, KindRef
from jit_runtime.types.kinds import ANY, BIT, KINDS, NUMBERS, either
from jit_runtime.types.machine import MACHINES, counts_as, promoted
from jit_runtime.types.places import PLACES
from jit_runtime.types.primitives import COVERED, MACHINE, overlap

INT, FLOAT, BIG, BOOL = BIT["Int"], BIT["Float"], BIT["BigInt"], BIT["Bool"]
OWN_INTEGER, OWN_FLOAT = BIT["Own Integer"], BIT["Own AbstractFloat"]
INTEGER = KINDS["Integer"].mask | COVERED[OWN_INTEGER]
NUMBER = either(BIT[name] for name in NUMBERS) | COVERED[OWN_INTEGER] | COVERED[OWN_FLOAT]
COUNTED = {
    **{BIT[name]: (name,) for name in NUMBERS},
    OWN_INTEGER: tuple({counts_as(machine).name for machine in MACHINE.values() if not machine.floating}),
    OWN_FLOAT: tuple({counts_as(machine).name for machine in MACHINE.values() if machine.floating}),
    **{bit: (counts_as(machine).name,) for bit, machine in MACHINE.items() if bit & PLACES},
}
"""A kind of numbers -> the builtin kinds that it counts as beside a number of another kind."""
NOTHING, NULL, PAIR = BIT["Nothing"], BIT["Null"], BIT["Pair"]
FALSY = NOTHING | BOOL
IMMEDIATE = BOOL | BIT["Char"] | NOTHING | NULL  # compared by bits
IDENTITY = IMMEDIATE | BIT["Symbol"]
ARRAYS = KINDS["Array"].mask
ELEMENT_KINDS = {BIT[f"Array {name}"]: BIT[name] for name in ("Int", "Float", "Char", "Bool", *(m.name for m in MACHINES))}
"""Kind of a typed array -> kind of its elements."""

OWN = OWN_INTEGER | OWN_FLOAT | COVERED[OWN_INTEGER] | COVERED[OWN_FLOAT]
ARITHMETIC = frozenset({"+", "-", "*", "/", "%"})
COMPARISON = frozenset({"<", ">", "<=", ">="})
COMPARABLE = NUMBER | BIT["Char"]


def arithmetic(a: int, b: int) -> int:
    """Result of a binary arithmetic operation on two kind sets; 0 when it can only raise."""
    return _common(numbers(a), numbers(b))


@cache
def _common(a: int, b: int) -> int:
    result = overlap(a, b) & OWN
    for x, names in counted(a):
        for y, others in counted(b):
            if x != y or not x & PLACES:
                result |= either(BIT[promoted(name, other)] for name in names for other in others)
    return result


def counted(mask: int) -> list[tuple[int, tuple[str, ...]]]:
    """The kinds of a set of numbers, with what each counts as."""
    return [(bit, names) for bit, names in COUNTED.items() if mask & bit]


def numbers(mask: int) -> int:
    """The numbers of a set; places that a shared bit has are left out."""
    found = mask & NUMBER
    for shared in (OWN_INTEGER, OWN_FLOAT):
        if found & shared:
            found &= ~COVERED[shared]
    return found


def _fold(masks: Sequence[int]) -> int:
    if not masks:
        return INT
    result = numbers(masks[0])
    if len(masks) == 1:
        return result
    for mask in masks[1:]:
        result = arithmetic(result, mask)
    return result


def _keep_number(masks: Sequence[int]) -> int:
    return numbers(masks[0])


def _divisor(masks: Sequence[int]) -> int:
    return _fold([mask & INTEGER for mask in masks])


def _modular(masks: Sequence[int]) -> int:
    return _fold([mask & INTEGER & ~BIG for mask in masks])


def _quotient(masks: Sequence[int]) -> int:
    return _fold([INT, *masks] if len(masks) == 1 else masks)


def _bits(masks: Sequence[int]) -> int:
    return numbers(masks[0]) & INTEGER & ~BIG


def _shifted(masks: Sequence[int]) -> int:
    return _bits(masks) if masks[1] & INT else 0


def kind_of_conversion(node: Call) -> int:
    """What `(convert x {Int8})` makes, if the kind is constant."""
    kind = node.args[1]
    return kind.value.kind.exact if isinstance(kind, Const) and isinstance(kind.value, KindRef) else ANY


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
    "integer?": INTEGER,
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
