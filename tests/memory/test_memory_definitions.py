"""Programs 18 - 20: redefinition, literals, and what happens when memory ends or an interrupt comes in the middle of a move."""

from __future__ import annotations

import pytest

from jit_runtime.session import Session
from tests.memory.program import ALLOWED_GROWTH, open_session, peak_of
from tests.unit.session_fixture import interrupted, outcome

# ---- 18, 19: definitions again and again ----

BY_SESSION = {
    "18 other code": ("(define f n (+ n {i})) (define g n (f n))", "(g 1)", lambda i: str(i + 1)),
    "18 other kinds of result": ("(define f n {body})", "(list (f 1))", None),
    "19 literals": ('(define f [] \'({i} {i} "text {i}")) (define x (f))', "x", lambda i: f'({i} {i} "text {i}")'),
    "19 a value": ("(define y (list {i} (list {i})))", "y", lambda i: f"({i} ({i}))"),
}
BODIES = ("n", "(list n)", "(->float n)", "(if (= n 0) n 'a)", '"s"')


def redefine(session: Session, name: str, start: int, end: int) -> None:
    definition, text, expected = BY_SESSION[name]
    for i in range(start, end):
        session.eval(definition.format(i=i, body=BODIES[i % len(BODIES)]))
        found = outcome(session, text)
        assert expected is None or found == expected(i)


def check_flat(name: str, turns: int) -> None:
    """Code and literals of old versions go: what a definition costs in the end is little."""
    session = open_session("normal")
    redefine(session, name, 0, 40)
    before = peak_of(session, "0")
    redefine(session, name, 40, turns)
    assert peak_of(session, "0") - before < ALLOWED_GROWTH + 1024 * turns
    session.close()


@pytest.mark.parametrize("name", BY_SESSION)
def test_definitions(name: str) -> None:
    check_flat(name, 120)


@pytest.mark.soak
@pytest.mark.parametrize("name", BY_SESSION)
def test_many_definitions(name: str) -> None:
    check_flat(name, 20_000)


@pytest.mark.parametrize("mode", ["normal", "checked", "stress", "retire"])
def test_a_program_that_redefines_while_it_runs(mode: str) -> None:
    """18: `main` loops on (+ 1 (f 0)) and f comes to return a string."""
    session = open_session(mode)
    session.eval("(define f n n)")
    session.eval("(define main n (let loop [i 0] [s 0] (if (= i n) s (do (when (= i 5) (change)) (loop (+ i 1) (+ 1 (f 0)))))))")
    session.eval('(define change [] (eval \'(define f n "s")))')
    assert outcome(session, "(main 10)").startswith("error: redefined: f now returns {String}")
    assert "needs numbers" in outcome(session, "(main 10)")
    session.eval("(define f n n)")
    assert outcome(session, "(handle (main 10) (raise [e] 'told))") == "told"
    session.close()


@pytest.mark.parametrize("mode", ["normal", "stress"])
def test_code_of_closures_is_unloaded_when_no_closure_names_it(mode: str) -> None:
    """18: those that live go on to work, whether a global, an array or a running loop names them."""
    session = open_session(mode)
    session.eval("(define first (fn [x] (+ x 1000))) (define some [(fn [x] (* x 1000))]) (define g 0)")
    session.eval("(define make x (fn [y] (+ x y)))")
    session.eval("(array-push! some (make 5))")
    for i in range(300):
        session.eval(f"(set! g (fn [x] (+ x {i})))")
        session.eval(f"(define make x (fn [y] (- x (+ y {i}))))")
        assert outcome(session, "(list (g 1) ((make 1) 1))") == f"({i + 1} {-i})"
    assert outcome(session, "(list (first 1) ((array-ref some 0) 2) ((array-ref some 1) 3))") == "(1001 2000 8)"
    replace = "(eval (list 'set! 'g (list 'fn '[x] (list '+ 'x i))))"
    run = f"(let [mine (fn [x] (- x 1))] (let loop [i 0] [sum 0] (if (= i 200) (mine sum) (do {replace} (loop (+ i 1) (+ sum (g 0)))))))"
    assert outcome(session, run) == "19899"
    assert len(session.engine._units) < 350
    session.close()


# ---- 20: every step of a move ----

STATE = '(define kept (list 1 (box 2) [3 "four"]))'
INTACT = "(list (car kept) (box-ref (nth kept 1)) (nth kept 2))"
WORK = """
(let loop [i 0] [xs '()] [b (box '())]
  (if (= i 2000) (list (length xs) (length (box-ref b)))
    (do (box-set! b (list i xs (box-ref (nth kept 1))))
        (loop (+ i 1) (if (= (% i 300) 0) '() (cons (list i b) xs)) b))))
"""


def check_intact(session: Session) -> None:
    assert outcome(session, INTACT) == '(1 2 [3 "four"])'


@pytest.mark.parametrize("mode", ["normal", "stress"])
def test_memory_ends_at_every_step(mode: str) -> None:
    """The limit rises block by block: each time the work succeeds or is an error, and then all is as before."""
    session = open_session(mode)
    session.eval(STATE)
    session.eval(WORK)
    heap, outcomes = session.engine.heap, set()
    for kilobytes in range(0, 4096, 256):
        heap.write(limit_bytes=max(1, heap.read("mapped_bytes") - (2 << 20) + (kilobytes << 10)))
        found = outcome(session, WORK + "(length (make-array 60000 0))")
        outcomes.add(found)
        assert found in ("60000", "error: out of memory")
        heap.write(limit_bytes=0)
        check_intact(session)
    assert outcomes == {"60000", "error: out of memory"}
    assert outcome(session, WORK) == "(199 3)"
    session.close()


@pytest.mark.parametrize("mode", ["checked", "stress", "retire"])
def test_interrupts_come_at_any_moment(mode: str) -> None:
    session = open_session(mode)
    session.eval(STATE)
    forever = WORK.replace("(= i 2000)", "(= i -1)")
    for i in range(15):
        assert interrupted(session, forever, delay=0.002 + 0.0007 * i) == ["error: interrupted"]
        check_intact(session)
    session.close()
