"""The values of number, string and character tokens.

Functions return the value, or a `Mistake` that says what is wrong and where in the token.
"""

from __future__ import annotations

import re
from typing import NamedTuple

INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1
BIGINT_DIGITS = 4300  # Python's own limit for int <-> str; conversion takes quadratic time

CHAR_NAMES = {
    "newline": "\n",
    "space": " ",
    "tab": "\t",
    "return": "\r",
    "null": "\0",
    "nul": "\0",
    "escape": "\x1b",
    "backspace": "\b",
    "delete": "\x7f",
}
ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t", "r": "\r", "0": "\0", "$": "$"}

_RADIX = {"x": 16, "o": 8, "b": 2}
NUMBER_START = re.compile(r"[+-]?\.?[0-9]")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([\s\S]?))")


class Mistake(NamedTuple):
    """`start:end` is relative to the text that was decoded."""

    code: str
    message: str
    start: int
    end: int
    help: str | None = None

    def at(self, offset: int) -> Mistake:
        """The same in a text where the decoded one starts at `offset`."""
        return self._replace(start=self.start + offset, end=self.end + offset)


def integer(text: str) -> tuple[int, bool] | Mistake:
    """Value of an int token, and whether it is a BigInt (suffix `n`)."""
    digits = text.replace("_", "")
    big = digits.endswith("n")
    if big:
        digits = digits[:-1]
    sign, body = (-1, digits[1:]) if digits[0] == "-" else (1, digits.lstrip("+"))
    radix = _RADIX.get(body[1:2], 10)
    body = body[2:] if radix != 10 else body
    if len(body) > BIGINT_DIGITS:
        return Mistake("R006", f"integer literal has more than {BIGINT_DIGITS} digits", 0, len(text))
    value = sign * int(body, radix)
    if not big and not INT_MIN <= value <= INT_MAX:
        return Mistake("R006", "integer literal does not fit a signed 64-bit Int", 0, len(text), f"write `{text}n` for a BigInt")
    return value, big


def bad_number(text: str) -> Mistake:
    """Why a token that starts like a number is none."""
    help = None
    if re.fullmatch(r"[+-]?[0-9]+/[0-9]+", text):
        help = "there are no ratios: write `(/ a b)`"
    elif re.fullmatch(r"[+-]?[0-9]+\.[^\W\d]\w*", text):
        help = "a path starts with a symbol or a closing delimiter"
    elif re.match(r"[0-9]", text):
        help = "a symbol cannot start with a digit"
    return Mistake("R005", f"`{short(text)}` is not a number", 0, len(text), help)


def string(text: str, dollars: bool = False) -> str | list[Mistake]:
    """The value of the inside of a string token; with `dollars`, `$$` is one dollar (format strings)."""
    if "\\" not in text:
        return text.replace("$$", "$") if dollars else text
    parts: list[str] = []
    mistakes: list[Mistake] = []
    at = 0
    for found in _ESCAPE.finditer(text):
        plain = text[at : found.start()]
        parts.append(plain.replace("$$", "$") if dollars else plain)
        at = found.end()
        if found[1]:
            parts.append(chr(int(found[1], 16)))
        elif found[2] in ESCAPES and found[2]:
            parts.append(ESCAPES[found[2]])
        else:
            mistakes.append(_bad_escape(found))
    parts.append(text[at:].replace("$$", "$") if dollars else text[at:])
    return mistakes or "".join(parts)


def _bad_escape(found: re.Match[str]) -> Mistake:
    what = repr(found[0])[1:-1].replace("\\\\", "\\")
    help = "`\\x` takes two hexadecimal digits" if found[2] == "x" else 'the escapes are \\" \\\\ \\n \\t \\r \\0 \\xNN \\$'
    return Mistake("R007", f"unknown escape `{what}` in a string", found.start(), found.end(), help)


def character(text: str) -> str | Mistake:
    """The value of a char token `#\\...`."""
    name = text[2:]
    if len(name) == 1:
        return name
    if name in CHAR_NAMES:
        return CHAR_NAMES[name]
    if re.fullmatch(r"x[0-9a-fA-F]{1,8}", name):
        point = int(name[1:], 16)
        if point < 0x110000 and not 0xD800 <= point < 0xE000:
            return chr(point)
        return Mistake("R008", f"`{text}` is not a character: no such code point", 0, len(text))
    help = "one character, `#\\xNN`, or one of " + " ".join(CHAR_NAMES)
    return Mistake("R008", f"unknown character name `{short(name)}`", 0, len(text), help)


def unexpected(text: str) -> Mistake:
    """What is wrong with an error token that is no number, string or comment."""
    first, help = text[0], None
    shown = short(text) if text.isprintable() else f"U+{ord(first):04X}"
    message = f"unexpected `{shown}`"
    if first == ":":
        message = "unexpected `:`: a name must follow at once"
    elif first == "^":
        message, help = "unexpected `^`", 'metadata is written `^:key` or `^"text"`'
    elif first == "#":
        message = f"`{shown}` is no known `#` notation"
    elif first == "$":
        help = 'interpolation works in #fmt"..." strings'
    elif first == "@":
        help = "only `,@` and `@ccall` use `@`"
    return Mistake("R012", message, 0, len(text), help)


def short(text: str) -> str:
    """At most 40 characters of the first line, for messages."""
    line = text.split("\n", 1)[0]
    return line if len(line) <= 40 and line == text else line[:37] + "..."
