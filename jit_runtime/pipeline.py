"""THE list of stages from text to a shown value. Each is a function of the previous stage's result; none reaches back.

| stage  | gone after it                              | true after it                                                              |
|--------|--------------------------------------------|----------------------------------------------------------------------------|
| read   | characters, comments                       | brackets match; every form has its span                                    |
| expand | sugar, patterns, most special forms        | every name is a variable of a node around it or a global (expand/verify)   |
| infer  | unknown kinds                              | every expression has a kind set, every call of a known function its methods |
| build  | core nodes, kind sets, implicit allocation | machine types; allocations name a region, stores have barriers (ir/verify) |
| loops  | back-edges without guards                  | every turn of a loop passes a guard; optimised: checks may fail, joins know |
| roots  | references in registers across a safepoint | they are in the root stack across it (passes/roots)                        |
| emit   | IR                                         | complete LLVM text: what is outside has a declaration                      |
| link   | text                                       | machine code in memory; LLVM verified the module; symbols are resolved     |
| run    | code                                       | the value's word; regions younger than the form's are gone                 |
| show   | the word                                   | the written form                                                           |

`Pipeline.run(STAGE, ...)` is how sessions and compilers call a stage. Timings, verifiers (OMNI_VERIFY=1) and observers hang
on it. A stage that runs inside another one (a stub that compiles while a program runs) is not counted in the outer one's time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jit_runtime.codegen.emit import emit_module
from jit_runtime.expand.expand import expand_toplevel
from jit_runtime.infer.linker import OPTIMISED
from jit_runtime.infer.world import Instance
from jit_runtime.passes.blocks import drop_unreachable
from jit_runtime.passes.hot_paths import split_hot_paths
from jit_runtime.passes.ranges import remove_checks
from jit_runtime.passes.roots import root
from jit_runtime.passes.strips import guard_loops, only_guards
from jit_runtime.syntax.reader import read

if TYPE_CHECKING:
    from jit_runtime.engine.engine import Engine
    from jit_runtime.expand.core import Core
    from jit_runtime.infer.analysis import Analysis
    from jit_runtime.infer.annotate import Inference
    from jit_runtime.infer.unit import Unit
    from jit_runtime.ir.nodes import Module


class Stage(NamedTuple):
    """`dump`: under which name `--dump` shows the result, `show` makes its text. `verify` raises where the result breaks the contract.

    `verify` gets the engine too, whose runtime image knows the signatures that calls must have.
    """

    name: str
    run: Callable[..., Any]
    dump: str | None = None
    show: Callable[[Any], str] | None = None
    verify: Callable[[Any, Engine], None] | None = None


# ---- what the stages do, where it is not one function already ----


def infer(inference: Inference, what: Core | Instance) -> Analysis | None:
    """The facts of an instance (and of all that it calls) or of the expression of a top-level form."""
    if isinstance(what, Instance):
        return inference.instance(what).analysis
    return inference.form(what)


def build(unit: Unit, make: Callable[..., object], *arguments: Any) -> Module:
    """Fill a unit's module: `make` is the method of the unit that does it (`form`, `method`, or `build` of glue code)."""
    make(*arguments)
    for fn in unit.module.functions:
        drop_unreachable(fn)
    return unit.module


def loops(module: Module, tier: int) -> Module:
    """In place: guards, and what optimised code gets of passes. Quick code has the loops as they were built: it is left from any of them."""
    for fn in () if module.guarded else module.functions:
        if tier == OPTIMISED:
            split_hot_paths(fn)
            remove_checks(fn)
            guard_loops(fn)
        else:
            only_guards(fn)
    module.guarded = True
    return module


def roots(module: Module) -> Module:
    """In place, function by function."""
    for fn in module.functions:
        root(fn)
    return module


def link(engine: Engine, text: str, exports: list[str], tier: int, names: Mapping[str, int]) -> Any:
    """`names`: what only this unit means by a symbol. LLVM's passes of the tier, object file (or the one in the cache), linked into this process."""
    return engine.compile(text, exports, tier, names)


def run(engine: Engine, entry: int, dest: int) -> tuple[int, bool]:
    """The word of a form's value, or of an error's payload and True."""
    return engine.run(entry, dest)


def show(engine: Engine, word: int) -> str:
    """The written form of a value. Raises engine.Raised."""
    engine.call("rt_write_value", word)
    return engine.read_text()


# ---- texts and verifiers; imported when asked for ----


def _show_form(form: Any) -> str:
    from jit_runtime.syntax.printer import show

    return show(form)


def _show_core(core: Core) -> str:
    from jit_runtime.expand.show import show

    return show(core)


def _show_module(module: Module) -> str:
    from jit_runtime.ir.text import show_module

    return show_module(module)


def _assembly(text: str) -> str:
    from jit_runtime.codegen.assembly import readable
    from jit_runtime.codegen.pipelines import assembly

    return readable(assembly(text))


def _verify_core(core: Core, engine: Engine) -> None:
    from jit_runtime.expand.verify import verify

    verify(core)


def _verify_module(module: Module, engine: Engine) -> None:
    from jit_runtime.ir.verify import verify_imports, verify_module

    verify_module(module)
    verify_imports(module, engine.image.signatures)


def _verify_rooted(module: Module, engine: Engine) -> None:
    from jit_runtime.passes.roots import verify_rooted

    _verify_module(module, engine)
    for fn in module.functions:
        verify_rooted(fn)


READ = Stage("read", read, "forms", _show_form)
EXPAND = Stage("expand", expand_toplevel, "core", _show_core, _verify_core)
INFER = Stage("infer", infer)
BUILD = Stage("build", build, verify=_verify_module)
LOOPS = Stage("loops", loops, "typed", _show_module, _verify_module)
ROOTS = Stage("roots", roots, "placed", _show_module, _verify_rooted)
EMIT = Stage("emit", emit_module, "llvm", str)
LINK = Stage("link", link, "asm", _assembly)
RUN = Stage("run", run)
SHOW = Stage("show", show)

STAGES = (READ, EXPAND, INFER, BUILD, LOOPS, ROOTS, EMIT, LINK, RUN, SHOW)
DUMPS = {stage.dump: stage for stage in STAGES if stage.dump}


class Pipeline:
    """Runs stages. `seconds`: time by stage. `watch(stage, result)`: called after each."""

    __slots__ = ("_engine", "_inner", "seconds", "verifying", "watch")

    def __init__(self, engine: Engine, verifying: bool = False) -> None:
        self._engine = engine
        self._inner = 0.0  # seconds of stages that ran inside the current one
        self.seconds: dict[str, float] = {}
        self.verifying = verifying
        self.watch: Callable[[Stage, Any], None] | None = None

    def run(self, stage: Stage, *arguments: Any) -> Any:
        outer, self._inner = self._inner, 0.0
        started = time.perf_counter()
        try:
            made = stage.run(*arguments)
        finally:
            spent = time.perf_counter() - started
            self.seconds[stage.name] = self.seconds.get(stage.name, 0.0) + spent - self._inner
            self._inner = outer + spent
        if self.verifying and stage.verify is not None:
            stage.verify(made, self._engine)
        if self.watch is not None:
            self.watch(stage, made)
        return made

    def since(self, before: dict[str, float]) -> dict[str, float]:
        """What was spent since `seconds` had this value, in the order of the stages."""
        spent = ((stage.name, self.seconds.get(stage.name, 0.0) - before.get(stage.name, 0.0)) for stage in STAGES)
        return {name: seconds for name, seconds in spent if seconds}
