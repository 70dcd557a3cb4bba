"""JupyterLab in a headless Chromium, driven through its own notebook page."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.scripted import wait_until

TOKEN = "omni"
SECONDS = 90
# Without these the browser looks for its maker's services first, which takes minutes where there is no network.
QUIET = ("--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")

_missing = [
    name
    for name, there in (
        ("JupyterLab (extra `browser`)", find_spec("jupyterlab")),
        ("selenium (extra `browser`)", find_spec("selenium")),
        ("chromium", shutil.which("chromium")),
        ("chromedriver", shutil.which("chromedriver")),
    )
    if not there
]
needs_browser = pytest.mark.skipif(bool(_missing), reason=f"not installed: {', '.join(_missing)}")


def write_notebook(path: Path, cells: list[str], kernel: str) -> None:
    """A notebook of code cells that have not been run."""
    rows = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "outputs": [], "execution_count": None, "source": cell} for n, cell in enumerate(cells)
    ]
    metadata = {"kernelspec": {"name": kernel, "display_name": "OmniLisp", "language": "omnilisp"}}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": rows}))


class Lab:
    """A server of its own and one browser page with the notebook; a context manager."""

    def __init__(self, folder: Path, notebook: str, jupyter_path: Path | None = None) -> None:
        self._log = folder / "server.log"
        environment = {**os.environ, "HOME": str(folder), "JUPYTER_PATH": str(jupyter_path or "")}
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--port=0", "--allow-root", f"--notebook-dir={folder}"]
        command.append(f"--IdentityProvider.token={TOKEN}")
        with self._log.open("w") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
        self._page: Any = None
        self._notebook = notebook

    def __enter__(self) -> Lab:
        found = re.compile(r"http://(?:127\.0\.0\.1|localhost):(\d+)/lab")
        assert wait_until(lambda: found.search(self._log.read_text()), SECONDS), self._log.read_text()
        port = found.search(self._log.read_text())[1]  # type: ignore[index]
        self._open(f"http://127.0.0.1:{port}/lab/tree/{self._notebook}?token={TOKEN}&reset")
        return self

    def _open(self, address: str) -> None:
        """A browser that cannot load JupyterLab's own page says nothing about the kernel: the test is skipped, with the reason."""
        from selenium.common.exceptions import WebDriverException
        from urllib3.exceptions import HTTPError

        reason = f"JupyterLab's page did not load within {SECONDS} s"
        try:
            self._page = _page()
            self._page.set_page_load_timeout(SECONDS)
            self._page.get(address)
            if self.sees(self._is_ready):
                return
            reason += f"\n{self.state()}"
        except (WebDriverException, HTTPError, OSError) as error:
            reason = f"the browser does not work here: {type(error).__name__}"
        self.__exit__()
        pytest.skip(reason)

    def _is_ready(self) -> bool:
        """The cells are there and a kernel waits for them: a cell that is run before is not run at all."""
        return bool(self.find(".jp-Notebook .jp-CodeCell")) and bool(self.find(".jp-Notebook-ExecutionIndicator[data-status='idle']"))

    def state(self) -> str:
        """What the page and the server say, for the message of a test that fails."""
        shown = {
            "dialogs": self.texts(".jp-Dialog"),
            "prompts": self.texts(".jp-InputPrompt"),
            "kernel": self.texts(".jp-Notebook-ExecutionIndicator"),
            "outputs": self.texts(".jp-OutputArea-output"),
        }
        return f"{shown}\n{self._log.read_text()[-3000:]}"

    def __exit__(self, *_: object) -> None:
        if self._page is not None:
            self._page.quit()
        self._server.terminate()
        self._server.wait(20)

    def find(self, selector: str) -> list[Any]:
        return self._page.find_elements("css selector", selector)

    def texts(self, selector: str) -> list[str]:
        """The texts now; an element that is replaced meanwhile counts as not there."""
        return self._page.execute_script("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)

    def sees(self, condition: Callable[[], Any]) -> bool:
        return wait_until(condition, SECONDS)

    def run_cell(self, index: int) -> None:
        """Click into the cell and press Ctrl-Enter, until its prompt says that it was run."""
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.common.keys import Keys

        def was_run() -> bool:
            prompts = self.texts(".jp-Notebook .jp-CodeCell .jp-InputPrompt")
            return len(prompts) > index and re.sub(r"\s", "", prompts[index]) != "[]:"

        def done() -> bool:
            try:
                self.find(".jp-Notebook .jp-CodeCell .jp-InputArea .cm-content")[index].click()
                self._page.switch_to.active_element.send_keys(Keys.CONTROL, Keys.ENTER)
            except (WebDriverException, IndexError):
                return False
            return wait_until(was_run, 5)

        assert self.sees(done), self.state()

    def interrupt(self) -> None:
        """The notebook's own stop button."""
        self.find("[data-command='notebook:interrupt-kernel'], [data-jp-item-name='interrupt'] button, [data-jp-item-name='interrupt'] jp-button")[
            0
        ].click()

    def screenshot(self, path: Path) -> None:
        self._page.save_screenshot(str(path))


def _page() -> Any:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1200,900", *QUIET):
        options.add_argument(argument)
    options.binary_location = str(shutil.which("chromium"))
    return webdriver.Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
