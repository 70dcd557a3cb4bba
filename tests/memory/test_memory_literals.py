"""19: literals live in a region of their code, and go with it unless somebody names them."""

from __future__ import annotations

from typing import Any

import pytest

from jit_runtime import literals
from tests.memory.program import MODES, open_session
from tests.property.sums import SessionHeap, check_sums
from tests.unit.session_fixture import outcome

HELD = (
    "(define x (f))", "(define box1 (box 0))", "(define d #{})", "(define old [])",
    "(box-set! box1 (f))", "(dict-set! d 'a (list (f)))", "(array-push! old (f))",
)  # fmt: skip
FIRST = '((0 "text 0" 1e-300) (0 "text 0" 1e-300) ((0 "text 0" 1e-300)) [(0 "text 0" 1e-300)])'


def define_f(i: int) -> str:
    return f"(define f [] '({i} \"text {i}\" 1e-300))"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(literals, "BATCH", 4)


@pytest.fixture(params=MODES)
def session(request: pytest.FixtureRequest) -> Any:
    made = open_session(request.param)
    yield made
    made.close()


def test_literals_of_replaced_code_die_and_what_is_named_stays(session: Any) -> None:
    session.eval(define_f(0), name="file")
    for form in HELD:
        session.eval(form, name="file")
    books = SessionHeap(session)
    regions = []
    for i in range(1, 60):
        session.eval(define_f(i), name="file")
        assert outcome(session, "(f)") == f'({i} "text {i}" 1e-300)'
        check_sums(books)
        regions.append(session.stats()["regions_live"])
    assert max(regions[-20:]) <= max(regions[10:30])
    assert outcome(session, "(list x (box-ref box1) (get d 'a) old)") == FIRST


def test_each_owner_is_found(session: Any) -> None:
    """What only a global names goes when the global gets another value."""
    session.eval("(define big-text \"" + "x" * 100_000 + "\")", name="file")
    session.eval("(define two [nothing])", name="file")
    session.eval("(array-set! two 0 big-text)", name="file")
    for i in range(20):
        session.eval(f"(length '({i}))", name="file")
    owners = {name: r for r in session._callbacks._accounting.regions() for name in r.owners}
    assert owners["big-text"].held > 100_000 and owners["big-text"].state == "owned"
    held = session.stats()["held_bytes"]
    session.eval("(set! big-text 0)", name="file")
    assert outcome(session, "(length two.[0])") == "100000"
    session.eval("(array-set! two 0 0)", name="file")
    session.engine.call("rt_free_all_dead")
    assert session.stats()["held_bytes"] < held - 90_000


def test_a_running_program_that_redefines_keeps_what_it_holds(session: Any) -> None:
    session.eval("(define f [] '(0))", name="file")
    body = "(eval (list 'define 'f '[] (list 'quote (list i \"t\"))))"
    loop = f"(let loop [i 0 first (f) last '()] (if (= i 60) (list first last (f)) (do {body} (loop (+ i 1) first (f)))))"
    assert outcome(session, loop) == '((0) (59 "t") (59 "t"))'
    assert session.stats()["regions_live"] < 40


def test_stubs_are_taken_back_with_the_session() -> None:
    session = open_session("normal")
    machine = session.engine.machine
    session.eval("(define g x (+ x 1)) (define h [f] (f 1)) (h g)", name="file")
    assert len(session.engine._stubs) > 2
    used = len(machine._compile)
    for _ in range(3):
        other = open_session("normal")
        other.eval("(define g x (+ x 1)) (define h [f] (f 1)) (h g) (map g '(1 2))", name="file")
        other.close()
        assert len(machine._compile) == used
    session.close()
