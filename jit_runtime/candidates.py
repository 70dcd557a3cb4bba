"""Notes of `no method` and `ambiguous` errors: the methods there are, and why each was not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.world import GenericFunction, Method
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import Kind, TypeKind, ValueKind, Variable
from jit_runtime.types.order import Bindings, below, is_open, unify, variables_in

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler

MOST = 6  # candidates shown


def notes(compiler: Compiler, code: int) -> tuple[str, ...]:
    """For the error with this code that has just left the program."""
    if code not in (CODES["NO_METHOD"], CODES["AMBIGUOUS"]):
        return ()
    task = compiler.engine.task
    count, name = task.read("rejected_count"), task.read("rejected_name")
    function = compiler.world.functions.get(compiler.constants.text(name)) if name else None
    if function is None or count > 16:
        return ()
    kinds = [compiler.kinds.kind(word) for word in task.words("rejected", count)]
    return tuple(explain(function, kinds, ambiguous=code == CODES["AMBIGUOUS"]))


def explain(function: GenericFunction, kinds: list[Kind], *, ambiguous: bool) -> list[str]:
    lines = []
    for method in function.methods:
        why = rejected(method, kinds, perhaps=ambiguous)
        if not (ambiguous and why):
            lines.append(f"candidate {signature(method)}{': ' + why if why else ''}")
    more = [f"and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return lines[:MOST] + more + (settling(function, kinds) if ambiguous else [])


def settling(function: GenericFunction, kinds: list[Kind]) -> list[str]:
    """The method that would be the most specific one, if its kinds are among those of the candidates."""
    clashing = [method.signature.kinds_for(len(kinds)) for method in function.methods if rejected(method, kinds, perhaps=True) is None]
    least = [next((kind for kind in each if all(below(kind, other) for other in each)), None) for each in zip(*clashing, strict=True)]
    if None in least or any(kind is not None and is_open(kind) for kind in least):
        return []
    return [f"defining ({' '.join([function.name, *map(repr, least)])}) for these kinds would settle it"]


def rejected(method: Method, kinds: list[Kind], *, perhaps: bool = False) -> str | None:
    """Why a method does not take arguments of these kinds; None if it does, or (`perhaps`) may do for the right values."""
    count = len(kinds)
    if not method.accepts(count):
        most = len(method.lam.params)
        fixed = str(most) if most == method.required else f"{method.required} to {most}"
        takes = fixed if method.lam.rest is None else f"at least {method.required}"
        return f"takes {takes} argument{'s' if takes != '1' else ''}"
    for i, (kind, accepted) in enumerate(zip(kinds, method.signature.kinds_for(count), strict=True), 1):
        one = isinstance(accepted, ValueKind | TypeKind)
        if not below(kind, accepted) and not (perhaps and one and kind.mask & accepted.mask):
            return f"argument {i} is {kind!r}, not {accepted.bound if isinstance(accepted, Variable) else accepted!r}"
    for first, second, patterns in method.signature.same_for(count):
        bound: Bindings = {}
        for i, pattern in zip((first, second), patterns, strict=True):
            if not unify(pattern, kinds[i], bound, 1):
                name = next(variables_in(pattern)).name
                return f"arguments {first + 1} and {second + 1} have different kinds for {name}: {kinds[first]!r} and {kinds[second]!r}"
    return None


def signature(method: Method) -> str:
    """How a method's parameters are written: `(area [c {Circle}])`."""
    params = []
    for param in method.lam.params:
        kind = param.kind
        shown = "" if kind is None else f" {kind!r}"
        params.append(f"[{param.var.name}{shown}{' ...' if param.default is not None else ''}]")
    if method.lam.rest is not None:
        params.append(f"[.. {method.lam.rest.name}]")
    return f"{where(method)}({' '.join([method.function.name, *params])})"


def where(method: Method) -> str:
    """The type variables that the parameters name, with their bounds."""
    found = dict.fromkeys(variable for kind in method.signature.params for variable in variables_in(kind))
    written = [variable.name + (f" {variable.bound!r}" if variable.bound.name != "Any" else "") for variable in found]
    return f"^:where [{' '.join(written)}] " if written else ""
