"""Session: the only door. The prompt, the kernel, the command line and the tests use nothing else.

    session = Session()
    session.eval("(+ 1 2)").value_text     # "3"

One session is used by one thread at a time; `interrupt` and `stats` may be called from any thread meanwhile.
"""

from __future__ import annotations

from typing import Any

from jit_runtime import candidates
from jit_runtime.accounting import DISPLAYED, heap_counters
from jit_runtime.backtrace import describe, placed
from jit_runtime.batch import SMALLEST, Batch, stands_alone
from jit_runtime.callbacks import Callbacks
from jit_runtime.compiler import Compiler
from jit_runtime.dataclass import dataclass, field
from jit_runtime.definitions import evaluated_parts
from jit_runtime.digest import blake2
from jit_runtime.engine.engine import Engine, Raised
from jit_runtime.expand.core import Call, Core, DefineMethod, DefineValue, DefineVersion, Global
from jit_runtime.failures import as_omni_error
from jit_runtime.library import Library
from jit_runtime.options import Options
from jit_runtime.pipeline import EXPAND, READ, RUN, SHOW, Pipeline
from jit_runtime.recent import Recent
from jit_runtime.source.diagnostics import Diagnostic, OmniError, fail
from jit_runtime.source.text import Source
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES, code_of, message
from jit_runtime.types.kinds import NUMBERED

PROMPTS = ("<repl", "In[")  # what is evaluated under these names is kept in *1 *2 *3


@dataclass(slots=True)
class Result:
    """`value_text`: written form of the last form's value. `stats`: what the counters changed by. `timings`: seconds by stage.

    `warnings`: what is allowed but likely a mistake.
    """

    value_text: str | None = None
    mime: dict[str, Any] = field(default_factory=dict)
    kind: str = "Nothing"
    stats: dict[str, int] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    warnings: list[Diagnostic] = field(default_factory=list)


