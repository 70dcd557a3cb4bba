"""Every builtin's implementation in the oracle, by name."""

from __future__ import annotations

from collections.abc import Callable

from jit_runtime.oracle import (
    builtins_arrays,
    builtins_data,
    builtins_floats,
    builtins_functions,
    builtins_hidden,
    builtins_library,
    builtins_memory,
    builtins_numbers,
    builtins_sequences,
    builtins_text,
    builtins_views,
)
from jit_runtime.oracle.values import Native, Value
from jit_runtime.types.builtins import BUILTINS

PLAIN: dict[str, Callable[..., Value]] = {
    **builtins_numbers.PLAIN,
    **builtins_floats.PLAIN,
    **builtins_text.PLAIN,
    **builtins_arrays.PLAIN,
    **builtins_views.PLAIN,
    **builtins_data.PLAIN,
    **builtins_sequences.PLAIN,
    **builtins_functions.PLAIN,
    **builtins_hidden.PLAIN,
    **builtins_library.PLAIN,
    **builtins_memory.PLAIN,
}
CALLING: dict[str, Callable[..., Value]] = {**builtins_sequences.CALLING, **builtins_functions.CALLING}


def natives(plain: dict[str, Callable[..., Value]], calling: dict[str, Callable[..., Value]]) -> dict[str, Native]:
    """The builtins as values; names without a row are left out (the tests find them)."""
    result = {name: Native(BUILTINS[name], implementation, False) for name, implementation in plain.items() if name in BUILTINS}
    result.update({name: Native(BUILTINS[name], implementation, True) for name, implementation in calling.items() if name in BUILTINS})
    return result
