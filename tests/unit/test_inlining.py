"""Calls that are inlined: redefinition, places of errors, and structs that are never objects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from jit_runtime.source.render import render_plain
from tests.unit.session_fixture import meanwhile, open_session, outcome

LOOP = "(define run n (let loop [i 0 s 0] (if (= i n) s (do (when (= i 3) (now)) (loop (+ i 1) (+ s (f i)))))))"
COMPLEX = """
(define {struct C} [re {Float}] [im {Float}])
(define mul [a {C}] [b {C}] (C (- (* a.re b.re) (* a.im b.im)) (+ (* a.re b.im) (* a.im b.re))))
(define add [a {C}] [b {C}] (C (+ a.re b.re) (+ a.im b.im)))
(define norm [a {C}] (+ (* a.re a.re) (* a.im a.im)))
(define orbit n (let loop [z (C 0.0 0.0) i 0] (if (= i n) (norm z) (loop (add (mul z z) (C 0.25 0.0)) (+ i 1)))))
"""


@pytest.fixture
def session() -> Iterator[Session]:
    made = open_session("checked")
    yield made
    made.close()


def test_a_small_function_is_inlined_into_a_loop_and_one_marked_noinline_is_not(session: Session) -> None:
    session.eval("(define f x (+ x 1)) (define ^:noinline g x (+ x 1))")
    session.eval("(define a n (let loop [i 0 s 0] (if (= i n) s (loop (+ i 1) (+ s (f i))))))")
    session.eval("(define b n (let loop [i 0 s 0] (if (= i n) s (loop (+ i 1) (+ s (g i))))))")
    assert session.eval("(list (a 10) (b 10))").value_text == "(55 55)"
    assert "@version.f." in session.dump("a", "typed")
    assert "@version.g." not in session.dump("b", "typed")


@pytest.mark.parametrize(
    ("second", "value"),
    [
        ("(define f x (* x 100))", "4206"),
        ("(define f [x {Int}] 1)", "13"),
        ("(define f [x {Int}] (raise 'stop))", "error: stop"),
        ('(define f x "s")', 'error: redefined: f now returns {String} "s", which code that is still running cannot take'),
    ],
)
def test_a_running_loop_sees_the_new_definition_of_what_it_inlined(session: Session, second: str, value: str) -> None:
    session.eval("(define f x (+ x 1))")
    session.eval(LOOP)
    with meanwhile(session, lambda: session.eval(second)):
        found = outcome(session, "(run 10)")
    assert found.startswith(value), found


def test_what_an_inlined_function_calls_is_redefined(session: Session) -> None:
    session.eval("(define h x x) (define f x (h x))")
    session.eval(LOOP)
    with meanwhile(session, lambda: session.eval("(define h x 0)")):
        assert outcome(session, "(run 10)") == "3"
    assert outcome(session, "(run 10)") == "0"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("(do (when (= x 3) (now)) (h x))", "215"),  # 1 + 2 + 3 + 104 + 105
        ("(+ (h x) (do (when (= x 3) (now)) (h x)))", "330"),
        ("(let loop [k 0] [s 0] (if (= k 3) s (do (when (and (= x 3) (= k 1)) (now)) (loop (+ k 1) (+ s (h k))))))", "530"),
    ],
)
def test_a_definition_in_the_middle_of_an_inlined_body(session: Session, body: str, value: str) -> None:
    """What the body calls behind it is the new one, though the body itself is the old one's."""
    session.eval(f"(define ^:noinline now [] nothing) (define h x (+ x 1)) (define f x {body})")
    session.eval("(define main n (let loop [i 0 s 0] (if (= i n) s (loop (+ i 1) (+ s (f i))))))")
    session.eval("(main 2)")
    assert "@version.f." in session.dump("main", "typed")
    with meanwhile(session, lambda: session.eval("(define h x (+ x 101))")):
        assert outcome(session, "(main 5)") == value


def test_an_error_in_inlined_code_is_shown_where_it_is_with_all_calls(session: Session) -> None:
    loop = "(let loop [i n s 0]\n    (if (< i -3) s (loop (- i 1) (+ s (more i)))))"
    text = f"(define half x (/ 100 x))\n(define more x\n  (+ 1 (half x)))\n(define run n\n  {loop})\n(run 5)"
    with pytest.raises(OmniError) as raised:
        session.eval(text, name="p.omni")
    shown = render_plain(raised.value.diagnostics)
    assert "p.omni:1:16: error: division by zero" in shown
    assert [line.split("in `")[1] for line in shown.splitlines() if "in `" in line] == ["half` at p.omni:1", "more` at p.omni:3", "run` at p.omni:6"]


def test_garbage_of_an_inlined_function_does_not_pile_up(session: Session) -> None:
    session.eval("(define f x (length (list x x x)))")
    session.eval("(define run n (let loop [i 0 s 0] (if (= i n) s (loop (+ i 1) (+ s (f i))))))")
    session.eval("(run 1000)")
    before = session.stats()["held_bytes"]
    assert session.eval("(run 100000)").value_text == "300000"
    assert session.stats()["held_bytes"] - before < 100_000


def test_a_struct_of_which_only_fields_are_read_is_no_object(session: Session) -> None:
    session.eval(COMPLEX)
    session.eval("(orbit 10)")
    before = session.stats()["bytes_allocated"]
    found = session.eval("(orbit 100000)").value_text
    assert session.stats()["bytes_allocated"] - before < 2000
    assert found is not None and found.startswith("0.249")


def test_a_struct_that_escapes_after_all_is_an_object(session: Session) -> None:
    session.eval(COMPLEX)
    turn = "(loop (mul z z) (+ i 1) (if (= i 1) (cons z all) all))"
    session.eval(f"(define keep n (let loop [z (C 0.0 1.0) i 0 all '()] (if (= i n) (list z all) {turn})))")
    assert session.eval("(keep 3)").value_text == "((C 1.0 -0.0) ((C -1.0 0.0)))"
    assert session.eval("(let [z (C 1.0 2.0)] (list (eq? z z) (= z (C 1.0 2.0)) (eq? z (C 1.0 2.0))))").value_text == "(true true true)"


def test_fields_survive_a_redefinition_in_the_middle_of_a_loop(session: Session) -> None:
    session.eval(COMPLEX)
    session.eval("(define walk n (let loop [z (C 1.0 0.0) i 0] (if (= i n) z.re (do (when (= i 2) (now)) (loop (add z z) (+ i 1))))))")
    with meanwhile(session, lambda: session.eval("(define add [a {C}] [b {C}] (C (+ a.re 1.0) 0.0))")):
        assert outcome(session, "(walk 5)") == "7.0"
