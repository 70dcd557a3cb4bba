"""The engines that every program must agree on: name -> a function that makes a fresh session (`jit_runtime.doctest.Session`)."""

from collections.abc import Callable

from jit_runtime.doctest import Printing, Session
from jit_runtime.options import Options
from jit_runtime.oracle.session import OracleSession


def oracle() -> Session:
    """Its stack is kept small, so that runaway recursion ends soon."""
    return OracleSession(stack_limit=300_000)


ENGINES: dict[str, Callable[[], Session]] = {
    "oracle": oracle,
    "native": lambda: Printing(Options()),
    "quick": lambda: Printing(Options(engine="quick")),
    "checked": lambda: Printing(Options(check=True, verify=True)),
    "stress": lambda: Printing(Options(check=True, stress="evacuate")),
    "retire": lambda: Printing(Options(check=True, stress="retire")),
    "tiers": lambda: Printing(Options(check=True, verify=True, stress="tiers")),
}
