"""Regions as people see them: where they were born, what keeps them alive, what received much and keeps little, what grew."""

from __future__ import annotations

from typing import Any

import pytest

from jit_runtime import holders
from jit_runtime.data_form import load
from jit_runtime.dataclass import replace
from jit_runtime.region_report import Past, held_by, report, traffic_of
from jit_runtime.regions import Region
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from jit_runtime.source.text import NOWHERE
from tests.memory.program import open_session
from tests.property.sums import SessionHeap, check_sums
from tests.unit.session_fixture import outcome


@pytest.fixture
def session() -> Any:
    made = open_session("normal")
    yield made
    made.close()


def regions(session: Session) -> dict[str, Region]:
    """Those that globals own, by the first of them."""
    return {r.owners[0]: r for r in session._callbacks._accounting.regions() if r.owners}


def field(session: Session, text: str) -> str:
    return outcome(session, text).replace('"', "")


def test_a_region_says_where_its_value_was_set(session: Session) -> None:
    session.eval("(define a (list 1 2))", name="first.omni", line=7)
    session.eval("(define b 0)\n(define change! []\n  (set! b (list 3)))\n(define b2 (list 4))", name="second.omni")
    session.eval("(change!)", name="third.omni")
    found = regions(session)
    assert found["a"].site == "binding, first.omni:7:1"
    assert found["b"].site == "binding in change!, second.omni:3:3"
    assert found["b2"].site == "binding, second.omni:4:1"


def test_sites_are_the_same_from_the_cache_and_where_a_batch_is_linked_again() -> None:
    text = "\n".join(f"(define v{i} (list {i}))" for i in range(12))
    for name in ("here.omni", "there.omni"):
        session = open_session("normal")
        session.eval(text, name=name)
        assert regions(session)["v9"].site == f"binding, {name}:10:1"
        session.close()


def test_open_regions_say_which_loop_or_call_opened_them(session: Session) -> None:
    session.eval("(define sites [] (map (fn [r] (get r 'site)) (regions)))", name="f.omni")
    session.eval("(define result [])", name="f.omni")
    note = "(array-push! result (collect (sites) 'list))"
    session.eval(f"(define run n\n (let loop [i 0]\n  (if (= i n) i (do {note} (loop (+ i 1))))))", name="f.omni")
    session.eval("(run 1)", name="form.omni")
    written = outcome(session, "result")
    assert '"loop in run, f.omni:2:2"' in written
    assert '"form, form.omni:1:1"' in written
    session.eval(f"(define own n (do\n {note} (length (list n))))", name="g.omni")
    session.eval("(own 1)", name="form.omni")
    assert '"call in own, g.omni:1:1"' in outcome(session, "result.[1]")


def test_what_keeps_a_region_alive_is_named(session: Session) -> None:
    session.eval("(define inner (list 1 2))", name="file")
    session.eval("(define db #{})", name="file")
    session.eval("(dict-set! db 'x inner)", name="file")
    session.eval("(set! inner 0)", name="file")
    session.eval("(define other (list 1))", name="file")
    kept = [r for r in session._callbacks._accounting.regions() if r.state == "undead"]
    assert [r.kept_by[0] for r in kept] == ["db"] and kept[0].parent == regions(session)["db"].id
    shown = session.eval("(regions)", name="file").mime
    lines = shown["text/plain"].splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("db "))
    assert lines[at + 1].startswith("└─ part of it")
    assert "<table>" in shown["text/html"] and "db" in shown["text/html"]
    assert "text/plain" not in session.eval("(length (regions))", name="file").mime


def test_a_retention_cliff_is_reported_with_what_to_try(session: Session) -> None:
    session.eval("(define db #{})", name="file")
    session.eval("(define put n v (let loop [i 0] (when (< i n) (do (dict-set! db i (if v (make-array 100 i) 0)) (loop (+ i 1))))))", name="file")
    session.eval("(put 1000 true)", name="file")
    session.eval("(put 1000 false)", name="file")
    held = regions(session)["db"].held
    assert held > 800_000
    result = session.eval("(region-report)", name="file")
    text = result.mime["text/plain"]
    assert "retention cliffs" in text and "db #" in text and "set db to a fresh value" in text
    assert regions(session)["db"].held < held / 8
    assert field(session, "(first (get (first (get (region-report) 'cliffs)) 'kept-by))") == "db"
    assert outcome(session, "(get db 999)") == "0"


def test_what_grows_is_named_with_the_part_that_holds_it(session: Session) -> None:
    """The seeded leak: one entry of a dict of dicts."""
    session.eval("(define app #{'cache #{} 'log [] 'name \"x\"})", name="file")
    session.eval("(define steady (make-array 5000 0))", name="file")
    session.eval("(define request i (array-push! app.log (list i (make-array 20 i))))", name="file")
    session.eval("(let loop [i 0] (when (< i 200) (do (request i) (loop (+ i 1)))))", name="file")
    session.eval("(region-report)", name="file")
    session.eval("(let loop [i 0] (when (< i 500) (do (request i) (loop (+ i 1)))))", name="file")
    text = session.eval("(region-report)", name="file").mime["text/plain"]
    grown = text[text.index("grew since") :]
    assert "  app: " in grown and "most of it in app.log" in grown and "steady" not in grown
    assert "nothing grew" in session.eval("(region-report)", name="file").mime["text/plain"]


