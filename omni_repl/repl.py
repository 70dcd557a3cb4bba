"""The prompt: read a complete form, evaluate it, show it. Every error ends at a prompt with everything still there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.source.diagnostics import OmniError
from omni_repl.accounting import delta_summary, summary
from omni_repl.arguments import Request
from omni_repl.colors import wants_color
from omni_repl.commands import Leave, run_command
from omni_repl.door import Door, Shown
from omni_repl.errors import as_omni_error, rendered, report
from omni_repl.keyboard import quiet_keyboard
from omni_repl.keys import is_command
from omni_repl.output import OutputPipe
from omni_repl.running import Runner
from omni_repl.worker import Worker

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

# Longer texts are cut; the value itself stays in `*1`.
SHOWN_CHARACTERS = 20_000


class Repl:
    """One prompt over one session."""

    def __init__(self, runner: Runner, prompt: PromptSession[str] | None, *, color: bool, quiet: bool) -> None:
        self.runner, self.session = runner, runner.session
        self.color, self.quiet = color, quiet
        self.prompt = prompt
        self.last = ""
        self._entry = 0

    def loop(self) -> int:
        """Until Ctrl-D or `,quit`; the exit status."""
        while True:
            try:
                text = self._read()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return 0
            if not text.strip():
                continue
            try:
                self.submit(text)
            except Leave:
                return 0

    def submit(self, text: str) -> None:
        """Run one entry, a command or forms, and show what came of it. Raises Leave."""
        try:
            if is_command(text):
                run_command(self, text)
            else:
                self.evaluate(text)
        except Leave:
            raise
        except Exception as error:
            self.say(rendered(as_omni_error(error), self.color).rstrip("\n"))

    def evaluate(self, text: str) -> None:
        """Evaluate forms and show the last value. Raises OmniError."""
        self._entry += 1
        name = f"<repl {self._entry}>"
        result = self.runner.run(lambda session: session.eval(text, name=name))
        if result.warnings:
            self.say(rendered(OmniError(*result.warnings), self.color).rstrip("\n"))
        self.last = delta_summary(result.stats, sum(result.timings.values()))
        self._show(result)

    def say(self, text: str) -> None:
        """A line of the prompt's own on standard output."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def toolbar(self) -> str:
        """The line under the prompt: what lives now, and what the last form did."""
        last = f" │ last: {self.last}" if self.last else ""
        return f" {summary(self.session.stats())}{last}"

    def _show(self, result: Shown) -> None:
        text = result.mime.get("text/plain", result.value_text)
        if text is None or text == "nothing":
            return
        if len(text) > SHOWN_CHARACTERS:
            text = f"{text[:SHOWN_CHARACTERS]} … {len(text) - SHOWN_CHARACTERS} more characters"
        kind = f"  \x1b[2m{result.kind}\x1b[0m" if self.color and result.kind and "\n" not in text else ""
        self.say(text + kind)

    def _read(self) -> str:
        assert self.prompt is not None
        return self.prompt.prompt()


def run_prompt(request: Request, open_session: Callable[[int], Door]) -> int:
    """Open a session that prints into a pipe, run what the command line names (`-i`), and loop; the exit status."""
    worker, output = Worker(), OutputPipe()
    opening = worker.submit(lambda: open_session(output.write_fd))
    # Imported while the worker opens the session.
    from omni_repl.prompt import make_prompt

    color = wants_color(sys.stdout, request.color)
    live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    try:
        runner = Runner(worker, opening.value(), output, live=live, color=color)
    except KeyboardInterrupt:  # the runtime is being compiled: there is nothing to go back to
        sys.stdout.flush()
        os._exit(130)  # not sys.exit: the worker may be inside native code
    except Exception as error:
        report(as_omni_error(error), request.color)
        return 1
    repl = Repl(runner, None, color=color, quiet=request.quiet)
    if not request.quiet:
        repl.say(_greeting())
    repl.prompt = make_prompt(repl, color=color)
    with quiet_keyboard():
        for expression in request.expressions:
            repl.submit(expression)
        if request.file is not None:
            repl.submit(f",load {request.file}")
        return repl.loop()


def _greeting() -> str:
    from omni_repl import __version__

    return f"OmniLisp {__version__}   ,help for help, Ctrl-D to leave"
