"""A real kernel process and what a front end sees of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.kernelspec import KernelSpec

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60


class Outcome:
    """The reply to a request and the IOPub messages whose parent it is, in order, up to `idle`."""

    def __init__(self, reply: dict[str, Any], messages: list[dict[str, Any]]) -> None:
        self.reply, self.messages = reply, messages

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message["content"] for message in self.messages if message["msg_type"] == kind]

    @property
    def stdout(self) -> str:
        return "".join(content["text"] for content in self.of("stream"))

    @property
    def value(self) -> str | None:
        results = self.of("execute_result")
        return results[0]["data"]["text/plain"] if results else None

    @property
    def panels(self) -> list[dict[str, Any]]:
        """The states of the accounting, first to last."""
        return [m["content"] for m in self.messages if m["msg_type"] in ("display_data", "update_display_data")]


class Client:
    """A blocking client; `next_message` is for looking at a cell while it runs."""

    def __init__(self, manager: KernelManager, channels: BlockingKernelClient) -> None:
        self.manager, self.channels = manager, channels

    def execute(self, code: str, **options: Any) -> Outcome:
        return self.finish(self.channels.execute(code, **options))

    def finish(self, request: str, seen: list[dict[str, Any]] | None = None) -> Outcome:
        """Everything that belongs to a request; `seen` are its messages that were read before."""
        messages = list(seen or [])
        while not _is_idle(messages):
            messages.append(self.next_message(request))
        while True:
            reply = self.channels.get_shell_msg(timeout=SECONDS)
            if reply["parent_header"].get("msg_id") == request:
                return Outcome(reply["content"], messages)

    def next_message(self, request: str) -> dict[str, Any]:
        """The next IOPub message of a request."""
        while True:
            message = self.channels.get_iopub_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") == request:
                return message

    def until(self, request: str, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """The messages of a request up to the count-th of a kind."""
        messages: list[dict[str, Any]] = []
        while sum(message["msg_type"] == kind for message in messages) < count:
            messages.append(self.next_message(request))
        return messages

    def ask(self, method: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        """The content of the reply to a request on the shell channel."""
        request = getattr(self.channels, method)(*arguments, **options)
        while True:
            reply = self.channels.get_shell_msg(timeout=SECONDS)
            if reply["parent_header"].get("msg_id") == request:
                return reply["content"]

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()


def _is_idle(messages: list[dict[str, Any]]) -> bool:
    return bool(messages) and messages[-1]["msg_type"] == "status" and messages[-1]["content"]["execution_state"] == "idle"


@contextmanager
def started(module: str) -> Iterator[Client]:
    """A kernel process that runs `python -m module`, with the shipped kernelspec's other fields."""
    spec = KernelSpec.from_resource_dir(str(ROOT / "kernel" / "kernelspec"))
    spec.argv = [sys.executable, "-m", module, "-f", "{connection_file}"]
    manager = KernelManager()
    manager._kernel_spec = spec
    manager.start_kernel(cwd=str(ROOT))
    channels = manager.blocking_client()
    channels.start_channels()
    try:
        channels.wait_for_ready(timeout=SECONDS)
        yield Client(manager, channels)
    finally:
        channels.stop_channels()
        manager.shutdown_kernel(now=True)
