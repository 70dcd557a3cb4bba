"""Structs that are defined again: between calls, while code runs, and at random, with values wherever they can be."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jit_runtime.oracle.session import OracleSession
from jit_runtime.session import Session
from tests.unit.session_fixture import meanwhile, open_session, outcome


@pytest.fixture(params=["checked", "stress"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    made = open_session(request.param)
    yield made
    made.close()


POINT = "(define {mutable-struct P} [x] [y])"
LIST = "(define {struct Node} [value] [next {(union [{Nothing} {Node}])}])"


# ---- while code runs ----


def test_a_running_loop_reads_and_changes_what_the_new_version_sees(session: Session) -> None:
    session.eval(POINT)
    session.eval("(define kept (P 1 2))")
    session.eval("(define step p (put! p.x (+ p.x 1)))")
    session.eval("(define run [n p] (let loop [i 0 acc 0] (if (= i n) (list acc p) (do (when (= i 3) (now)) (step p) (loop (+ i 1) (+ acc p.x))))))")
    with meanwhile(session, lambda: session.eval("(define {mutable-struct P} [y] [x] [z])")):
        assert outcome(session, "(run 6 kept)") == "(27 (P 2 7 nothing))"
    assert outcome(session, "(run 1 kept)") == "(8 (P 2 8 nothing))"


@pytest.mark.parametrize(
    ("second", "message"),
    [("(define {mutable-struct P} [y] [x {Int}])", "redefined: P now returns {P}"), ("(define {mutable-struct P} [x])", "arity: P takes 1")],
)
def test_running_code_makes_no_instance_of_the_old_version(session: Session, second: str, message: str) -> None:
    session.eval(POINT)
    session.eval("(define make n (let loop [i 0 last nothing] (if (= i n) last (do (when (= i 3) (now)) (loop (+ i 1) (P 1 i))))))")
    with meanwhile(session, lambda: session.eval(second)):
        assert message in outcome(session, "(make 6)")
    assert outcome(session, "(make 2)") == ("(P 1 1)" if "y" in second else "error: arity: P takes 1 arguments, got 2")


def test_fields_that_a_call_returns_are_not_a_surprise_either(session: Session) -> None:
    """The loop reads what the fields of a result hold, which the callee takes from a variable: it could be an account of the new version."""
    session.eval("(define {mutable-struct Account} [owner] [balance {Int}]) (define {struct Entry} [account {Account}] [n {Int}])")
    session.eval('(define mine (Account "me" 5)) (define ^:noinline entry [n] (let [a {Account} mine] (Entry a n)))')
    turn = "(let [e (entry i)] (loop (+ i 1) (+ sum e.account.balance e.n)))"
    session.eval(f"(define run n (let loop [i 0 sum 0] (if (= i n) sum (do (when (= i 3) (now)) {turn}))))")
    found: list[str] = []
    again = "(define {mutable-struct Account} [balance {Int}] [owner] [more])"
    with meanwhile(session, lambda: found.append(outcome(session, again))):
        assert outcome(session, "(run 6)") == "45"
    assert found == ["error: {Account} cannot be defined again now: code is running that reads it where it is declared (run)"]
    assert outcome(session, again) == "nothing"
    assert outcome(session, "(run 6)") == "45"


def test_a_struct_that_travels_as_its_fields_is_defined_again_while_a_caller_runs(session: Session) -> None:
    """What the caller passes and gets has the version that it was compiled for, or it is told that it is another."""
    loop = "(define run n (let loop [i 0 v START sum 0] (if (= i n) sum (do (when (= i 3) (now)) (loop (+ i 1) (next v) (+ sum (sum-of v)))))))"
    session.eval("(define {struct V} [x {Int}] [y {Int}]) (define ^:noinline next [v {V}] (V (+ v.x 1) v.y))")
    session.eval("(define ^:noinline sum-of [v {V}] (+ v.x v.y))" + loop.replace("START", "(V 0 5)"))
    with meanwhile(session, lambda: None):
        assert outcome(session, "(run 6)") == "45"
    with meanwhile(session, lambda: session.eval("(define {struct V} [y {Int}] [x {Int}])")):
        assert outcome(session, "(run 6)") == "error: redefined: next now returns {V} (V 4 5), which code that is still running cannot take"
    session.eval("(define ^:noinline next [v {V}] (V v.y (+ v.x 1)))" + loop.replace("START", "(V 5 0)"))
    with meanwhile(session, lambda: None):
        assert outcome(session, "(run 6)") == "45"


def test_code_that_reads_declared_fields_unchecked_is_not_surprised(session: Session) -> None:
    """A field that is declared to be a Node could hold a new one, whose layout the running code does not know."""
    session.eval(LIST)
    session.eval("(define walk [n {Node}] (let loop [at n sum 0] (when (= sum 1) (now)) (if (nothing? at.next) sum (loop at.next (+ sum 1)))))")
    again = "(define {struct Node} [value] [extra] [next {(union [{Nothing} {Node}])}])"
    found: list[str] = []
    with meanwhile(session, lambda: found.append(outcome(session, again))):
        assert outcome(session, "(walk (Node 1 (Node 2 nothing)))") == "1"
    assert found == ["error: {Node} cannot be defined again now: code is running that reads it where it is declared (walk)"]
    assert outcome(session, "(match (Node 1 nothing) [(Node a b) a])") == "1"
    session.eval(again)
    assert outcome(session, "(walk (Node 1 0 (Node 2 0 nothing)))") == "1"


def test_an_old_value_holds_new_ones(session: Session) -> None:
    session.eval("(define {mutable-struct Cell} [value] [next {(union [{Nothing} {Cell}])}])")
    session.eval("(define c (Cell 1 nothing)) (define sum [c {Cell}] (if (nothing? c.next) c.value (+ c.value (sum c.next))))")
    session.eval("(define f (fn [] (sum c)))")
    assert outcome(session, "(list (sum c) (f))") == "(1 1)"
    session.eval("(define {mutable-struct Cell} [next {(union [{Nothing} {Cell}])}] [value {Int}] [mark])")
    session.eval("(put! c.next (Cell (Cell nothing 5 'x) 3 'y))")
    assert outcome(session, "(list (sum c) (f) c.mark c.next.mark)") == "(9 9 nothing y)"


@pytest.mark.parametrize("kept", ["(define m [p] BODY)", "(define m (let [n 1] (fn [p] BODY)))"])
def test_a_match_reads_again_what_a_new_version_lets_guards_change(session: Session, kept: str) -> None:
    """Its clauses were put together when the struct had immutable fields only."""
    oracle = OracleSession(stack_limit=20_000)
    body = "(match p [(P 1 b) :when (do (change! p) false) 'first] [(P 1 b) (list 'one b)] [(P a b) :when (satisfied a) a] [(P a b) (list a b)])"
    forms = ["(define {struct P} [a] [b])", "(define change! p nothing)", "(define satisfied a false)", kept.replace("BODY", body), "(m (P 1 2))"]
    forms += ["(define {mutable-struct P} [a] [b])", "(define change! p (do (put! p.a 5) nothing))", "(m (P 1 2))", "(m (P 5 2))"]
    for form in forms:
        assert outcome(session, form) == outcome(oracle, form), form
    assert outcome(session, "(m (P 1 2))") == "(5 2)"


# ---- at random ----

NAMES = ("a", "b", "c", "d")
KINDS = ("", "", " {Int}", " {Float}", " {(union [{Nothing} {Int}])}", " {(union [{Nothing} {P}])}", " {List Int}")
VALUES = ("1", "2.5", "nothing", "'s", '"text"', "'(1 2)", "4611686018427387904")


def random_struct(random: Random) -> str:
    names = random.sample(NAMES, random.randint(1, 4))
    fields = " ".join(f"[{'^:mutable ' if random.random() < 0.3 else ''}{name}{random.choice(KINDS)}]" for name in names)
    return f"(define {{{random.choice(('struct', 'mutable-struct'))} P}} {fields})"


SETUP = """
(define {struct P} [a] [b])
(define xs [(P 1 2) (P 2.5 nothing)])
(define table #{})
(dict-set! table 'first xs.[0])
(define getters (let [p xs.[0] q xs.[1]] (list (fn [] p.a) (fn [] q.b) (fn [v] (put! p.b v)) (fn [v] (P v v)))))
(define get-a p p.a)
(define get-known [p {P}] (list p.b (type? p P)))
(define same? [p {P}] [q {P}] (list (= p q) (eq? p q)))
"""


def random_step(random: Random) -> str:
    at, other, value, name = random.randint(0, 5), random.randint(0, 5), random.choice(VALUES), random.choice(NAMES)
    arguments = " ".join(random.choice((*VALUES, "xs.[0]")) for _ in range(random.randint(1, 4)))
    one = f"(array-ref xs (mod {at} (length xs)))"
    loop = f"(let loop [i 0 last nothing] (if (= i 3) last (loop (+ i 1) (P i {value}))))"
    return random.choice(
        (
            *[random_struct(random) for _ in range(3)],
            *(f"(array-push! xs (P {arguments}))", "xs", "(type-of (array-ref xs 0))", "(get table 'first)"),
            *(f"(get-a {one})", f"(get-known {one})", f"(let [p {one}] p.{name})", f"(copy {one})", f"(match {one} [(P x) x] [_ 'other])"),
            *(f"(let [p {one}] (put! p.{name} {value}))", f"(let [p {one}] (put! p.{name} xs.[0]))", f"(let [p {one}] (update p.{name} {value}))"),
            *("((nth getters 0))", "((nth getters 1))", f"((nth getters 2) {value})", f"((nth getters 3) {value})"),
            *(f"(same? {one} (array-ref xs (mod {other} (length xs))))", loop),
        )
    )


def check(random: Random, mode: str, steps: int) -> None:
    """The same steps with the oracle; what the definitions in use were is in the message."""
    native, oracle = open_session(mode), OracleSession(stack_limit=20_000)
    done = [SETUP]
    try:
        for session in (native, oracle):
            session.eval(SETUP)
        for _ in range(steps):
            done.append(random_step(random))
            found, expected = outcome(native, done[-1]), outcome(oracle, done[-1])
            assert found == expected, "\n".join([*done, found, expected])
    finally:
        native.close()


@pytest.mark.parametrize("mode", ["checked", "stress"])
@given(st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None)
def test_random_versions(mode: str, random: Random) -> None:
    check(random, mode, 25)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_many_random_versions(seed: int) -> None:
    check(Random(seed), ("checked", "stress", "normal")[seed % 3], 150)


# ---- another sort of kind ----


@pytest.mark.parametrize(
    "second", ["(define {enum Thing} Here There)", "(define {struct [Thing T]} [a {T}])", "(define {abstract Thing})", "(define {Thing} {Int})"]
)
def test_a_kind_of_another_sort_is_a_new_one_and_says_so(session: Session, second: str) -> None:
    session.eval("(define {struct Thing} [a]) (define old (Thing 1)) (define f [t {Thing}] t.a)")
    found = session.eval(second)
    assert [warning.message for warning in found.warnings] == [
        "{Thing} is a new kind from now on: values and methods of the earlier {Thing} stay with that"
    ]
    assert outcome(session, "(list (f old) (type? old Thing))") == "(1 false)"


def test_the_same_definition_again_changes_nothing(session: Session) -> None:
    text = "(define {struct [Pair A B]} [first {A}] [second {List A}]) (define {enum Tree} Leaf (Node [left {Tree}] [value {Int}]))"
    session.eval(text)
    session.eval("(define f [t {Tree}] (match t [Leaf 0] [(Node l v) (+ v (f l))])) (define kept (list (Pair 1 '(2)) (Node Leaf 3)))")
    assert outcome(session, "(f (Node Leaf 3))") == "3"
    before = session.compiler.world.universe.classes
    assert session.eval(text).warnings == []
    assert session.compiler.world.universe.classes == before
    assert outcome(session, "(list kept (= kept (list (Pair 1 '(2)) (Node Leaf 3))) (f (Node Leaf 4)))") == "(((Pair 1 (2)) (Node Leaf 3)) true 4)"


# ---- methods named like a struct ----


@pytest.mark.parametrize(
    ("method", "warned"),
    [("(define (P a b) (list a b))", True), ("(define (P a) (P a a))", False), ("(define P [a {Int}] [b {Int}] (list a b))", False)],
)
def test_replacing_the_constructor_is_a_warning(session: Session, method: str, warned: bool) -> None:
    session.eval(POINT)
    assert [w.code for w in session.eval(method).warnings] == ["W003"] * warned
    assert outcome(session, "(P 1 2)") == ("(1 2)" if "list" in method else "(P 1 2)")
    session.eval(POINT)
    assert outcome(session, "(P 'a 'b)") == "(P a b)"


# ---- files: many forms are compiled together, and kept ----

FILE = """
(define {struct P} [x] [y])
(define p (P 1 2))
(define get (fn [] p.x))
(define (mk a) (fn [b] (P a b)))
(define m (mk 1))
(println (m 2) (get) p)
(define {struct P} [y] [x {Int}])
(define a 1)
(define b 2)
(define all (list a b p))
(println (m 3) (get) all)
(println (= (P 2 1) p) (type? p P))
"""


@pytest.mark.parametrize("cached", [False, True])
def test_a_file_that_defines_a_struct_again(capfd: pytest.CaptureFixture[str], cached: bool) -> None:
    session = Session()
    session.eval(FILE, name="file.omni")
    session.close()
    assert capfd.readouterr().out == "(P 1 2) 1 (P 1 2)\n(P 1 3) 1 (1 2 (P 2 1))\ntrue true\n"


def test_more_closures_than_wait_for_unloading(session: Session) -> None:
    """Each lambda's new code is there before the old one may be unloaded."""
    session.eval(POINT)
    for i in range(70):
        session.eval(f"(define f{i} (let [p (P {i} 0)] (fn [] (list {i} p.x (P {i} p.x)))))")
    session.eval("(define {mutable-struct P} [y {Int}] [x {Int}])")
    assert outcome(session, "(list (f0) (f33) (f69))") == "((0 0 (P 0 0)) (33 33 (P 33 33)) (69 69 (P 69 69)))"
