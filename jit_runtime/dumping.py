"""`--dump STAGE` and `Session.dump`: every data structure of the pipeline as text.

typed and placed differ by the roots pass only; asm is of the optimised tier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jit_runtime.explain import instances, not_called
from jit_runtime.pipeline import DUMPS, EMIT, EXPAND, LOOPS, READ, ROOTS, Stage
from jit_runtime.source.diagnostics import OmniError, fail
from jit_runtime.source.text import Source
from jit_runtime.syntax.reader import read

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler
    from jit_runtime.expand.core import Core
    from jit_runtime.infer.unit import Unit
    from jit_runtime.infer.world import GenericFunction


def dump(compiler: Compiler, text: str, stage: str) -> str:
    """The stage's text for every form (definitions are made, expressions are compiled and not run), or for all
    compiled instances of one function when `text` is its name."""
    if stage not in DUMPS:
        raise fail("X0901", None, f"unknown stage: {stage}", help="one of " + ", ".join(DUMPS))
    function = compiler.world.functions.get(text.strip())
    if function is not None and stage not in ("forms", "core"):
        return of_function(compiler, function, DUMPS[stage])
    result = read(Source("<dump>", text))
    if result.diagnostics:
        raise OmniError(*result.diagnostics)
    return "\n".join(part for form in result.forms for part in of_form(compiler, form, stage))


def of_function(compiler: Compiler, function: GenericFunction, stage: Stage) -> str:
    """What a stage makes of a function's compiled instances."""
    return "\n".join(of_unit(compiler, compiler.unit_of(inst), stage) for inst in instances(function)) or not_called(function)


def of_form(compiler: Compiler, form: Any, stage: str) -> list[str]:
    from jit_runtime.definitions import evaluated_parts
    from jit_runtime.expand.core import DefineMethod, DefineVersion

    if stage == "forms":
        return [shown(READ, form)]
    core = compiler.pipeline.run(EXPAND, form, compiler.world)
    if stage == "core":
        return [shown(EXPAND, core)]
    texts = []
    for part in evaluated_parts(core):
        if isinstance(part, (DefineMethod, DefineVersion)):
            compiler.definitions.define(part)
        else:
            texts.append(of_core(compiler, part, DUMPS[stage]))
            texts += [of_unit(compiler, compiler.unit_of(inst), DUMPS[stage]) for inst in compiler.fresh_instances()]
    return texts


def of_core(compiler: Compiler, core: Core, stage: Stage) -> str:
    from jit_runtime.infer.unit import Unit

    unit = Unit("form", compiler.world, compiler, compiler.infer(core))
    compiler.build(unit, unit.form)
    return of_unit(compiler, unit, stage)


def of_unit(compiler: Compiler, unit: Unit, stage: Stage) -> str:
    """The stages after build, up to the one that was asked for."""
    made = compiler.pipeline.run(LOOPS, unit.module, unit.tier)
    if stage is LOOPS:
        return shown(LOOPS, made)
    made = compiler.pipeline.run(ROOTS, made)
    if stage is ROOTS:
        return shown(ROOTS, made)
    return shown(stage, compiler.pipeline.run(EMIT, made, compiler.engine.image.inline_text))


def shown(stage: Stage, made: Any) -> str:
    assert stage.show is not None
    return stage.show(made)
