"""Completion at the prompt: names from the session, commands after a comma, files after `,load`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from omni_repl.commands import COMMANDS
from omni_repl.door import Door


class OmniCompleter(Completer):
    """Asks the session, which knows what is in scope; adds what the prompt itself understands."""

    def __init__(self, session: Door) -> None:
        self._session = session
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        if before.startswith(",load "):
            return self._paths.get_completions(Document(before[len(",load ") :]), complete_event)
        if before.startswith(",") and " " not in before:
            return self._commands(before)
        return self._names(document)

    def _commands(self, before: str) -> Iterator[Completion]:
        for name, command in sorted(COMMANDS.items()):
            if name.startswith(before[1:]):
                yield Completion(f",{name}", start_position=-len(before), display_meta=command.help)

    def _names(self, document: Document) -> Iterator[Completion]:
        start, _, found = self._session.complete(document.text, document.cursor_position)
        for item in found:
            meta = item.signature or item.kind
            if item.doc:
                meta = f"{meta}  {item.doc.splitlines()[0]}"
            yield Completion(item.name, start_position=start - document.cursor_position, display_meta=meta)
