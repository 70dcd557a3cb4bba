"""Diagnostics as text."""

from jit_runtime.source.diagnostics import Diagnostic
from jit_runtime.source.render import render_ansi, render_html, render_plain
from jit_runtime.source.text import Source, Span


def at(text: str, part: str, **more: object) -> Diagnostic:
    start = text.index(part)
    return Diagnostic("R000", Span(Source("a.omni", text), start, start + len(part)), "bad thing", **more)  # type: ignore[arg-type]


def caret_columns(plain: str) -> tuple[int, int]:
    row = plain.splitlines()[2]
    return row.index("^"), row.count("^")


def test_place_line_caret_notes_and_help() -> None:
    diagnostic = at("first\n(f [x)", "[x", notes=("one", "two\nlines"), help="do so")
    assert render_plain([diagnostic]) == (
        "a.omni:2:4: error: bad thing\n  2 | (f [x)\n    |    ^^\n  note: one\n  note: two\n        lines\n  help: do so\n"
    )


def test_without_a_span_there_is_only_the_message() -> None:
    assert render_plain([Diagnostic("I000", None, "lost")]) == "error: lost\n"


def test_tabs_and_wide_characters_move_the_caret() -> None:
    assert caret_columns(render_plain([at("\tx y", "y")])) == (len("  1 | ") + 6, 1)
    assert caret_columns(render_plain([at("日本 語語", "語語")])) == (len("  1 | ") + 5, 4)
    assert caret_columns(render_plain([at("e\u0301 y", "y")])) == (len("  1 | ") + 2, 1)


def test_a_span_over_several_lines_is_marked_on_the_first() -> None:
    assert caret_columns(render_plain([at("(a\n b)", "(a\n b)")])) == (6, 2)


def test_an_empty_span_at_the_end_has_a_caret() -> None:
    source = Source("a.omni", "(a")
    assert caret_columns(render_plain([Diagnostic("R000", Span(source, 2, 2), "end")])) == (8, 1)


def test_long_lines_are_cut_around_the_caret() -> None:
    plain = render_plain([at("x" * 500 + " HERE " + "y" * 500, "HERE")], width=80)
    line = plain.splitlines()[1]
    assert "HERE" in line and len(line) <= 80
    assert line[caret_columns(plain)[0] :].startswith("HERE")
    assert line.startswith("  1 | …") and line.endswith("…")


def test_control_characters_do_not_reach_the_terminal() -> None:
    source = Source("a\x1b.omni", "\x1b[31m x")
    plain = render_plain([Diagnostic("R000", Span(source, 6, 7), "no \x07 bell")])
    assert plain.isascii() is False and all(char.isprintable() or char == "\n" for char in plain)


def test_the_three_outputs_say_the_same() -> None:
    import re
    from html import unescape

    diagnostics = [at("(a <b> & c)", "<b>", notes=('say "x"',)), at("q", "q")]
    plain = render_plain(diagnostics)
    coloured = render_ansi(diagnostics)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).split() == plain.split()
    html = render_html(diagnostics)
    assert "<b>" not in html
    assert unescape(re.sub(r"<[^>]*>", "", html)).split() == plain.split()
