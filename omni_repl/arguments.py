"""The command line of `omni`, parsed without argparse (which costs more start-up time than evaluating `1`)."""

from __future__ import annotations

USAGE = """\
usage: omni [OPTION...]                    the prompt
       omni [OPTION...] FILE [ARG...]      run a program
       omni [OPTION...] -e EXPR ...        evaluate, print each result
       omni [OPTION...] -                  run the program on standard input
       omni doctest [--engine=ENGINE] FILE...   check `;; =>`, `;; stdout:` and `;; error:` comments
       omni cache clear|info               the cache of compiled code
       omni kernel install|uninstall [--user|--sys-prefix]   the Jupyter kernel's registration

options:
  -e EXPR          evaluate EXPR and print its value unless it is nothing (repeatable)
  -i               go on at the prompt after FILE or -e
  -q               no greeting, no progress lines
  --check          checked mode: search for dangling references after every form
  --stats          region accounting and timings at exit, on standard error
  --dump STAGE     print a stage of the compiler: forms, core, typed, placed, llvm, asm
  --color WHEN     auto (default), always, never
  --               the next argument is FILE
  -h, --help       this text
  -V, --version    the version
"""

STAGES = ("forms", "core", "typed", "placed", "llvm", "asm")
COMMANDS = ("doctest", "cache", "kernel")
ENGINES = ("native", "quick", "oracle")


class UsageError(Exception):
    """A command line that means nothing; the message says why."""


class Request:
    """What was asked for. `command` is "", "help", "version" or one of COMMANDS; `rest` are a command's or a program's arguments."""

    __slots__ = ("check", "color", "command", "dump", "expressions", "file", "interactive", "quiet", "rest", "stats")

    def __init__(self) -> None:
        self.command = ""
        self.expressions: list[str] = []
        self.file: str | None = None
        self.rest: list[str] = []
        self.interactive = self.quiet = self.check = self.stats = False
        self.dump: str | None = None
        self.color = "auto"

    @property
    def starts_prompt(self) -> bool:
        return self.interactive or (self.file is None and not self.expressions)


_FLAGS = {"-i": "interactive", "-q": "quiet", "--quiet": "quiet", "--check": "check", "--stats": "stats"}


def parse(arguments: list[str]) -> Request:
    """Read the words after `omni`; raises UsageError."""
    request = Request()
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word in _FLAGS:
            setattr(request, _FLAGS[word], True)
        elif word in ("-h", "--help"):
            request.command = "help"
            return request
        elif word in ("-V", "--version"):
            request.command = "version"
            return request
        elif word == "-e":
            request.expressions.append(_value(word, words))
        elif word.startswith("--") and word != "--":
            _long_option(request, word, words)
        elif word in COMMANDS and not request.expressions:
            request.command, request.rest = word, words
            return request
        elif word.startswith("-") and word not in ("-", "--"):
            raise UsageError(f"unknown option {word}")
        else:
            _program(request, word, words)
            break
    if request.dump and not (request.file or request.expressions):
        raise UsageError("--dump needs FILE or -e EXPR")
    return request


def _program(request: Request, word: str, words: list[str]) -> None:
    if word == "--":
        if not words:
            return
        word = words.pop(0)
    request.file, request.rest = word, words


def _long_option(request: Request, word: str, words: list[str]) -> None:
    name, equals, value = word.partition("=")
    if name == "--dump":
        request.dump = _one_of(name, value if equals else _value(name, words), STAGES)
    elif name == "--color":
        request.color = _one_of(name, value if equals else _value(name, words), ("auto", "always", "never"))
    else:
        raise UsageError(f"unknown option {word}")


def _value(option: str, words: list[str]) -> str:
    if not words:
        raise UsageError(f"{option} needs a value")
    return words.pop(0)


def _one_of(option: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise UsageError(f"{option} takes one of {', '.join(choices)}, not {value!r}")
    return value
