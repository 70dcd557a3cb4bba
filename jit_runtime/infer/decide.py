"""Every `match` in a method or form becomes a decision graph, before anything else looks at its code.

Before: chains of `If` whose tests are patterns, clause by clause, as the oracle runs them. After: code in which no test is made twice
on a way through it (decision_graph.py, decision_code.py); kinds that inference finds leave out more tests, and build.py makes
switches of tests of one part that follow each other (switches.py).
"""

from __future__ import annotations

from typing import Any

from jit_runtime.dataclass import replace
from jit_runtime.expand.core import Core, If, Let, Seq, Var
from jit_runtime.expand.rewrite import mentions, with_parts
from jit_runtime.infer.decision_code import code_of
from jit_runtime.infer.decision_graph import is_named, make_graph
from jit_runtime.infer.knowledge import test_of
from jit_runtime.types.universe import Universe


def decide(core: Core, universe: Universe) -> Core:
    """The same code, with shared nodes where nothing changes."""

    def change(node: Any) -> Any:
        if type(node) is If and is_match(node):
            return code_of(make_graph(node, universe), change)
        made = with_parts(node, change)
        return without_parts(made) if type(node) is Let and made is not node else made

    return change(core)  # type: ignore[no-any-return]


def is_match(node: If) -> bool:
    """Do patterns name parts in the tests of the chain, or is one part tested twice?"""
    paths = set()
    rest: Core = node
    while type(rest) is If:
        for test in tests_in(rest.test):
            if type(test) is Seq:
                return True
            found = test_of(test, {})
            if found is not None and found.path in paths:
                return True
            if found is not None:
                paths.add(found.path)
        rest = rest.otherwise
    return False


def tests_in(test: Core) -> list[Core]:
    """The single tests of a test, and where parts get names."""
    if type(test) is If:
        return [inner for part in (test.test, test.then, test.otherwise) for inner in tests_in(part)]
    if type(test) is Seq:
        return [test] if is_named(test) else []
    return [test]


def without_parts(node: Let) -> Core:
    """Patterns' variables have become variables of their own where their value is read."""
    kept: list[tuple[Var, Core]] = []
    for i, (var, value) in enumerate(node.bindings):
        if not var.part or mentions(node.body, var) or any(mentions(later, var) for _, later in node.bindings[i + 1 :]):
            kept.append((var, value))
    if len(kept) == len(node.bindings):
        return node
    return replace(node, bindings=kept) if kept else node.body
