"""Files of many forms: what a second run takes from the cache, and that it is right whatever became of the cache or the program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_runtime import batch
from jit_runtime.engine.object_cache import ObjectCache
from jit_runtime.session import Result, Session
from jit_runtime.source.diagnostics import OmniError

FUNCTIONS = "".join(f"(define f{i} x (+ (* x {i}) 1))\n(f{i} 2)\n" for i in range(12))
TEXT = FUNCTIONS + "(define sum-of x (+ (f3 x) (f4 x)))\n(define fails x (car x))\n(sum-of 10)\n"
COMPILED = {"infer", "build", "emit", "link"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "cache"


def opened(folder: Path) -> Session:
    session = Session()
    session.engine.cache = ObjectCache(str(folder))
    return session


def loaded(folder: Path, before: str = "(define warm 1)") -> tuple[Session, Result]:
    session = opened(folder)
    session.eval(before)
    return session, session.eval(TEXT, name="file.omni")


def records(folder: Path) -> list[Path]:
    """The largest objects are those of batches."""
    return sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)[-1:]


def test_a_second_run_compiles_nothing(folder: Path) -> None:
    first, second = loaded(folder)[1], loaded(folder)[1]
    assert first.value_text == second.value_text == "72"
    assert set(first.timings) >= COMPILED and not COMPILED & set(second.timings)


def test_functions_from_the_cache_are_defined_again(folder: Path) -> None:
    loaded(folder)
    session, result = loaded(folder)
    assert not COMPILED & set(result.timings)
    assert session.eval("(define f3 x (* x 1.5)) (sum-of 10)").value_text == "56.0"
    assert session.eval("(define sum-of x 'other) (list (sum-of 1) (f11 1))").value_text == "(other 12)"


def test_errors_in_code_from_the_cache_have_their_place(folder: Path) -> None:
    places = []
    for _ in range(2):
        session, _ = loaded(folder)
        with pytest.raises(OmniError, match="car needs a pair") as raised:
            session.eval("(fails 5)")
        span = raised.value.diagnostics[0].span
        assert span is not None
        places.append((span.line, span.column, span.text))
    assert places[0] == places[1]


def test_a_damaged_record_is_made_again(folder: Path) -> None:
    loaded(folder)
    for path in records(folder):
        content = path.read_bytes()
        for damaged in (content[: len(content) // 2], content[:-9] + bytes(9), b""):
            path.write_bytes(damaged)
            again = loaded(folder)[1]
            assert again.value_text == "72" and set(again.timings) >= COMPILED - {"link"}
    assert not COMPILED & set(loaded(folder)[1].timings)


def test_where_nothing_can_be_written_all_is_compiled(folder: Path) -> None:
    folder.write_text("a file, not a folder")
    for _ in range(2):
        result = loaded(folder)[1]
        assert result.value_text == "72" and set(result.timings) >= COMPILED


def test_another_compiler_or_another_past_asks_for_another_record(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(folder)
    assert set(loaded(folder, "(define warm 2)")[1].timings) >= {"infer", "build", "emit"}
    monkeypatch.setattr(batch, "compiler_key", lambda: "another compiler")
    assert set(loaded(folder)[1].timings) >= {"infer", "build", "emit"}