class Session:
    """With `Options(engine="oracle")` the reference interpreter behind the same methods (`oracle/door.py`)."""

    def __new__(cls, options: Options | None = None) -> Any:
        if (options or Options.from_environment()).engine == "oracle":
            from jit_runtime.oracle.door import OracleDoor

            return OracleDoor(options or Options.from_environment())
        return super().__new__(cls)

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options.from_environment()
        if self.options.engine not in ("native", "quick"):
            raise fail("X0906", None, f"unknown engine {self.options.engine}", "native, quick or oracle")
        self.engine = Engine()
        self.engine.failed = self._compile_failed
        self._failures: dict[int, OmniError] = {}  # by the word that the program got for them
        self.closed = False
        self._stopped = False
        self.engine.task.write(out_fd=self.options.out_fd)
        self.engine.heap.write(mode=self.options.mode)
        for init in ("rt_heap_init", "rt_task_init", "rt_data_init"):
            self.engine.call(init)
        self.library = Library()
        mode = f"{self.options.engine} {self.options.specialise}"
        self.history = blake2(mode.encode())  # of all that was evaluated: the state that code is compiled in
        self.pipeline = Pipeline(self.engine, verifying=self.options.verify)
        self.compiler = Compiler(self.engine, self.library, self.pipeline)
        self.compiler.tiers.never_optimise = self.options.engine == "quick"
        self.compiler.specialise = self.options.specialise
        if self.options.stress == "tiers":
            self.compiler.tiers.eager()
        self._callbacks = Callbacks(self.compiler, self._compile_failed)
        self._recent: Recent | None = None

    # ---- evaluating ----

    def eval(self, text: str, *, name: str = "<repl>", line: int = 1) -> Result:
        """Evaluate every form of a text, in order; the result is the last one's. Raises OmniError; SystemExit for `exit`."""
        self._stopped = False
        if self._recent is None and name.startswith(PROMPTS):
            self._recent = Recent(self.compiler, self.options.history)
        try:
            return self._eval(text, name, line)
        except (OmniError, SystemExit):
            raise
        except BaseException as error:
            raise as_omni_error(error) from error
        finally:
            self._failures.clear()

    def _eval(self, text: str, name: str, line: int) -> Result:
        spent = dict(self.pipeline.seconds)
        forms = self.pipeline.run(READ, Source(name, text, line))
        if forms.diagnostics:
            raise OmniError(*forms.diagnostics)
        before = self.stats()
        result = Result(warnings=self.compiler.world.warnings)
        result.warnings.clear()
        try:
            if len(forms.forms) >= SMALLEST:
                self._perform_batches(forms.forms, result)
            else:
                for form in forms.forms:
                    parts = self._expand(form)
                    for part in parts:
                        self._perform(part, result, show=form is forms.forms[-1] and part is parts[-1])
        finally:
            lost = self.engine.call("rt_flush")
        if lost:
            raise OmniError(Diagnostic(code_of(CODES["OUTPUT"]), None, message(CODES["OUTPUT"], lambda *_: str(lost))))
        after = self.stats()
        result.stats = {key: after[key] - before[key] for key in after}
        result.timings = self.pipeline.since(spent)
        result.warnings = list(result.warnings)
        return result

    def _expand(self, form: Any) -> list[Core]:
        if self._stopped:
            raise KeyboardInterrupt
        return evaluated_parts(self.pipeline.run(EXPAND, form, self.compiler.world))

    def _perform_batches(self, forms: list[Any], result: Result) -> None:
        """Many forms: compiled in batches, run one after the other."""
        batch = Batch(self.compiler, self.history)
        for form in forms:
            for part in self._expand(form):
                if (isinstance(part, (DefineMethod, DefineVersion)) and batch.must_run_before(part)) or batch.full:
                    self._run_batch(batch, result)
                if isinstance(part, (DefineMethod, DefineVersion)) or stands_alone(part, self.compiler.world):
                    if not isinstance(part, (DefineMethod, DefineVersion)):
                        self._run_batch(batch, result)
                    self._perform(part, result)
                else:
                    batch.add(part)
        self._run_batch(batch, result)

    def _run_batch(self, batch: Batch, result: Result) -> None:
        forms, entries = batch.compile()
        for core, entry in zip(forms, entries, strict=False):
            self._remember(core)
            self._run(core, entry, result, show=core is forms[-1])
            if isinstance(core, DefineValue):
                self.compiler.definitions.value_defined(core.name)
        for core in forms[len(entries) :]:
            self._perform(core, result)

    def _remember(self, core: Core) -> None:
        self.history.update(core.span.text.encode("utf-8", "surrogatepass"))

    def _perform(self, core: Core, result: Result, *, show: bool = True) -> None:
        self._remember(core)
        if isinstance(core, (DefineMethod, DefineVersion)):
            self.compiler.definitions.define(core)
            result.value_text, result.kind = "nothing", "Nothing"
            return
        unit, entry = self.compiler.form(core)
        try:
            self._run(core, entry, result, show=show)
        finally:
            self.compiler.retire(unit)
        if isinstance(core, DefineValue):
            self.compiler.definitions.value_defined(core.name)

    def _run(self, core: Core, entry: int, result: Result, *, show: bool = True) -> None:
        engine = self.engine
        engine.call("rt_form_begin", self.compiler.sites.form(core.span))
        try:
            word, raised = self.pipeline.run(RUN, engine, entry, engine.task.read("youngest"))
            if raised:
                self.history.update(b"error")
                if self._recent is not None:
                    self._recent.error(word)
                raise self._error(word)
            if not show:
                return
            if self._recent is not None:
                self._recent.value(word)
            try:
                result.value_text = self.pipeline.run(SHOW, engine, word)
            except Raised as raised_here:
                raise self._error(raised_here.payload) from None
            result.kind = self._kind_of(word)
            result.mime = self._display(core)
        finally:
            engine.call("rt_form_end")
            if self._recent is not None and (note := self._recent.bound()):
                result.warnings.append(note)
            if self.options.check and (code := engine.call("rt_check")):
                raise RuntimeError(f"checked mode: {code}, slot {engine.heap.read('check_offset')} of {engine.heap.read('check_container'):#x}")

    def _display(self, core: Core) -> dict[str, Any]:
        """How a form that only asks about regions is shown, besides its value."""
        match core:
            case Call(fn=Global(name=name)) if name in DISPLAYED and isinstance(self.compiler.world.lookup(name), Builtin):
                return dict(self._callbacks.display)
        return {}

    def _kind_of(self, word: int) -> str:
        index = self.engine.call("rt_kind_of_value", word)
        return NUMBERED[index] if index < len(NUMBERED) else self.compiler.kinds.kind_of(word).name

    def _error(self, payload: int) -> BaseException:
        """The exception of an error that reached the top: its message, code and place."""
        span, notes = describe(self.engine.frames(), self.library.owns)
        failure = self._failures.get(payload)
        if failure is not None:
            return placed(failure, span, notes)
        self.engine.call("rt_display_value", payload)
        message = self.engine.read_text()
        code = self.engine.task.read("error_code")
        notes = (*notes, *candidates.notes(self.compiler, code))
        if code == CODES["EXIT"]:
            return SystemExit(int(message))
        return OmniError(Diagnostic(code_of(code), span, message, notes))

    def _compile_failed(self, error: BaseException) -> int:
        """A compile that the program asked for did not succeed: the program gets its message as an error."""
        failure = as_omni_error(error)
        word = self.compiler.constants.string(str(failure))
        self._failures[word] = failure
        return word

    # ---- what front ends ask ----

    def is_complete(self, text: str) -> tuple[str, str]:
        """("complete" | "incomplete" | "invalid", indentation for the next line)."""
        from jit_runtime.assist import completeness

        return completeness(text)

    def interrupt(self) -> None:
        """Stop the running program at its next guard, and what would be evaluated after it. From any thread."""
        self._stopped = True
        self.engine.interrupt()

    def flush(self) -> None:
        """Have the running program write out what it printed, at its next guard. From any thread."""
        self.engine.nudge()

    def stats(self) -> dict[str, int]:
        """Counters of the session; from any thread, also while code runs."""
        return heap_counters(self.engine.heap) | self.compiler.accounts.read()

    def complete(self, text: str, cursor: int) -> tuple[int, int, list[Any]]:
        """(start, end, completions) for the name before the cursor."""
        from jit_runtime.assist import complete

        return complete(text, cursor, self.compiler.world)

    def inspect(self, name: str) -> str | None:
        from jit_runtime.assist import inspect

        return inspect(name, self.compiler.world)

    def dump(self, text: str, stage: str) -> str:
        """The stage's data structure for a text (forms, core, typed, placed, llvm, asm), or for one function by name."""
        from jit_runtime.dumping import dump

        return dump(self.compiler, text, stage)

    def load(self, path: str) -> Result:
        with open(path, encoding="utf-8", errors="replace") as file:
            return self.eval(file.read(), name=path)

    def functions(self) -> list[str]:
        return sorted(self.compiler.world.functions)

    def close(self) -> None:
        """Give everything back. Nothing of this session may be used afterwards; closing again does nothing."""
        if not self.closed:
            self.closed = True
            self.engine.call("rt_heap_close")
            self.engine.close()

