"""`*1 *2 *3 *e` at a prompt, and nothing of the kind for programs."""

from __future__ import annotations

import pytest

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
