"""The kernel's side of the Jupyter protocol, on ipykernel's base class."""

from __future__ import annotations

import re
import signal
import threading
from types import FrameType
from typing import Any

from comm import get_comm_manager
from ipykernel.kernelbase import Kernel

from jit_runtime.source.diagnostics import OmniError
from kernel.cell import Cell
from kernel.history import History
from omni_repl import __version__
from omni_repl.door import Door, Shown
from omni_repl.errors import as_omni_error, is_interrupt, rendered
from omni_repl.output import OutputPipe
from omni_repl.worker import Worker

# Requests that are answered while a cell runs; the base class does the same for comm messages.
ANSWERED_WHILE_BUSY = {"complete_request", "inspect_request", "is_complete_request", "history_request", "kernel_info_request", "comm_info_request"}

_NAME_AROUND_CURSOR = re.compile(r"""[^\s()\[\]{}'"`,;^#:&@~|\\$]+""")


class OmniKernel(Kernel):
    """One session per kernel. Cells run on the session's worker thread, requests on the kernel's loop."""

    implementation = "omnilisp"
    implementation_version = __version__
    banner = f"OmniLisp {__version__}"
    # No codemirror_mode: front ends then look for a mode of this name, and fall back on the mime type's.
    language_info = {  # noqa: RUF012
        "name": "omnilisp",
        "version": __version__,
        "mimetype": "text/x-clojure",
        "file_extension": ".omni",
        "pygments_lexer": "omni",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._worker = Worker()
        self._output = OutputPipe()
        self._opening = self._worker.submit(self.open_session)
        self._history = History()
        self._accounting = True
        self.comm_manager = get_comm_manager()
        for message in ("comm_open", "comm_msg", "comm_close"):
            self.shell_handlers[message] = getattr(self.comm_manager, message)

    def open_session(self) -> Door:
        """Runs on the worker."""
        from jit_runtime.collector import starting

        with starting():
            from jit_runtime.options import Options
            from jit_runtime.session import Session

            return Session(Options.from_environment(out_fd=self._output.write_fd))

    @property
    def door(self) -> Door:
        """The session; waits for it where a request comes before it is open."""
        return self._opening.value()

    @property
    def kernel_info(self) -> dict[str, Any]:
        info: dict[str, Any] = super().kernel_info
        info["supported_features"] = [feature for feature in info["supported_features"] if feature != "debugger"]
        return info

    # Executing

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        *,
        cell_meta: dict[str, Any] | None = None,
        cell_id: str | None = None,
    ) -> dict[str, Any]:
        code = self._without_magic(code)
        cell = self._cell(accounting=self._accounting and not silent)
        shown: str | None = None
        try:
            if code.strip():
                name = f"In[{self.execution_count}]"
                result = await cell.run(lambda session: session.eval(code, name=name))
                if result.warnings and not silent:
                    text = rendered(OmniError(*result.warnings), color=True)
                    self.send_response(self.iopub_socket, "stream", {"name": "stderr", "text": text})
                shown = self._show(result, silent)
        except SystemExit:
            cell.conclude(failed=False)
            payload = [{"source": "ask_exit", "keepkernel": False}]
            return {"status": "ok", "execution_count": self.execution_count, "payload": payload, "user_expressions": {}}
        except Exception as error:
            cell.conclude(failed=True)
            return self._failed(as_omni_error(error), silent)
        finally:
            if store_history and code.strip():
                self._history.add(self.execution_count, code, shown)
        cell.conclude(failed=not code.strip())
        return {
            "status": "ok",
            "execution_count": self.execution_count,
            "payload": [],
            "user_expressions": {key: await self._user_expression(text) for key, text in (user_expressions or {}).items()},
        }

    def _cell(self, *, accounting: bool) -> Cell:
        """A cell whose messages have the current request as parent."""
        parent = self.get_parent("shell")

        def send(message: str, content: dict[str, Any]) -> None:
            self.session.send(self.iopub_socket, message, content, parent, ident=self._topic(message))

        return Cell(self._worker, self.door, self._output, send, accounting=accounting)

    def _show(self, result: Shown, silent: bool) -> str | None:
        """Publish a value; its text, or None for nothing."""
        text = result.value_text
        if text is None or text == "nothing":
            return None
        if not silent:
            data = {"text/plain": text, **result.mime}
            self.send_response(self.iopub_socket, "execute_result", {"execution_count": self.execution_count, "data": data, "metadata": {}})
        return text

    def _failed(self, error: OmniError, silent: bool) -> dict[str, Any]:
        first = error.diagnostics[0]
        name = "Interrupted" if is_interrupt(error) else f"OmniError {first.code}"
        content = {"ename": name, "evalue": first.message, "traceback": rendered(error, color=True).splitlines()}
        if not silent:
            self.send_response(self.iopub_socket, "error", content)
        return {"status": "error", "execution_count": self.execution_count, **content}

    async def _user_expression(self, text: str) -> dict[str, Any]:
        try:
            result: Shown = await self._cell(accounting=False).run(lambda session: session.eval(text, name="user expression"))
        except Exception as error:
            first = as_omni_error(error).diagnostics[0]
            return {"status": "error", "ename": first.code, "evalue": first.message, "traceback": []}
        return {"status": "ok", "data": {"text/plain": result.value_text or "nothing"}, "metadata": {}}

    def _without_magic(self, code: str) -> str:
        """`%stats on` and `%stats off` switch the accounting; the rest of the cell is evaluated."""
        first, _, rest = code.partition("\n")
        words = first.split()
        if words[:1] != ["%stats"]:
            return code
        self._accounting = words[1:] != ["off"]
        return "\n" + rest

    # Interrupting

    async def interrupt_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Runs on the control thread, so it arrives while native code runs."""
        self._interrupt()
        self.session.send(stream, "interrupt_reply", {"status": "ok"}, parent, ident=ident)

    def pre_handler_hook(self) -> None:
        """A SIGINT means the same as an interrupt message; Python's own handler would lose the reply."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._on_interrupt)

    def post_handler_hook(self) -> None:
        """The handler of `pre_handler_hook` stays."""

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupt()

    def _interrupt(self) -> None:
        """Only what runs is interrupted: nothing is left over for the next cell."""
        if self._main_asyncio_lock.locked() and self._opening.wait(0):
            self.door.interrupt()

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        self._interrupt()
        return {"status": "ok", "restart": restart}

    # Knowing

    async def shell_main(self, subshell_id: str | None, msg: Any) -> None:
        """Answer what does not evaluate at once, also while a cell holds the shell."""
        if subshell_id is None and self._main_asyncio_lock.locked():
            try:
                idents, frames = self.session.feed_identities(msg, copy=False)
                # Only a look: a message that is read with its content cannot be read again.
                kind = self.session.deserialize(frames, content=False, copy=False)["header"]["msg_type"]
            except Exception:  # the base class reports what it cannot read
                kind = ""
            if kind in ANSWERED_WHILE_BUSY:
                await self._answer(idents, self.session.deserialize(frames, copy=False))
                return
        await super().shell_main(subshell_id, msg)

    async def _answer(self, idents: Any, request: dict[str, Any]) -> None:
        """Handle a request without making it the parent of what the running cell publishes."""
        stream = self.shell_stream
        if self._supports_kernel_subshells:
            stream = self.shell_channel_thread.manager.get_subshell_to_shell_channel_socket(None)
        self._publish_status("busy", "shell", request)
        await self.shell_handlers[request["header"]["msg_type"]](stream, idents, request)
        self._publish_status("idle", "shell", request)

    async def do_is_complete(self, code: str) -> dict[str, Any]:
        status, indent = self.door.is_complete(code)
        return {"status": status, "indent": indent} if status == "incomplete" else {"status": status}

    async def do_complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
        start, end, found = self.door.complete(code, cursor_pos)
        types = [{"start": start, "end": end, "text": item.name, "type": item.kind, "signature": item.signature or ""} for item in found]
        return {
            "status": "ok",
            "matches": [item.name for item in found],
            "cursor_start": start,
            "cursor_end": end,
            "metadata": {"_jupyter_types_experimental": types},
        }

    async def do_inspect(self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Any = ()) -> dict[str, Any]:
        found = next((match.group() for match in _NAME_AROUND_CURSOR.finditer(code) if match.start() <= cursor_pos <= match.end()), None)
        text = self.door.inspect(found) if found else None
        data = {"text/plain": str(text)} if text else {}
        return {"status": "ok", "found": bool(text), "data": data, "metadata": {}}

    async def do_history(
        self,
        hist_access_type: str,
        output: bool,
        raw: bool,
        session: int | None = None,
        start: int | None = None,
        stop: int | None = None,
        n: int | None = None,
        pattern: str | None = None,
        unique: bool = False,
    ) -> dict[str, Any]:
        rows = self._history.answer(hist_access_type, output=output, start=start, stop=stop, n=n, pattern=pattern, unique=unique)
        return {"status": "ok", "history": rows}