def test_a_report_while_code_runs_moves_nothing_that_is_seen() -> None:
    for mode in ("normal", "checked", "stress"):
        session = open_session(mode)
        session.eval("(define kept [(list 1 2) 'b])")
        text = "(let [mine (box (list 1 (box 2)))] (let loop [i 0] (if (= i 3) (list (box-ref mine) kept) (do (region-report) (loop (+ i 1))))))"
        assert outcome(session, text) == "((1 #<box 2>) [(1 2) b])"
        session.close()


def test_sites_that_nothing_names_are_dropped(session: Session) -> None:
    sites = session.compiler.sites
    session.eval("(define first (list 1))", name="kept.omni")
    for _ in range(3000):
        sites.form(NOWHERE)
    assert len(sites._known) < 2100
    assert regions(session)["first"].site == "binding, kept.omni:1:1"


def test_who_holds_follows_fields_of_structs_and_entries_of_dicts(session: Session) -> None:
    session.eval("(define {struct Node} [item {Any}] [next {Any}])", name="file")
    session.eval("(define x (box 1))", name="file")
    session.eval("(define chain (Node 0 (Node x nothing)))", name="file")
    session.eval("(define d #{'a 1 'b x 'c 2})", name="file")
    session.eval("(dict-remove! d 'a)", name="file")
    assert outcome(session, "(who-holds x)") == "((chain next item) (d b) (x))"


def test_who_holds_looks_at_each_pair_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.eval("(define long (let loop [i 0 l '()] (if (= i 3000) l (loop (+ i 1) (cons (list i) l)))))", name="file")
    session.eval("(define last (let loop [l long] (if (null? (cdr l)) l (loop (cdr l)))))", name="file")
    looked = 0

    def counted(address: int) -> int:
        nonlocal looked
        looked += 1
        return load(address)

    monkeypatch.setattr(holders, "load", counted)
    assert outcome(session, "(who-holds (car last))") == "((last 0) (long 2999))"
    assert outcome(session, "(who-holds last)") == "((last) (long rest))"
    assert looked < 4 * 20_000


def test_who_holds_of_rests_that_lists_share(session: Session) -> None:
    session.eval("(define rest (list (box 1) (box 2)))", name="file")
    session.eval("(define both (list (cons 1 rest) (cons 2 (cons 3 rest))))", name="file")
    assert outcome(session, "(who-holds (nth rest 1))") == "((both 0 2) (rest 1))"
    session.eval("(define knot (box nothing))", name="file")
    session.eval("(box-set! knot (list 1 2 knot))", name="file")
    assert outcome(session, "(who-holds (box-ref knot))") == "((*1) (knot value))"


def test_an_interrupt_ends_who_holds(session: Session) -> None:
    """One that another thread asks for: Python's own handler does not run there."""
    session.eval("(define long (let loop [i 0 l '()] (if (= i 5000) l (loop (+ i 1) (cons i l)))))", name="file")
    session.eval("(define me (box 1))", name="file")
    accounting, asked = session._callbacks._accounting, 0
    poll = accounting.poll_interrupt

    def interrupted() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            session.interrupt()
        poll()

    accounting.poll_interrupt = interrupted  # type: ignore[method-assign]
    with pytest.raises(OmniError, match="interrupted"):
        session.eval("(who-holds me)", name="file")
    assert asked == 3
    accounting.poll_interrupt = poll  # type: ignore[method-assign]
    assert outcome(session, "(who-holds me)") == "((me))"


def test_a_block_that_a_move_took_is_no_growth() -> None:
    """What a region holds is counted in blocks; it grew only if it received something."""
    r = Region(3, "owned", held=262_656, peak=300_000, received=400_000, moves=2, adoptions=0, site="", owners=["leak"], retains=[], kept_by=["leak"])
    past = Past(held_by([r]), traffic_of([r]))
    moved = replace(r, held=r.held + 32_768, moves=3)
    assert report([r], [moved], past).grown == []
    assert [g.now for g in report([r], [replace(moved, received=420_000)], past).grown] == [r.held + 32_768]


def test_what_is_held_spare_and_in_tables_is_all_that_is_mapped(session: Session) -> None:
    session.eval("(define a (make-array 300000 (list 1 2 3)))", name="file")
    session.eval("(define keep (list a))", name="file")
    left = "(- s.mapped-bytes s.held-bytes s.spare-bytes s.table-bytes)"
    assert outcome(session, f"(let [s (region-stats)] (list {left} (> s.table-bytes 0) (< s.mapped-bytes 8000000)))") == "(0 true true)"
    check_sums(SessionHeap(session))
    session.eval("(set! a nothing)", name="file")
