"""Whatever goes wrong is an OmniError, and the session goes on with all that was defined."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from jit_runtime.options import Options
from jit_runtime.pipeline import BUILD, EMIT, EXPAND, INFER, LINK, LOOPS, READ, ROOTS, Stage
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import Diagnostic, OmniError


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    made = Session(Options())
    made.eval("(define kept 41) (define keep x (+ x kept))")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def alive(session: Session) -> Iterator[None]:
    yield
    assert session.eval("(keep 1)").value_text == "42"


def failure(session: Session, text: str) -> Diagnostic:
    with pytest.raises(OmniError) as caught:
        session.eval(text, name="p.omni")
    return caught.value.diagnostics[0]


STAGES = (READ, EXPAND, INFER, BUILD, LOOPS, ROOTS, EMIT, LINK)


def breaking(session: Session, monkeypatch: pytest.MonkeyPatch, stage: Stage, error: BaseException, after: int = 0) -> None:
    """The stage raises the error the next time but `after` that it runs."""
    run, left = session.pipeline.run, [after]

    def broken(asked: Stage, *arguments: object) -> object:
        if asked is stage:
            left[0] -= 1
            if left[0] == -1:
                raise error
        return run(asked, *arguments)

    monkeypatch.setattr(type(session.pipeline), "run", lambda self, *arguments: broken(*arguments))


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_bug_of_the_compiler_is_an_internal_error(session: Session, monkeypatch: pytest.MonkeyPatch, stage: Stage) -> None:
    with monkeypatch.context() as patch:
        breaking(session, patch, stage, ValueError("oops"))
        found = failure(session, "(+ 1 2 3)")
    assert found.code == "I0001"
    assert found.message.startswith("internal error in ")
    assert found.message.endswith("ValueError: oops")
    assert found.help is not None
    assert "report" in found.help


@pytest.mark.parametrize("stage", (INFER, BUILD, LOOPS, ROOTS, EMIT, LINK), ids=lambda stage: stage.name)
def test_a_bug_met_while_a_program_runs(session: Session, monkeypatch: pytest.MonkeyPatch, stage: Stage) -> None:
    """The function is compiled by its stub; afterwards it works."""
    session.eval("(define late x (* 2 x))")
    with monkeypatch.context() as patch:
        breaking(session, patch, stage, ValueError("oops"), after=1)
        assert failure(session, "(+ 1 (late 4))").code == "I0001"
    assert session.eval("(late 4)").value_text == "8"


def test_a_program_can_handle_such_an_error(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.eval("(define later x (* 3 x))")
    with monkeypatch.context() as patch:
        breaking(session, patch, LINK, ValueError("oops"), after=1)
        found = failure(session, "(handle (+ 1 (later 4)) [raise [e] (car 5)])")
    assert found.message == "type error: car needs a pair, got 5"


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_ctrl_c_while_compiling(session: Session, monkeypatch: pytest.MonkeyPatch, stage: Stage) -> None:
    with monkeypatch.context() as patch:
        breaking(session, patch, stage, KeyboardInterrupt())
        assert failure(session, "(* 5 6)").message == "interrupted"


def test_an_interrupt_also_stops_the_forms_that_would_follow(session: Session) -> None:
    started = threading.Event()
    watch = session.pipeline.watch
    session.pipeline.watch = lambda stage, result: started.set() if stage is LINK else None
    thread = threading.Thread(target=lambda: (started.wait(), session.interrupt()))
    thread.start()
    try:
        text = "(define counted 0)" + "(set! counted (+ counted 1)) (let loop [i 0] (if (< i 3000000) (loop (+ i 1)) i))" * 100
        assert failure(session, text).message == "interrupted"
    finally:
        session.pipeline.watch = watch
        thread.join()


DEEP = {
    "calls": ("(+ 1 ", "1", ")"),
    "functions": ("(fn [x] ", "x", ")"),
    "lets": ("(let [x 1] ", "x", ")"),
    "data": ("'(", "1", ")"),
    "arrays": ("[", "1", "]"),
    "conditionals": ("(if true ", "1", " 2)"),
    "cleanups": ("(try ", "1", " (finally 1))"),
}


@pytest.mark.parametrize("shape", DEEP)
@pytest.mark.parametrize("depth", (200, 100_000))
def test_deeply_nested_source(session: Session, shape: str, depth: int) -> None:
    opening, middle, closing = DEEP[shape]
    text = opening * depth + middle + closing * depth
    if depth > 1000:
        assert failure(session, text).code[0] in "RX"
    else:
        assert session.eval(text).value_text


@pytest.mark.parametrize("text", ("(and " + "true " * 3000 + ")", "(do " + "(list 1) " * 500 + ")", "(cond " + "[false 1] " * 2000 + "[else 2])"))
def test_long_source(session: Session, text: str) -> None:
    assert session.eval(text).value_text in ("true", "(1)", "2")


WRONG = ("(", ")", "(foo", "(let [x", '"abc', "#<", "\0", "(1 2)", "(undefined-name)", "(/ 1 0)", "(let)", "(fn)", "(define)", "(keep)", "(car)")


@pytest.mark.parametrize("text", WRONG)
def test_wrong_input(session: Session, text: str) -> None:
    found = failure(session, text)
    assert found.code[0] in "RXE"
    assert found.span is not None
    assert found.span.line == 1


class TestExit:
    @pytest.mark.parametrize(
        ("text", "status"),
        [
            ("(exit)", 0),
            ("(exit 3)", 3),
            ("(try (exit 4) (finally 1))", 4),
            ("(handle (exit 5) [raise [e] 1])", 5),
            ("(eval '(exit 6))", 6),
            ("(handle (eval '(eval '(exit 7))) [raise [e] 1])", 7),
            ("(apply exit '(8))", 8),
        ],
    )
    def test_a_program_ends(self, session: Session, text: str, status: int) -> None:
        with pytest.raises(SystemExit) as left:
            session.eval(text)
        assert left.value.code == status


class TestEval:
    def test_definitions_are_seen(self, session: Session) -> None:
        assert session.eval("(eval '(define from-data x (* x 2))) (from-data 4)").value_text == "8"
        assert session.eval("(eval '(do (define v1 5) (define v2 (+ v1 1)) v2))").value_text == "6"

    def test_a_function_that_runs_is_redefined(self, session: Session) -> None:
        session.eval("(define again n (if (= n 0) 'old (do (eval '(define again n 'new)) (list (again (- n 1))))))")
        assert session.eval("(again 3)").value_text == "(new)"

    def test_an_error_inside_is_an_error_of_the_program(self, session: Session) -> None:
        assert session.eval("(handle (eval '(car 5)) [raise [e] (str \"caught \" e)])").value_text == '"caught type error: car needs a pair, got 5"'
        assert session.eval("(handle (eval '(let)) [raise [e] 'caught])").value_text == "caught"

    def test_its_place_is_the_call_of_eval(self, session: Session) -> None:
        for data in ("'(car 5)", "'(let)", "car"):
            found = failure(session, f"(list 1 (eval {data}))")
            assert found.span is not None
            assert found.span.text == f"(eval {data})"

    def test_everything_that_is_alive_survives_it(self) -> None:
        session = Session(Options(check=True, stress="evacuate"))
        text = "(let loop [i 0] [kept ()] (if (< i 50) (loop (+ i 1) (cons (eval (list 'list i \"s\")) kept)) (reduce + 0 (map car kept))))"
        assert session.eval(text).value_text == "1225"
        session.close()


def test_the_code_of_a_form_that_fails_is_unloaded(session: Session) -> None:
    failure(session, "(car 1)")
    units = len(session.engine._units)
    for text in ("(car 2)", '(error "x")', "(let loop [i 0] (if (= i 9) (raise i) (loop (+ i 1))))"):
        failure(session, text)
    assert len(session.engine._units) == units
