"""Fixtures of all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def closed_pipes_are_errors() -> Iterator[None]:
    """The `omni` command lets a closed pipe end the process; a test that calls it must not do that to the test run."""
    yield
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
