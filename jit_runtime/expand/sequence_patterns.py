"""Patterns of arrays and lists: elements, and a name for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.builtin_calls import builtin
from jit_runtime.expand.core import Const, Core, Local
from jit_runtime.expand.mistakes import bad_pattern
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.patterns import Pattern


def array(p: Pattern, form: f.Array, subject: Local) -> None:
    """`[name {Kind}]` is a name with a kind, anything else a sequence."""
    if is_slot(form.items) and len(form.items) == 2:
        p.add(form.items[0], subject)
        p.add(form.items[1], subject)
    else:
        sequence(p, form.items, form.span, subject)


def is_slot(items: list[f.Form]) -> bool:
    """`name {Kind}` and then nothing or guards."""
    if len(items) < 2 or type(items[0]) is not f.Symbol or type(items[1]) is not f.Kind:
        return False
    return len(items) == 2 or (type(items[2]) is f.Symbol and items[2].name in ("&", ":when"))


def _with_kinds(items: list[f.Form]) -> list[tuple[f.Form, f.Kind | None]]:
    """The elements; a kind right after a name belongs to it."""
    elements: list[tuple[f.Form, f.Kind | None]] = []
    for item in items:
        if type(item) is f.Kind and elements and type(elements[-1][0]) is f.Symbol and elements[-1][1] is None:
            elements[-1] = (elements[-1][0], item)
        else:
            elements.append((item, None))
    return elements


def sequence(p: Pattern, items: list[f.Form], span: Span, subject: Local) -> None:
    """`p ... (.. rest)? p ...` of an array or a list."""
    elements = _with_kinds(items)
    dots = [i for i, (item, _) in enumerate(elements) if type(item) is f.Symbol and item.name == ".."]
    length = builtin("sequence-length", span, subject)
    if not dots:
        p.test(builtin("=", span, length, Const(len(elements), span)))
        _elements(p, elements, subject)
        return
    at = dots[0]
    if len(dots) > 1 or at + 1 == len(elements) or type(elements[at + 1][0]) is not f.Symbol:
        raise bad_pattern(elements[at][0].span, "`..` takes one name, once")
    before, after, rest = elements[:at], elements[at + 2 :], elements[at + 1]
    count = p.keep(length, span)
    p.test(builtin(">=", span, count, Const(len(before) + len(after), span)))
    _elements(p, before, subject)
    end: Core = builtin("-", span, count, Const(len(after), span)) if after else count
    _element(p, rest, builtin("sequence-slice", rest[0].span, subject, Const(at, span), end))
    for i, element in enumerate(after):
        at_end = element[0].span
        index = builtin("-", at_end, count, Const(len(after) - i, at_end))
        _element(p, element, builtin("sequence-ref", at_end, subject, index))


def _elements(p: Pattern, elements: list[tuple[f.Form, f.Kind | None]], subject: Local) -> None:
    for i, element in enumerate(elements):
        span = element[0].span
        _element(p, element, builtin("sequence-ref", span, subject, Const(i, span)))


def _element(p: Pattern, element: tuple[f.Form, f.Kind | None], access: Core) -> None:
    form, kind = element
    if kind is None:
        p.part(form, access)
        return
    part = p.keep(access, form.span)
    p.add(kind, part)
    p.add(form, part)
