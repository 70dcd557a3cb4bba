"""What a start does not do: load LLVM where all is in the cache; look at what it leaves whenever objects are collected."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_runtime.codegen.processor import described, processor
from jit_runtime.collector import THRESHOLDS, starting

EVALUATE = """
import sys
from omni_repl.arguments import parse
from omni_repl.cli import open_session
session = open_session(parse(["-e", "1"]))
print(session.eval("(define twice [x] (* 2 x)) (twice 21)").value_text)
print("llvmlite.binding" in sys.modules)
"""

CPUINFO = """processor\t: 0
vendor_id\t: GenuineIntel
model name\t: One
cpu MHz\t\t: {mhz}
flags\t\t: {flags}

processor\t: 1
model name\t: {second}
"""


def test_a_start_from_the_cache_does_not_load_llvm() -> None:
    runs = [subprocess.run([sys.executable, "-c", EVALUATE], capture_output=True, text=True, check=True).stdout.split() for _ in range(2)]
    assert runs[1] == ["42", "False"]


def test_the_processor_is_what_llvm_decides_by(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"

    def of(**changed: str) -> str | None:
        path.write_text(CPUINFO.format(**{"mhz": "2600", "flags": "sse avx", "second": "One"} | changed))
        return described(str(path))

    assert of() is not None
    assert of(mhz="800") == of(second="Two") == of()
    assert of(flags="sse") != of()
    path.write_text("nothing: known\n")
    assert described(str(path)) is None and described(str(tmp_path / "absent")) is None
    assert processor()


@pytest.fixture
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collector")
def test_what_a_start_leaves_is_not_looked_at_again() -> None:
    with starting():
        assert not gc.isenabled()
        left = [[] for _ in range(1000)]
    assert gc.isenabled() and gc.get_threshold() == THRESHOLDS
    assert gc.get_freeze_count() >= len(left)
    assert not any(one is left for one in gc.get_objects())
