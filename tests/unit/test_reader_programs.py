"""The corpus as the reader sees it."""

from pathlib import Path

import pytest

from jit_runtime.doctest import chunks_of
from jit_runtime.source.text import Source
from jit_runtime.syntax.printer import show
from jit_runtime.syntax.reader import read

ROOT = Path(__file__).parents[1] / "programs"
PROGRAMS = sorted(ROOT.rglob("*.omni"))
REJECTED = {
    "reader-dict-odd",
    "reader-digit-slash",
    "reader-mismatched",
    "reader-unclosed-paren",
    "reader-unterminated-string",
    "errmsg-extra-close",
    "s8-fmt-rejected",
    "s1-delimiters",
    "s1-strings",
}


def test_the_corpus_has_the_programs_that_the_reader_rejects() -> None:
    assert {path.stem for path in PROGRAMS} >= REJECTED


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_forms_are_read_or_rejected_with_the_expected_message(path: Path) -> None:
    rejected = False
    for chunk in chunks_of(path.read_text("utf-8")):
        result = read(Source(path.name, chunk.text, chunk.line))
        if result.diagnostics:
            rejected = True
            assert chunk.errors, result.diagnostics
            assert all(any(part.lower() in d.message.lower() for d in result.diagnostics) for part in chunk.errors)
        for form in result.forms:
            assert read(Source("shown", show(form))).forms == [form]
    assert rejected or path.stem not in REJECTED
