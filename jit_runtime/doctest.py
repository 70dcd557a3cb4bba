"""Programs that say what they do: `;; => VALUE`, `;; stdout: LINE`, `;; error: TEXT` after a form (docs/language.md).

A file is cut at its expectations, so that a form the reader rejects is tested on its own. Forms are evaluated one at a
time; an error does not undo what came before. A form without expectation must not fail.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from jit_runtime.dataclass import replace
from jit_runtime.options import Options
from jit_runtime.source.diagnostics import OmniError
from jit_runtime.source.text import Source
from jit_runtime.syntax.reader import read

EXPECTATION = re.compile(r"(?:^|(?<=\s));; ?(=>|stdout:|error:) ?(.*)$")


class Evaluated(Protocol):
    """What `Session.eval` returns. `value_text` is the written form of the value, None if there is none."""

    @property
    def value_text(self) -> str | None: ...


class Session(Protocol):
    """The part of a Session that this needs. `eval` raises OmniError; `take_output` gives what was written since the last time."""

    def eval(self, text: str, *, name: str, line: int) -> Evaluated: ...

    def take_output(self) -> str: ...

    def close(self) -> None: ...


class Printing:
    """A session that prints into a file, from where `take_output` reads on. Not a pipe: nobody reads it while a form runs."""

    def __init__(self, options: Options) -> None:
        from jit_runtime.session import Session

        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
        self._read = 0
        self._session = Session(replace(options, out_fd=self._file.fileno()))

    def eval(self, text: str, *, name: str, line: int) -> Any:
        return self._session.eval(text, name=name, line=line)

    def take_output(self) -> str:
        size = os.fstat(self._file.fileno()).st_size
        data = os.pread(self._file.fileno(), size - self._read, self._read)
        self._read = size
        return data.decode("utf-8", errors="replace")

    def close(self) -> None:
        self._session.close()
        self._file.close()


class Failure:
    """One form that did not do what its program says."""

    __slots__ = ("actual", "expected", "line", "path")

    def __init__(self, path: str, line: int, expected: str, actual: str) -> None:
        self.path, self.line, self.expected, self.actual = path, line, expected, actual

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: expected {self.expected}\n    actual {self.actual}"


class Report:
    """The outcome of one program: how many forms did what is expected, and the others."""

    __slots__ = ("failures", "passed")

    def __init__(self) -> None:
        self.passed = 0
        self.failures: list[Failure] = []

    def __str__(self) -> str:
        return "\n".join([*map(str, self.failures), summary([self])])


def summary(reports: list[Report]) -> str:
    """The closing line of a run."""
    return f"{sum(report.passed for report in reports)} passed, {sum(len(report.failures) for report in reports)} failed"


class Chunk:
    """Forms, and what is expected of the last one: its value, its lines of output, texts its error contains."""

    __slots__ = ("errors", "line", "output", "text", "value")

    def __init__(self, line: int) -> None:
        self.line = line
        self.text = ""
        self.value: str | None = None
        self.output: list[str] = []
        self.errors: list[str] = []

    @property
    def expects(self) -> bool:
        return self.value is not None or bool(self.output or self.errors)

    def expect(self, mark: str, text: str) -> None:
        if mark == "=>":
            self.value = text.strip()
        elif mark == "stdout:":
            self.output.append(text.rstrip())
        else:
            self.errors.append(text.strip())

    def __str__(self) -> str:
        parts = [f"error: {text}" for text in self.errors] + [f"stdout: {line}" for line in self.output]
        return "; ".join(parts if self.value is None else [*parts, f"=> {self.value}"]) or "no error"


def chunks_of(text: str) -> list[Chunk]:
    """Cut a program after each group of expectations."""
    chunks = [Chunk(1)]
    for number, line in enumerate(text.split("\n"), 1):
        found = EXPECTATION.search(line)
        code = line[: found.start()] if found else line
        if chunks[-1].expects and code.strip() and not code.lstrip().startswith(";"):
            chunks.append(Chunk(number))
        chunks[-1].text += code + "\n"
        if found:
            chunks[-1].expect(found[1], found[2])
    return chunks


def run_file(path: str, session_factory: Callable[[], Session]) -> Report:
    """Run a program in a session of its own, which is closed afterwards."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    session = session_factory()
    try:
        return run_text(text, path, session)
    finally:
        session.close()


def run_text(text: str, name: str, session: Session) -> Report:
    report = Report()
    for chunk in chunks_of(text):
        _run_chunk(chunk, name, session, report)
    return report


def _run_chunk(chunk: Chunk, name: str, session: Session, report: Report) -> None:
    pieces = list(_pieces(Source(name, chunk.text, chunk.line)))
    for text, line in pieces[:-1]:
        _, _, error = _evaluate(session, text, name, line)
        if error is not None:
            report.failures.append(Failure(name, line, "no error", f"error: {error}"))
    if not pieces:
        if chunk.expects:
            report.failures.append(Failure(name, chunk.line, str(chunk), "there is no form"))
        return
    text, line = pieces[-1]
    value, output, error = _evaluate(session, text, name, line)
    if _matches(chunk, value, output, error):
        report.passed += chunk.expects
    else:
        report.failures.append(Failure(name, line, str(chunk), _describe(value, output, error)))


def _pieces(source: Source) -> Iterator[tuple[str, int]]:
    """Text and line of each form; what the reader cannot read is one last piece. Blanks in front keep the column."""
    found = read(source)
    wrong = found.diagnostics[0].span if found.diagnostics else None
    end = 0
    for form in found.forms:
        if wrong is None or form.span.end <= wrong.start:
            yield " " * (form.span.column - 1) + form.span.text, form.span.line
            end = form.span.end
    if found.diagnostics:
        start = end + len(source.text[end:]) - len(source.text[end:].lstrip())
        line, column = source.position(start)
        yield " " * (column - 1) + source.text[start:], line


def _evaluate(session: Session, text: str, name: str, line: int) -> tuple[str | None, str, str | None]:
    """Value, output and error of one form."""
    session.take_output()
    value = error = None
    try:
        value = session.eval(text, name=name, line=line).value_text
    except OmniError as failed:
        error = "; ".join(diagnostic.message for diagnostic in failed.diagnostics)
    except (Exception, SystemExit) as crash:  # a bug in the engine must not end the run
        error = f"crash of the engine: {type(crash).__name__}: {crash}"
    return value, session.take_output(), error


def _matches(chunk: Chunk, value: str | None, output: str, error: str | None) -> bool:
    if bool(chunk.errors) != (error is not None):
        return False
    if error is not None and (error.startswith("crash") or not all(text.lower() in error.lower() for text in chunk.errors)):
        return False
    if chunk.output and [line.rstrip() for line in output.splitlines()] != chunk.output:
        return False
    return chunk.value is None or chunk.value == value


def _describe(value: str | None, output: str, error: str | None) -> str:
    parts = [f"stdout: {line}" for line in output.splitlines()]
    return "; ".join([*parts, f"error: {error}" if error is not None else f"=> {value}"])
