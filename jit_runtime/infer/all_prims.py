"""All builtins that compile to instructions: importing the modules that declare them fills the table."""

from jit_runtime.infer import (  # noqa: F401
    apply,
    arithmetic,
    arrays,
    bit_operations,
    comparisons,
    dicts,
    equality,
    kind_prims,
    lists,
    number_prims,
    structs,
    typed_arrays,
    value_prims,
    views,
)
from jit_runtime.infer.prims import PRIMS

__all__ = ["PRIMS"]
