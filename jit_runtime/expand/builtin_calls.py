"""Calls of builtins that expansion makes, whatever the user named the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Core, Global, Local
from jit_runtime.source.text import Span

if TYPE_CHECKING:
    pass


def builtin(name: str, span: Span, *args: Core) -> Core:
    """A call of a builtin, whatever the user named the same."""
    return Call(Global("%" + name, span), [again(arg) for arg in args], span)


def again(value: Core) -> Core:
    """A subject is named in many places, and a node stands in one only: facts are kept by node."""
    return Local(value.var, value.span) if type(value) is Local else value
