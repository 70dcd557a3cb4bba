"""The prompt through prompt_toolkit's pipe input: keys go in, evaluated texts and terminal output come out."""

import os
import stat

import pytest
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from omni_repl.history import open_history
from omni_repl.output import OutputPipe
from omni_repl.prompt import make_prompt
from omni_repl.repl import Repl
from omni_repl.running import Runner
from omni_repl.worker import Worker
from tests.scripted import ScriptedSession

ENTER, ALT_ENTER, CTRL_C, CTRL_D = "\r", "\x1b\r", "\x03", "\x04"


@pytest.fixture
def drive(capfd):
    """`drive(keys)` types the keys and Ctrl-D; the result is (evaluated texts, what the terminal shows)."""
    worker = Worker()
    history = InMemoryHistory()

    def run(keys: str) -> tuple[list[str], str]:
        output = OutputPipe()
        session = ScriptedSession(output.write_fd)
        repl = Repl(Runner(worker, session, output, live=False, color=False), None, color=False, quiet=True)
        with create_pipe_input() as source:
            repl.prompt = make_prompt(repl, color=False, history=history, source=source, sink=DummyOutput())
            source.send_text(keys + CTRL_D)
            assert repl.loop() == 0
        return session.evaluated, capfd.readouterr().out

    run.history = history
    yield run
    worker.close()


def test_enter_submits_a_complete_form(drive):
    assert drive("(f 1)" + ENTER) == (["(f 1)"], "(f 1)\n")


def test_enter_breaks_and_indents_an_incomplete_form(drive):
    evaluated, _ = drive("(f" + ENTER + "1)" + ENTER)
    assert evaluated == ["(f\n  1)"]


def test_alt_enter_breaks_the_line_of_a_complete_form(drive):
    evaluated, _ = drive("a" + ALT_ENTER + "b" + ENTER)
    assert evaluated == ["a\nb"]


def test_several_entries_are_evaluated_in_order(drive):
    evaluated, shown = drive("1" + ENTER + "2" + ENTER + "3" + ENTER)
    assert evaluated == ["1", "2", "3"]
    assert shown == "1\n2\n3\n"


def test_pasted_text_with_line_breaks_is_one_entry(drive):
    evaluated, _ = drive("\x1b[200~a\nb\nc\x1b[201~" + ENTER)
    assert evaluated == ["a\nb\nc"]


def test_empty_entries_are_not_evaluated(drive):
    assert drive(ENTER + "  " + ENTER) == ([], "")


def test_an_error_shows_the_source_and_ends_at_a_prompt(drive):
    evaluated, shown = drive("(fail)" + ENTER + "2" + ENTER)
    assert evaluated == ["(fail)", "2"]
    assert "it failed" in shown and "(fail)" in shown and "^" in shown and "as it should" in shown
    assert shown.endswith("2\n")


def test_input_is_never_lost(drive):
    evaluated, _ = drive("(fail)" + ENTER + "(precious)" + CTRL_C)
    assert evaluated == ["(fail)"]
    assert drive.history.get_strings() == ["(fail)", "(precious)"]


def test_unbalanced_text_reaches_the_reader(drive):
    evaluated, _ = drive("(f))" + ENTER)
    assert evaluated == ["(f))"]


def test_output_comes_before_the_value_and_gets_its_line_end(drive):
    assert drive("(say hello)" + ENTER)[1] == "hello\n"
    assert drive("(say- hello)" + ENTER + "1" + ENTER)[1] == "hello\n1\n"


def test_completions_carry_signature_and_documentation():
    from omni_repl.completer import OmniCompleter

    found = list(OmniCompleter(ScriptedSession()).get_completions(Document("(re"), None))
    assert [(item.text, item.start_position) for item in found] == [("reverse", -2), ("reduce", -2)]
    assert found[0].display_meta_text == "(reverse xs)  its doc"


def test_comma_commands(drive, tmp_path):
    program = tmp_path / "p.omni"
    program.write_text("(say loaded it)")
    evaluated, shown = drive(f",load {program}" + ENTER + ",stats" + ENTER + "?reverse" + ENTER + ",time (f)" + ENTER + ",nonsense" + ENTER)
    assert evaluated == ["(say loaded it)", "(f)"]
    for part in ("loaded it", "live regions", "backwards", "allocated", "no command ,nonsense"):
        assert part in shown


def test_quit_leaves_before_what_follows(drive):
    assert drive(",quit" + ENTER + "1" + ENTER)[0] == []


def test_a_missing_file_is_said_not_raised(drive):
    _, shown = drive(",load /nonexistent/file.omni" + ENTER)
    assert "No such file" in shown


def test_long_values_are_cut(drive):
    _, shown = drive("\x1b[200~" + "x" * 30_000 + "\x1b[201~" + ENTER)
    assert "10000 more characters" in shown and len(shown) < 21_000


def test_toolbar_shows_the_sessions_counters():
    output = OutputPipe()
    repl = Repl(Runner(Worker(), ScriptedSession(output.write_fd), output, live=False, color=False), None, color=False, quiet=True)
    assert "3 regions" in repl.toolbar() and "4.00 KiB" in repl.toolbar()


def test_history_is_private_and_survives_with_entries_of_several_lines(tmp_path):
    path = tmp_path / "deep" / "history"
    history = open_history(path)
    history.append_string("(define x\n  1)")
    history.append_string("x")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert list(open_history(path).load_history_strings()) == ["x", "(define x\n  1)"]


def test_history_that_cannot_be_written_is_kept_in_memory(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    history = open_history(blocked / "history")
    history.append_string("x")
    assert history.get_strings() == ["x"]
