"""The command line of `omni`."""

import subprocess
import sys

import pytest

from omni_repl import __version__
from omni_repl.arguments import UsageError, parse
from omni_repl.cli import main


def test_expressions_repeat_and_file_keeps_its_arguments():
    request = parse(["-e", "(f 1)", "-e", "(f 2)", "-i", "--stats", "program.omni", "-x", "--help"])
    assert request.expressions == ["(f 1)", "(f 2)"]
    assert request.file == "program.omni"
    assert request.rest == ["-x", "--help"]
    assert request.interactive and request.stats and not request.check


def test_nothing_asked_starts_the_prompt():
    assert parse([]).starts_prompt
    assert parse(["-q"]).starts_prompt
    assert not parse(["-e", "1"]).starts_prompt
    assert parse(["-i", "-e", "1"]).starts_prompt


def test_double_dash_makes_the_next_word_a_file():
    assert parse(["--", "-e"]).file == "-e"
    assert parse(["--", "doctest"]).command == ""


def test_dash_is_standard_input():
    assert parse(["-"]).file == "-"


@pytest.mark.parametrize("stage", ["forms", "core", "typed", "placed", "llvm", "asm"])
def test_dump_takes_a_stage_both_ways(stage):
    assert parse([f"--dump={stage}", "f.omni"]).dump == stage
    assert parse(["--dump", stage, "-e", "1"]).dump == stage


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--nonsense"], "unknown option --nonsense"),
        (["-x"], "unknown option -x"),
        (["-e"], "-e needs a value"),
        (["--dump", "soup", "f"], "--dump takes one of"),
        (["--dump", "llvm"], "--dump needs FILE"),
        (["--color=green"], "--color takes one of"),
    ],
)
def test_bad_usage_says_why_and_exits_with_2(arguments, complaint, capsys):
    with pytest.raises(UsageError, match=complaint):
        parse(arguments)
    assert main(arguments) == 2
    assert complaint in capsys.readouterr().err


def test_commands_take_all_that_follows():
    request = parse(["doctest", "--engine=oracle", "a.omni"])
    assert request.command == "doctest"
    assert request.rest == ["--engine=oracle", "a.omni"]


def test_help_and_version_go_to_standard_output(capsys):
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: omni")
    assert main(["-V"]) == 0
    assert __version__ in capsys.readouterr().out


def test_one_expression_imports_nothing_of_the_prompt_or_the_kernel():
    code = (
        "import sys, os\n"
        "import omni_repl.cli, omni_repl.program\n"
        "import jit_runtime.source.diagnostics\n"
        "heavy = {'prompt_toolkit', 'pygments', 'ipykernel', 'rich', 'argparse', 'asyncio', 'IPython'} & set(sys.modules)\n"
        "print(sorted(heavy))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
