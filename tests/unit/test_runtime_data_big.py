"""BigInt on simulated memory, where an access out of bounds is an exception: arithmetic, order, text, hashes against Python's ints."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.unit.data_machine import Big, Failed, Machine

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
INT = st.integers(-(1 << 63), (1 << 63) - 1)
EDGES = [s * (1 << n) + d for n in (0, 31, 32, 53, 61, 63, 64, 96, 127, 128, 192) for s in (1, -1) for d in (-1, 0, 1)]
SIZES = st.integers(0, 1200).flatmap(lambda bits: st.integers(-(1 << bits), 1 << bits))
BIG = st.one_of(st.sampled_from(EDGES), SIZES, st.integers(1, 8).map(lambda n: (1 << 64 * n) - 1)).map(Big)
INTEGER = st.one_of(BIG, INT)
PAIRS = st.one_of(st.tuples(BIG, INTEGER), st.tuples(INTEGER, BIG))


@pytest.fixture(scope="module")
def m() -> Machine:
    return Machine()


def same(found: Any, expected: Any) -> bool:
    return type(found) is type(expected) and (found == expected or (found != found and expected != expected))


def quotient(a: int, b: int) -> int:
    size = abs(a) // abs(b)
    return size if (a < 0) == (b < 0) else -size


@QUICK
@given(PAIRS)
def test_sums_differences_and_products_are_exact(m: Machine, pair: tuple[int, int]) -> None:
    a, b = pair
    assert same(m("rt_add", a, b), Big(a + b))
    assert same(m("rt_sub", a, b), Big(a - b))
    assert same(m("rt_mul", a, b), Big(a * b))


@QUICK
@example((Big((1 << 192) - 1), Big((1 << 128) - (1 << 64) + 1)))  # the guess of a digit is too large
@example((Big(0x8000_0000_0000_0000_0000_0000_0000_0003), Big(0x2000_0000_0000_0000_0000_0000_0001)))
@example((Big((1 << 127) + (3 << 32)), Big((1 << 95) + (1 << 32) - 1)))
@given(PAIRS)
def test_quotients_truncate_and_remainders_have_the_sign_of_the_dividend(m: Machine, pair: tuple[int, int]) -> None:
    a, b = pair
    if b == 0:
        for name in ("rt_div", "rt_rem"):
            with pytest.raises(Failed, match="division by zero"):
                m(name, a, b)
        return
    assert same(m("rt_div", a, b), Big(quotient(a, b)))
    assert same(m("rt_rem", a, b), Big(a - b * quotient(a, b)))


@pytest.mark.parametrize("bits", [2500, 2560, 2600, 3100, 5300, 5400])
@pytest.mark.parametrize("ratio", [1.0, 1.4, 2.3])
def test_products_by_parts(m: Machine, bits: int, ratio: float) -> None:
    """Longer than KARATSUBA limbs: halves of equal and of unequal length, all ones and few ones."""
    other = int(bits * ratio)
    for a, b in (((1 << bits) - 1, (1 << other) - 1), (3**bits % (1 << bits), 7**other % (1 << other)), (1 << bits, (1 << other) - 1)):
        assert same(m("rt_mul", Big(a), Big(-b)), Big(-a * b))


@QUICK
@given(PAIRS)
def test_order_equality_and_hashes_do_not_see_the_kind(m: Machine, pair: tuple[int, int]) -> None:
    a, b = pair
    assert m("rt_compare", a, b) == (a > b) - (a < b)
    for x, y in (pair, (a, a), (b, b)):
        assert m("rt_equal", x, y) == (x == y)
        assert m("rt_eq", x, y) == (x == y and type(x) is type(y))
    if -(1 << 63) <= a < 1 << 63:
        assert m.call("omni.hash_value", m.word(Big(a))) == m.call("omni.hash_value", m.word(int(a)))


@QUICK
@example(Big((1 << 54) + 2), 2.0**54)
@example(Big(1 << 1200), math.inf)
@example(Big(0), -0.0)
@given(BIG, st.one_of(st.floats(), st.sampled_from([math.inf, math.nan, 2.0**63, 2.0**64, 1.8e308 / 2, 1e300])))
def test_with_floats_comparison_is_exact_and_arithmetic_is_rounded(m: Machine, a: int, x: float) -> None:
    nearest = to_float(a)
    assert same(m("rt_to_float", a), nearest)
    for y in (x, nearest):
        assert m("rt_lt", a, y) == (a < y) and m("rt_gt", y, a) == (y > a)
        assert m("rt_le", y, a) == (y <= a) and m("rt_equal", a, y) == (a == y)
        assert same(m("rt_add", a, y), nearest + y)
        if a == y:
            assert m.call("omni.hash_value", m.word(a)) == m.call("omni.hash_value", m.word(y))


def to_float(a: int) -> float:
    try:
        return float(a)
    except OverflowError:
        return math.inf if a > 0 else -math.inf


@QUICK
@given(st.one_of(INT, BIG, st.floats(allow_nan=False, allow_infinity=False)))
def test_conversions(m: Machine, x: Any) -> None:
    whole = int(x)
    assert same(m("rt_big", x), Big(whole))
    if -(1 << 63) <= whole < 1 << 63:
        assert same(m("rt_to_int", x), whole)
    else:
        with pytest.raises(Failed, match="no Int is near"):
            m("rt_to_int", x)


@QUICK
@given(BIG)
def test_functions_of_one_number(m: Machine, a: int) -> None:
    assert same(m("rt_neg", a), Big(-a)) and same(m("rt_abs", a), Big(abs(a)))
    assert same(m("rt_signum", a), Big((a > 0) - (a < 0))) and same(m("rt_inc", a), Big(a + 1)) and same(m("rt_dec", a), Big(a - 1))
    assert m("rt_zero", a) == (a == 0) and m("rt_positive", a) == (a > 0) and m("rt_negative", a) == (a < 0)
    assert m("rt_even", a) == (a % 2 == 0) and m("rt_odd", a) == (a % 2 == 1)
    assert m("rt_finite", a) and not m("rt_inf", a) and not m("rt_nan", a)
    assert same(m("rt_floor", a), a) and same(m("rt_round", a), a)


@QUICK
@given(PAIRS)
def test_extremes_and_divisors_are_big(m: Machine, pair: tuple[int, int]) -> None:
    a, b = pair
    assert same(m("rt_min", a, b), Big(min(pair))) and same(m("rt_max", a, b), Big(max(pair)))
    assert same(m.value(m.spread("rt_gcd", m.word(a), m.word(b))), Big(math.gcd(a, b)))
    assert same(m.value(m.spread("rt_lcm", m.word(a), m.word(b))), Big(math.lcm(a, b)))


@QUICK
@given(st.one_of(BIG, st.integers(0, 80).map(lambda n: Big(10**n))))
def test_text_and_back(m: Machine, a: int) -> None:
    assert m.written(m.word(a)) == f"{a:d}n"
    for text in (f"{a:d}n", f"{a:#x}n", f"{a:#b}n", f"{a:#o}n", f"{a:_d}n"):
        assert same(m("rt_parse_number", text), a)
        assert m("rt_string_to_int", text) is None


@pytest.mark.parametrize("text", ["n", "-n", "1.5n", "1e3n", "0xn", "12nn", "n12", "0b2n", "_1n", "1_n", ""])
def test_texts_that_are_no_numbers(m: Machine, text: str) -> None:
    assert m("rt_parse_number", text) is None
