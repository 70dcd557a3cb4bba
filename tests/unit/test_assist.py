"""What editors ask: completion, meaning of names, indentation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_runtime.assist import complete, completeness, indentation, inspect
from jit_runtime.infer.world import World


def names(text: str, cursor: int | None = None) -> list[str]:
    return [item.name for item in complete(text, len(text) if cursor is None else cursor, World())[2]]


@pytest.mark.parametrize(
    ("text", "status"),
    [("(f)", "complete"), ("", "complete"), ("(f", "incomplete"), ('"a', "incomplete"), ("f)", "invalid"), ("(f]", "invalid")],
)
def test_completeness(text, status):
    assert completeness(text)[0] == status


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("(define (f x)", 2),
        ("(let [x 1]", 2),
        ("(string-append a", 15),
        ("(string-append", 2),
        ("(", 1),
        ("'(1 2", 2),
        ("[1", 1),
        ("#{:a 1", 2),
        ("((f) 1", 1),
        ("(f (g x)", 3),
        ("a\n  (f (g", 7),
        ('(f "a', 0),
        ("(f) ", 0),
        ('(f #fmt"a $(g b', 14),
    ],
)
def test_indentation(text, column):
    assert indentation(text) == " " * column


def test_completion_replaces_the_whole_name_around_the_cursor():
    start, end, found = complete("(f (string-app x))", 10, World())
    assert (start, end) == (4, 14)
    assert all(item.name.startswith("string") for item in found)


def test_completion_knows_signature_and_documentation():
    found = {item.name: item for item in complete("(string-len", 11, World())[2]}
    assert found["string-length"].kind == "function"
    assert found["string-length"].signature.startswith("(string-length")
    assert found["string-length"].doc


def test_completion_offers_forms_locals_and_nothing_that_does_not_fit():
    assert "define" in names("(def")
    assert "counter" in names("(let [counter 1] (f cou")
    assert names("(no-such-name-anywhere-x") == []


def test_inside_braces_kinds_are_offered_and_only_they():
    found = names("{")
    assert "Int" in found and "car" not in found
    assert "Int" not in names("(I")


def test_what_is_no_prefix_is_found_as_subsequence():
    assert "string-append" in names("(strapp")


def test_inspect():
    assert inspect("car", World()).startswith("(car")
    assert "special form" in inspect("define", World())
    assert "kind" in inspect("Int", World())
    assert "constant 3.14" in inspect("pi", World())
    assert inspect("no-such-name", World()) is None
    assert inspect("", World()) is None


@given(st.text(alphabet="()[]{}#\"'`,.:;^$ \nab1λ|", max_size=40), st.integers(0, 40))
def test_any_text_has_answers(text, cursor):
    completeness(text)
    indentation(text)
    start, end, _ = complete(text, min(cursor, len(text)), World())
    assert 0 <= start <= min(cursor, len(text)) <= end <= len(text)
