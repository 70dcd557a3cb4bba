"""`*1 *2 *3 *e` at a prompt, and nothing of the kind for programs."""

from __future__ import annotations

import pytest

from jit_runtime.options import Options
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError


def test_the_last_three_values_are_kept() -> None:
    session = Session()
    texts = [session.eval(text, name="<repl 1>").value_text for text in ("(list 1 2)", "[3]", "'a", "(list *1 *2 *3)")]
    assert texts[-1] == "(a [3] (1 2))"
    assert session.eval("*1", name="<repl 2>").value_text == "(a [3] (1 2))"
    session.close()


def test_nothing_is_not_kept_and_identity_is() -> None:
    session = Session()
    session.eval("(define a [1])", name="In[1]")
    session.eval("a", name="In[2]")
    session.eval("(do (array-set! a 0 9) nothing)", name="In[3]")
    assert session.eval("*1", name="In[4]").value_text == "[9]"
    session.close()


def test_the_last_error_is_kept() -> None:
    session = Session()
    with pytest.raises(OmniError):
        session.eval("(raise \"boom\")", name="<repl 1>")
    assert session.eval("*e", name="<repl 2>").value_text == '"boom"'
    session.close()


def test_programs_have_no_such_names() -> None:
    session = Session()
    with pytest.raises(OmniError, match="unbound"):
        session.eval("*1", name="program.omni")
    session.close()


def big(size: int) -> str:
    return f"(make-array {size} 0)"


def told(session: Session, text: str) -> list[str]:
    return [warning.message for warning in session.eval(text, name="<repl 1>").warnings]


def test_the_oldest_values_go_beyond_the_budget_and_it_is_told_once() -> None:
    session = Session(Options(history=2_000_000))
    assert not told(session, big(100_000)) and not told(session, big(100_000))
    assert "*3 dropped" in told(session, big(100_000))[0]
    assert session.eval("(list (length *1) (length *2) *3)", name="<repl 2>").value_text == "(100000 100000 nothing)"
    assert session.stats()["held_bytes"] < 1_800_000
    assert not told(session, big(1_000_000))
    assert session.eval("(list *1 *2 *3)", name="<repl 3>").value_text == "(nothing nothing nothing)"
    assert session.stats()["held_bytes"] < 100_000
    session.close()


def test_what_the_program_keeps_itself_does_not_count() -> None:
    session = Session(Options(history=1_000_000))
    session.eval(f"(define a {big(200_000)})", name="<repl 1>")
    for text in ("a", "(list a)", "(do (define b [a a]) b)"):
        assert not told(session, text)
    assert session.eval("(list (eq? *3 a) (eq? (car *2) a) (eq? *1 b))", name="<repl 2>").value_text == "(true true true)"
    session.close()


def test_the_budget_is_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNI_HISTORY", "3M")
    assert Options.from_environment().history == 3 << 20
    monkeypatch.setenv("OMNI_HISTORY", "much")
    with pytest.raises(OmniError, match="OMNI_HISTORY is not a size"):
        Options.from_environment()
