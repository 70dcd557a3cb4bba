"""The line editor: prompt_toolkit, told about the language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History
from prompt_toolkit.layout.processors import HighlightMatchingBracketProcessor
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from omni_repl.completer import OmniCompleter
from omni_repl.highlight import PromptLexer
from omni_repl.history import open_history
from omni_repl.keys import bindings
from omni_repl.places import history_file

if TYPE_CHECKING:
    from prompt_toolkit.input import Input
    from prompt_toolkit.output import Output

    from omni_repl.repl import Repl

PROMPT = "λ "
CONTINUATION = "  "

STYLE = Style.from_dict(
    {
        "prompt": "ansicyan bold",
        "bottom-toolbar": "noreverse bg:ansibrightblack ansiwhite",
        "omni.comment": "ansibrightblack italic",
        "omni.string": "ansigreen",
        "omni.number": "ansiyellow",
        "omni.symbol": "ansimagenta",
        "omni.constant": "ansiyellow",
        "omni.keyword": "ansiblue bold",
        "omni.kind": "ansicyan",
        "omni.meta": "ansibrightmagenta",
        "omni.error": "ansired underline",
        "matching-bracket.cursor": "bold underline",
        "matching-bracket.other": "bold underline",
    }
)


def make_prompt(
    repl: Repl, *, color: bool, history: History | None = None, source: Input | None = None, sink: Output | None = None
) -> PromptSession[str]:
    """An editor of whole forms; the toolbar is the repl's. `source` and `sink` replace the terminal."""
    return PromptSession(
        FormattedText([("class:prompt", PROMPT)]),
        multiline=True,
        prompt_continuation=CONTINUATION,
        key_bindings=bindings(repl.session.is_complete),
        lexer=PromptLexer(),
        completer=OmniCompleter(repl.session),
        complete_while_typing=False,
        history=history or open_history(history_file()),
        auto_suggest=AutoSuggestFromHistory() if color else None,
        bottom_toolbar=repl.toolbar,
        input_processors=[HighlightMatchingBracketProcessor(chars="()[]{}")],
        style=STYLE,
        include_default_pygments_style=False,
        color_depth=None if color else ColorDepth.DEPTH_1_BIT,
        search_ignore_case=True,
        enable_open_in_editor=True,
        tempfile_suffix=".omni",
        input=source,
        output=sink,
    )
