"""Tokens: every kind, and what holds for any text."""

import pytest
from hypothesis import given

from jit_runtime.syntax.lexer import tokenize
from tests.unit.any_text import ANY_TEXT


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, text[token.start : token.end]) for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("foo-bar!", "symbol"), ("λ", "symbol"), ("ffi/alloc", "symbol"), ("-", "symbol"), ("-x", "symbol"), ("|>", "symbol"),
        ("&", "symbol"), ("@ccall", "symbol"), ("_", "symbol"), (":when", "key"), ("..", "rest"), ("...", "rest"),
        ("12", "int"), ("-1_000", "int"), ("0xFF", "int"), ("#o17", "int"), ("12n", "int"),
        ("1.5", "float"), (".5", "float"), ("3.", "float"), ("1e3", "float"), ("-.5e-3", "float"),
        ('"a\\"b"', "string"), ('#r"\\d"', "raw"), ("#\\(", "char"), ("#\\newline", "char"),
        ("; x", "comment"), ("#| a #| b |# c |#", "comment"), ("#! omni", "comment"),
        (",@", "quote"), ("^:key", "meta"), ("^'key", "meta"), ("#val", "dispatch"), ("#_", "dispatch"), ("#{", "open"), ("}", "close"),
        ("3/4", "error"), ("1x", "error"), ('"a', "error"), ("#| a", "error"), ("\\", "error"), ("....", "error"), ("#foo", "error"),
    ],
)  # fmt: skip
def test_one_token(text: str, kind: str) -> None:
    assert kinds(text) == [(kind, text)]


def test_dots_of_paths_are_not_numbers() -> None:
    assert [kind for kind, _ in kinds("a.1 (f).5 .5")] == ["symbol", "dot", "int", "open", "symbol", "close", "dot", "int", "float"]


def test_format_strings_switch_to_ordinary_tokens_and_back() -> None:
    assert kinds('#fmt"<$a.b> $(f "x" #fmt"$(g)") $$"') == [
        ("fmt", '#fmt"'), ("fmt_text", "<"), ("fmt_name", "$a.b"), ("fmt_text", "> "),
        ("fmt_expr", "$("), ("symbol", "f"), ("string", '"x"'),
        ("fmt", '#fmt"'), ("fmt_expr", "$("), ("symbol", "g"), ("close", ")"), ("fmt_end", '"'),
        ("close", ")"), ("fmt_text", " $$"), ("fmt_end", '"'),
    ]  # fmt: skip


def test_shebang_is_a_comment_only_at_the_start() -> None:
    assert kinds("#! x\n1") == [("comment", "#! x"), ("int", "1")]
    assert kinds(" #!")[0][0] == "error"


@given(ANY_TEXT)
def test_tokens_and_white_space_make_up_the_text(text: str) -> None:
    at = 0
    for token in tokenize(text):
        assert token.start < token.end
        assert text[at : token.start].strip(" \t\r\n") == ""
        at = token.end
    assert text[at:].strip(" \t\r\n") == ""
