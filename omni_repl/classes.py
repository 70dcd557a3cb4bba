"""What a token is to a reader's eye: shared by the prompt's and the Pygments lexer."""

from __future__ import annotations

from jit_runtime.expand.special import SPECIAL
from jit_runtime.syntax.lexer import Token

_CLASSES = {
    "comment": "comment",
    "string": "string",
    "raw": "string",
    "char": "string",
    "fmt": "string",
    "fmt_text": "string",
    "fmt_end": "string",
    "fmt_name": "symbol",
    "fmt_expr": "symbol",
    "int": "number",
    "float": "number",
    "key": "symbol",
    "meta": "meta",
    "dispatch": "constant",
    "error": "error",
    "quote": "meta",
    "open": "bracket",
    "close": "bracket",
}
_CONSTANTS = {"true", "false", "nothing", "nil"}


def classify(text: str, token: Token, before: Token | None) -> str:
    """A token's class: one of `_CLASSES`' values, `keyword` (head of a special form), `kind` (first in braces), or "" ."""
    if token.kind != "symbol":
        return _CLASSES.get(token.kind, "")
    name = text[token.start : token.end]
    if name in _CONSTANTS:
        return "constant"
    opener = text[before.start : before.end] if before is not None and before.kind == "open" else ""
    if opener == "(" and name in SPECIAL:
        return "keyword"
    return "kind" if opener == "{" else ""
