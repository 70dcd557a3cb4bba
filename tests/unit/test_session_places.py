"""Errors of running programs: their place, the excerpt, the trace in the program's terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from jit_runtime.session import Session
from jit_runtime.source.diagnostics import Diagnostic, OmniError
from jit_runtime.source.render import render_plain


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    made = Session()
    yield made
    made.close()


@pytest.fixture
def failure(session: Session) -> Callable[[str], Diagnostic]:
    def run(text: str) -> Diagnostic:
        with pytest.raises(OmniError) as caught:
            session.eval(text, name="p.omni")
        (diagnostic,) = caught.value.diagnostics
        return diagnostic

    return run


def marked(diagnostic: Diagnostic) -> str:
    assert diagnostic.span is not None
    return diagnostic.span.text


CALLS = """\
(define f x
  (car x))

(define g y
  (+ 1
     (f y)))
(define h [x]
  (let [z (g x)]
    (list z)))
(h 3)
"""


def test_the_trace_names_functions_and_lines_innermost_first(failure: Callable[[str], Diagnostic]) -> None:
    found = failure(CALLS)
    assert render_plain([found]) == (
        "p.omni:2:3: error: type error: car needs a pair, got 3\n"
        "  2 |   (car x))\n"
        "    |   ^^^^^^^\n"
        "  note: in `f` at p.omni:2\n"
        "        in `g` at p.omni:6\n"
        "        in `h` at p.omni:8\n"
        "        at p.omni:10\n"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("(list 1 (+ 2 (car 5)))", "(car 5)"),
        ("(list 1 nowhere)", "nowhere"),
        ("(do 1\n\n (nowhere 2))", "nowhere"),
        ("(let [f (fn [x] (cdr x))] (list (f 7)))", "(cdr x)"),
        ("(let [x 'a] (list (if x (x 1) 2)))", "(x 1)"),
        ("(let [a (array 1)] (+ 1 (array-ref a 4)))", "(array-ref a 4)"),
        ("(try (car 1) (finally (list 2)))", "(car 1)"),
        ("(list (error 'bad))", "(error 'bad)"),
        ("(let [x {Int} (car '(\"a\"))] x)", '(car \'("a"))'),
    ],
)
def test_the_place_is_the_form_that_failed(failure: Callable[[str], Diagnostic], text: str, place: str) -> None:
    assert marked(failure(text)) == place


def test_the_place_is_in_the_program_not_in_the_library(failure: Callable[[str], Diagnostic]) -> None:
    found = failure('(reduce + 0 (list 1 "a"))')
    assert marked(found) == '(reduce + 0 (list 1 "a"))'
    assert found.notes == ("in `reduce`\nat p.omni:1",)


def test_optimised_code_keeps_the_places_of_equal_calls(session: Session, failure: Callable[[str], Diagnostic]) -> None:
    session.eval("(define q [a] [b] [i]\n (+ (% a i)\n (% b i)\n (% a b)))")
    session.eval("(let loop [i 0] (if (< i 3000) (do (q i 3 7) (loop (+ i 1))) i))")
    assert [marked(failure(call)) for call in ("(q 1 1 0)", "(q 1 0 1)")] == ["(% a i)", "(% a b)"]


def test_the_same_function_elsewhere_has_its_own_places(failure: Callable[[str], Diagnostic]) -> None:
    definition = "(define same x (list (car x)))"
    for lines in range(3):
        found = failure("\n" * lines + definition + " (list (same 1))")
        assert found.span is not None
        assert (found.span.line, found.span.column) == (lines + 1, 22)


def test_recursion_is_folded(failure: Callable[[str], Diagnostic]) -> None:
    found = failure('(define down n (if (= n 0) (error "bottom") (+ 1 (down (- n 1))))) (down 20)')
    assert found.notes == ("in `down` at p.omni:1 (21 times)\nat p.omni:1",)


def test_a_file_from_the_cache_has_the_same_places() -> None:
    text = CALLS.replace("(h 3)", "(+ 1 2)\n" * 10 + "(h 3)")
    shown = []
    for _ in range(2):
        session = Session()
        with pytest.raises(OmniError) as caught:
            session.eval(text, name="p.omni")
        shown.append(render_plain(caught.value.diagnostics))
        session.close()
    assert shown[0] == shown[1]
    assert "p.omni:2:3:" in shown[0]


def test_a_form_alone_has_no_trace(failure: Callable[[str], Diagnostic]) -> None:
    assert failure("(car 1)").notes == ()
