"""Calls that may mean many methods: tables pick the method that the oracle picks, and grow with the kinds of the session."""

from __future__ import annotations

from random import Random

import pytest

from jit_runtime.decisions import FIRST_ROWS, DecisionTable, Question
from jit_runtime.infer.decisions import FEW_TESTS, MOST_HERE
from jit_runtime.oracle.session import OracleSession
from jit_runtime.types.kinds import KINDS
from jit_runtime.types.universe import Universe
from tests.unit.session_fixture import meanwhile, open_session, outcome

EACH = "(define each f xs (let [out (array)] (for-each (fn [x] (array-push! out (f x))) xs) out))"


def both(forms: list[str], mode: str = "checked") -> None:
    """Native code and the oracle give the same for each form."""
    native, oracle = open_session(mode), OracleSession(stack_limit=20_000)
    try:
        for form in forms:
            assert outcome(native, form) == outcome(oracle, form), form
    finally:
        native.close()


def kinds(first: int, last: int) -> list[str]:
    return [f"(define ^:parent {{Thing}} {{struct K{i}}} [v {{Int}}])" for i in range(first, last)]


def test_more_methods_than_a_call_branches_to() -> None:
    many = MOST_HERE + 10
    methods = [f"(define tag [x {{K{i}}}] (list {i} x.v))" for i in range(many)]
    call = f"(each (fn [x] (tag x)) (array {' '.join(f'(K{i} {i})' for i in range(many))}))"
    both(["(define {abstract Thing})", EACH, *kinds(0, many), *methods, call, "(define tag [x {Thing}] x.v)", call, "(each tag (array (K3 4) 5))"])


def test_kinds_beyond_the_first_rows() -> None:
    """The code is compiled when there are few kinds; each later kind is in its table before its first instance."""
    methods = [f"(define tag [x {{K{i}}}] {i})" for i in range(FEW_TESTS + 2)]
    forms = ["(define {abstract Thing})", EACH, *kinds(0, 8), *methods, "(define tag [x {Thing}] 'thing)"]
    forms += ["(define go xs (each (fn [x] (tag x)) xs))", "(go (array (K0 1) (K7 1)))"]
    for i in range(8, FIRST_ROWS + 20, 10):
        forms += [*kinds(i, i + 10), f"(go (array (K{i + 9} 1) (K0 1) (K{i} 1)))"]
    both([*forms, "(define tag [x {K20}] 'twenty)", "(go (array (K20 1) (K21 1)))"])


def test_versions_of_a_struct() -> None:
    """Values of all versions are of the kind that methods were defined for; the parent is that of the newest version."""
    methods = [f"(define tag [x {{K{i}}}] {i})" for i in range(FEW_TESTS + 2)]
    forms = ["(define {abstract Thing})", "(define {abstract Other})", EACH, *kinds(0, 8), *methods, "(define tag [x {Thing}] 'thing)"]
    forms += ["(define tag [x {Other}] 'other)", "(define go xs (each (fn [x] (tag x)) xs))", "(define old (array (K0 1) (K7 1) (K1 2)))", "(go old)"]
    forms += ["(define ^:parent {Thing} {struct K0} [v {Int}] [w {Any}])", "(go old)", "(go (array (K0 1 2) (K3 1)))"]
    forms += ["(define ^:parent {Other} {struct K7} [v {Int}])", "(go old)", "(define tag [x {K7}] 7)", "(go old)"]
    both(forms)


COUNTS = [
    "(define ^:parent {Integer} {abstract Count})", "(define {abstract Thing})", EACH, *kinds(0, FEW_TESTS),
    *(f"(define tag [x {{K{i}}}] {i})" for i in range(FEW_TESTS)), "(define tag [x {Count}] 'count)", "(define tag [x {Integer}] 'integer)",
    "(define few [x {Count}] (list 'count (number? x)))", "(define few [x {K0}] 0)", "(define few x 'other)",
]  # fmt: skip
PRIMITIVES = [
    "(define ^:parent {Count} {primitive Apples} [16])", "(define {primitive Flags} [8])", "(define ^:parent {Integer} {primitive Wide} [64])",
]  # fmt: skip


