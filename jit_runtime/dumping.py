"""`--dump STAGE` and `Session.dump`: every data structure of the pipeline as text.

typed and placed differ by the roots pass only; asm is of the optimised tier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jit_runtime.pipeline import BUILD, DUMPS, EMIT, EXPAND, READ, ROOTS, Stage
from jit_runtime.source.diagnostics import OmniError, fail
from jit_runtime.source.text import Source
from jit_runtime.syntax.reader import read

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler
    from jit_runtime.expand.core import Core
    from jit_runtime.infer.world import Instance
    from jit_runtime.session import Session

def dump(session: Session, text: str, stage: str) -> str:
    """The stage's text for every form (definitions are made, expressions are compiled and not run), or for all
    compiled instances of one function when `text` is its name."""
    if stage not in DUMPS:
        raise fail("X0901", None, f"unknown stage: {stage}", help="one of " + ", ".join(DUMPS))
    function = session.compiler.world.functions.get(text.strip())
    if function is not None and stage not in ("forms", "core"):
        made = [inst for method in function.methods for inst in method.instances.values()]
        return "\n".join(of_instance(session, inst, stage) for inst in made) or f"{text.strip()} has no compiled instance yet: call it first"
    result = read(Source("<dump>", text))
    if result.diagnostics:
        raise OmniError(*result.diagnostics)
    return "\n".join(part for form in result.forms for part in of_form(session, form, stage))


def typed(compiler: Compiler, name: str) -> str:
    """The typed code of a function's compiled instances."""
    function = compiler.world.functions.get(name)
    made = [inst for method in function.methods for inst in method.instances.values()] if function is not None else []
    return "\n".join(shown(BUILD, compiler.unit_of(inst).module) for inst in made) or f"{name} has no compiled instance yet: call it first"


def of_form(session: Session, form: Any, stage: str) -> list[str]:
    from jit_runtime.compiler import definitions
    from jit_runtime.expand.core import DefineMethod

    if stage == "forms":
        return [shown(READ, form)]
    core = session.pipeline.run(EXPAND, form, session.compiler.world)
    if stage == "core":
        return [shown(EXPAND, core)]
    texts = []
    for part in definitions(core):
        if isinstance(part, DefineMethod):
            session.compiler.define_method(part)
        else:
            texts.append(of_core(session, part, stage))
            texts += [of_instance(session, inst, stage) for inst in session.compiler.fresh_instances()]
    return texts


def of_core(session: Session, core: Core, stage: str) -> str:
    from jit_runtime.infer.unit import Unit

    compiler = session.compiler
    unit = Unit("form", compiler.world, compiler, compiler.infer(core))
    compiler.build(unit, unit.form)
    return of_unit(session, unit, stage)


def of_instance(session: Session, inst: Instance, stage: str) -> str:
    return of_unit(session, session.compiler.unit_of(inst), stage)


def of_unit(session: Session, unit: Any, stage: str) -> str:
    """The stages after build, up to the one that was asked for."""
    made = unit.module
    if stage == BUILD.dump:
        return shown(BUILD, made)
    made = session.pipeline.run(ROOTS, made)
    if stage == ROOTS.dump:
        return shown(ROOTS, made)
    return shown(DUMPS[stage], session.pipeline.run(EMIT, made, session.engine.image.inline_text))


def shown(stage: Stage, made: Any) -> str:
    assert stage.show is not None
    return stage.show(made)
