"""Python's collector of cycles in processes that are Omni's own: the command, the kernel, the benchmarks' workers.

The compiler makes many objects of which nearly none are in cycles; as it is set by default the collector takes a tenth of the time of a
compile to look at them, and now and then at all modules. An application that has sessions of its own decides for itself.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (5000, 20, 20)


@contextmanager
def starting() -> Iterator[None]:
    """Around the imports and the first session: nothing that they leave is ever looked at again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
        gc.enable()
