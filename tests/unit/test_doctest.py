"""Expectations in programs."""

from jit_runtime.doctest import Report, chunks_of, run_text, summary
from jit_runtime.oracle.session import OracleSession


def run(text: str) -> Report:
    return run_text(text, "p.omni", OracleSession())


def failures(text: str) -> list[tuple[int, str, str]]:
    return [(failure.line, failure.expected, failure.actual) for failure in run(text).failures]


def test_forms_that_do_what_is_expected_are_counted() -> None:
    report = run("(define x 1)\nx\n;; => 1\n(+ x 1) ;; => 2\n(println x)\n;; stdout: 1\n;; => nothing\n(car ())\n;; error: CAR\n")
    assert (report.passed, report.failures) == (4, [])
    assert str(report) == "4 passed, 0 failed"


def test_a_difference_tells_line_expected_and_actual() -> None:
    assert failures("\n(+ 1\n 1)\n;; => 3") == [(2, "=> 3", "=> 2")]
    assert failures("(println 1 2)\n;; stdout: 1\n;; stdout: 2") == [(1, "stdout: 1; stdout: 2", "stdout: 1 2; => nothing")]
    assert failures("(car ())\n;; => 3") == [(1, "=> 3", "error: type error: car needs a pair, got ()")]
    assert failures("5\n;; error: x") == [(1, "error: x", "=> 5")]
    assert str(run("1\n;; => 2")) == "p.omni:1: expected => 2\n    actual => 1\n0 passed, 1 failed"


def test_every_text_of_several_must_be_in_the_message() -> None:
    assert failures("(car 5)\n;; error: car\n;; error: 5") == []
    assert len(failures("(car 5)\n;; error: car\n;; error: cdr")) == 1


def test_an_error_nobody_expects_is_a_failure_and_the_rest_runs() -> None:
    report = run("(car 1)\n(define x 2)\nx\n;; => 2")
    assert report.passed == 1
    assert [(failure.line, failure.expected) for failure in report.failures] == [(1, "no error")]
    assert failures("(car 1)")[0][1] == "no error"


def test_what_the_reader_rejects_is_tested_on_its_own() -> None:
    assert failures("(define x 1)\n(+ 1 (* 2 3)\n;; error: unclosed\nx\n;; => 1") == []
    assert failures('"no end\n;; error: string\n5\n;; => 5') == []
    assert failures("(+ 1 2))\n;; error: unexpected\n7\n;; => 7") == []
    assert failures("(+ 1 2]\n;; error: mismatch") == []
    assert len(failures("(+ 1 2))\n;; => 3")) == 1


def test_lines_of_errors_are_those_of_the_file() -> None:
    text = ";; head\n\n1\n;; => 1\n; between\n\n  (car 1)\n;; => 2\n"
    assert [(chunk.line, chunk.value) for chunk in chunks_of(text)] == [(1, "1"), (7, "2")]
    assert failures(text)[0][0] == 7


def test_a_crash_of_the_engine_is_a_failure_also_where_an_error_is_expected() -> None:
    class Broken(OracleSession):
        def eval(self, text: str, *, name: str = "", line: int = 1):
            raise KeyError("car")

    report = run_text("(car 1)\n;; error: car", "p.omni", Broken())
    assert [failure.actual for failure in report.failures] == ["error: crash of the engine: KeyError: 'car'"]


def test_the_summary_adds_up() -> None:
    assert summary([run("1\n;; => 1"), run("1\n;; => 2")]) == "1 passed, 1 failed"
