"""What a few steps of a straight line use lies in a region that ends behind the last of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.infer import straight
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from tests.memory.program import open_session
from tests.unit.session_fixture import outcome

PROGRAM = """
(define build n (let loop [i 0] [made '()] (if (= i n) made (loop (+ i 1) (cons i made)))))
(define total xs (let loop [xs xs] [sum 0] (if (null? xs) sum (loop (cdr xs) (+ sum (car xs))))))
(define held sum (let loop [i 0] [sum sum] (if (= i 100) (list sum (get (region-stats) :held-bytes)) (loop (+ i 1) sum))))
(define tail n (let [big (build n)] (let [sum (total big)] (held sum))))
(define straight n (let [big (build n)] (let [sum (total big)] (list (held sum) 1))))
(define branches n (if (> n 10) (let [sum (total (build n))] (list (held sum) n)) (list (held n) (build n))))
(define several n (let [a (total (build n))] (let [b (total (build n))] (list (held (+ a b))))))
(define in-use n (let [big (build n)] (let [sum (total big)] (list (held sum) (length big)))))
"""
SMALL = 256 << 10
COUNT = 100_000


@pytest.fixture(params=["normal", "checked", "stress"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    made = open_session(request.param)
    made.eval(PROGRAM)
    yield made
    made.close()


def held(session: Session, text: str) -> int:
    """Bytes that regions held while the rest of a line ran."""
    found = outcome(session, text)
    assert not found.startswith("error"), found
    return int(found.replace("(", " ").replace(")", " ").split()[1])


@pytest.mark.parametrize("function", ["tail", "straight", "branches", "several"])
def test_what_is_not_used_any_more_is_gone_before_the_line_goes_on(session: Session, function: str) -> None:
    before = session.stats()["exits"]
    assert held(session, f"({function} {COUNT})") < SMALL
    assert session.stats()["exits"] > before
    assert held(session, f"({function} {COUNT})") < SMALL


def test_what_is_used_stays(session: Session) -> None:
    assert held(session, f"(in-use {COUNT})") >= 16 * COUNT


def test_a_use_behind_the_end_is_found_by_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regions that end too early: mentions of what they hold are not seen."""
    monkeypatch.setattr(straight, "mentions", lambda node, variables: False)
    session = open_session("checked")
    session.eval(PROGRAM)
    with pytest.raises((OmniError, RuntimeError), match=r"invalid|checked mode"):  # freed blocks are filled, dangling words found
        session.eval("(in-use 1000)")
