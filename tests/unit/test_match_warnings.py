"""Warnings about clauses that cannot be reached and values without a clause; against brute force over small values."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from jit_runtime.oracle.session import OracleSession
from jit_runtime.source.diagnostics import OmniError

COLORS = "(define {enum Color} Red Green (Mixed [a {Color}] [b]))"
CASES = [
    ("[true 1]", ["does not cover false of {Bool}"]),
    ("[true 1] [false 2]", []),
    ("[Red 1] [Green 2]", ["does not cover Mixed of {Color}"]),
    ("[Red 1] [Green 2] [(Mixed Red true) 3]", ["does not cover (Mixed Red false) of {Color}"]),
    ("[Red 1] [Green 2] [(Mixed Red true) 3] [(Mixed _ false) 4]", ["does not cover (Mixed Green true) of {Color}"]),
    ("[(or Red Green) 1] [(Mixed (or Red Green) _) 3] [(Mixed (Mixed _ _) x) x]", []),
    ("[(Some true) 1] [None 2]", ["does not cover (Some false) of {Option}"]),
    ("[(Ok x) 1] [(Err 5) 2]", ["does not cover Err of {Result}"]),
    ("[(Ok (Some x)) 1] [(Err _) 2]", ["does not cover (Ok None) of {Result}"]),
    ("[(Some x) :when (> x 0) 1] [None 2]", ["does not cover Some of {Option} (a clause with a guard"]),
    ("[(Some x) :when (> x 0) 1] [(Some _) 0] [None 2]", []),
    ("[1 1] [2 2] [1 3]", ["never reached"]),
    ("[1 1] [1.0 2] [\"1\" 3]", []),
    ("[{Number} 1] [5 2]", ["never reached"]),
    ("[5 1] [{Int} 2] [{Number} 3] [_ 4]", []),
    ("[x 1] [Red 2]", ["never reached"]),
    ("[x :when x 1] [Red 2] [_ 3]", []),
    ("[{Color} 1] [(Mixed _ 5) 2] [else 3]", ["never reached"]),
    ("[Red 1] [Green 2] [(Mixed _ _) 3] [other 4]", []),
    ("[[a] 1] [[b] 2] [(satisfies odd?) 3] [_ 4]", []),
    ("[(cons 1 t) 1] [(cons h t) 2] [(cons _ ()) 3] [() 4]", ["never reached"]),
]  # fmt: skip


@pytest.mark.parametrize(("clauses", "expected"), CASES)
def test_warnings(clauses: str, expected: list[str]) -> None:
    session = OracleSession()
    session.eval(COLORS)
    session.eval(f"(define (f v) (match v {clauses}))")
    found = [warning.message for warning in session.machine.warnings]
    assert len(found) == len(expected)
    assert all(part in message for part, message in zip(expected, found, strict=True))


def test_the_warning_stands_at_the_clause() -> None:
    session = OracleSession()
    text = "(define (f v) (match v [1 'a] [1 'b] [_ 'c]))"
    session.eval(text)
    (warning,) = session.machine.warnings
    assert (warning.code, warning.span.start) == ("W002", text.index("1 'b"))


def pattern(random: Random, depth: int) -> str:
    if depth == 0 or random.random() < 0.3:
        return random.choice(("_", "Red", "Green", "true", "false", "_"))
    parts = pattern(random, depth - 1), pattern(random, depth - 1)
    return random.choice(("(Mixed {} {})", "(Mixed {} {})", "(or {} {})", "(as {} _)")).format(*parts)


def values(depth: int) -> list[str]:
    """Of the field `a` come Colors only, of `b` also a number, which no pattern names."""
    colors = ["Red", "Green"]
    for _ in range(depth):
        colors = ["Red", "Green", *(f"(Mixed {a} {b})" for a, b in product(colors[:4], [*colors[:3], "true", "false", "7"]))]
    return colors


@pytest.mark.parametrize("seed", range(60))
def test_no_warning_is_false(seed: int) -> None:
    random = Random(seed)
    session = OracleSession()
    session.eval(COLORS)
    patterns = [pattern(random, 2) for _ in range(random.randint(1, 6))]
    clauses = " ".join(f"[{text} {i}]" for i, text in enumerate(patterns))
    session.eval(f"(define (f v) (match v {clauses}))")
    reached, unmatched = set(), False
    for value in ["true", "false", "7", *values(2)]:
        try:
            reached.add(int(session.eval(f"(f {value})").value_text or ""))
        except OmniError as error:
            assert "no match" in str(error)
            unmatched = unmatched or value not in ("true", "false", "7")
    for warning in session.machine.warnings:
        if warning.code == "W002":
            index = clauses[: warning.span.start - len("(define (f v) (match v ")].count("[") - 1
            assert index not in reached, (clauses, index)
        elif "Color" in warning.message:
            assert unmatched, (clauses, warning.message)
