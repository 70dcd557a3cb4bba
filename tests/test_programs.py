"""Every program of the corpus does what its comments say, with each engine.

`programs/` holds the conformance programs by topic, and of our own `core-extra/` and `regress/`: one program for each bug that was found.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_runtime.doctest import run_file
from tests.engines import ENGINES

ROOT = Path(__file__).parent / "programs"
SECTIONS = {"S1", "S2", "S3", "S4", "S5", "S7", "S8", "S9", "S23"}
LATER = {
    "generator-fiber",
    "region-effect-payload",  # effects that resume
}
"""Programs of these sections that need one that is not there yet."""

EXTRA = {
    "control": {"effect-no-perform", "trampoline"},
    "library": {"collect-default", "pipe-functions", "pipe-last-argument", "pipe-placeholder"},
    "macros": {"macro-gensym", "quasiquote-basic", "quasiquote-nested", "tower-clambda"},
}
"""Programs of other sections that pass, by folder."""

WHOLE = {"core", "core-extra", "dispatch", "regress", "spec", "types"}  # folders all of whose programs pass

SLOW = {
    "oracle": {"tail-mutual", "tail-positions", "tail-typed", "region-loop-garbage", "s3-tail", "s6-evaluation"},
    "stress": {"s11-struct-recursive"},
}
"""More than a million calls: too many for an interpreter in an ordinary test run; or many objects, all moved again and again."""

SOME = {"retire": {"memory", "core-extra", "regress", "dispatch"}}
"""Folders that an engine runs in an ordinary test run; the others are left to the long one."""

ONCE = {"runaway-recursion", "s3-tail"}
"""Programs that use up a whole stack: one of the native engines is enough."""


def section(path: Path) -> str:
    found = re.search(r"^;; ref: (S\d+)", path.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else ""


def expected_to_pass(path: Path, engine: str) -> bool:
    if path.stem in LATER or (engine not in ("oracle", "native") and path.stem in ONCE):
        return False
    if path.parent.name in WHOLE or path.stem in EXTRA.get(path.parent.name, ()):
        return True
    return path.parent.name == "memory" and section(path) in SECTIONS


def runs() -> Iterator[object]:
    for path in sorted(ROOT.rglob("*.omni")):
        for engine in ENGINES:
            if expected_to_pass(path, engine):
                some = SOME.get(engine, {path.parent.name})
                marks = [pytest.mark.soak] if path.stem in SLOW.get(engine, ()) or path.parent.name not in some else []
                yield pytest.param(path, engine, id=f"{engine}-{path.stem}", marks=marks)


@pytest.mark.parametrize(("path", "engine"), list(runs()))
def test_program(path: Path, engine: str) -> None:
    report = run_file(str(path), ENGINES[engine])
    assert not report.failures, str(report)
    assert report.passed


def test_the_lists_name_programs_that_exist() -> None:
    names = {path.stem for path in ROOT.rglob("*.omni")}
    assert names >= LATER | ONCE
    assert names >= SLOW["oracle"]
    assert all((ROOT / folder / f"{name}.omni").exists() for folder, stems in EXTRA.items() for name in stems)
