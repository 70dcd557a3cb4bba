"""One cell while it runs: output in order and live, its accounting, both bounded.

The session evaluates on its worker thread; this coroutine runs on the kernel's own loop, which is therefore free
for completion, comms and control while native code runs.
"""

from __future__ import annotations

import asyncio
import codecs
import time
import uuid
from collections.abc import Callable
from typing import Any

from kernel.panel import SAMPLES, panel
from omni_repl.accounting import difference
from omni_repl.door import Door
from omni_repl.output import OutputPipe
from omni_repl.worker import Worker

# Seconds between looks at the output, and between samples of the counters.
LOOK, SAMPLE = 0.05, 0.1
# Bytes of output that one cell may send; a browser tab does not survive much more.
OUTPUT_LIMIT = 512 << 10

Send = Callable[[str, dict[str, Any]], None]


class Cell:
    """`run` evaluates; `send(message type, content)` publishes on IOPub with the cell as parent."""

    def __init__(self, worker: Worker, session: Door, output: OutputPipe, send: Send, *, accounting: bool) -> None:
        self._worker, self._session, self._output, self._send = worker, session, output, send
        self._accounting = _Accounting(session, send) if accounting else None
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._sent = self._hidden = 0

    async def run(self, function: Callable[[Door], Any]) -> Any:
        """The function's result, or what it raised. All output has been sent when this returns."""
        loop = asyncio.get_running_loop()
        finished = asyncio.Event()

        def announce() -> None:
            loop.call_soon_threadsafe(finished.set)

        job = self._worker.submit(lambda: function(self._session), announce)
        while not finished.is_set():
            try:
                await asyncio.wait_for(finished.wait(), LOOK)
            except asyncio.TimeoutError:
                pass
            self._pass_on(OUTPUT_LIMIT)
            self._session.flush()
            if self._accounting is not None and not finished.is_set():
                self._accounting.sample()
        self._pass_on(1 << 40)
        if self._hidden:
            self._send("stream", {"name": "stdout", "text": f"\n… {self._hidden} bytes of output hidden\n"})
        return job.value()

    def conclude(self, *, failed: bool) -> None:
        """Freeze the accounting; a failed cell shows it only where it was already visible."""
        if self._accounting is not None:
            self._accounting.freeze(show=not failed)

    def _pass_on(self, limit: int) -> None:
        data = self._output.drain(limit)
        room = OUTPUT_LIMIT - self._sent
        self._hidden += max(0, len(data) - room)
        data = data[: max(0, room)]
        self._sent += len(data)
        text = self._decode(data)
        if text:
            self._send("stream", {"name": "stdout", "text": text})


class _Accounting:
    """A display that is updated while the cell runs and stays in the notebook with its last state."""

    def __init__(self, session: Door, send: Send) -> None:
        self._session, self._send = session, send
        self._before = dict(session.stats())
        self._started = self._last = time.monotonic()
        self._held: list[int] = []
        self._id = uuid.uuid4().hex
        self._visible = False

    def sample(self) -> None:
        """Show the counters as they are now, at most every SAMPLE seconds."""
        now = time.monotonic()
        if now - self._last >= SAMPLE:
            self._last = now
            self._show(running=True)

    def freeze(self, *, show: bool) -> None:
        if self._visible or show:
            self._show(running=False)

    def _show(self, *, running: bool) -> None:
        counters = dict(self._session.stats())
        self._held.append(counters.get("held_bytes", 0))
        if len(self._held) > SAMPLES:
            # Every other sample keeps the whole run in view.
            self._held = self._held[::2]
        data = panel(time.monotonic() - self._started, difference(self._before, counters), counters, self._held, running=running)
        message = "update_display_data" if self._visible else "display_data"
        self._send(message, {"data": data, "metadata": {}, "transient": {"display_id": self._id}})
        self._visible = True
