"""The Pygments lexer: nbconvert, Sphinx and jupyter-console highlight with the reader's own tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import Comment, Error, Keyword, Name, Number, Punctuation, String, Text, _TokenType

from jit_runtime.syntax.lexer import Token, scan
from omni_repl.classes import classify

_TYPES = {
    "comment": Comment,
    "string": String,
    "symbol": String.Symbol,
    "number": Number,
    "constant": Keyword.Constant,
    "keyword": Keyword,
    "kind": Keyword.Type,
    "meta": Name.Decorator,
    "error": Error,
    "bracket": Punctuation,
    "": Name,
}


class OmniLexer(Lexer):
    """OmniLisp source."""

    name = "OmniLisp"
    url = ""
    aliases: ClassVar[list[str]] = ["omni", "omnilisp"]
    filenames: ClassVar[list[str]] = ["*.omni"]
    mimetypes: ClassVar[list[str]] = ["text/x-omnilisp"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """(offset, type, text) for all of the text: the concatenation is the text."""
        at = 0
        before: Token | None = None
        for token in scan(text):
            if token.start > at:
                yield at, Text, text[at : token.start]
            yield token.start, _TYPES[classify(text, token, before)], text[token.start : token.end]
            at, before = token.end, token
        if at < len(text):
            yield at, Text, text[at:]
