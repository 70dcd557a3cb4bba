"""The clauses of a `match` as a decision graph: on no way through it is a test made twice, and where ways come to the same
question with the same knowledge they share the rest.

The clauses are run on what is known, as in P. Sestoft, "ML pattern match compilation and partial evaluation" (1996): a test whose
answer follows from those before it is left out, another one splits the ways. Code of the program (guards, `satisfies`) is run where
clause by clause it would run; what it may have stored into is forgotten. States are shared by memoisation; past a budget a state
forgets what it knows, and there is one of each clause at most (backtracking automata, L. Augustsson 1985).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from jit_runtime.dataclass import dataclass, field
from jit_runtime.expand.core import Const, Core, If, Let, Local, Seq, SetLocal, Var
from jit_runtime.expand.rewrite import nodes
from jit_runtime.infer.knowledge import Facts, Path, Test, is_lasting, lasting, learned, path_of, test_of, verdict
from jit_runtime.source.text import Span
from jit_runtime.types.universe import Universe

Names = dict[Var, Path]
"""Variables that stand for parts."""


@dataclass(slots=True, eq=False)
class Branch:
    """A test of a part. `call` is one that makes it."""

    call: Core
    path: Path
    yes: Decision
    no: Decision


@dataclass(slots=True, eq=False)
class Asked:
    """Code of the program that answers; in it, `names` stand for parts. `kept`: parts that it could change, with names for their
    values from before; `lasts`: whether a part is the same afterwards."""

    test: Core
    names: Names
    kept: list[tuple[Path, Path]]
    lasts: Callable[[Path], bool]
    yes: Decision
    no: Decision


@dataclass(slots=True, eq=False)
class Leaf:
    """A result: code, the variables in it that stand for parts, and those it begins by binding to parts."""

    code: Core
    names: Names
    bound: list[tuple[Var, Path]] = field(default_factory=list)


Decision = Branch | Asked | Leaf
After = Callable[[Facts, Names], Decision]
GROWTH, SLACK = 4, 60
"""A graph has at most so many nodes for each of the code's tests, and so many more, before states forget what they know."""


def is_named(test: Core) -> bool:
    """Does the test begin by giving names to parts?"""
    return type(test) is Seq and all(type(item) is SetLocal and item.var.part for item in test.items[:-1])


def make_graph(root: If, universe: Universe) -> Decision:
    return _Maker(universe, root).clause(root, {}, {})


