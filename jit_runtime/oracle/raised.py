"""Run-time errors inside the oracle."""

from __future__ import annotations

from typing import NoReturn

from jit_runtime.oracle.printer import display, written
from jit_runtime.oracle.values import Value, kind_of, symbol
from jit_runtime.source.text import Span
from jit_runtime.types import errors

LONGEST_OPERAND = 200


class Raised(Exception):
    """An error on its way to a handler. `payload` is what the handler gets, `span` the innermost call that failed."""

    def __init__(self, payload: Value, number: int = errors.USER) -> None:
        super().__init__(payload)
        self.payload, self.number = payload, number
        self.span: Span | None = None

    @staticmethod
    def of(number: int, *operands: Value) -> Raised:
        """The error of a template of `types/errors.py`; the payload is its text."""
        return Raised(format_error(number, *operands), number)

    def at(self, span: Span) -> Raised:
        """The same error; the first call of this, the innermost, says where."""
        if self.span is None:
            self.span = span
        return self

    @property
    def message(self) -> str:
        return display(self.payload)


def raise_error(number: int, *operands: Value) -> NoReturn:
    raise Raised.of(number, *operands)


def format_error(number: int, *operands: Value) -> str:
    def operand(index: int, form: str) -> str:
        value = operands[index]
        text = display(value) if form == "d" else written(kind_of(value) if form == "k" else value)
        return text if len(text) <= LONGEST_OPERAND else text[:LONGEST_OPERAND] + "..."

    return errors.message(number, operand)


def expected(operation: str, kind: str, value: Value) -> NoReturn:
    """Raise: the operation needs a value of that kind."""
    raise_error(errors.EXPECTED, symbol(operation), symbol(kind), value)
