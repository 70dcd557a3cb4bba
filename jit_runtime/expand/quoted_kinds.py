"""What defines a kind, as data: `'{struct P}` names no kind yet, so it is the list `(%kind struct P)`; as code that is `{struct P}` again."""

from __future__ import annotations

from jit_runtime.source.text import NOWHERE
from jit_runtime.syntax import forms as f

KIND = "%kind"


def defines_kind(form: f.Kind) -> bool:
    from jit_runtime.expand.kind_definitions import WORDS

    head = form.items[0] if form.items else None
    return type(head) is f.Symbol and head.name in WORDS and len(form.items) > 1


def list_form(items: list[f.Form], tail: f.Form | None) -> f.Form:
    """The code that a list of data stands for."""
    if items and tail is None and type(items[0]) is f.Symbol and items[0].name == KIND:
        return f.Kind(items[1:], NOWHERE)
    return f.List(items, NOWHERE, tail)
