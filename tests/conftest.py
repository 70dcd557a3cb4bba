"""Fixtures of all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def control_c_is_heard() -> None:
    """A test run that was started in the background ignores SIGINT, and so would what it tests."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def closed_pipes_are_errors() -> Iterator[None]:
    """The `omni` command lets a closed pipe end the process; a test that calls it must not do that to the test run."""
    yield
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
