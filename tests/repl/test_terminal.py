"""The prompt in a real terminal, over a scripted session: status line, interrupts, type-ahead, restored screen."""

import re
import sys

import pytest

from tests.repl.terminal import Terminal, needs_tmux

pytestmark = needs_tmux


@pytest.fixture
def terminal(tmp_path):
    with Terminal(f"{sys.executable} -m tests.repl.scripted_omni", tmp_path, TERM="screen-256color") as terminal:
        assert terminal.shows("λ"), terminal.screen
        yield terminal


def test_value_kind_and_toolbar(terminal):
    terminal.enter("(f 1)")
    assert terminal.shows("(f 1)  Symbol")
    assert terminal.shows(lambda screen: "3 regions 4.00 KiB" in last_line(screen))


def test_toolbar_moves_while_code_runs_and_ctrl_c_stops_it(terminal):
    terminal.enter("(spin)")
    assert terminal.shows(lambda screen: "▶" in last_line(screen) and transmigrated(screen) > 0)
    first = transmigrated(terminal.screen)
    assert terminal.shows(lambda screen: transmigrated(screen) > first)
    terminal.press("C-c")
    assert terminal.shows("interrupted")
    assert terminal.shows(lambda screen: "▶" not in screen)
    terminal.enter("(still here)")
    assert terminal.shows("(still here)  Symbol")


def test_unfinished_lines_stay_in_view_above_the_status_line(terminal):
    terminal.enter("(say- no newline)")
    assert terminal.shows(lambda screen: re.search(r"^no newline\s*\n", screen, re.M))


def test_what_is_typed_meanwhile_reaches_the_next_prompt(terminal):
    terminal.enter("(spin)")
    assert terminal.shows("▶")
    terminal.type("(typed ahead)")
    terminal.press("C-c")
    assert terminal.shows(lambda screen: "λ (typed ahead)" in screen)
    assert terminal.screen.count("(typed ahead)") == 1
    terminal.press("Enter")
    assert terminal.shows("(typed ahead)  Symbol")


def test_tab_completes(terminal):
    terminal.type("(rev")
    terminal.press("Tab")
    assert terminal.shows("(reverse")


def test_ctrl_d_leaves_and_history_is_there_next_time(terminal, tmp_path):
    terminal.enter("(remember me)")
    assert terminal.shows("(remember me)  Symbol")
    terminal.press("C-d")
    assert terminal.shows(lambda screen: "regions" not in last_line(screen))
    with Terminal(f"{sys.executable} -m tests.repl.scripted_omni -q", tmp_path) as again:
        assert again.shows("λ")
        again.press("Up")
        assert again.shows("λ (remember me)")


def test_no_color_writes_no_colour_and_a_dumb_terminal_works(tmp_path):
    with Terminal(f"{sys.executable} -m tests.repl.scripted_omni", tmp_path, TERM="dumb", NO_COLOR="1") as dumb:
        assert dumb.shows("λ")
        dumb.enter("(f 1)")
        assert dumb.shows(lambda screen: re.search(r"^\(f 1\)$", screen, re.M))
        assert "Symbol" not in dumb.screen


def last_line(screen: str) -> str:
    return screen.rstrip("\n").rpartition("\n")[2]


def transmigrated(screen: str) -> int:
    found = re.search(r"(\d+) transmigrated", last_line(screen))
    return int(found[1]) if found else 0
