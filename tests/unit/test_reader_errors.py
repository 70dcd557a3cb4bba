"""Mistakes in texts: what is said, where, how reading goes on, and what counts as incomplete."""

import pytest
from hypothesis import given, settings

from jit_runtime.source.render import render_ansi, render_html, render_plain
from jit_runtime.source.text import Source
from jit_runtime.syntax.frames import MAX_DEPTH, MAX_DIAGNOSTICS
from jit_runtime.syntax.reader import ReadResult, read
from tests.unit.any_text import ANY_TEXT


def wrong(text: str) -> ReadResult:
    result = read(Source("t", text))
    assert result.diagnostics
    return result


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("(+ 1 [2 3)]", "mismatch", "1:10"),
        ("(a\n  b]", "mismatch", "2:4"),
        ("(+ 1 2))", "unexpected", "1:8"),
        ("]", "unexpected", "1:1"),
        ("99999999999999999999", "integer literal", "1:1"),
        ("(f -9223372036854775809)", "integer literal", "1:4"),
        ("9" * 5000 + "n", "integer literal", "1:1"),
        ("123foo", "number", "1:1"),
        ("3d", "number", "1:1"),
        ("50%off", "number", "1:1"),
        (" 3/4", "number", "1:2"),
        ("1__0", "number", "1:1"),
        ("0xG", "number", "1:1"),
        ("1.x", "number", "1:1"),
        (r'"ab\qc"', "escape", "1:4"),
        (r'"\x4"', "escape", "1:2"),
        (r"#\foo", "character", "1:1"),
        (r"#\xD800", "character", "1:1"),
        ("#{:a 1 :b}", "dict", "1:1"),
        ('#fmt"a $ b"', "fmt", "1:8"),
        ('#fmt"$5"', "fmt", "1:6"),
        (r'#fmt"a \q"', "escape", "1:8"),
        ("a. b", "path", "1:1"),
        ("a..b", "path", "1:2"),
        ("a.1", "path", "1:3"),
        ("a.[1 2]", "path", "1:3"),
        ('"s".x', "path", "1:4"),
        ("(f . )", "dotted", "1:1"),
        (". x", "unexpected", "1:1"),
        (": a", "`:`", "1:1"),
        ("^ a", "metadata", "1:1"),
        ("#foo", "`#foo`", "1:1"),
        ("(quote ')", "`'`", "1:8"),
        ("(define ^:parent)", "value", "1:9"),
        ("~", "unexpected", "1:1"),
    ],
)
def test_message_and_place(text: str, message: str, at: str) -> None:
    result = wrong(text)
    said = render_plain(result.diagnostics[:1])
    assert message in said
    assert said.startswith(f"t:{at}: error: ")
    assert not result.incomplete


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("(+ 1 (* 2 3)", "unclosed `(`", "1:1"),
        ("(a\n [b", "unclosed `[`", "2:2"),
        ("#{:a", "unclosed `#{`", "1:1"),
        ('(println "no end', "unterminated string", "1:10"),
        (r'"ends in \"', "unterminated string", "1:1"),
        ('#r"a', "unterminated string", "1:1"),
        ('#fmt"a $b', "unterminated string", "1:1"),
        ('#fmt"a $(f ', "unclosed `$(`", "1:8"),
        ("1 #| #| |#", "unclosed block comment", "1:3"),
        ("(a '", "unclosed `(`", "1:1"),
        ("'", "`'` needs a form", "1:1"),
        ("^:doc", "needs a value", "1:1"),
        ("#_", "`#_` needs a form", "1:1"),
    ],
)
def test_a_text_that_ends_too_early_is_incomplete(text: str, message: str, at: str) -> None:
    result = wrong(text)
    said = render_plain(result.diagnostics)
    assert message in said
    assert said.startswith(f"t:{at}: ")
    assert result.incomplete and len(result.diagnostics) == 1


@pytest.mark.parametrize("text", ["(f 3d", "] (", "(a]  (", 'a. "'])
def test_another_mistake_makes_it_wrong_rather_than_incomplete(text: str) -> None:
    assert not wrong(text).incomplete


def test_forms_around_a_mistake_are_read() -> None:
    result = wrong("(a) (b 3d) (c) ) (d)")
    assert [form.span.text for form in result.forms] == ["(a)", "(c)", "(d)"]


def test_several_mistakes_in_one_go() -> None:
    result = wrong('(a 3d "\\q") #{1}\n(b #\\foo)')
    assert [d.code for d in result.diagnostics] == ["R005", "R007", "R009", "R008"]


def test_one_swapped_pair_is_one_mistake() -> None:
    assert len(wrong("(f [a (b c] d)) (g)").diagnostics) == 1


def test_an_unclosed_form_names_the_definition_that_follows() -> None:
    (diagnostic,) = wrong("(define f\n  (g 1)\n\n(define h 2)\n").diagnostics
    assert any("4:1" in note for note in diagnostic.notes)


def test_nesting_is_limited_without_recursion() -> None:
    deep = MAX_DEPTH - 1
    assert read(Source("t", "(" * deep + ")" * deep)).diagnostics == []
    for opener in ("(", "[", "#{", "'", "#_", "^:a ", "a.[", '#fmt"$('):
        result = wrong(opener * 100_000)
        assert [d.code for d in result.diagnostics] == ["R013"]
        assert not result.incomplete


def test_diagnostics_are_capped() -> None:
    assert len(wrong(")" * 1000).diagnostics) == MAX_DIAGNOSTICS


@settings(max_examples=300)
@given(ANY_TEXT)
def test_any_text_gives_forms_or_diagnostics(text: str) -> None:
    result = read(Source("t", text))
    for diagnostic in result.diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
    assert not result.incomplete or result.diagnostics
    for render in (render_plain, render_ansi, render_html):
        assert bool(render(result.diagnostics)) == bool(result.diagnostics) or render is render_html
