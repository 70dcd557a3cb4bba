"""Special forms of the language that this version does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Core
from jit_runtime.expand.mistakes import unsupported
from jit_runtime.expand.scope import Scope
from jit_runtime.syntax import forms as f

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander


def expand_later(x: Expander, form: f.List, scope: Scope | None) -> Core:
    raise unsupported(f"`{form.items[0].name}`", form.span)  # type: ignore[union-attr]  # a special form's head is a Symbol
