"""Tests that are joined by `and` and `or`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jit_runtime.expand.core import (
    Core,
    If,
    Let,
    Local,
    SetLocal,
    Var,
)  # fmt: skip
from jit_runtime.infer.placement import (
    children,
)

if TYPE_CHECKING:
    pass


class Connective(NamedTuple):
    """Two tests: are `both` true, or at least one? `choice`: the conditional that joins them."""

    first: Core
    second: Core
    both: bool
    choice: If


def connective(node: Core) -> Connective | None:
    """What `(and a b)` and `(or a b)` become, as tests: `(let [t a] (if t b t))` and `(let [t a] (if t t b))`."""
    if not isinstance(node, Let) or len(node.bindings) != 1 or not isinstance(node.body, If):
        return None
    (var, first), choice = node.bindings[0], node.body
    same = [isinstance(part, Local) and part.var is var for part in (choice.test, choice.then, choice.otherwise)]
    if same not in ([True, True, False], [True, False, True]):
        return None
    second = choice.then if same[2] else choice.otherwise
    return None if names(second, var) else Connective(first, second, same[2], choice)


def names(node: Core, var: Var) -> bool:
    work = [node]
    while work:
        at = work.pop()
        if isinstance(at, (Local, SetLocal)) and at.var is var:
            return True
        work.extend(children(at))
    return False
