"""Methods of builtins for kinds that the program defines (language.md S12.5).

`(define + [a {Complex}] [b {Complex}] ...)` adds to `+`, and everything else goes on meaning the builtin. A definition without a
parameter of such a kind is a function of the program of that name, or an error where the builtin has been added to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Lambda
from jit_runtime.source.diagnostics import fail
from jit_runtime.source.text import Span
from jit_runtime.types.builtins import find_builtin
from jit_runtime.types.kinds import BIT, BUILTIN, either
from jit_runtime.types.machine import OWN

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander

BUILTINS_OWN = BUILTIN & ~either(BIT[name] for name in OWN)
"""Kinds that are not the program's: its primitive kinds share bits of their own."""
EXTENSION = "extension"  # the flag of a method that adds to a builtin
STRUCTURAL = ("=", "!=", "eq?")
"""What dicts, `member` and patterns compare by is the same for all values."""


def flags_of(x: Expander, name: str, method: Lambda, flags: tuple[str, ...], span: Span) -> tuple[str, ...]:
    """The flags of a method of that name. Raises X004 where it would replace a builtin for the kinds that are the builtin's."""
    extended = x.env.extends(name) or name in x.extended
    if find_builtin(name) is None or x.env.has_value(name) or (x.env.has_methods(name) and not extended):
        return flags
    own = [param for param in method.params[: method.required] if param.kind is not None and param.kind.mask and not param.kind.mask & BUILTINS_OWN]
    if own and name in STRUCTURAL:
        raise fail("X004", span, f"`{name}` compares all values in the same way and takes no methods", "a function of another name, such as same?")
    if own:
        x.extended.add(name)
        return (*flags, EXTENSION)
    if extended:
        problem = f"`{name}` has methods for kinds of this program; this one would replace the builtin for kinds that are not"
        raise fail("X004", span, problem, "a parameter whose kind is defined in this program")
    return flags
