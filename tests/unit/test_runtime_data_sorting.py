"""Sorting on simulated memory, against Python's stable sort."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.unit.data_machine import Array, Big, Char, Machine, Symbol

QUICK = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
INTS = st.one_of(st.integers(-3, 3), st.integers(-(1 << 63), (1 << 63) - 1))
FLOATS = st.one_of(st.floats(allow_nan=False), st.sampled_from([0.0, -0.0, 1.0, -1.0]))
TEXTS = st.one_of(st.text(max_size=3), st.text("ab", min_size=6, max_size=11))
MIXED = st.one_of(INTS, FLOATS, st.integers(-(1 << 70), 1 << 70).map(Big), st.sampled_from([2**53, 2.0**53, 2**53 + 1, Big(2**53 + 1)]))
ROWS = st.one_of(*(st.lists(items, max_size=70) for items in (INTS, FLOATS, MIXED, TEXTS, TEXTS.map(Symbol), st.characters(codec="utf-8").map(Char))))


@pytest.fixture(scope="module")
def m() -> Machine:
    return Machine()


def bytewise(x: Any) -> Any:
    return x.encode() if isinstance(x, str) else x


def exactly(values: list[Any]) -> list[str]:
    return [f"{type(value).__name__} {value!r}" for value in values]


@QUICK
@example(["aaaaaaaa", "aaaaaaab", "aaaaaaa", "aaaaaaaa\0", ""])
@given(ROWS)
def test_values_are_sorted_and_equal_ones_stay_in_order(m: Machine, row: list[Any]) -> None:
    found = m("rt_sort_values", Array(row), 0)
    assert type(found) is Array and exactly(found) == exactly(sorted(row, key=bytewise))
    assert exactly(m("rt_sort_values", row, 0)) == exactly(sorted(row, key=bytewise))
    reversed_order: Callable[[Any, Any], int] = lambda a, b: (b > a) - (b < a)  # noqa: E731
    if not row or not isinstance(row[0], str) or isinstance(row[0], Char):
        assert exactly(m("rt_sort_values", row, 2)) == exactly(sorted(row, key=bytewise))
        assert exactly(m("rt_sort_values", row, 3)) == exactly(sorted(row, key=lambda x: cmp_to_key(reversed_order)(bytewise(x))))
    else:
        assert m("rt_sort_values", row, 2) is None and m("rt_sort_values", row, 3) is None


@QUICK
@given(st.lists(st.tuples(MIXED, INTS), max_size=40))
def test_pairs_are_sorted_by_their_heads(m: Machine, rows: list[tuple[Any, int]]) -> None:
    found = m("rt_sort_values", [list(row) for row in rows], 1)
    assert [exactly(row) for row in found] == [exactly(list(row)) for row in sorted(rows, key=lambda row: row[0])]


@pytest.mark.parametrize("row", [[1, "a"], [1, float("nan")], [None], [[1]], ["a", Symbol("a")], [Char("a"), 97], [True, False], [1, [], 2.0]])
def test_what_has_no_order_is_left_to_the_library(m: Machine, row: list[Any]) -> None:
    assert m("rt_sort_values", row, 0) is None and m("rt_sort_values", Array(row), 2) is None
