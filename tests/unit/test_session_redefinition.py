"""Definitions that replace others: between calls and while a caller runs."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jit_runtime.oracle.session import OracleSession
from jit_runtime.session import Session
from tests.unit.session_fixture import meanwhile, open_session, outcome

MAIN = "(define main n (let loop [i 0] [acc 0] (if (= i n) acc (do (when (= i 3) (now)) (loop (+ i 1) (+ acc (f i)))))))"


@pytest.fixture
def session() -> Iterator[Session]:
    made = open_session("checked")
    yield made
    made.close()


def run(session: Session, text: str, definition: str) -> str:
    """The outcome of a text in whose middle something is defined."""
    with meanwhile(session, lambda: session.eval(definition)):
        return outcome(session, text)


# ---- between calls ----


@pytest.mark.parametrize(
    ("second", "value"),
    [
        ("(define f n (+ n 1))", "(1 2)"),
        ("(define f n (if (= n 0) 0.5 'x))", "(0.5 x)"),
        ("(define f n (list n))", "((0) (1))"),
        ("(define f n (raise n))", "error: 0"),
        ("(define f n (= n 0))", "(true false)"),
        ("(define f [n {Float}] n)", "(0 1)"),  # another method; the first one stays
    ],
)
def test_callers_see_the_new_function(session: Session, second: str, value: str) -> None:
    session.eval("(define f n n) (define g n (f n)) (define h n (list (g 0) (g 1)))")
    assert outcome(session, "(h 0)") == "(0 1)"
    session.eval(second)
    assert outcome(session, "(h 0)") == value
    session.eval("(define f n n)")
    assert outcome(session, "(h 0)") == "(0 1)"


def test_results_change_back_and_forth(session: Session) -> None:
    """Each slot gets an adapter and becomes current again."""
    session.eval("(define f n n) (define g n (f n)) (define sum n (+ (g n) (g n)))")
    for _ in range(3):
        for body, value in (("n", "4"), ("(->float n)", "4.0"), ("(list n)", None), ("(if (= n 0) 1.5 n)", "4"), ("'a", None)):
            session.eval(f"(define f n {body})")
            found = outcome(session, "(sum 2)")
            assert found == value if value else "needs numbers" in found


def test_another_number_of_parameters_is_another_method(session: Session) -> None:
    session.eval("(define f n n) (define g n (f n))")
    assert outcome(session, "(g 1)") == "1"
    session.eval("(define f a b (+ a b))")
    assert outcome(session, "(list (g 1) (f 1 2))") == "(1 3)"
    assert "arity" in outcome(session, "(f 1 2 3)")


def test_a_value_becomes_a_function_and_the_other_way_round(session: Session) -> None:
    session.eval("(define v 5) (define get-v [] v) (define call-v n (v n))")
    assert outcome(session, "(get-v)") == "5"
    assert "not a function: 5" in outcome(session, "(call-v 1)")
    session.eval("(define v n (* n 10))")
    assert outcome(session, "(call-v 4)") == "40"
    assert outcome(session, "(get-v)") == "#<fn v>"


def test_function_objects_follow_the_definition(session: Session) -> None:
    session.eval("(define f n n) (define held (list f)) (define use [] ((car held) 2))")
    assert outcome(session, "(use)") == "2"
    session.eval("(define f n (list n n))")
    assert outcome(session, "(use)") == "(2 2)"


def test_closures_of_the_old_function_stay_what_they_are(session: Session) -> None:
    session.eval("(define make n (fn [x] (+ x n))) (define old (make 1))")
    session.eval("(define make n (fn [x] (list x n))) (define new (make 1))")
    assert outcome(session, "(list (old 1) (new 1))") == "(2 (1 1))"


def test_mutual_recursion(session: Session) -> None:
    session.eval("(define e? n (if (= n 0) true (o? (- n 1)))) (define o? n (if (= n 0) false (e? (- n 1))))")
    assert outcome(session, "(list (e? 10) (o? 10))") == "(true false)"
    session.eval("(define o? n (if (= n 0) 'odd (e? (- n 1))))")
    assert outcome(session, "(list (e? 10) (e? 11))") == "(true odd)"
    session.eval("(define e? n (if (= n 0) 2.5 (o? (- n 1))))")
    assert outcome(session, "(list (e? 10) (e? 11) (o? 11))") == "(2.5 odd 2.5)"


def test_a_builtin_name_can_be_taken_and_the_library_keeps_its_own(session: Session) -> None:
    session.eval("(define f xs (reverse xs))")
    assert outcome(session, "(f '(1 2))") == "(2 1)"
    session.eval("(define reverse xs 'mine)")
    assert outcome(session, "(list (f '(1 2)) (foldr cons '() '(1 2)))") == "(mine (1 2))"


def test_a_definition_that_fails_to_compile_leaves_the_old_one(session: Session) -> None:
    session.eval("(define f n n)")
    assert "duplicate" in outcome(session, "(define f [a a] a)")
    assert outcome(session, "(f 7)") == "7"


def test_literals_of_redefined_functions_stay_valid(session: Session) -> None:
    for i in range(30):
        session.eval(f"(define f [] '({i} {i + 1})) (define x{i} (f))")
    assert outcome(session, "(list x0 x1 x29)") == "((0 1) (1 2) (29 30))"


# ---- while a caller runs ----


@pytest.mark.parametrize(
    ("definition", "during", "after"),
    [
        ("(define f n 2)", "9", "12"),  # 3 * 1 + 3 * 2
        ("(define f n (if (= n 9) 1.5 2))", "9", "12"),  # fits where it is an Int
        ("(define f n (if (= n 5) 1.5 2))", "error: redefined: f now returns {Float} 1.5", "11.5"),
        ("(define f n (list n))", "error: redefined: f now returns {List} (3)", "error: type error: + needs numbers, got {List} (0)"),
        ("(define f n (raise 'stop))", "error: stop", "error: stop"),
        ("(define f a b 0)", "6", "6"),
    ],
)
def test_a_running_loop_calls_the_new_function(session: Session, definition: str, during: str, after: str) -> None:
    session.eval(f"(define f n 1) {MAIN}")
    assert run(session, "(main 6)", definition).startswith(during)
    assert outcome(session, "(main 6)") == after


def test_redefined_is_an_error_that_can_be_handled(session: Session) -> None:
    session.eval(f"(define f n 1) {MAIN}")
    found = run(session, '(handle (main 6) (raise [e] (string-contains e "redefined")))', '(define f n "text")')
    assert found == "true"


def test_a_word_takes_every_new_result(session: Session) -> None:
    """What the caller treats as a tagged word needs no adapter."""
    session.eval("(define f n (if (= n 0) 'a n))")
    session.eval("(define main n (let loop [i 0] [xs '()] (if (= i n) xs (do (when (= i 2) (now)) (loop (+ i 1) (cons (f i) xs))))))")
    assert run(session, "(main 4)", "(define f n (->float n))").startswith("error: redefined")
    session.eval("(define f n (if (= n 0) 'a n))")
    assert run(session, "(main 4)", "(define f n (if (= n 9) 'b (* n 100)))") == "(300 200 1 a)"


def test_a_non_tail_recursion_stays_in_its_version_or_sees_the_new_one(session: Session) -> None:
    """Its frames take the new result where it fits."""
    session.eval("(define sum n (if (= n 0) 0 (do (when (= n 5) (now)) (+ n (sum (- n 1))))))")
    assert run(session, "(sum 10)", "(define sum n 1000)") in ("1045", "55")
    assert outcome(session, "(sum 10)") == "1000"


@pytest.mark.parametrize("turns", [10, 5000])
def test_a_self_tail_call_goes_on_in_the_new_code(session: Session, turns: int) -> None:
    """Also when it has become a loop of optimised code."""
    session.eval("(define spin n acc (if (= n 0) acc (do (when (= n 5) (now)) (spin (- n 1) (+ acc 1)))))")
    assert run(session, f"(spin {turns} 0)", "(define spin n acc (+ 1000000 acc))") == str(1_000_000 + turns - 4)
    assert outcome(session, "(spin 1 1)") == "1000001"


def test_a_server_loop_changes_its_code(session: Session) -> None:
    session.eval("(define serve n log (if (= n 0) log (do (when (= n 5) (now)) (serve (- n 1) (cons 'old log)))))")
    session.eval("(define now [] nothing) (serve 3000 '())")
    found = run(session, "(length (serve 3000 '()))", "(define serve n log (if (= n 0) log (serve (- n 1) log)))")
    assert found == "2996"


def test_the_running_function_itself_is_redefined(session: Session) -> None:
    session.eval("(define g n (do (now) (list 'old n)))")
    assert run(session, "(list (g 1) (g 2))", "(define g n (list 'new n))") == "((old 1) (new 2))"


# ---- random call graphs ----

BODIES = ("{0}", "(list {0} {1})", "(+ {0} {1})", "(if {0} {1} {0})", "(* 2 {0})", "(let loop [i 0] [s 0] (if (= i 3) s (loop (+ i 1) {1})))")
NAMES = ("f0", "f1", "f2", "f3", "f4")


def random_definition(random: Random, index: int) -> str:
    """A function that calls only those before it, so that everything ends."""
    params = random.choice((["x"], ["x"], ["x"], ["x", "y"], []))
    known = [f"({name} {' '.join(random.choice(('x', '1', '2.5')) for _ in range(random.choice((1, 1, 1, 2))))})" for name in NAMES[:index]]
    atoms = [*params, "1", "2", "0.5", "true", "'s", '"t"', "nothing"]
    parts = [random.choice(known or atoms) if random.random() < 0.7 else random.choice(atoms) for _ in range(2)]
    if "x" not in params:
        parts = [part.replace("x", "3") for part in parts]
    body = random.choice(BODIES)
    if random.random() < 0.1:
        return f"(define {NAMES[index]} {body.format(*parts).replace('x', '3').replace('y', '4')})"
    return f"(define {NAMES[index]} {' '.join(params) if params else '[]'} {body.format(*parts)})"


def check_graph(random: Random, steps: int) -> None:
    native, oracle = open_session("checked"), OracleSession(stack_limit=20_000)
    forms: list[str] = []
    try:
        for step in range(steps):
            index = step if step < len(NAMES) else random.randrange(len(NAMES))
            for form in (random_definition(random, index), f"({random.choice(NAMES)} {random.choice(('1', '0.5', chr(39) + 'q'))})"):
                forms.append(form)
                assert outcome(native, form) == outcome(oracle, form), "\n".join(forms)  # type: ignore[arg-type]
    finally:
        native.close()


@given(st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
@pytest.mark.filterwarnings("ignore:The recursion limit")
def test_call_graphs_redefined_between_calls(random: Random) -> None:
    check_graph(random, 12)


def test_one_long_session() -> None:
    check_graph(Random(1), 60)


@pytest.mark.soak
def test_many_call_graphs() -> None:
    for seed in range(1000):
        check_graph(Random(seed), 40)
