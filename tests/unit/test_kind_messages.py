"""What a user is told about kinds: candidates of a call that no method takes, clauses that a match lacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from tests.unit.session_fixture import open_session


@pytest.fixture
def session() -> Iterator[Session]:
    made = open_session("normal")
    yield made
    made.close()


def notes(session: Session, text: str) -> list[str]:
    with pytest.raises(OmniError) as raised:
        session.eval(text)
    return [note for note in raised.value.diagnostics[0].notes if note.startswith(("candidate", "and ", "defining"))]


def test_no_method_lists_the_candidates_and_why_each_was_not_taken(session: Session) -> None:
    session.eval("(define {struct P} [x]) (define f [a {P}] 1) (define f [a {Int}] [b {String}] 2) (define ^:where [T {Number}] g [a {T}] [b {T}] 3)")
    one, two = "candidate (f [a {P}]): argument 1 is {Int}, not {P}", "candidate (f [a {Int}] [b {String}]): takes 2 arguments"
    assert notes(session, "(f 5)") == [one, two]
    assert notes(session, "(f 5 6)")[1] == "candidate (f [a {Int}] [b {String}]): argument 2 is {Int}, not {String}"
    written = "^:where [T {Number}] (g [a {T}] [b {T}])"
    assert notes(session, "(g 1 2.0)") == [f"candidate {written}: arguments 1 and 2 have different kinds for T: {{Int}} and {{Float}}"]


def test_ambiguous_lists_what_clashes(session: Session) -> None:
    session.eval("(define f [x {Int}] [y] 'left) (define f [x] [y {Int}] 'right) (define f [x {String}] [y] 'no)")
    settled = "defining (f {Int} {Int}) for these kinds would settle it"
    assert notes(session, "(f 1 1)") == ["candidate (f [x {Int}] [y])", "candidate (f [x] [y {Int}])", settled]


def test_many_candidates_are_counted(session: Session) -> None:
    session.eval(" ".join(f"(define f [x #val {i}] {i})" for i in range(9)))
    found = notes(session, "(f 99)")
    assert len(found) == 7 and found[-1] == "and 3 more"


@pytest.mark.parametrize(
    ("match", "missing"),
    [
        ("(match c [Red 1] [Green 2])", "Rgb"),
        ("(match c [Red 1] [(Rgb r) r])", "Green"),
        ("(match c [Red 1] [Green 2] [(Rgb 5) 3])", "Rgb"),
        ("(match c [Red :when (now?) 1] [Green 2] [(Rgb _) 3])", "Red"),
        ("(match c [Red 1] [Green 2] [(Rgb r) r])", None),
        ("(match c [Red 1] [else 2])", None),
        ("(match c [Red 1] [x 2])", None),
        ("(match c [Red 1] [5 2])", None),
    ],
)
def test_a_match_that_leaves_out_variants_of_an_enum_is_a_warning(session: Session, match: str, missing: str | None) -> None:
    session.eval("(define {enum Color} Red Green (Rgb [r {Int}])) (define now? [] true)")
    warnings = session.eval(f"(define f c {match})").warnings
    assert [w.severity for w in warnings] == ([] if missing is None else ["warning"])
    if missing is not None:
        assert f"does not cover {missing} of {{Color}}" in warnings[0].message
    assert session.eval("(f Red)").warnings == []


def test_the_kind_of_a_struct_is_shown_with_its_parameters(session: Session) -> None:
    session.eval("(define {struct P} [x])")
    assert [session.eval(text).kind for text in ("(P 1)", "(Some 'a)", "None", "5", "[1]")] == ["P", "Option Symbol", "Option Any", "Int", "Array"]
