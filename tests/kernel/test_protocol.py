"""The kernel's half of the protocol, over a session that follows a script; test_kernel.py has the language."""

import pytest

from tests.kernel.client import Client, started


@pytest.fixture(scope="module")
def kernel():
    with started("tests.kernel.scripted_kernel") as client:
        yield client


def test_info_says_what_front_ends_need(kernel: Client):
    info = kernel.ask("kernel_info")
    language = info["language_info"]
    assert (language["name"], language["file_extension"]) == ("omnilisp", ".omni")
    assert (language["mimetype"], language["pygments_lexer"]) == ("text/x-clojure", "omni")
    assert "codemirror_mode" not in language
    assert "debugger" not in info["supported_features"]


def test_a_value_is_an_execute_result(kernel: Client):
    outcome = kernel.execute("(f 1)")
    assert outcome.reply["status"] == "ok"
    assert outcome.value == "(f 1)"
    assert outcome.of("execute_result")[0]["execution_count"] == outcome.reply["execution_count"]


def test_no_value_no_result(kernel: Client):
    assert kernel.execute("(nothing)").value is None


def test_output_has_the_cell_as_parent_and_comes_before_idle(kernel: Client):
    outcome = kernel.execute("(say hello λ)")
    assert outcome.stdout == "hello λ\n"
    assert outcome.of("stream")[0]["name"] == "stdout"


def test_output_is_cut_off_and_says_so(kernel: Client):
    outcome = kernel.execute("(flood 20000)")
    assert 500_000 < len(outcome.stdout) < 600_000
    assert "1475712 bytes of output hidden" in outcome.stdout


def test_an_error_is_one_message_and_the_replys_content(kernel: Client):
    outcome = kernel.execute("(fail)")
    (error,) = outcome.of("error")
    assert outcome.reply["status"] == "error"
    assert outcome.reply["evalue"] == error["evalue"] == "it failed"
    assert "E0001" in error["ename"]
    text = "\n".join(error["traceback"])
    assert "\x1b[" in text and "(fail)" in text and "^" in text
    assert outcome.panels == []
    assert kernel.execute("2").value == "2"


