"""Short ways to ask the oracle."""

from jit_runtime.oracle.session import OracleSession
from jit_runtime.source.diagnostics import OmniError


def value(text: str) -> str | None:
    """The written form of the last value of a program."""
    return OracleSession(stack_limit=50_000).eval(text).value_text


def error(text: str) -> str:
    """The message of the error that a program ends with."""
    try:
        result = OracleSession(stack_limit=50_000).eval(text).value_text
    except OmniError as failed:
        return "; ".join(diagnostic.message for diagnostic in failed.diagnostics)
    raise AssertionError(f"no error, but {result}")


def output(text: str) -> str:
    """What a program writes."""
    session = OracleSession()
    session.eval(text)
    return session.take_output()
