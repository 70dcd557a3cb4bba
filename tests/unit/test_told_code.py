"""What `why-boxed`, `code-typed` and the other views of a function's code print."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.doctest import Printing
from jit_runtime.options import Options
from jit_runtime.source.diagnostics import OmniError


@pytest.fixture
def session() -> Iterator[Printing]:
    made = Printing(Options())
    yield made
    made.close()


def printed(session: Printing, text: str) -> str:
    session.eval(text, name="<repl>", line=1)
    return session.take_output()


def test_why_boxed_names_the_places_where_a_kind_is_lost(session: Printing) -> None:
    printed(session, "(define f x (let loop [i 0 s 0] (if (= i x) s (loop (+ i 1) (+ s i)))))")
    printed(session, "(define g [xs {Array}] (+ (array-ref xs 0) 1)) (define h x (if x 1 2.5)) (define k n (let [s 0] (set! s (+ s 0.5)) (+ s n)))")
    printed(session, "(define base 5) (define m n (+ n base))")
    printed(session, "(list (f 10) (g [1]) (h true) (k 1) (m 1))")
    assert printed(session, "(why-boxed f)") == "f(Int): nothing is boxed\n"
    reasons = {name: printed(session, f"(why-boxed {name})") for name in "ghkm"}
    assert "what `(array-ref xs 0)` gives is not known: anything" in reasons["g"]
    assert "the branches of `(if x 1 2.5)` give {Int} and {Float}" in reasons["h"]
    assert "the variable `s` holds {Int} or {Float}" in reasons["k"]
    assert "the global `base` can hold anything: `(define base {Kind} ...)` declares what it holds" in reasons["m"]
    printed(session, "(define quiet x x)")
    assert "call it first" in printed(session, "(why-boxed quiet)")


def test_code_typed_of_a_numeric_function_has_no_tagged_word(session: Printing) -> None:
    printed(session, "(define f x y (let loop [i 0 s 0.0] (if (= i x) s (loop (+ i 1) (+ s (* y i)))))) (f 10 2.5)")
    listing = printed(session, "(code-typed f)").splitlines()
    assert listing[0] == "f(Int Float) gives Float"
    assert "(+ s (* y i))" in listing[-2] and "Float" in listing[-2]
    assert not any("boxed" in line for line in listing)
    code = printed(session, "(code-ir f)")
    assert "fmul" in code and "f64" in code
    assert ": ref = " not in code and "rt_add" not in code


def test_code_typed_says_what_is_boxed_and_how_calls_are_made(session: Printing) -> None:
    printed(session, "(define {struct Ci} [r {Float}]) (define {struct Sq} [s {Float}])")
    printed(session, "(define area [c {Ci}] c.r) (define area [q {Sq}] (* q.s q.s)) (define twice [f x] (f (f x)))")
    printed(session, "(define total [xs {Array}] (let [t 0] (foreach [x xs] (set! t (+ t (area x)))) t))")
    printed(session, "(list (total [(Ci 1.0) (Sq 2.0)]) (area (Sq 1.0)) (twice inc 1))")
    lines = {" ".join(line.split()) for name in ("total", "area", "twice") for line in printed(session, f"(code-typed {name})").splitlines()}
    assert "area(Sq) gives Float" in lines
    assert any("(area x) Float area(Ci) inlined, area(Sq) inlined, a method that is added later" in line for line in lines)
    assert any("(+ t (area x))" in line and line.endswith("Float") for line in lines)
    assert any(" t " in line and line.endswith("variable, boxed") for line in lines)
    assert any("(f x) Any whatever function it is, boxed" in line for line in lines)


def test_code_typed_lists_a_match_by_its_clauses(session: Printing) -> None:
    printed(session, "(define {enum Op} Stop (Push [n {Int}])) (define f [o {Op}] (match o [Stop 0] [(Push n) (+ n 1)])) (f (Push 1))")
    lines = [" ".join(line.split()[1:]) for line in printed(session, "(code-typed f)").splitlines()]
    assert "(+ n 1) Int" in lines and "n Int variable" in lines
    assert not any("bottom" in line for line in lines)


def test_the_code_of_a_function_is_shown_at_each_level(session: Printing) -> None:
    printed(session, "(define f x (* x x)) (f 3)")
    for name, expected in (("code-ir", "smul_overflow"), ("code-llvm", "smul.with.overflow"), ("code-asm", "ret")):
        assert expected in printed(session, f"({name} f)")
    assert ".cfi" not in printed(session, "(code-asm f)")
    with pytest.raises(OmniError, match="a function of the program"):
        printed(session, "(code-asm car)")