def test_primitive_kinds_that_are_defined_after_the_code_that_tells_kinds() -> None:
    """Functions, entries and closures that were compiled when the program had no primitive kinds."""
    go = "(define go xs (each (fn [x] (list (type? x Count) (few x) (tag x))) xs))"
    closure = "(define made (let [n 1] (fn [x] (list n (type? x Count) (few x) (tag x)))))"
    before = ["(go (array 1 (K0 1) (K3 1)))", "(each made (array 1 (K0 1)))", "(each tag (array 1 (K0 1)))", "(each few (array 1 (K0 1)))"]
    values = "(define values (array 1 (Apples 1) (Wide 9223372036854775807) (Wide 1) (K1 1)))"
    flags = ["(each few (array (Flags 1)))", "(tag (Flags 1))", "(each tag (array (Flags 1)))", "(made (Flags 1))"]
    after = ["(each made values)", "(each tag values)", "(each few values)"]
    both([*COUNTS, go, closure, *before, *PRIMITIVES, values, *after, *flags, "(go values)"])
    pears = ["(define ^:parent {Count} {primitive Pears} [64])", "(define tag [x {Pears}] 'pears)"]
    pears += ["(go (array (Pears 9223372036854775807) (Apples 1)))"]
    both([*COUNTS, *PRIMITIVES, go, closure, *before, values, *after, *pears, "(each made (array (Pears 5) (Apples 1)))"])


@pytest.mark.parametrize("mode", ["checked", "stress"])
def test_a_running_loop_meets_values_of_a_new_primitive_kind(mode: str) -> None:
    """Its table sends them to the function's entry."""
    session = open_session(mode)
    try:
        for form in [*COUNTS, "(define from (array (K1 1) (K0 1) 1 2 3))"]:
            session.eval(form)
        loop = "(let loop [i 0 acc '()] (if (= i n) acc (do (when (= i 2) (now)) (loop (+ i 1) (cons (tag (nth from i)) acc)))))"
        session.eval(f"(define run [n] {loop})")
        again = "(do (array-set! from 2 (Apples 1)) (array-set! from 3 (Wide 9223372036854775807)))"
        with meanwhile(session, lambda: [session.eval(form) for form in [*PRIMITIVES, again]]):
            assert outcome(session, "(run 5)") == "(integer integer count 0 1)"
    finally:
        session.close()


@pytest.mark.parametrize("seed", range(6))
def test_random_methods_of_two_arguments(seed: int) -> None:
    """Any hierarchy, any methods: the same method, or the same error."""
    random = Random(seed)
    forms, names = [], ["Int", "Float", "String", "Number"]
    for i in range(12):
        above = [name for name in names if name[0] == "A"]
        parent = f"^:parent {{{random.choice(above)}}} " if above and random.random() < 0.7 else ""
        forms.append(f"(define {parent}{{abstract A{i}}})" if random.random() < 0.4 else f"(define {parent}{{struct S{i}}} [v {{Int}}])")
        names.append(forms[-1].rpartition("}")[0].split()[-1] if "abstract" in forms[-1] else f"S{i}")
    values = ["1", "2.5", '"s"', "'q", *(f"({name} 1)" for name in names if name[0] == "S" and name != "String")]
    for _ in range(10):
        forms.append(f"(define pick [a {{{random.choice(names)}}}] [b {{{random.choice([*names, 'Any'])}}}] {random.randrange(100)})")
    forms.append("(define ^:noinline call ps (pick (car ps) (cdr ps)))")
    forms += [f"(call (cons {random.choice(values)} {random.choice(values)}))" for _ in range(60)]
    both(forms, random.choice(("normal", "checked")))


def test_a_table_admits_what_the_kinds_say() -> None:
    """The words of a row: bit i for method i; a class that is not there yet has the bits of methods that ask for nothing."""
    universe = Universe()
    shape = universe.define_abstract("Shape", KINDS["Any"])
    circle = universe.define_struct("Circle", shape)
    table = DecisionTable(Question((0,), (((circle,),), ((shape,),), ((KINDS["Int"],),), ((),))), universe.classes)
    square = universe.define_struct("Square", shape)
    table.enter(square)
    numbers = (0, 1, circle.bit.bit_length() - 1, square.bit.bit_length() - 1, universe.classes)
    assert [table.row(number) for number in numbers] == [[0b1100], [0b1000], [0b1011], [0b1010], [0b1000]]
