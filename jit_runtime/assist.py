"""What an editor asks about text that need not be right yet: completions, what a name means, how far to indent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from jit_runtime.expand.core import Lambda
from jit_runtime.infer.world import GenericFunction, GlobalValue, World
from jit_runtime.source.text import Source
from jit_runtime.syntax.lexer import SYMBOL_CHARS, Token, tokenize
from jit_runtime.syntax.reader import read
from jit_runtime.types.builtins import CONSTANTS, Builtin, visible_names
from jit_runtime.types.kinds import KINDS

MAX_COMPLETIONS = 200


class Completion(NamedTuple):
    """`kind`: function, value, constant, form, kind or local. `signature` and `doc` may be empty."""

    name: str
    kind: str
    signature: str = ""
    doc: str = ""


# ---- complete input ----


def completeness(text: str) -> tuple[str, str]:
    """("complete" | "incomplete" | "invalid", indentation of the next line, for the second only)."""
    result = read(Source("", text))
    if result.incomplete:
        return "incomplete", indentation(text)
    return ("invalid" if result.diagnostics else "complete"), ""


def indentation(text: str) -> str:
    """The spaces that begin a line after `text`: bodies of special forms two in, arguments and elements in a column."""
    tokens = tokenize(text)
    if tokens and tokens[-1].kind == "error" and tokens[-1].end == len(text):
        return ""  # inside a string or a comment
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind in ("open", "fmt_expr"):
            opened.append(index)
        elif token.kind == "close" and opened:
            opened.pop()
    return " " * _column_inside(text, tokens, opened[-1]) if opened else ""


def _column_inside(text: str, tokens: list[Token], index: int) -> int:
    line_start = text.rfind("\n", 0, tokens[index].start) + 1
    after_opener = tokens[index].end - line_start
    inside = tokens[index + 1 : index + 3]
    if text[tokens[index].end - 1] != "(" or not inside or inside[0].kind != "symbol":
        return after_opener
    head, *arguments = inside
    if arguments and "\n" not in text[head.start : arguments[0].start] and not _is_form(text[head.start : head.end]):
        return arguments[0].start - line_start
    return after_opener + 1


def _is_form(name: str) -> bool:
    from jit_runtime.expand.special import REPLACEABLE, SPECIAL

    return name in SPECIAL or name in REPLACEABLE


# ---- names ----


def complete(text: str, cursor: int, world: World) -> tuple[int, int, list[Completion]]:
    """The range of the name around the cursor and what it may become: by prefix, else by subsequence."""
    import re

    before = re.search(rf"[{SYMBOL_CHARS}]*\Z", text[:cursor])
    after = re.match(rf"[{SYMBOL_CHARS}]*", text[cursor:])
    assert before is not None and after is not None
    start, end = before.start(), cursor + after.end()
    typed = text[start:cursor]
    wants_kind = text[:start].rstrip().endswith("{")
    found = {item.name: item for item in _candidates(text, start, world) if (item.kind == "kind") == wants_kind}
    names = [name for name in found if name.startswith(typed)] or [name for name in found if typed and _is_subsequence(typed, name)]
    return start, end, [_described(found[name], world) for name in sorted(names, key=lambda name: (len(name), name))[:MAX_COMPLETIONS]]


def _candidates(text: str, cursor: int, world: World) -> Iterator[Completion]:
    from jit_runtime.expand.special import REPLACEABLE, SPECIAL

    for token in tokenize(text):
        if token.kind == "symbol" and token.start != cursor and token.end - token.start > 1:
            yield Completion(text[token.start : token.end], "local")
    for name in visible_names():
        yield Completion(name, "constant" if name in CONSTANTS else "function")
    for name in (*SPECIAL, *REPLACEABLE):
        yield Completion(name, "form")
    for name in tuple(world.values):
        yield Completion(name, "value")
    for name in tuple(world.functions):
        yield Completion(name, "function")
    for name in KINDS:
        yield Completion(name, "kind")


def _is_subsequence(short: str, name: str) -> bool:
    at = iter(name)
    return all(char in at for char in short)


def _described(item: Completion, world: World) -> Completion:
    if item.kind != "function":
        return item
    signature, _, doc = (inspect(item.name, world) or "").partition(" -- ")
    return item._replace(signature=signature.partition("\n")[0], doc=doc)


def inspect(name: str, world: World) -> str | None:
    """`SIGNATURE -- documentation`, one line per method; None for a name that means nothing."""
    found = world.lookup(name) if name else None
    if isinstance(found, Builtin):
        return found.doc
    if isinstance(found, GenericFunction):
        lines = [_signature(name, method.lam) for method in found.methods]
        return "\n".join(lines) + (f" -- {found.doc}" if found.doc else "")
    if isinstance(found, GlobalValue):
        declared = f" {{{found.kind.name}}}" if found.kind else ""
        return f"{name}{declared} -- {found.doc or 'a value'}"
    if isinstance(found, float):
        return f"{name} -- the constant {found}"
    if name in KINDS:
        parent = KINDS[name].parent
        return f"{{{name}}} -- a kind" + (f" below {{{parent}}}" if parent else "")
    return f"({name} ...) -- a special form" if name and _is_form(name) else None


def _signature(name: str, method: Lambda) -> str:
    words = [name]
    for param in method.params:
        kind = f" {{{param.kind.name}}}" if param.kind else ""
        default = " ..." if param.default is not None else ""
        words.append(f"[{param.var.name}{kind}{default}]" if kind or default else param.var.name)
    if method.rest is not None:
        words.append(f".. {method.rest.name}")
    result = f" {{{method.result.name}}}" if method.result else ""
    return f"({' '.join(words)}){result}"