def test_an_error_aborts_the_cells_that_wait(kernel: Client):
    running = kernel.channels.execute("(spin)")
    waiting = kernel.channels.execute("(f)")
    kernel.until(running, "display_data")
    kernel.interrupt()
    statuses = {}
    while set(statuses) != {running, waiting}:
        reply = kernel.channels.get_shell_msg(timeout=60)
        statuses[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
    assert statuses == {running: "error", waiting: "aborted"}


def test_accounting_is_live_and_freezes(kernel: Client):
    request = kernel.channels.execute("(spin)")
    seen = kernel.until(request, "update_display_data", 3)
    kernel.interrupt()
    outcome = kernel.finish(request, seen)
    panels = outcome.panels
    assert len({panel["transient"]["display_id"] for panel in panels}) == 1
    running = [panel["data"]["text/html"] for panel in panels if 'data-state="running"' in panel["data"]["text/html"]]
    assert len(set(running)) >= 2
    assert 'data-state="done"' in panels[-1]["data"]["text/html"]


def test_accounting_of_a_fast_cell_is_shown_once_after_its_value(kernel: Client):
    outcome = kernel.execute("(f)")
    kinds = [message["msg_type"] for message in outcome.messages]
    assert kinds.index("display_data") > kinds.index("execute_result")
    (panel,) = outcome.panels
    assert "live regions" in panel["data"]["text/html"]
    assert panel["data"]["text/plain"].startswith("[done]")


def test_accounting_can_be_switched_off_and_on(kernel: Client):
    assert kernel.execute("%stats off\n(f)").panels == []
    assert kernel.execute("%stats on").value is None
    assert len(kernel.execute("(f)").panels) == 1


def test_interrupt_ends_a_loop_with_a_reply_and_keeps_the_kernel(kernel: Client):
    request = kernel.channels.execute("(spin)")
    kernel.until(request, "display_data")
    kernel.interrupt()
    outcome = kernel.finish(request)
    assert outcome.reply["status"] == "error"
    assert outcome.reply["ename"] == "Interrupted"
    assert kernel.execute("2").value == "2"


def test_completion_and_inspection_answer_while_a_cell_runs(kernel: Client):
    request = kernel.channels.execute("(spin)")
    seen = kernel.until(request, "display_data")
    assert kernel.ask("complete", "(rev", 4)["matches"] == ["reverse"]
    assert kernel.ask("inspect", "(reverse x)", 3)["found"]
    assert kernel.ask("is_complete", "(a")["status"] == "incomplete"
    kernel.interrupt()
    outcome = kernel.finish(request, seen)
    assert outcome.reply["status"] == "error"
    assert len(outcome.of("error")) == 1


def test_completion_has_positions_and_types(kernel: Client):
    reply = kernel.ask("complete", "(f (re x)", 6)
    assert reply["matches"] == ["reverse", "reduce"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (4, 6)
    assert reply["metadata"]["_jupyter_types_experimental"][0]["type"] == "function"


def test_is_complete(kernel: Client):
    assert kernel.ask("is_complete", "(f)") == {"status": "complete"}
    assert kernel.ask("is_complete", "(f") == {"status": "incomplete", "indent": "  "}
    assert kernel.ask("is_complete", "f)") == {"status": "invalid"}


def test_inspect(kernel: Client):
    found = kernel.ask("inspect", "(reverse x)", 4)
    assert found["found"] and "backwards" in found["data"]["text/plain"]
    assert kernel.ask("inspect", "(unknown)", 4) == {"status": "ok", "found": False, "data": {}, "metadata": {}}


def test_silent_cells_show_nothing_and_do_not_count(kernel: Client):
    before = kernel.execute("1").reply["execution_count"]
    silent = kernel.execute("(f)", silent=True)
    assert {message["msg_type"] for message in silent.messages} == {"status"}
    assert kernel.execute("1").reply["execution_count"] == before + 1


def test_user_expressions(kernel: Client):
    answers = kernel.execute("1", user_expressions={"a": "(f)", "b": "(fail)"}).reply["user_expressions"]
    assert answers["a"]["data"]["text/plain"] == "(f)"
    assert (answers["b"]["status"], answers["b"]["evalue"]) == ("error", "it failed")


def test_history(kernel: Client):
    kernel.execute("(first)")
    line = kernel.execute("(second)").reply["execution_count"]
    kernel.execute("(hidden)", store_history=False)
    tail = kernel.ask("history", hist_access_type="tail", n=2, raw=True, output=False)["history"]
    assert [entry[2] for entry in tail] == ["(first)", "(second)"]
    found = kernel.ask("history", hist_access_type="search", pattern="(sec*", raw=True, output=True, n=10)["history"]
    assert found == [[0, line, ["(second)", "(second)"]]]
    ranged = kernel.ask("history", hist_access_type="range", session=0, start=line, stop=line + 1, raw=True, output=False)["history"]
    assert ranged == [[0, line, "(second)"]]


def test_comm_of_an_unknown_target_is_closed_again(kernel: Client):
    message = kernel.channels.session.msg("comm_open", {"comm_id": "c1", "target_name": "nobody", "data": {}})
    kernel.channels.shell_channel.send(message)
    closing = kernel.until(message["header"]["msg_id"], "comm_close")[-1]
    assert closing["content"]["comm_id"] == "c1"


def test_restart_forgets_the_history():
    with started("tests.kernel.scripted_kernel") as client:
        client.execute("(f)")
        client.manager.restart_kernel(now=False)
        client.channels.wait_for_ready(timeout=60)
        assert client.execute("(g)").reply["execution_count"] == 1
