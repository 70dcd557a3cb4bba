"""Every runtime function behind a builtin against the oracle: results, effects on the arguments, and messages of errors."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from jit_runtime.infer.transfer import PREDICATES
from jit_runtime.layout import words
from jit_runtime.oracle import values as oracle
from jit_runtime.oracle.builtins_floats import PLAIN as FLOATS_PLAIN
from jit_runtime.oracle.builtins_numbers import PLAIN as NUMERIC
from jit_runtime.oracle.printer import display, written
from jit_runtime.oracle.raised import Raised
from jit_runtime.oracle.registry import PLAIN
from jit_runtime.types.builtins import BUILTINS, Builtin
from tests.unit.data_machine import Array, Char, Failed, Machine, Symbol, module

EXPORTS = {fn.name: fn for fn in module().functions if "export" in fn.attributes}
# What a program cannot compare: time, fresh names, output, what leaves the program; what is only called with arguments of some sort.
ELSEWHERE = {"gensym", "current-time-millis", "print", "println", "display", "write", "newline", "exit", "eval", "doc", "raise", "error", "range",
             "sequence-ref", "sequence-slice", "kind?", "sort-values", "agree?"}  # fmt: skip

TEXTS = ["", "a", "ab", "  pad\t", "hello", "λx", "naïve λ", "aXbXc", "X", "ÀÉ ß", "\u2003x\u3000", "🙂é", "12", "-7", "0x1F", "1_000", "1__0",
         "1.5e3", "9223372036854775808", "-9223372036854775808", ".5", "3.", "1e3", "abc", "+", "_1", "inf", "0b102", "1 "]  # fmt: skip
INTS = [0, 1, 2, -1, 3, 5, 63, 64, 100, words.FIXNUM_MAX, words.FIXNUM_MAX + 1, (1 << 63) - 1, -(1 << 63), 0xD800, 0x10FFFF]
FLOATS = [0.0, -0.0, 1.0, 2.5, -2.5, 0.5, 1e300, -1e300, math.inf, -math.inf, math.nan, 2.0**63, 1e18, 0.49999999999999994]
SYMBOLS = [Symbol("a"), Symbol("b"), Symbol("key")]
ATOMS: list[Any] = [None, True, False, *INTS, *FLOATS, *TEXTS, *SYMBOLS, Char("a"), Char("Z"), Char("λ"), Char("\n"), Char("7"), Char("\xa0")]
PARTS: list[Any] = [0, 1, 2, -1, "a", "b", Symbol("a"), Char("x"), 1.0, [], [1], Array(), Array([1]), "ab"]
KEYS: list[Any] = [1, 2, "a", "k", *SYMBOLS]
ROUNDS = 30


def some_value(dice: random.Random) -> Any:
    """An atom, a small number, a text, or a small collection."""
    choice = dice.randrange(8)
    count = dice.randrange(5)
    if choice == 0:
        return dice.choice(ATOMS)
    if choice == 1:
        return dice.choice(TEXTS)
    if choice == 2:
        return dice.choice([0, 1, 2, 3, -1])
    if choice == 3:
        return {dice.choice(KEYS): dice.choice(PARTS) for _ in range(count)}
    if choice == 4:
        return [dice.choice(["a", "", "λ"]) for _ in range(count)]
    if choice == 5:
        return [Char(dice.choice("aλ")) for _ in range(count)]
    items = [dice.choice(PARTS) for _ in range(count)]
    return Array(items) if choice == 6 else items


def symbol_of(row: Builtin) -> str:
    return row.native[1] if row.native[0] == "rt" else "rt_" + row.native[1].replace("-", "_").replace("?", "")


FROM_BUFFER = ("list", "array", "array-ref", "array-set!")  # instructions whose runtime function takes any number of arguments
SKIPPED = {*ELSEWHERE, *PREDICATES}
ROWS = [row for row in BUILTINS.values() if row.native[0] != "lib" and row.name in PLAIN.keys() - SKIPPED and symbol_of(row) in EXPORTS]


@pytest.fixture(scope="module")
def m() -> Machine:
    return Machine()


def to_oracle(value: Any) -> Any:
    if isinstance(value, Symbol):
        return oracle.symbol(str(value))
    if isinstance(value, Char):
        return oracle.Char(ord(value))
    if isinstance(value, Array):
        return oracle.Array([to_oracle(item) for item in value])
    if isinstance(value, list):
        return oracle.make_list([to_oracle(item) for item in value])
    if isinstance(value, dict):
        made = oracle.Dict()
        for key, item in value.items():
            PLAIN["dict-set!"](made, to_oracle(key), to_oracle(item))
        return made
    return value


def in_oracle(row: Builtin, values: list[Any]) -> list[str]:
    given_values = [to_oracle(value) for value in values]
    try:
        result = written(PLAIN[row.name](*given_values))
    except Raised as raised:
        result = "error: " + display(raised.payload)
    return [result, *map(written, given_values)]


def in_runtime(m: Machine, row: Builtin, values: list[Any]) -> list[str]:
    given_words = [m.word(value) for value in values]
    folds = (row.max_args is None and row.native[0] == "rt") or row.name in FROM_BUFFER
    name = symbol_of(row)
    padding = [words.DEFAULT] * ((row.max_args or 0) - len(values))
    try:
        result = m.written(m.spread(name, *given_words) if folds else m.run(name, *given_words, *padding))
    except Failed as failed:
        result = "error: " + str(failed)
    return [result, *map(m.written, given_words)]


def test_the_table_and_the_runtime_name_the_same_functions() -> None:
    from jit_runtime.infer.systems import compile_sources
    from jit_runtime.source.text import Source
    from tests.unit.data_machine import RUNTIME

    sources = [Source(path.name, path.read_text(encoding="utf-8")) for path in sorted(RUNTIME.glob("*.omni"))]
    everything = {fn.name for fn in compile_sources(sources).functions if "export" in fn.attributes}
    wanted = {row.native[1] for row in BUILTINS.values() if row.native[0] == "rt" and row.native[1].startswith("rt_")}
    assert wanted - everything <= {"rt_eval", "rt_doc"}  # the session's


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_builtin_does_what_the_oracle_does(m: Machine, row: Builtin) -> None:
    folding = row.native[0] == "op" and row.max_args is None and row.name not in FROM_BUFFER
    least, most = (2, 2) if folding else (row.min_args, row.max_args if row.max_args is not None else 4)

    dice = random.Random(row.name)
    for _ in range(ROUNDS):
        values = [some_value(dice) for _ in range(dice.randint(least, most))]
        assert in_runtime(m, row, values) == in_oracle(row, values), values


@pytest.mark.parametrize("row", [row for row in ROWS if row.name in {*NUMERIC, *FLOATS_PLAIN} and row.accepts(2)], ids=lambda row: row.name)
def test_every_pair_of_interesting_numbers(m: Machine, row: Builtin) -> None:
    numbers = [0, 1, -1, 3, 63, words.FIXNUM_MAX, (1 << 63) - 1, -(1 << 63), 0.0, -0.0, 2.5, -1e300, math.inf, math.nan, 2.0**63]
    for a in numbers:
        for b in numbers:
            assert in_runtime(m, row, [a, b]) == in_oracle(row, [a, b]), (a, b)
