"""Lexical scopes, and what expansion asks of the module it expands into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from jit_runtime.expand.core import Var

if TYPE_CHECKING:
    from jit_runtime.types.kinds import Kind


class Env(Protocol):
    """What the user has defined so far in the module; builtins are not part of it."""

    def has_methods(self, name: str) -> bool: ...

    def has_value(self, name: str) -> bool: ...

    def kind(self, name: str) -> Kind | None: ...


class EmptyEnv:
    """A module without definitions."""

    def has_methods(self, name: str) -> bool:
        return False

    def has_value(self, name: str) -> bool:
        return False

    def kind(self, name: str) -> Kind | None:
        return None


class Scope:
    """Names of one binding construct. Names resolve while forms expand, so a later binding may simply replace an earlier one."""

    __slots__ = ("names", "parent")

    def __init__(self, parent: Scope | None) -> None:
        self.names: dict[str, Var] = {}
        self.parent = parent


def lookup(name: str, scope: Scope | None) -> Var | None:
    """The variable a name means here, or None when it is not lexical."""
    while scope is not None:
        var = scope.names.get(name)
        if var is not None:
            return var
        scope = scope.parent
    return None
