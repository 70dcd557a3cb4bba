"""A session in which functions change while a loop that calls them runs: a new kind with its method, a result of another kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.session import Session
from tests.unit.session_fixture import meanwhile, open_session, outcome

SHAPES = """
(define {abstract Shape})
(define ^:parent {Shape} {struct Circle} [r {Float}])
(define ^:parent {Shape} {struct Rect} [w {Float}] [h {Float}])
(define area [c {Circle}] (* 3.0 c.r c.r))
(define area [b {Rect}] (* b.w b.h))
(define shapes (array (Circle 1.0) (Rect 2.0 3.0)))
(define step x (+ x 1))
"""
TRIANGLE = """
(define ^:parent {Shape} {struct Triangle} [w {Float}] [h {Float}])
(define area [t {Triangle}] (* 0.5 t.w t.h))
(define area [b {Rect}] (* 100.0 b.w b.h))
(array-set! shapes 0 (Triangle 4.0 5.0))
"""
# Areas of the two shapes in turns; `(now)` in the middle of the fourth turn.
TOTAL = """
(define total n
  (let loop [i 0] [seen '()]
    (if (= i n)
        (reverse seen)
        (do (when (= i 3) (now))
            (loop (+ i 1) (cons (area (array-ref shapes (% i 2))) seen))))))
"""
STEPS = """
(define steps n
  (let loop [i 0] [x 0] [seen '()]
    (if (= i n)
        (reverse seen)
        (do (when (= i 3) (now)) (loop (+ i 1) {state} (cons (step i) seen))))))
"""


@pytest.fixture(params=["normal", "checked", "stress"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    made = open_session(request.param)
    made.eval(SHAPES)
    yield made
    made.close()


def test_area_gets_a_new_kind_and_a_new_method_while_a_loop_calls_it(session: Session) -> None:
    session.eval(TOTAL)
    with meanwhile(session, lambda: session.eval(TRIANGLE)):
        assert outcome(session, "(total 6)") == "(3.0 6.0 3.0 600.0 10.0 600.0)"
    assert outcome(session, "(total 2)") == "(10.0 600.0)"


def test_the_program_itself_adds_the_method(session: Session) -> None:
    """With `eval`; later turns and calls go on with it."""
    kind, *others = TRIANGLE.strip().splitlines()
    definitions = " ".join(f"(eval '{form})" for form in others)
    session.eval(f"{kind} (define now [] (do {definitions} nothing)) {TOTAL}")
    assert outcome(session, "(total 6)") == "(3.0 6.0 3.0 600.0 10.0 600.0)"
    assert outcome(session, "(reduce + 0.0 (total 2000))") == "610000.0"


def test_step_gives_another_kind_of_result_while_a_loop_calls_it(session: Session) -> None:
    """The loop holds words, but its code relies on what `step` could give: the error says what it gives now."""
    session.eval("(define step x (if (= x 100) 'far (+ x 1)))")
    session.eval(STEPS.format(state="x"))
    with meanwhile(session, lambda: session.eval("(define step x (if (= x 100) 'far (list x x)))")):
        assert outcome(session, "(steps 5)").startswith("error: redefined: step now returns {List} (3 3)")
    assert outcome(session, "(steps 5)") == "((0 0) (1 1) (2 2) (3 3) (4 4))"


def test_a_result_that_fits_what_the_loop_was_compiled_for_is_taken(session: Session) -> None:
    session.eval(STEPS.format(state="(step x)"))
    with meanwhile(session, lambda: session.eval("(define step x (if (= x 1000) 'far (* x 10)))")):
        assert outcome(session, "(steps 6)") == "(1 2 3 30 40 50)"
    assert outcome(session, "(steps 3)") == "(0 10 20)"


def test_the_error_says_how_to_go_on_and_the_next_call_does(session: Session) -> None:
    session.eval(STEPS.format(state="(step x)"))
    with meanwhile(session, lambda: session.eval("(define step x (+ x 0.5))")):
        assert outcome(session, "(steps 6)").startswith("error: redefined: step now returns {Float} 3.5")
    assert outcome(session, "(steps 3)") == "(0.5 1.5 2.5)"
