"""Lexical scopes, and what expansion asks of the module it expands into."""

from __future__ import annotations

from typing import Protocol

from jit_runtime.expand.core import Var
from jit_runtime.source.diagnostics import Diagnostic
from jit_runtime.types.universe import Universe


class Env(Protocol):
    """What the user has defined so far in the module; builtins are not part of it."""

    def has_methods(self, name: str) -> bool: ...

    def has_value(self, name: str) -> bool: ...

    def extends(self, name: str) -> bool:
        """Has the program given a builtin methods for kinds of its own (language.md S12.5)?"""
        ...

    @property
    def universe(self) -> Universe: ...

    @property
    def warnings(self) -> list[Diagnostic]:
        """What expansion found that is allowed but likely a mistake; whoever evaluates takes it from here."""


class EmptyEnv:
    """A module without definitions."""

    def __init__(self) -> None:
        self._universe = Universe()
        self.warnings: list[Diagnostic] = []

    def has_methods(self, name: str) -> bool:
        return False

    def has_value(self, name: str) -> bool:
        return False

    def extends(self, name: str) -> bool:
        return False

    @property
    def universe(self) -> Universe:
        return self._universe


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
