"""Why values of a function are tagged words and not machine values, in the program's terms: `(why-boxed f)`. Where its allocations go.

For each compiled instance, the places where a kind stops being known: parameters, variables, globals, results of calls.
What only passes such a value on is not named again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Core, Global, If, Let, Var
from jit_runtime.infer.code import rep_of
from jit_runtime.infer.explain import listing
from jit_runtime.infer.inline import analysed, is_known
from jit_runtime.infer.placement import children
from jit_runtime.infer.world import GenericFunction, GlobalValue, Instance
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler
    from jit_runtime.source.text import Span

NUMBERS = BIT["Int"] | BIT["Float"] | BIT["Bool"]


def why_boxed(compiler: Compiler, function: GenericFunction) -> str:
    """One paragraph per compiled instance."""
    made = instances(function)
    return "\n".join(line for inst in made for line in _instance(compiler, inst)) or not_called(function)


def where_allocations_go(compiler: Compiler, function: GenericFunction) -> str:
    """`(code-regions f)`: one paragraph per compiled instance."""
    texts = [listing(title(compiler, inst), list(compiler.unit_of(inst).allocations)) for inst in instances(function)]
    return "\n".join(texts) or not_called(function)


def not_called(function: GenericFunction) -> str:
    return f"{function.name} has no compiled instance yet: call it first"


def title(compiler: Compiler, inst: Instance) -> str:
    """An instance as people read it: `norm(Float Float)`."""
    names = ("|".join(compiler.world.universe.names(mask)) for mask in inst.key)
    return f"{inst.method.function.name}({' '.join(names)})"


def instances(function: GenericFunction) -> list[Instance]:
    """Those that were compiled, in the order of the methods."""
    return [inst for method in function.methods for inst in method.instances.values() if inst.analysis is not None]


def _instance(compiler: Compiler, inst: Instance) -> Iterator[str]:
    found = list(dict.fromkeys(_reasons(compiler, inst)))
    yield f"{title(compiler, inst)}: {'nothing is boxed' if not found else ''}".rstrip()
    yield from (f"  {line}" for line in found)


def _reasons(compiler: Compiler, inst: Instance) -> Iterator[str]:
    facts = inst.analysis
    assert facts is not None
    lam = analysed(facts)
    for param, mask in zip(lam.params, inst.key, strict=False):
        if is_boxed(mask):
            known = _kinds(compiler, mask)
            yield f"{_place(param.var.span)}parameter `{param.var.name}` is {known}: this instance is for callers that do not know more"
    for node in _nodes(lam.body):
        if isinstance(node, Let):
            for var, value in node.bindings:
                if var.assigned and is_boxed(facts.vars.get(var, 0)) and not is_boxed(facts.kinds.get(id(value), 0)):
                    yield _variable(compiler, var, facts.vars[var])
        if isinstance(node, If):
            arms = [facts.kinds.get(id(arm), 0) for arm in (node.then, node.otherwise)]
            if all(map(is_known, arms)) and arms[0] & NUMBERS and arms[1] & NUMBERS and arms[0] != arms[1]:
                yield f"{_place(node.span)}the branches of `{_short(node.span)}` give {' and '.join(_kinds(compiler, m) for m in arms)}"
        mask = facts.kinds.get(id(node), 0)
        if is_boxed(mask) and (reason := _reason(compiler, node)) is not None:
            yield f"{_place(node.span)}{reason.format(kinds=_kinds(compiler, mask))}"
    for var, loop in facts.shape.loops.items():
        for param in loop.params:
            if is_boxed(facts.vars.get(param.var, 0)):
                yield f"{_place(param.var.span)}`{param.var.name}` of the loop `{var.name}` holds {_kinds(compiler, facts.vars[param.var])}"


def _variable(compiler: Compiler, var: Var, mask: int) -> str:
    return f"{_place(var.span)}the variable `{var.name}` holds {_kinds(compiler, mask)} in the course of time"


def _reason(compiler: Compiler, node: Core) -> str | None:
    if isinstance(node, Global):
        found = compiler.world.lookup(node.name)
        if isinstance(found, GlobalValue):
            return f"the global `{node.name}` can hold {{kinds}}: `(define {node.name} {{{{Kind}}}} ...)` declares what it holds"
        return None
    if not isinstance(node, Call):
        return None
    text = _short(node.span).replace("{", "{{").replace("}", "}}")
    if isinstance(node.fn, Global):
        called = compiler.world.lookup(node.fn.name)
        if isinstance(called, GenericFunction):
            return f"`{text}` gives {{kinds}}"
        if isinstance(called, Builtin) and called.result_mask == ANY:
            return f"what `{text}` gives is not known: {{kinds}}"
        return None
    return f"`{text}` calls a function that is not known here: {{kinds}}"


def _short(span: Span) -> str:
    text = " ".join(span.text.split())
    return text if len(text) <= 40 else text[:37] + "..."


def is_boxed(mask: int) -> bool:
    """May it be a number in a tagged word?"""
    return bool(mask & NUMBERS) and rep_of(mask) == "ref"


def _nodes(node: Core) -> Iterator[Core]:
    work = [node]
    while work:
        at = work.pop()
        yield at
        work.extend(reversed(children(at)))


def _place(span: Span) -> str:
    return f"{span.line}:{span.column}: "


def _kinds(compiler: Compiler, mask: int) -> str:
    return "anything" if mask < 0 else " or ".join("{" + name + "}" for name in compiler.world.universe.names(mask))
