"""The `omni` command as a process: streams, exit status, signals, pipes."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OMNI = [sys.executable, "-m", "omni_repl"]
FOREVER = "(let loop [n 0] (loop (+ n 1)))"


def omni(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run([*OMNI, *arguments], input=stdin, capture_output=True, text=True, env=env, timeout=120)


@pytest.fixture(scope="module", autouse=True)
def warm_cache():
    """The runtime may have to be compiled first; its line on standard error belongs to no test."""
    omni("-e", "1")


def test_fib_of_30():
    done = omni("-e", "(define fib n (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib 30)")
    assert (done.stdout, done.stderr, done.returncode) == ("832040\n", "", 0)


def test_each_expression_prints_its_value_unless_it_is_nothing():
    done = omni("-e", "(define x 20)", "-e", "(+ x 1)", "-e", '"text"', "-e", "nothing")
    assert (done.stdout, done.returncode) == ('21\n"text"\n', 0)


def test_output_of_the_program_comes_before_the_value():
    assert omni("-e", '(println "a") (print "b") 3').stdout == "a\nb3\n"


def test_a_file_prints_only_what_it_prints(tmp_path):
    program = tmp_path / "p.omni"
    program.write_text("#!/usr/bin/env omni\n(define x 6)\n(* x 7)\n(println (* x 7))\n")
    done = omni(str(program), "an", "--argument")
    assert (done.stdout, done.stderr, done.returncode) == ("42\n", "", 0)


@pytest.mark.parametrize("arguments", [["-"], []])
def test_a_program_on_standard_input(arguments):
    assert omni(*arguments, stdin="(println 7)\n").stdout == "7\n"


def test_an_error_goes_to_standard_error_with_place_and_caret(tmp_path):
    program = tmp_path / "p.omni"
    program.write_text("(println 1)\n(define y 2)\n(+ y [1 2)\n")
    done = omni(str(program))
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{program}:3:" in done.stderr and "^" in done.stderr


def test_a_run_time_error_keeps_what_was_printed_before():
    done = omni("-e", "(println 1) (car 5) (println 2)")
    assert (done.stdout, done.returncode) == ("1\n", 1)
    assert "error" in done.stderr and "car" in done.stderr


def test_a_missing_file():
    done = omni("/nonexistent.omni")
    assert done.returncode == 1
    assert "/nonexistent.omni" in done.stderr and "Traceback" not in done.stderr


def test_bytes_that_are_no_text(tmp_path):
    program = tmp_path / "p.omni"
    program.write_bytes(bytes(range(256)) * 200)
    done = omni(str(program))
    assert done.returncode == 1
    assert f"{program}:" in done.stderr and "Traceback" not in done.stderr and "internal" not in done.stderr


@pytest.mark.parametrize("flags", [["--color=always"], []])
def test_colour_only_where_wanted(flags):
    assert ("\x1b[" in omni(*flags, "-e", "(car 5)").stderr) == bool(flags)


@pytest.mark.parametrize(
    ("stage", "part"),
    [("forms", "(+ 1 2)"), ("core", "+"), ("llvm", "define"), ("typed", "= add i64 1, i64 2"), ("placed", "= add i64 1, i64 2"), ("asm", "ret")],
)
def test_every_stage_can_be_shown(stage, part):
    done = omni("--dump", stage, "-e", "(+ 1 2)")
    assert done.returncode == 0, done.stderr
    assert part in done.stdout


def test_stats_go_to_standard_error():
    done = omni("--stats", "-e", "(list 1 2)")
    assert done.stdout == "(1 2)\n"
    assert "live regions" in done.stderr and "link" in done.stderr


def test_checked_mode_changes_nothing_that_is_right():
    assert omni("--check", "-e", "(define xs (list 1 2)) (append xs xs)").stdout == "(1 2 1 2)\n"


def started(*arguments: str, **options) -> subprocess.Popen:
    return subprocess.Popen([*OMNI, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, **options)


def test_ctrl_c_ends_a_native_loop_with_130():
    with started("-e", f'(println "a") (println "b") (print "begun") (println) {FOREVER}') as process:
        assert [process.stdout.readline() for _ in range(2)] == ["a\n", "b\n"]
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "interrupted" in errors and "Traceback" not in errors


def test_output_is_live_while_native_code_runs():
    with started("-e", "(let loop [n 0] (println n) (loop (+ n 1)))") as process:
        assert [process.stdout.readline() for _ in range(3)] == ["0\n", "1\n", "2\n"]
        process.kill()


def test_a_closed_pipe_ends_quietly():
    with started("-e", "(let loop [n 0] (println n) (loop (+ n 1)))") as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        process.wait(60)
    assert process.returncode in (-signal.SIGPIPE, 128 + signal.SIGPIPE)


def test_closed_standard_streams():
    command = " ".join([*OMNI, "-e", "'(println 1) 2'", "<&-", ">&-", "2>&-"])
    assert subprocess.run(["sh", "-c", command], cwd=ROOT, timeout=60).returncode == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_output_that_cannot_be_written_is_an_error():
    for expression in ("(println 1)", "1"):
        with open("/dev/full", "w") as full:
            done = subprocess.run([*OMNI, "-e", expression], stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=60)
        assert done.returncode == 1
        assert "error" in done.stderr and "Traceback" not in done.stderr


def test_exit_ends_the_program_with_its_status():
    done = omni("-e", "(println 1) (exit 3) (println 2)")
    assert (done.stdout, done.returncode) == ("1\n", 3)


def test_the_session_goes_on_after_a_megabyte_of_noise(tmp_path):
    noise = tmp_path / "noise.omni"
    noise.write_bytes(random.Random(1).randbytes(1_000_000))
    done = omni("-q", "-i", str(noise), stdin="(+ 1 2)\n(exit 0)\n")
    assert "noise.omni:" in done.stdout and "internal" not in done.stdout
    assert "3" in done.stdout.splitlines()


def test_importing_for_one_expression_stays_small():
    code = (
        "import sys, threading\n"
        "from omni_repl.arguments import parse\n"
        "from omni_repl import cli\n"
        "cli.open_session(parse(['-e', '1'])).eval('(+ 1 2)')\n"
        "print(sorted({'prompt_toolkit', 'pygments', 'ipykernel', 'rich', 'argparse', 'asyncio', 'IPython', 'platformdirs'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.stdout == "[]\n", done.stderr


def test_ctrl_c_while_the_prompt_opens_its_session():
    code = """
from omni_repl.arguments import Request
from omni_repl.repl import run_prompt

def interrupted(out_fd):
    raise KeyboardInterrupt

run_prompt(Request(), interrupted)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, "")