class _Maker:
    def __init__(self, universe: Universe, root: If) -> None:
        self.universe = universe
        self.asked_of: dict[int, frozenset[Path]] = {}
        self.roots: set[Path] = set()
        self.states: dict[object, Decision] = {}
        self.leaves: dict[object, Leaf] = {}
        self.left = SLACK + GROWTH * self.paths_asked(root)

    def paths_asked(self, root: Core) -> int:
        """For each clause the paths that it and those after it test; their number."""
        chain: list[If] = []
        while type(root) is If:
            chain.append(root)
            root = root.otherwise
        below: frozenset[Path] = frozenset()
        for node in reversed(chain):
            found: set[Path] = set()
            self.paths_in(node.test, {}, found)
            below = self.asked_of[id(node)] = below | found
        return len(below) + 2 * len(chain)

    def paths_in(self, test: Any, names: Names, found: set[Path]) -> None:
        if type(test) is If:
            for part in (test.test, test.then, test.otherwise):
                self.paths_in(part, names, found)
        elif type(test) is Seq:
            for item in test.items[:-1]:
                if type(item) is SetLocal and item.var.part and (path := path_of(item.value, names)):
                    names[item.var] = path
            self.paths_in(test.items[-1], names, found)
        elif (asked := test_of(test, names)) is not None:
            inner = asked.path
            while inner[0] != "var":
                found.add(inner)
                inner = inner[1]
            found.add(inner)
            self.roots.add(inner)

    # ---- states ----

    def clause(self, node: Core, facts: Facts, names: Names) -> Decision:
        """A clause and those after it, with what is known when they are reached."""
        if type(node) is not If or id(node) not in self.asked_of:
            return self.leaf(node, names)
        relevant = self.asked_of[id(node)]
        facts = {path: known for path, known in facts.items() if path in relevant} if self.left > 0 else {}
        key = (id(node), frozenset(facts.items()))
        if key not in self.states:

            def otherwise(facts: Facts, names: Names) -> Decision:
                return self.clause(node.otherwise, facts, {})

            self.states[key] = self.asked(node.test, facts, {}, lambda facts, names: self.leaf(node.then, names), otherwise)
        return self.states[key]

    def leaf(self, code: Core, names: Names) -> Leaf:
        """What it binds first to parts of the value is taken off it: where they were read already, they are not read again."""
        bound: list[tuple[Var, Path]] = []
        known = dict(names)
        inner = code
        if type(code) is Let:
            for var, value in code.bindings:
                path = path_of(value, known)
                if path is None or var.assigned or self.root(path) not in self.roots:
                    bound, known = [], dict(names)
                    break
                bound.append((var, path))
                known[var] = path
            inner = code.body if bound else code
        mentioned = {node.var for node in nodes(inner) if type(node) is Local}
        kept = {var: path for var, path in names.items() if var in mentioned}
        bound = [(var, path) for var, path in bound if var in mentioned]
        key = (id(code), frozenset(kept.items()), frozenset(bound))
        if key not in self.leaves:
            self.leaves[key] = Leaf(inner, kept, bound)
        return self.leaves[key]

    def root(self, path: Path) -> Path:
        while path[0] != "var" and path[0] != "const":
            path = path[1]
        return path

    # ---- tests ----

    def asked(self, test: Any, facts: Facts, names: Names, yes: After, no: After) -> Decision:
        if type(test) is Const:
            return (no if test.value is False or test.value is None else yes)(facts, names)
        if type(test) is If:

            def then(facts: Facts, names: Names) -> Decision:
                return self.asked(test.then, facts, names, yes, no)

            def otherwise(facts: Facts, names: Names) -> Decision:
                return self.asked(test.otherwise, facts, names, yes, no)

            return self.asked(test.test, facts, names, then, otherwise)
        if is_named(test):
            names = dict(names)
            for item in test.items[:-1]:
                path = path_of(item.value, names)
                assert path is not None
                names[item.var] = path
            return self.asked(test.items[-1], facts, names, yes, no)
        asked = test_of(test, names)
        if asked is None:
            return self.programs_answer(test, facts, names, yes, no)
        return self.branch(test, asked, facts, names, yes, no)

    def branch(self, call: Core, test: Test, facts: Facts, names: Names, yes: After, no: After) -> Decision:
        answer = verdict(facts, test)
        if answer is not None:
            return (yes if answer else no)(facts, names)
        self.left -= 1
        then = yes(learned(facts, test, True), names)
        otherwise = no(learned(facts, test, False), names)
        return Branch(call, test.path, then, otherwise)

    def programs_answer(self, test: Core, facts: Facts, names: Names, yes: After, no: After) -> Decision:
        """What the names in it stand for is read before, and is the same afterwards."""
        self.left -= 1
        lasts = partial(is_lasting, facts=facts, universe=self.universe)
        kept: list[tuple[Path, Path]] = []
        after = dict(names)
        for var, path in names.items():
            if not lasts(path):
                kept.append((path, ("var", Var(var.name, var.span), "kept")))
                after[var] = kept[-1][1]
                self.roots.add(after[var])
        mentioned = {node.var for node in nodes(test) if type(node) is Local}
        facts = lasting(facts, self.universe)
        here = {var: path for var, path in names.items() if var in mentioned}
        return Asked(test, here, kept, lasts, yes(facts, after), no(facts, after))


def span_of(decision: Decision) -> Span:
    node = decision.call if isinstance(decision, Branch) else decision.test if isinstance(decision, Asked) else decision.code
    return node.span
