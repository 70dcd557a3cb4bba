"""The prompt with the language behind it, in a real terminal."""

import re
import sys

import pytest

from tests.repl.terminal import Terminal, needs_tmux

pytestmark = needs_tmux


@pytest.fixture
def terminal(tmp_path):
    with Terminal(f"{sys.executable} -m omni_repl", tmp_path, TERM="screen-256color") as terminal:
        assert terminal.shows(lambda screen: "regions" in screen), terminal.screen
        yield terminal


def test_define_call_error_and_on(terminal):
    terminal.enter("(define (square x) (* x x))")
    terminal.enter("(square 12)")
    assert terminal.shows("144  Int")
    terminal.enter("(car 5)")
    assert terminal.shows(lambda screen: "error" in screen and "car" in screen)
    terminal.enter("(square 1.5)")
    assert terminal.shows("2.25  Float")


def test_an_incomplete_form_goes_on_in_the_next_line(terminal):
    terminal.enter("(define (twice f x)")
    assert terminal.shows("(define (twice f x)\n")
    terminal.enter("(f (f x)))")
    terminal.enter("(twice (fn [x] (* x 3)) 2)")
    assert terminal.shows("18  Int")
    assert "\n    (f (f x)))" in terminal.screen


def test_the_toolbar_follows_native_code_and_ctrl_c_stops_it(terminal):
    terminal.enter("(define kept 41)")
    terminal.enter("(let loop [n 0] (loop (+ (car (cons n '())) 1)))")
    assert terminal.shows("▶")
    first = allocated(terminal.screen)
    assert terminal.shows(lambda screen: "▶" in screen and allocated(screen) not in ("", first)), terminal.screen
    terminal.press("C-c")
    assert terminal.shows("interrupted")
    terminal.enter("(+ kept 1)")
    assert terminal.shows("42  Int")


def test_output_is_shown_while_native_code_runs(terminal):
    terminal.enter('(let loop [n 0] (when (< n 3) (println "line" n)) (loop (+ n 1)))')
    assert terminal.shows("line 0\nline 1\nline 2\n")
    terminal.press("C-c")
    assert terminal.shows("interrupted")


def test_interactive_after_a_file(tmp_path):
    program = tmp_path / "p.omni"
    program.write_text('(define answer 42)\n(println "ready")\n')
    with Terminal(f"{sys.executable} -m omni_repl -i {program}", tmp_path) as terminal:
        assert terminal.shows("ready")
        terminal.enter("(+ answer 1)")
        assert terminal.shows("43")


def allocated(screen: str) -> str:
    found = re.search(r"([\d.]+ \w+) allocated", screen.rstrip("\n").rpartition("\n")[2])
    return found[1] if found else ""
