"""What a user is told about kinds: candidates of a call that no method takes, clauses that a match lacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from tests.unit.session_fixture import open_session


@pytest.fixture
def session() -> Iterator[Session]:
    made = open_session("normal")
    yield made
    made.close()


def notes(session: Session, text: str) -> list[str]:
    with pytest.raises(OmniError) as raised:
        session.eval(text)
    return [note for note in raised.value.diagnostics[0].notes if note.startswith(("candidate", "and "))]


def test_no_method_lists_the_candidates_and_why_each_was_not_taken(session: Session) -> None:
    session.eval("(define {struct P} [x]) (define f [a {P}] 1) (define f [a {Int}] [b {String}] 2) (define ^:where [T {Number}] g [a {T}] [b {T}] 3)")
    one, two = "candidate (f [a {P}]): argument 1 is {Int}, not {P}", "candidate (f [a {Int}] [b {String}]): takes 2 arguments"
    assert notes(session, "(f 5)") == [one, two]
    assert notes(session, "(f 5 6)")[1] == "candidate (f [a {Int}] [b {String}]): argument 2 is {Int}, not {String}"
    assert notes(session, "(g 1 2.0)") == ["candidate (g [a {Number}] [b {Number}]): arguments 1 and 2 have different kinds"]


def test_ambiguous_lists_what_clashes(session: Session) -> None:
    session.eval("(define f [x {Int}] [y] 'left) (define f [x] [y {Int}] 'right) (define f [x {String}] [y] 'no)")
    assert notes(session, "(f 1 1)") == ["candidate (f [x {Int}] [y])", "candidate (f [x] [y {Int}])"]


def test_many_candidates_are_counted(session: Session) -> None:
    session.eval(" ".join(f"(define f [x #val {i}] {i})" for i in range(9)))
    found = notes(session, "(f 99)")
    assert len(found) == 7 and found[-1] == "and 3 more"


@pytest.mark.parametrize(
    ("match", "missing"),
    [
        ("(match c [Red 1] [Green 2])", "Rgb"),
        ("(match c [Red 1] [(Rgb r) r])", "Green"),
        ("(match c [Red 1] [Green 2] [(Rgb 5) 3])", "Rgb"),
        ("(match c [Red :when (now?) 1] [Green 2] [(Rgb _) 3])", "Red"),
        ("(match c [Red 1] [Green 2] [(Rgb r) r])", None),
        ("(match c [Red 1] [else 2])", None),
        ("(match c [Red 1] [x 2])", None),
        ("(match c [Red 1] [5 2])", None),
    ],
)
def test_a_match_that_leaves_out_variants_of_an_enum_is_a_warning(session: Session, match: str, missing: str | None) -> None:
    session.eval("(define {enum Color} Red Green (Rgb [r {Int}])) (define now? [] true)")
    warnings = session.eval(f"(define f c {match})").warnings
    assert [w.severity for w in warnings] == ([] if missing is None else ["warning"])
    if missing is not None:
        assert f"does not cover {missing} of {{Color}}" in warnings[0].message
    assert session.eval("(f Red)").warnings == []


def test_why_boxed_names_the_places_where_a_kind_is_lost(session: Session) -> None:
    session.eval("(define f x (let loop [i 0 s 0] (if (= i x) s (loop (+ i 1) (+ s i)))))")
    session.eval("(define g [xs {Array}] (+ (array-ref xs 0) 1)) (define h x (if x 1 2.5)) (define k n (let [s 0] (set! s (+ s 0.5)) (+ s n)))")
    session.eval("(define base 5) (define m n (+ n base))")
    session.eval("(list (f 10) (g [1]) (h true) (k 1) (m 1))")
    assert session.eval("(why-boxed f)").value_text == '"f(Int): nothing is boxed"'
    reasons = {name: session.eval(f"(why-boxed {name})").value_text for name in "ghkm"}
    assert "what `(array-ref xs 0)` gives is not known: anything" in reasons["g"]
    assert "the branches of `(if x 1 2.5)` give {Int} and {Float}" in reasons["h"]
    assert "the variable `s` holds {Int} or {Float}" in reasons["k"]
    assert "the global `base` can hold anything: `(define base {Kind} ...)` declares what it holds" in reasons["m"]
    session.eval("(define quiet x x)")
    assert "call it first" in session.eval("(why-boxed quiet)").value_text


def test_code_typed_of_a_numeric_function_has_no_tagged_word(session: Session) -> None:
    session.eval("(define f x y (let loop [i 0 s 0.0] (if (= i x) s (loop (+ i 1) (+ s (* y i)))))) (f 10 2.5)")
    code = session.eval("(code-typed f)").value_text
    assert "fmul" in code and "f64" in code
    assert ": ref = " not in code and "rt_add" not in code


def test_the_kind_of_a_struct_is_shown_with_its_parameters(session: Session) -> None:
    session.eval("(define {struct P} [x])")
    assert [session.eval(text).kind for text in ("(P 1)", "(Some 'a)", "None", "5", "[1]")] == ["P", "Option Symbol", "Option Any", "Int", "Array"]
