"""Tokens that are forms by themselves.

Each maker takes the source and the token's range, appends what is wrong (offsets of the whole text) to
`mistakes`, and returns a form in any case: a wrong token stands in for what was meant.
"""

from __future__ import annotations

from collections.abc import Callable

from jit_runtime.source.text import Source, Span
from jit_runtime.syntax import literals
from jit_runtime.syntax.forms import BigInt, Char, Float, Form, Index, Int, Literal, Path, Quote, String, Symbol
from jit_runtime.syntax.literals import Mistake

Maker = Callable[[Source, int, int, list[Mistake]], Form]

LITERAL_WORDS = {"true": True, "false": False, "nothing": None, "nil": None}


def symbol(source: Source, start: int, end: int) -> Symbol | Literal:
    """A name, or the literal it spells."""
    name = source.text[start:end]
    if name in LITERAL_WORDS:
        return Literal(LITERAL_WORDS[name], Span(source, start, end))
    return Symbol(name, Span(source, start, end))


def string_value(source: Source, start: int, end: int, mistakes: list[Mistake], dollars: bool = False) -> str:
    """The value of the inside of a string, or `""` if it has unknown escapes."""
    value = literals.string(source.text[start:end], dollars)
    if isinstance(value, str):
        return value
    mistakes.extend(wrong.at(start) for wrong in value)
    return ""


def format_name(source: Source, start: int, end: int) -> Symbol | Literal | Path:
    """The `p.x` of `$p.x` in a format string."""
    root_text, *rest = source.text[start:end].split(".")
    at = start + len(root_text)
    root = symbol(source, start, at)
    segments: list[Symbol | Index] = []
    for name in rest:
        segments.append(Symbol(name, Span(source, at + 1, at + 1 + len(name))))
        at += 1 + len(name)
    return Path(root, segments, Span(source, start, end)) if segments else root


def _key(source: Source, start: int, end: int, _: list[Mistake]) -> Form:
    if source.text[start:end] == ":when":
        return Symbol(":when", Span(source, start, end))
    return Quote("quote", symbol(source, start + 1, end), Span(source, start, end), colon=True)


def _rest(source: Source, start: int, end: int, _: list[Mistake]) -> Form:
    return Symbol(source.text[start:end], Span(source, start, end))


def _integer(source: Source, start: int, end: int, mistakes: list[Mistake]) -> Form:
    span, value = Span(source, start, end), literals.integer(source.text[start:end])
    if isinstance(value, Mistake):
        mistakes.append(value.at(start))
        return Int(0, span)
    number, big = value
    return BigInt(number, span) if big else Int(number, span)


def _float(source: Source, start: int, end: int, _: list[Mistake]) -> Form:
    return Float(float(source.text[start:end]), Span(source, start, end))


def _string(source: Source, start: int, end: int, mistakes: list[Mistake]) -> Form:
    return String(string_value(source, start + 1, end - 1, mistakes), Span(source, start, end))


def _raw(source: Source, start: int, end: int, _: list[Mistake]) -> Form:
    inside = source.text.index('"', start) + 1
    return String(source.text[inside : end - 1], Span(source, start, end))


def _char(source: Source, start: int, end: int, mistakes: list[Mistake]) -> Form:
    value = literals.character(source.text[start:end])
    if isinstance(value, Mistake):
        mistakes.append(value.at(start))
        value = "?"
    return Char(value, Span(source, start, end))


def _wrong(source: Source, start: int, end: int, mistakes: list[Mistake]) -> Form:
    text = source.text[start:end]
    explain = literals.bad_number if literals.NUMBER_START.match(text) else literals.unexpected
    mistakes.append(explain(text).at(start))
    return Literal(None, Span(source, start, end))


MAKERS: dict[str, Maker] = {
    "key": _key,
    "rest": _rest,
    "int": _integer,
    "float": _float,
    "string": _string,
    "raw": _raw,
    "char": _char,
    "error": _wrong,
}
