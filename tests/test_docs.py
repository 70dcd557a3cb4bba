"""The examples of the documentation do what they say, with the oracle and with native code."""

import re
from pathlib import Path

import pytest

from jit_runtime.session import Session
from omni_repl.cli import main

DOCS = Path(__file__).resolve().parents[1] / "docs"
LEAST = {"tour.md": 64, "language.md": 33, "arrays.md": 7, "memory.md": 6, "kinds.md": 18, "numbers.md": 5, "accounting.md": 2}
"""Pages whose `lisp` blocks are programs of the language, and how many expectations they have at least."""


@pytest.mark.parametrize("engine", ["oracle", "native"])
@pytest.mark.parametrize("page", LEAST)
def test_examples(page, engine, tmp_path, capsys):
    program = tmp_path / f"{page}.omni"
    program.write_text(_with_line_numbers_kept((DOCS / page).read_text("utf-8")), "utf-8")
    status = main(["doctest", f"--engine={engine}", str(program)])
    report = capsys.readouterr().out
    assert status == 0, report
    passed = re.search(r"(\d+) passed", report)
    assert passed and int(passed[1]) >= LEAST[page]


def _with_line_numbers_kept(page: str) -> str:
    """The page's lisp blocks at their lines, everything else blank."""
    blocks = [range(page.count("\n", 0, m.start(1)), page.count("\n", 0, m.end(1))) for m in re.finditer(r"```lisp\n(.*?)```", page, re.S)]
    lines = {number for block in blocks for number in block}
    return "\n".join(line if number in lines else "" for number, line in enumerate(page.split("\n")))


def test_links_between_pages_lead_somewhere():
    root = DOCS.parent
    for page in [root / "README.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_paths_that_pages_name_exist():
    """`folder/file.py` in backquotes: from the root of the tree, or from jit_runtime."""
    root = DOCS.parent
    for page in [root / "README.md", *DOCS.glob("*.md")]:
        for path in re.findall(r"`((?:[a-z_]+/)+[a-z_0-9]+\.(?:py|omni|md))`", page.read_text("utf-8")):
            assert (root / path).exists() or (root / "jit_runtime" / path).exists(), f"{page.name}: {path}"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_pages_are_short(page):
    assert len(page.read_text("utf-8").splitlines()) < 250


def test_dumps_of_the_internals_page_are_real():
    """Each line of a ```dump STAGE block is in the dump of the page's first program, numbers of temporaries aside."""
    page = (DOCS / "internals.md").read_text("utf-8")
    program = re.search(r"```lisp\n(.*?)```", page, re.S)
    blocks = re.findall(r"```dump (\w+)\n(.*?)```", page, re.S)
    assert program and len(blocks) >= 4
    session = Session()
    for stage, block in blocks:
        dump = _without_numbers(session.dump(program[1], stage))
        for line in block.splitlines():
            assert _without_numbers(line.strip()) in dump, f"{stage}: {line}"
    session.close()


def _without_numbers(text: str) -> str:
    return re.sub(r"%\d+|\.\d+(?=[,:\s]|$)", "%", text)
