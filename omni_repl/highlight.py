"""Colours from the reader's own tokens; the prompt re-reads only from the top-level form that changed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from jit_runtime.syntax.lexer import Token, scan
from omni_repl.classes import classify


class PromptLexer(Lexer):
    """Keeps the tokens of the text it saw last, and those of them that a change cannot have touched."""

    def __init__(self) -> None:
        self._text = ""
        self._tokens: list[Token] = []
        # Indices of tokens that begin a top-level form.
        self._tops: list[int] = []

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """One line's fragments on request: only what is on the screen is put together."""
        self._update(document.text)
        text, tokens, lines = self._text, list(self._tokens), document.lines
        ends = [token.end for token in tokens]
        starts = _line_starts(lines)
        return lambda row: list(_fragments(text, tokens, ends, starts[row], starts[row] + len(lines[row]))) if row < len(lines) else []

    def _update(self, text: str) -> None:
        if text == self._text:
            return
        same = _common_prefix(text, self._text)
        # A token that touches the change may continue into it, so the form has to begin before the token in front of it.
        while self._tops and self._ends_after(self._tops[-1], same):
            self._tops.pop()
        keep = self._tops.pop() if self._tops else 0
        start = self._tokens[keep].start if keep < len(self._tokens) and keep else 0
        del self._tokens[keep:]
        self._text = text
        depth = 0
        for token in scan(text, start):
            if depth == 0:
                self._tops.append(len(self._tokens))
            depth = max(0, depth + (token.kind in ("open", "fmt", "fmt_expr")) - (token.kind in ("close", "fmt_end")))
            self._tokens.append(token)

    def _ends_after(self, index: int, position: int) -> bool:
        return self._tokens[index].end >= position


def _common_prefix(one: str, other: str) -> int:
    """Length of the longest common prefix, by halving: slices compare at memory speed."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _line_starts(lines: Sequence[str]) -> list[int]:
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    return starts


def _fragments(text: str, tokens: Sequence[Token], ends: Sequence[int], start: int, end: int) -> Iterator[tuple[str, str]]:
    """The fragments of `text[start:end]`, one line."""
    index = bisect_left(ends, start + 1)
    at = start
    while index < len(tokens) and tokens[index].start < end:
        token = tokens[index]
        left, right = max(token.start, start), min(token.end, end)
        if left > at:
            yield "", text[at:left]
        name = classify(text, token, tokens[index - 1] if index else None)
        yield f"class:omni.{name}" if name else "", text[left:right]
        at, index = right, index + 1
    if at < end:
        yield "", text[at:end]
