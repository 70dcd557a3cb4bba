"""Keys of the prompt: Enter submits what the reader calls complete, otherwise it breaks the line and indents."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.filters import Condition, completion_is_selected, has_selection, is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

# Session.is_complete: ("complete" | "incomplete" | "invalid", indentation of the next line)
IsComplete = Callable[[str], tuple[str, str]]


def bindings(is_complete: IsComplete) -> KeyBindings:
    """`Enter`: submit or new line; `Alt-Enter`: always a new line; a closing bracket on its own line moves no text."""
    keys = KeyBindings()

    @keys.add("enter", filter=~is_searching & ~completion_is_selected)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        text = buffer.text
        if is_command(text) or not text.strip() or is_complete(text)[0] != "incomplete":
            buffer.validate_and_handle()
        else:
            _break_line(event)

    @keys.add("escape", "enter", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        _break_line(event)

    @keys.add("enter", filter=completion_is_selected)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    @keys.add("c-c", filter=has_text & ~is_searching)
    def _(event: KeyPressEvent) -> None:
        """Give up the entry, but keep it in the history."""
        buffer = event.current_buffer
        buffer.append_to_history()
        event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    def _break_line(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if has_selection():
            buffer.cut_selection()
        buffer.insert_text("\n" + is_complete(buffer.document.text_before_cursor)[1])

    return keys


def is_command(text: str) -> bool:
    """A comma or a question mark opens a command of the prompt; neither can begin a form of a program."""
    return text.lstrip()[:1] in (",", "?")


@Condition
def has_text() -> bool:
    from prompt_toolkit.application import get_app

    return bool(get_app().current_buffer.text)
