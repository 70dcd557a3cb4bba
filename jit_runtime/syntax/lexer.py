"""Text to tokens, in linear time, for any text: what is no token becomes an `error` token.

Kinds:
  open, close              `( [ { #{` and `) ] }`
  symbol                   names, `_`, `&`, `|>`, `@ccall`
  key                      `:name`
  rest                     `..` and `...`
  dot                      `.` of a path or accessor
  int, float, string, raw, char
  quote                    `'` `` ` `` `,` `,@`
  meta                     `^:key`, `^'key`, and the `^` of `^"doc"`
  dispatch                 `#t #f #val #_`
  fmt                      `#fmt"`, then fmt_text, fmt_name (`$p.x`), fmt_expr (`$(`, then ordinary tokens), fmt_end (`"`)
  comment                  `; ...`, `#| ... |#`, a first line `#!...`
  error                    anything else; an unterminated string or comment reaches to the end of the text

White space has no token: two tokens touch when one ends where the other starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Token(NamedTuple):
    """Half-open range `start:end` of the text, and what it is."""

    kind: str
    start: int
    end: int


SYMBOL_CHARS = r"\w*+!\-?%/=<>"
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_NAME = r"[^\W\d]\w*(?:-\w+)*"

# A number must not run into more symbol characters or dots; `.5` begins one only where no path root ends.
_MASTER = re.compile(
    rf"""[ \t\r\n]*(?:
      (?P<symbol>[+\-*]\|(?![>{SYMBOL_CHARS}])|(?:[a-zA-Z_*!?%/=<>]|[+\-](?!\.?[0-9])|[^\W\d])[{SYMBOL_CHARS}]*|\|>|&|@ccall(?![{SYMBOL_CHARS}]))
    | (?P<open>[(\[{{]|\#\{{)
    | (?P<close>[)\]}}])
    | (?P<int>(?:[+\-]?(?:0x[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0o[0-7]+(?:_[0-7]+)*|0b[01]+(?:_[01]+)*|{_DIGITS})
              |\#o[0-7]+(?:_[0-7]+)*)n?(?![{SYMBOL_CHARS}.]))
    | (?P<float>(?:[+\-]?{_DIGITS}\.[0-9]*(?:[eE][+\-]?[0-9]+)?
                |(?:[+\-]|(?<![{SYMBOL_CHARS})\]}}]))\.[0-9]+(?:[eE][+\-]?[0-9]+)?
                |[+\-]?{_DIGITS}[eE][+\-]?[0-9]+)(?![{SYMBOL_CHARS}.]))
    | (?P<string>"[^"\\]*(?:\\[\s\S][^"\\]*)*")
    | (?P<key>:(?:[^\W\d]|[*+!\-?%/=<>])[{SYMBOL_CHARS}]*)
    | (?P<comment>;[^\n]*)
    | (?P<quote>['`]|,@?)
    | (?P<rest>\.\.\.?(?!\.))
    | (?P<badnumber>(?:[+\-]\.?|(?<![{SYMBOL_CHARS})\]}}])\.)?[0-9][{SYMBOL_CHARS}.]*)
    | (?P<dot>\.(?!\.))
    | (?P<meta>\^(?:[:'][{SYMBOL_CHARS}]+|(?=")))
    | (?P<char>\#\\(?:\w[{SYMBOL_CHARS}]*|[\s\S]))
    | (?P<fmt>\#fmt")
    | (?P<raw>\#r"[^"\\]*(?:\\[\s\S][^"\\]*)*"|\#raw"[^"]*")
    | (?P<block>\#\|)
    | (?P<dispatch>\#_|\#(?:t|f|val)(?![{SYMBOL_CHARS}]))
    | (?P<unterminated>(?:\#r|\#raw)?"[\s\S]*)
    | (?P<error>\#[{SYMBOL_CHARS}]*|\^['":]?|@[{SYMBOL_CHARS}]*|\.+|[\s\S])
    |)""",
    re.VERBOSE,
)

PLAIN_NAME = re.compile(_NAME)
"""What `$name` takes in a format string: no `<$name>!` would work if it took all symbol characters."""

_IN_FORMAT = re.compile(
    rf"""(?P<fmt_text>(?:[^"\\$]+|\\[\s\S]|\$\$)+)
    | (?P<fmt_end>")
    | (?P<fmt_name>\${_NAME}(?:\.{_NAME})*)
    | (?P<fmt_expr>\$\()
    | (?P<error>[\s\S])""",
    re.VERBOSE,
)

_BLOCK_EDGE = re.compile(r"#\||\|#")

_RENAMED = {"badnumber": "error", "unterminated": "error"}


def tokenize(text: str, start: int = 0) -> list[Token]:
    """All tokens from `start` on; never raises."""
    return list(scan(text, start))


def scan(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens from `start` on, one by one; `#!` counts as a comment only at offset 0."""
    return map(Token._make, ranges(text, start))


def ranges(text: str, start: int = 0) -> Iterator[tuple[str, int, int]]:
    """The same as plain tuples, for who takes them apart at once."""
    at = start
    if at == 0 and text.startswith("#!"):
        at = _line_end(text)
        yield "comment", 0, at
    match, in_format = _MASTER.match, False
    # For each `$(` being read: how many delimiters are open since (itself included). At 0 its format string goes on.
    depths: list[int] = []
    while True:
        found = (_IN_FORMAT.match if in_format else match)(text, at)
        kind = found.lastgroup if found is not None else None
        if found is None or kind is None:
            return
        begin, at = found.start(kind), found.end()
        if kind == "block":
            kind, at = _block_comment(text, at)
        elif kind == "fmt":
            in_format = True
        elif kind == "fmt_end":
            in_format = False
        elif kind == "fmt_expr":
            in_format = False
            depths.append(1)
        elif depths and not in_format:
            if kind == "open":
                depths[-1] += 1
            elif kind == "close":
                depths[-1] -= 1
                if not depths[-1]:
                    depths.pop()
                    in_format = True
        yield _RENAMED.get(kind, kind), begin, at


def _line_end(text: str) -> int:
    end = text.find("\n")
    return len(text) if end < 0 else end


def _block_comment(text: str, at: int) -> tuple[str, int]:
    """Kind and end of the comment whose `#|` ends at `at`; comments nest."""
    depth = 1
    for edge in _BLOCK_EDGE.finditer(text, at):
        depth += 1 if edge[0] == "#|" else -1
        if not depth:
            return "comment", edge.end()
    return "error", len(text)
