"""Random region programs on the runtime under AddressSanitizer; and runtimes with a mistake, each of which is found.

There are no threads in the runtime yet, so there is nothing for ThreadSanitizer to look at.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.property.heap import EVACUATE, RETIRE
from tests.sanitizer.build import build, obstacle

pytestmark = pytest.mark.skipif(bool(obstacle()), reason=obstacle())

MODES = {"normal": 0, "stress": EVACUATE, "retire": RETIRE}

MISTAKES = {
    "the scan of a move misses the tail of a pair": (
        "evacuate", "(scan-slot task m (+ at PAIR-TAG) (+ at 8) 8)", "nothing", "normal"),
    "the scan of a move misses the fields of objects": (
        "evacuate", "mask (rshift shape 16)", "mask 0", "normal"),
    "a walk misses the elements of a tail": (
        "walk", "(< offset end)", "(< offset (- end 8))", "normal"),
    "blocks are freed before their objects moved": (
        "stack", "(begin-move heap r older)", "(release-blocks heap r) (begin-move heap r older)", "normal"),
    "a store into an older object is not logged": (
        "barrier", "[(> s.age d.age) (append-log task s container offset)]", "[(> s.age d.age) nothing]", "normal"),
    "an edge is forgotten": (
        "barrier", "[else (retain task d s)]", "[else nothing]", "normal"),
    "what is retired forgets whom it names": (
        "retire", "(unless (= s.state STATE-PERMANENT) (retain task m.to s))", "nothing", "retire"),
    "who names what is retired is forgotten": (
        "retire", "(note-store task container offset to)", "nothing", "retire"),
    "a segment that waits does not share what others reach": (
        "segments", "(when (!= segment.reached 0) (share-reached task segment))", "nothing", "normal"),
    "the undead pass forgets segments that wait": (
        "compact", "(set! list (push-segment task r.continues list))", "nothing", "normal"),
}  # fmt: skip
"""What is wrong -> file of the runtime, its text, the wrong text, and a mode in which it is found."""


NOT_REWRITTEN = {"what is retired forgets whom it names"}
"""Mistakes after which a slot names what an object was before it moved: the model notices before the memory is used for something else."""


def run(driver: Path, mode: str, seed: int, forms: int = 6, steps: int = 400) -> subprocess.CompletedProcess[str]:
    return subprocess.run([driver, str(MODES[mode]), str(seed), str(forms), str(steps)], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("sanitizer"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(4))
def test_random_programs(driver: Path, mode: str, seed: int) -> None:
    found = run(driver, mode, seed)
    assert found.returncode == 0, found.stderr
    moved, retired, compacted, segments = (int(word) for word in found.stdout.split()[1::2])
    assert compacted and retired and segments > 20 and (moved or mode == "retire")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_found(mistake: str, tmp_path: Path) -> None:
    file, right, wrong, mode = MISTAKES[mistake]
    driver = build(tmp_path, ((file, right, wrong),))
    found = [run(driver, mode, seed) for seed in range(4)]
    by = "driver: two copies" if mistake in NOT_REWRITTEN else "AddressSanitizer: use-after-poison"
    assert any(by in each.stderr for each in found), [(each.returncode, each.stderr[-300:]) for each in found]
