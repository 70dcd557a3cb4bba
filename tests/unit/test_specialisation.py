"""How many instances a function gets, and what is said about the cost of its code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.infer.specialisation import COLD, MOST, SMALL
from jit_runtime.session import Session
from tests.unit.session_fixture import open_session, outcome

LARGE = " ".join(f"(set! seen (+ seen (if (> seen {i}) 1 2)))" for i in range(SMALL // 6))
LARGE_FUNCTION = f"(define large [x] (let [seen 0] {LARGE} seen))"


@pytest.fixture
def session() -> Iterator[Session]:
    made = open_session("normal")
    yield made
    made.close()


def structs(count: int, prefix: str = "S") -> str:
    return " ".join(f"(define {{struct {prefix}{i}}} [x])" for i in range(count))


def code(session: Session, name: str) -> dict[str, int]:
    amounts = ("instances", "code-bytes", "llvm-instructions", "compile-us")
    return {key: int(outcome(session, f"(get (code-stats '{name}) '{key})")) for key in amounts}


def tiers(session: Session) -> str:
    """Kinds and tier of each instance of `f`."""
    return outcome(session, "(collect (map (fn [one] (list (get one 'kinds) (get one 'tier))) (get (code-stats f) 'each)))")


def in_list(session: Session, form: str, count: int) -> str:
    """The value of a call for each number, in a list; each is a form of its own."""
    session.eval("(define found '()) " + " ".join(f"(set! found (cons {form.format(i=i)} found))" for i in range(count)))
    return outcome(session, "(reverse found)")


def numbers(count: int) -> str:
    return "(" + " ".join(map(str, range(count))) + ")"


def test_hundreds_of_kinds_are_a_bounded_number_of_instances_and_bytes(session: Session) -> None:
    session.eval(structs(300))
    session.eval("(define f [s] (get s 'x)) (define call [s] (f s))")
    assert in_list(session, "(call (S{i} {i}))", MOST + 10) == numbers(MOST + 10)
    before = code(session, "f")
    assert before["instances"] == MOST + 1
    assert in_list(session, "(call (S{i} {i}))", 300) == numbers(300)
    assert code(session, "f") == before
    assert code(session, "call")["instances"] == MOST + 1


def test_tuples_of_kinds_are_bounded_too(session: Session) -> None:
    session.eval(structs(15))
    session.eval("(define both [a b] (list (get a 'x) (get b 'x)))")
    for i in range(15):
        assert in_list(session, f"(both (S{i} {i}) (S{{i}} {{i}}))", 15) == "(" + " ".join(f"({i} {j})" for j in range(15)) + ")"
    assert code(session, "both")["instances"] == MOST + 1


def test_variants_value_kinds_nested_kinds_and_closures_are_bounded(session: Session) -> None:
    variants = " ".join(f"(V{i} [x])" for i in range(150))
    session.eval(f"(define {{enum Many}} {variants})")
    session.eval("(define g [v] v) (define h [v] 'other) (define apply-it [k] (k 1))")
    session.eval(" ".join(f"(define h [v #val {i}] {i})" for i in range(20)))
    in_list(session, "(g (V{i} {i}))", 150)
    assert in_list(session, "(h {i})", 20) == numbers(20)
    assert in_list(session, "(apply-it (fn [x] (+ x {i} -1)))", 100) == numbers(100)
    nested = "1"
    for _ in range(12):
        nested = f"(Some {nested})"
        session.eval(f"(g {nested})")
    assert code(session, "g")["instances"] <= MOST + 1
    assert code(session, "h")["instances"] <= 2 * 21
    assert code(session, "apply-it")["instances"] <= 2


def test_a_large_function_gets_more_instances_when_it_is_hot(session: Session) -> None:
    session.eval(structs(COLD + 3))
    session.eval(LARGE_FUNCTION)
    assert in_list(session, "(list (large (S{i} {i})))", COLD + 3).count("(") == COLD + 4
    assert code(session, "large")["instances"] == COLD + 1
    session.eval(f"(define often [n s] (let loop [i 0] (if (< i n) (do (large s) (loop (+ i 1))) n))) (often 2000 (S{COLD + 2} 0))")
    assert code(session, "large")["instances"] == COLD + 1
    session.eval(f"(often 1 (S{COLD + 2} 0))")
    assert code(session, "large")["instances"] == COLD + 2


def test_the_general_instance_does_what_the_others_do(session: Session) -> None:
    session.eval(structs(MOST + 2))
    session.eval("(define twice [x y] (+ y y)) (define start [s] (twice s 21))")
    in_list(session, "(twice (S{i} 1) {i})", MOST + 2)
    assert outcome(session, f"(start (S{MOST + 1} 1))") == "42"
    assert outcome(session, f"(twice (S{MOST + 1} 1) 'a)") == outcome(session, "(twice (S0 1) 'a)")
    session.eval("(define twice [x y] (- y y))")
    assert outcome(session, f"(start (S{MOST + 1} 1))") == "0"


def test_the_cost_of_code_is_counted_by_function_and_in_all(session: Session) -> None:
    session.eval("(define f [x] (if (< x 2) x (+ (f (- x 1)) (f (- x 2)))))")
    assert code(session, "f")["instances"] == 0
    changed = session.eval("(f 3)").stats
    assert changed["instances"] == 1 and changed["code_bytes"] > 0
    assert changed["units_compiled"] == 2 and changed["units_optimised"] == 0 and changed["llvm_instructions"] > 20 and changed["compile_us"] > 0
    assert tiers(session) == "[((Int) quick)]"
    quick = code(session, "f")
    assert changed["code_bytes"] == quick["code-bytes"]
    assert session.eval("(f 20)").stats["units_optimised"] == 1
    assert tiers(session) == "[((Int) optimised)]"
    assert code(session, "f")["compile-us"] > quick["compile-us"]
    assert int(outcome(session, "(get (code-stats) 'instances)")) == session.stats()["instances"]


def test_code_that_was_replaced_is_not_counted_any_more(session: Session) -> None:
    levels = []
    for i in range(5):
        session.eval(f"(define f [x] (+ x {i}))")
        session.eval("(f 1)")
        levels.append(session.stats()["code_bytes"])
    assert max(levels[1:]) - min(levels[1:]) < 16  # an immediate may be longer


def test_functions_of_a_batch_have_their_own_share(session: Session) -> None:
    session.eval(" ".join(f"(define b{i} [x] (+ x {i})) (b{i} 1)" for i in range(10)))
    assert len({tuple(code(session, f"b{i}").items())[:3] for i in range(2, 10)}) == 1
    assert 0 < code(session, "b3")["code-bytes"] < session.stats()["code_bytes"]
    assert code(session, "b3")["llvm-instructions"] > 3
