"""Numbers (S7) in the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_runtime.oracle.builtins_numbers import PLAIN
from jit_runtime.oracle.raised import Raised
from tests.unit.oracle_fixture import error, value

INTS = st.integers(-(2**63), 2**63 - 1)
LOWEST = "-9223372036854775808"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(list (+) (*) (- 5) (- -0.0) (/ 2) (/ 2.0))", "(0 1 -5 0.0 0 0.5)"),
        ("(list (/ 7 2) (/ -7 2) (/ 7 -2) (/ 7.0 2) (/ 12 3 2))", "(3 -3 -3 3.5 2)"),
        ("(list (% 17 5) (% -7 2) (% 7 -2) (mod -7.5 2))", "(2 -1 1 -1.5)"),
        ("(list (/ 1.0 0) (/ -1.0 0) (/ 1.0 -0.0) (/ 0.0 0))", "(inf -inf -inf nan)"),
        ("(list (< 1 2 3) (< 1 3 2) (<= 1 1.0) (< #\\a #\\b) (> 1))", "(true false true true true)"),
        ("(list (min 3 1) (max 3 1.5) (min 1 2.0) (max nan 1))", "(1 3.0 1.0 nan)"),
        ("(list (+% 9223372036854775807 1) (-% 1) (*% 4611686018427387904 4))", f"({LOWEST} -1 0)"),
        ("(list (+| 9223372036854775807 1) (-| -9223372036854775808 1) (*| 4611686018427387904 -4))", f"(9223372036854775807 {LOWEST} {LOWEST})"),
        ("(list (round 2.5) (round -2.5) (round 0.49999999999999994) (round 3))", "(3.0 -3.0 0.0 3)"),
        ("(list (floor -1.5) (ceil -0.5) (trunc -1.9))", "(-2.0 -0.0 -1.0)"),
        ("(list (->int 3.9) (->int -3.9) (->float 3))", "(3 -3 3.0)"),
        ("(list (band 12 10) (bor 12 10) (bxor 12 10) (bnot 0) (band) (bor))", "(8 14 6 -1 -1 0)"),
        ("(list (lshift 1 62) (rshift -8 1) (lshift% 1 63))", f"(4611686018427387904 -4 {LOWEST})"),
        ("(list (gcd 12 18) (gcd) (lcm 4 6) (lcm) (gcd -4 6))", "(6 0 12 1 2)"),
        ("(list (sqrt -1) (pow 2 10) (pow 0 -1) (log 0) (log -1) (exp 1000))", "(nan 1024.0 inf -inf nan inf)"),
        ("(list (signum -5) (signum 0.0) (signum -2.5) (abs -2.5))", "(-1 0.0 -1.0 2.5)"),
        ('(list (parse-number "12") (parse-number "0xff") (parse-number "1e3"))', "(12 255 1000.0)"),
        ('(list (parse-number "x") (parse-number "1_000") (parse-number " 1"))', "(nothing 1000 nothing)"),
        ('(list (string->int "1.5") (string->float "2") (string->int "99999999999999999999"))', "(nothing 2.0 nothing)"),
        ("(= 9007199254740993 9007199254740992.0)", "false"),
        ("(= nan nan)", "false"),
    ],
)
def test_values(text: str, expected: str) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('(+ 1 "2")', ["number", "String", '"2"', "+"]),
        ("(+ 9223372036854775807 1)", ["overflow", "9223372036854775807 1"]),
        (f"(- {LOWEST})", ["overflow"]),
        (f"(abs {LOWEST})", ["overflow"]),
        (f"(/ {LOWEST} -1)", ["overflow"]),
        ("(lshift 1 63)", ["overflow"]),
        ("(lshift 1 64)", ["shift"]),
        ("(rshift 1 -1)", ["shift"]),
        ("(/ 1 0)", ["division by zero"]),
        ("(% 1 0)", ["division by zero"]),
        ("(< 3 2 'a)", ["number"]),
        ("(< 1 #\\a)", ["number"]),
        ("(->int nan)", ["Int"]),
        ("(->int 1e30)", ["Int"]),
        ("(+% 1 1.0)", ["Int", "Float"]),
        ("(even? 2.0)", ["Int"]),
        ("(% 1)", ["arity", "%"]),
    ],
)
def test_errors_name_what_is_wrong(text: str, parts: list[str]) -> None:
    message = error(text)
    assert all(part.lower() in message.lower() for part in parts), message


@given(INTS, INTS)
def test_the_three_kinds_of_addition_agree_where_nothing_overflows(a: int, b: int) -> None:
    exact = a + b
    wrapped, saturated = PLAIN["+%"](a, b), PLAIN["+|"](a, b)
    assert (wrapped - exact) % 2**64 == 0
    assert -(2**63) <= wrapped < 2**63
    if -(2**63) <= exact < 2**63:
        assert PLAIN["+"](a, b) == wrapped == saturated == exact
    else:
        assert saturated == (2**63 - 1 if exact > 0 else -(2**63))
        with pytest.raises(Raised):
            PLAIN["+"](a, b)


@given(INTS, INTS.filter(bool))
def test_quotient_and_remainder_make_up_the_dividend(a: int, b: int) -> None:
    if (a, b) == (-(2**63), -1):
        return
    quotient, remainder = PLAIN["/"](a, b), PLAIN["%"](a, b)
    assert quotient * b + remainder == a
    assert abs(remainder) < abs(b)
    assert remainder == 0 or (remainder < 0) == (a < 0)
