"""The systems subset: each form, interpreted, as quick and as optimised code."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.both_ways import Both, result_of

FORMS = {
    "12": 12,
    "#\\a": 97,
    "0xFFFF_FFFF_FFFF_FFFFn": (1 << 64) - 1,
    "(+ 1 2 3)": 6,
    "(- 5)": (1 << 64) - 5,
    "(let [a 3 b (+ a 1)] (* a b))": 12,
    "(let [a 3] [b (+ a 1)] (* a b))": 12,
    "(let [a 1] (+ (let [a 2] a) a))": 3,
    "(let [a 1] (set! a (+ a 1)) (set! a (* a 10)) a)": 20,
    "(let [a {U8} 250] (%cast {I64} (+ a 10)))": 4,
    "(let [a {I8} -1] (%cast {I64} a))": (1 << 64) - 1,
    "(let [a {U8} 255] (%cast {I64} a))": 255,
    "(if (< 1 2) 10 20)": 10,
    "(let [x 5] (if (and (> x 1) (not (= x 5))) 1 (if (or (= x 4) (= x 5)) 2 3)))": 2,
    "(let [x 5] (cond [(= x 1) 10] [(= x 5) 50] [else 0]))": 50,
    "(let [x 5] (cond [(= x 1) (set! x 2)] [(= x 5) (set! x 7)]) x)": 7,
    "(let [i 0 s 0] (while (< i 10) (set! i (+ i 1)) (when (= i 3) (continue)) (when (= i 6) (break)) (set! s (+ s i))) s)": 12,
    "(let [i 0] (while (< i 10) (when (= i 4) (return i)) (set! i (+ i 1))) 99)": 4,
    "(let [b (= 1 1)] (if (and b (%likely (!= 1 2))) 1 0))": 1,
    "(let [b (or (= 1 2) (= 2 2))] (%cast {I64} b))": 1,
    "(do 1 2 3)": 3,
    "(/ -7 2)": (1 << 64) - 3,
    "(% -7 2)": (1 << 64) - 1,
    "(let [a {U64} -7] (%cast {I64} (/ a 2)))": ((1 << 64) - 7) // 2,
    "(let [a {U64} -1 b {U64} 1] (if (< a b) 1 0))": 0,
    "(let [a -1 b 1] (if (< a b) 1 0))": 1,
    "(rshift -8 1)": (1 << 64) - 4,
    "(let [a -8] (rshift a 1))": (1 << 64) - 4,
    "(let [a -8] (urshift a 60))": 15,
    "(let [a 5] (bxor (band a 4) (bor a 2) (bnot a)))": (4 ^ 7 ^ ~5) & (1 << 64) - 1,
    "(%cast {I64} (%floor 2.75))": 2,
    "(%bits 1.0)": 0x3FF0000000000000,
    "(let [a 0x3FF0000000000000] (%cast {I64} (* (%float a) 3.0)))": 3,
    "(let [d 4.0] (%cast {I64} (%sqrt (+ d 12))))": 4,
    "(let [p (%stack I64 3) i 0] (while (< i 3) (set! p.[i] (* i 10)) (set! i (+ i 1))) (+ p.[1] (%load (%index p 2))))": 30,
    "(let [p (%stack U8 16)] (%memset p 7 16) (%load {I64} p))": 0x0707070707070707,
    "(let [p (%stack I64 2) q (%stack I64 2)] (set! p.[0] 1) (set! p.[1] 2) (%memcpy q p 16) (- (+ q 16) (%cast {CPtr I64} q)))": 16,
    "(let [p (%stack Bool 2)] (set! p.[0] true) (set! p.[1] false) (if (and p.[0] (not p.[1])) 1 2))": 1,
    '(let [p "hi"] (+ (%cast {I64} p.[0]) (%cast {I64} p.[2])))': 104,
    "(let [p {CPtr I64} nothing] (if (= p nothing) 1 2))": 1,
    "(let [r (%stack Region)] (set! r.log_count 5) (set! r.pairs.bump nothing) (+ r.log_count (- (%address r.objects) r)))": 29,
    "(let [r (%stack Region) l (%address r.pairs)] (set! l.region r) (set! r.serial 8) r.pairs.region.serial)": 8,
    "(let [t (%stack Task)] (set! t.arguments.[3] 4) (%load {I64} (%offset t (+ (%offsetof Task arguments) 24))))": 4,
    "(%sizeof Lane)": 24,
    "(- (lshift 1 64) 1)": (1 << 64) - 1,
    "(/ (* COUNT-TYPES 10) COUNT-TYPES)": 10,
    "(let [a 9223372036854775807] (%add-checked a 1 -5))": (1 << 64) - 5,
    "(let [a 1000] (%mul-checked a a (return 3)))": 1000000,
    "(let [a -9223372036854775808] (%sub-checked a 1 (return 3)))": 3,
    "(let [a 1] (if (%add-overflows? a 5) 1 2))": 2,
    "(let [a 40] (+ (%ctlz a) (%cttz a) (%popcount a)))": 63,
    "(let [a 0] (+ (%ctlz a) (%cttz a)))": 128,
    "(let [a {U64} -1] (%cast {I64} (%mulhi a a)))": (1 << 64) - 2,
    "(let [p (%stack I64)] (%atomic-store release p 5) (+ (%atomic-add relaxed p 3) (%atomic-load acquire p)))": 13,
    "(let [p (%stack I64)] (set! p.[0] 5) (+ (* 100 (%atomic-cas acq-rel p 5 6)) (* 10 (%atomic-cas seq-cst p 5 7)) p.[0]))": 566,
    "(let [c (= 1 1) a 1 b 2] (%select c a b))": 1,
    "(band (bor PAIR-TAG OBJECT-TAG) TAG-MASK)": 5,
    "(+ TYPE-string OFFSET-string-length)": 11,
}


@pytest.mark.parametrize("text", FORMS)
def test_form(text: str) -> None:
    assert result_of(text) == FORMS[text]


def test_definitions_in_any_order_constants_and_tables() -> None:
    both = Both("""
        (define ^:export total [] {I64} (let [i 0 s 0] (while (< i COUNT) (set! s (+ s (twice (%cast {I64} PRIMES.[i])))) (set! i (+ i 1))) s))
        (define ^:inline twice [x {I64}] {I64} (* x FACTOR))
        (define COUNT (+ 3 1))
        (define FACTOR 2)
        (define PRIMES {CArray CUInt16} [2 3 5 700])
    """)
    assert both.call("total") == 1420


def test_recursion_and_calls_without_result() -> None:
    both = Both("""
        (define ^:export fib [n {I64}] {I64} (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
        (define count-down [p {CPtr I64}] (when (> p.[0] 0) (set! p.[0] (- p.[0] 1)) (count-down p)))
        (define ^:export down [n {I64}] {I64} (let [p (%stack I64)] (set! p.[0] n) (count-down p) p.[0]))
    """)
    assert both.call("fib", 15) == 610 and both.call("down", 20) == 0


def test_calls_through_addresses() -> None:
    both = Both("""
        (define add-one [x {I64}] {I64} (+ x 1))
        (define add-two [x {I64}] {I64} (+ x 2))
        (define ^:export apply [which {I64}] [x {I64}] {I64} (let [f (if (= which 1) (%function add-one) (%function add-two))] (%call {I64} f x)))
    """)
    assert both.call("apply", 1, 5) == 6 and both.call("apply", 2, 5) == 7


def test_libc_and_variadic_calls() -> None:
    both = Both("""
        (define ^:export digits [n {I64}] {I64}
          (let [p (%stack U8 32) count (snprintf p 32 "%ld-%.1f" n 2.5) q (malloc 64)]
            (memcpy q p 32)
            (let [c (%load {U8} (%offset q 1))]
              (free q)
              (+ (* 1000 (%cast {I64} count)) (%cast {I64} c)))))
    """)
    assert both.call("digits", 123) == 7050


def test_early_return_in_a_branch_that_is_joined() -> None:
    both = Both("(define ^:export f [n {I64}] {I64} (+ 1 (if (= n 0) (return 100) (cond [(= n 1) 5] [else (do (abort) 0)]))))")
    assert both.call("f", 0) == 100 and both.call("f", 1) == 6


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> str:
    """Expressions over the parameters a and b that neither trap nor loop."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        # A bound literal is not a constant: constant expressions are exact, they do not wrap.
        literals = (st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)).map(lambda n: f"(let [k {n}] k)")
        return draw(st.sampled_from(("a", "b", "c")) | literals)
    part = lambda: draw(expressions(depth - 1))  # noqa: E731
    form = draw(st.integers(0, 7))
    if form == 0:
        return f"(if ({draw(st.sampled_from(('=', '!=', '<', '<=', '>', '>=')))} {part()} {part()}) {part()} {part()})"
    if form == 1:
        return f"(let [c {part()}] {part()})"
    if form == 2:
        return f"(do (set! a {part()}) {part()})"
    if form == 3:
        return f"({draw(st.sampled_from(('lshift', 'rshift', 'urshift')))} {part()} (band {part()} b 63))"
    if form == 4:
        return f"(%add-checked {part()} {part()} {part()})"
    if form == 5:
        return f"(cond [(< {part()} {part()}) {part()}] [(and (> a b) (not (= a c))) {part()}] [else {part()}])"
    return f"({draw(st.sampled_from(('+', '-', '*', 'band', 'bor', 'bxor')))} {part()} {part()})"


WORDS = st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=25, deadline=None)
@given(expressions(), WORDS, WORDS)
def test_random_expressions_agree(text: str, a: int, b: int) -> None:
    Both(f"(define ^:export f [a {{I64}}] [b {{I64}}] {{I64}} (let [c (bxor a b)] {text}))").call("f", a, b)
