"""`omni doctest`."""

import pytest

from omni_repl.cli import main

PROGRAM = """\
(define x 20)
(println "x is" x)
;; stdout: x is 20
(+ x 1)
;; => 21
(car 5)
;; error: pair
"""


@pytest.mark.parametrize("engine", ["native", "quick", "oracle"])
def test_a_program_that_does_what_it_says(engine, tmp_path, capsys):
    path = tmp_path / "good.omni"
    path.write_text(PROGRAM)
    assert main(["doctest", f"--engine={engine}", str(path)]) == 0
    assert capsys.readouterr().out == "3 passed, 0 failed\n"


@pytest.mark.parametrize("engine", ["native", "oracle"])
def test_a_failure_names_file_line_expected_and_actual(engine, tmp_path, capsys):
    path = tmp_path / "bad.omni"
    path.write_text("1\n;; => 1\n\n(+ 1 1)\n;; => 3\n")
    assert main(["doctest", f"--engine={engine}", str(path)]) == 1
    out = capsys.readouterr().out
    assert f"{path}:4: expected => 3" in out
    assert "=> 2" in out
    assert out.endswith("1 passed, 1 failed\n")


def test_a_folder_stands_for_its_programs(tmp_path, capsys):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.omni").write_text("1\n;; => 1\n")
    (tmp_path / "b.omni").write_text("2\n;; => 2\n")
    (tmp_path / "c.txt").write_text("3\n;; => 4\n")
    assert main(["doctest", "--engine=oracle", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "2 passed, 0 failed\n"


def test_a_file_that_cannot_be_read_is_a_failure(tmp_path, capsys):
    (tmp_path / "binary.omni").write_bytes(b"\xff\xfe\x00")
    assert main(["doctest", "--engine=oracle", str(tmp_path / "missing.omni"), str(tmp_path / "binary.omni")]) == 1
    assert "0 passed, 2 failed" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["--engine=warp", "f"], ["--loud", "f"]])
def test_bad_usage(arguments, capsys):
    assert main(["doctest", *arguments]) == 2
    assert "usage" in capsys.readouterr().err
