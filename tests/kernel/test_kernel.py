"""The kernel with the language in it: what a notebook sees of native code."""

import pytest

from tests.kernel.client import Client, started

ALLOCATING = "(let loop [n 0] (loop (+ (car (cons n '())) 1)))"


@pytest.fixture(scope="module")
def kernel():
    with started("kernel") as client:
        client.execute("1")  # the first start of a version compiles the runtime
        yield client


def test_definitions_live_on_from_cell_to_cell(kernel: Client):
    assert kernel.execute("(define (square x) (* x x))").value is None
    assert kernel.execute("(square 12)").value == "144"
    assert kernel.execute("(square 1.5)").value == "2.25"


def test_output_arrives_while_native_code_runs(kernel: Client):
    request = kernel.channels.execute("(let loop [n 0] (println n) (loop (+ n 1)))")
    seen = kernel.until(request, "stream", 2)
    kernel.interrupt()
    outcome = kernel.finish(request, seen)
    assert outcome.reply["ename"] == "Interrupted"
    assert outcome.stdout.startswith("0\n1\n2\n")


def test_two_different_samples_during_one_loop(kernel: Client):
    request = kernel.channels.execute(ALLOCATING)
    seen = kernel.until(request, "update_display_data", 3)
    kernel.interrupt()
    outcome = kernel.finish(request, seen)
    allocated = [panel["data"]["text/plain"].partition("allocated ")[2].partition(",")[0] for panel in outcome.panels]
    assert len(set(allocated)) >= 2
    assert outcome.panels[-1]["data"]["text/plain"].startswith("[done]")


def test_a_native_loop_is_interrupted_and_nothing_is_lost(kernel: Client):
    kernel.execute("(define kept 41)")
    request = kernel.channels.execute("(let loop [n 0] (loop (+ n 1)))")
    kernel.until(request, "display_data")
    kernel.interrupt()
    assert kernel.finish(request).reply["evalue"].endswith("interrupted")
    assert kernel.execute("(+ kept 1)").value == "42"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("(car 5)", "pair"),
        ("(no-such-name 1)", "unbound"),
        ("(+ 1", "unclosed"),
        ("(/ 1 0)", "division by zero"),
        ("((fn [x] x))", "arity"),
        (")", ")"),
    ],
)
def test_errors_have_a_message_a_place_and_no_python(kernel: Client, code: str, message: str):
    outcome = kernel.execute(code)
    (error,) = outcome.of("error")
    assert message in error["evalue"]
    text = "\n".join(error["traceback"])
    assert "In[" in text or "error" in text
    assert "Traceback" not in text and "internal" not in text
    assert kernel.execute("(+ 1 2)").value == "3"


def test_completion_knows_builtins_and_definitions_while_native_code_runs(kernel: Client):
    kernel.execute("(define (my-own-function x y) x)")
    request = kernel.channels.execute("(let loop [n 0] (loop (+ n 1)))")
    seen = kernel.until(request, "display_data")
    assert kernel.ask("complete", "(my-own", 7)["matches"] == ["my-own-function"]
    assert "string-append" in kernel.ask("complete", "(string-app", 11)["matches"]
    assert "(my-own-function x y)" in kernel.ask("inspect", "(my-own-function 1 2)", 5)["data"]["text/plain"]
    kernel.interrupt()
    kernel.finish(request, seen)


def test_incomplete_input_says_how_far_to_indent(kernel: Client):
    assert kernel.ask("is_complete", "(define (f x)") == {"status": "incomplete", "indent": "  "}
    assert kernel.ask("is_complete", "(f x)")["status"] == "complete"
    assert kernel.ask("is_complete", "(f x]")["status"] == "invalid"


def test_an_empty_cell_and_a_comment(kernel: Client):
    assert kernel.execute("").reply["status"] == "ok"
    assert kernel.execute("; nothing here").reply["status"] == "ok"
