"""Commands of the prompt. A comma begins them: at top level an unquote means nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.dataclass import dataclass
from omni_repl.accounting import delta_summary, difference, table_text
from omni_repl.arguments import STAGES

if TYPE_CHECKING:
    from omni_repl.repl import Repl


class Leave(Exception):
    """The user wants to go."""


@dataclass(frozen=True, slots=True)
class Command:
    """What follows `,name` is `argument` on the help page and the second argument of `run`."""

    argument: str
    help: str
    run: Callable[[Repl, str], None]


def run_command(repl: Repl, text: str) -> None:
    """`,name argument` or `?name`. Raises Leave, and whatever evaluation raises."""
    text = text.strip()
    if text.startswith("?"):
        name, argument = ("doc", text[1:].strip()) if text[1:].strip() else ("help", "")
    else:
        name, _, argument = text[1:].partition(" ")
    command = COMMANDS.get(name) or _abbreviated(name)
    if command is None:
        repl.say(f"no command ,{name}; ,help lists them")
        return
    if command.argument and not command.argument.startswith("[") and not argument.strip():
        repl.say(f"usage: ,{name} {command.argument}")
        return
    command.run(repl, argument.strip())


def _abbreviated(name: str) -> Command | None:
    """`,q` is `,quit` as long as one command only begins so."""
    found = [command for full, command in COMMANDS.items() if name and full.startswith(name)]
    return found[0] if len(found) == 1 else None


def _help(repl: Repl, _argument: str) -> None:
    rows = [(f",{name} {command.argument}".rstrip(), command.help) for name, command in COMMANDS.items()]
    rows.append(("?NAME", "the same as ,doc NAME"))
    width = max(len(left) for left, _ in rows)
    repl.say("\n".join(f"{left:<{width}}  {right}" for left, right in rows))
    repl.say(
        "Enter submits a complete form, Alt-Enter breaks the line, Tab completes, Ctrl-R searches the history,\n"
        "Ctrl-C stops what runs, Ctrl-D leaves."
    )


def _quit(_repl: Repl, _argument: str) -> None:
    raise Leave


def _stats(repl: Repl, _argument: str) -> None:
    repl.say(table_text(repl.session.stats()))


def _load(repl: Repl, path: str) -> None:
    repl.runner.run(lambda session: session.load(path))
    repl.say(f"loaded {path}")


def _time(repl: Repl, text: str) -> None:
    before, started = dict(repl.session.stats()), time.perf_counter()
    repl.evaluate(text)
    elapsed = time.perf_counter() - started
    repl.say(delta_summary(difference(before, repl.session.stats()), elapsed))


def _doc(repl: Repl, name: str) -> None:
    found = repl.session.inspect(name)
    repl.say(str(found) if found else f"nothing is known about {name}")


def _dump(repl: Repl, argument: str) -> None:
    stage, _, text = argument.partition(" ")
    if stage not in STAGES or not text.strip():
        repl.say(f"usage: ,dump STAGE FORM with one of {', '.join(STAGES)}")
        return
    repl.say(repl.runner.run(lambda session: session.dump(text, stage)).rstrip("\n"))


def _functions(repl: Repl, _argument: str) -> None:
    repl.say("\n".join(str(function) for function in repl.session.functions()) or "no functions are defined")


COMMANDS = {
    "help": Command("", "this list", _help),
    "quit": Command("", "leave (also Ctrl-D)", _quit),
    "load": Command("FILE", "evaluate a file in this session", _load),
    "stats": Command("", "all counters of the session", _stats),
    "time": Command("FORM", "evaluate, then say how long it took and what it allocated", _time),
    "doc": Command("NAME", "what a name means", _doc),
    "dump": Command("STAGE FORM", f"one stage of the compiler: {', '.join(STAGES)}", _dump),
    "functions": Command("", "the functions defined here", _functions),
}
