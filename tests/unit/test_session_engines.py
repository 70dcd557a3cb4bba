"""One door, three engines: `Options(engine=...)`."""

from __future__ import annotations

import inspect
import os
import threading
import time
from collections.abc import Iterator

import pytest

from jit_runtime.doctest import Printing
from jit_runtime.options import Options
from jit_runtime.pipeline import LINK
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError

ENGINES = ("native", "quick", "oracle")


@pytest.fixture(params=ENGINES, scope="module")
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    made = Session(Options(engine=request.param))
    yield made
    made.close()


def test_a_result_has_text_and_kind(session: Session) -> None:
    found = session.eval("(define sq x (* x x)) (sq 4)")
    assert (found.value_text, found.kind) == ("16", "Int")
    assert set(found.stats) == set(session.stats())


def test_an_error_has_its_place(session: Session) -> None:
    with pytest.raises(OmniError) as caught:
        session.eval("(list 1\n  (car 5))", name="p.omni", line=3)
    (found,) = caught.value.diagnostics
    assert found.span is not None
    assert (found.code, found.span.line, found.span.text) == ("E0030", 4, "(car 5)")


def test_exit_leaves_with_its_status(session: Session) -> None:
    with pytest.raises(SystemExit) as left:
        session.eval("(exit 9)")
    assert left.value.code == 9


def test_names_are_known(session: Session) -> None:
    session.eval("(define triple x (* 3 x)) (define three 3)")
    assert "triple" in session.functions()
    assert [item.name for item in session.complete("(tripl", 6)[2]] == ["triple"]
    assert "triple" in (session.inspect("triple") or "")
    assert session.inspect("three") is not None
    assert session.is_complete("(+ 1")[0] == "incomplete"


def test_a_loop_is_interrupted(session: Session) -> None:
    done = threading.Event()

    def interrupt() -> None:
        while not done.is_set():
            session.interrupt()
            time.sleep(0.01)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(OmniError) as caught:
            session.eval("(define forever n (forever (+ n 1))) (forever 0)")
    finally:
        done.set()
        thread.join()
    assert caught.value.diagnostics[0].code == "E0062"
    assert session.eval("(+ 1 2)").value_text == "3"


@pytest.mark.parametrize("engine", ENGINES)
def test_output_goes_to_the_descriptor(engine: str) -> None:
    session = Printing(Options(engine=engine))
    session.eval('(println "ä" 1) (print 2)', name="t", line=1)
    assert session.take_output() == "ä 1\n2"
    session.close()


def test_the_quick_engine_never_optimises(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(Options(engine="quick"))
    tiers: list[int] = []
    run = type(session.pipeline).run

    def watched(self: object, stage: object, *arguments: object) -> object:
        if stage is LINK:
            tiers.append(inspect.signature(LINK.run).bind(*arguments).arguments["tier"])
        return run(self, stage, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(type(session.pipeline), "run", watched)
    text = "(define add x (+ x 1)) (let loop [i 0] (if (< i 5000) (loop (add i)) i)) (define down n (if (= n 0) 0 (down (- n 1)))) (down 5000)"
    assert session.eval(text).value_text == "0"
    assert set(tiers) == {0}
    session.close()


def test_an_unknown_engine_is_an_error() -> None:
    with pytest.raises(OmniError, match="unknown engine"):
        Session(Options(engine="fast"))


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "OMNI_ENGINE", "oracle")
    session = Session()
    assert not hasattr(session, "engine")
    assert session.eval("(+ 1 2)").value_text == "3"
