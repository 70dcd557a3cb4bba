"""A heap in each mode of checking."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.property.heap import MODES, Heap


@pytest.fixture(params=MODES)
def heap(request: pytest.FixtureRequest) -> Iterator[Heap]:
    made = Heap(MODES[request.param])
    yield made
    made.close()
