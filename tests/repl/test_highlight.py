"""Highlighting follows the reader's tokens, and re-reading only what changed gives the same colours as reading all."""

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.document import Document
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Error, Keyword, Number, String

from omni_repl.highlight import PromptLexer
from omni_repl.lexer_pygments import OmniLexer


def lines(lexer: PromptLexer, text: str) -> list[list[tuple[str, str]]]:
    document = Document(text)
    line = lexer.lex_document(document)
    return [line(row) for row in range(document.line_count)]


def test_classes():
    (first,) = lines(PromptLexer(), '(define x {Int} :k "s" 1.5 nothing) ; c')
    found = {text: style for style, text in first if style}
    assert found["define"] == "class:omni.keyword"
    assert found["Int"] == "class:omni.kind"
    assert found[":k"] == "class:omni.symbol"
    assert found['"s"'] == "class:omni.string"
    assert found["1.5"] == "class:omni.number"
    assert found["nothing"] == "class:omni.constant"
    assert found["; c"] == "class:omni.comment"


def test_a_string_over_two_lines_is_coloured_on_both():
    first, second = lines(PromptLexer(), '"a\nb"')
    assert first == [("class:omni.string", '"a')]
    assert second == [("class:omni.string", 'b"')]


PIECES = ("(", ")", "[", "}", "#{", '"', "a", "1", ".", " ", "\n", "; c\n", "#|", "|#", '#fmt"', "$(", ":k", "'", "λ", "\\")
pieces = st.lists(st.sampled_from(PIECES), max_size=25)


@given(pieces, pieces, pieces, pieces)
def test_editing_gives_the_same_colours_as_reading_anew(head, old, new, tail):
    before, after = "".join(head + old + tail), "".join(head + new + tail)
    lexer = PromptLexer()
    lines(lexer, before)
    assert lines(lexer, after) == lines(PromptLexer(), after)


@given(pieces)
def test_no_character_is_lost(parts):
    text = "".join(parts)
    assert "\n".join("".join(part for _, part in row) for row in lines(PromptLexer(), text)) == text
    assert "".join(value for _, _, value in OmniLexer().get_tokens_unprocessed(text)) == text


def test_pygments_types():
    tokens = {value: kind for kind, value in OmniLexer().get_tokens('(if "s" 12 #| c |# \\)')}
    assert tokens["if"] is Keyword
    assert tokens['"s"'] is String
    assert tokens["12"] is Number
    assert tokens["#| c |#"] is Comment
    assert tokens["\\"] is Error


def test_pygments_finds_the_installed_lexer():
    assert get_lexer_by_name("omni").name == "OmniLisp"
