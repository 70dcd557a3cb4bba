"""The expander's complaints: one function per sort of mistake, each with its stable code.

X001 malformed special form   X002 duplicate name        X003 unknown type
X004 name that cannot be bound   X005 unquote outside quasiquote   X006 token or special form used as a value
X007 misplaced definition     X008 bad pattern           X009 not supported yet
X010 nested too deeply        X011 bad handler clause    X012 bad parameter list
"""

from __future__ import annotations

from collections.abc import Iterable

from jit_runtime.source.diagnostics import OmniError, fail
from jit_runtime.source.text import Span


def malformed(name: str, span: Span, problem: str, expected: str) -> OmniError:
    """`problem` completes "`name`: ..."; `expected` shows the shape."""
    return fail("X001", span, f"`{name}`: {problem}", f"expected {expected}")


def duplicate(name: str, span: Span, where: str) -> OmniError:
    return fail("X002", span, f"duplicate name `{name}` in {where}", help="give each its own name, or `_` to ignore a value")


def unknown_type(name: str, span: Span, known: Iterable[str]) -> OmniError:
    return fail("X003", span, f"unknown type `{name}`", help=did_you_mean(name, known))


def unbindable(what: str, span: Span) -> OmniError:
    return fail("X004", span, f"{what} cannot be bound", "a name was expected here")


def unsupported(what: str, span: Span) -> OmniError:
    return fail("X009", span, f"{what} is not supported yet")


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint with the nearest known name, if one is near."""
    from difflib import get_close_matches  # only when something went wrong: it is slow to import

    near = get_close_matches(name, list(known), 1)
    return f"did you mean `{near[0]}`?" if near else None


def bad_pattern(span: Span, problem: str) -> OmniError:
    return fail(
        "X008",
        span,
        f"bad pattern `{span.text}`: {problem}",
        "patterns are names, literals, {Kind}, [p ...], (list p ...), (cons h t), (Struct p ...), (:key ...), "
        "(or p ...), (and p ...), (not p), (as p name)",
    )
