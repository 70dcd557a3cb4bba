"""The table of builtins: well formed, and complete in the oracle."""

import pytest

from jit_runtime.oracle.session import OracleSession
from jit_runtime.types import errors
from jit_runtime.types.builtins import ALIASES, BUILTINS, CONSTANTS, find_builtin, names_builtin, visible_names
from jit_runtime.types.kinds import ANY, KINDS


def test_every_row_has_an_implementation_in_the_oracle() -> None:
    assert set(OracleSession().machine.implementations) == set(BUILTINS)


@pytest.mark.parametrize("row", BUILTINS.values(), ids=lambda row: row.name)
def test_row_is_well_formed(row) -> None:
    assert row.min_args >= 0
    assert row.max_args is None or row.min_args <= row.max_args
    assert row.result_mask & ~ANY == 0
    assert row.native[0] in ("op", "rt", "lib")
    assert len(row.native) == (1 if row.native[0] == "lib" else 2)
    signature, _, text = row.doc.partition(" -- ")
    assert signature == f"({row.name})" or signature.startswith(f"({row.name} ")
    assert text


def test_aliases_name_rows_and_hide_none() -> None:
    assert all(target in BUILTINS for target in ALIASES.values())
    names = visible_names()
    assert len(names) == len(set(names))
    assert not set(names) & set(KINDS)
    assert not set(CONSTANTS) & set(BUILTINS)


def test_percent_names_the_builtin_itself() -> None:
    assert find_builtin("%car") is BUILTINS["car"]
    assert find_builtin("%fold") is BUILTINS["reduce"]
    assert find_builtin("%") is find_builtin("mod") is find_builtin("%%")
    assert find_builtin("no-such-name") is None
    assert names_builtin("%car")
    assert not names_builtin("%")
    assert not names_builtin("%no-such-name")


def test_hidden_rows_are_reached_by_percent_only() -> None:
    hidden = [row.name for row in BUILTINS.values() if row.hidden]
    assert hidden
    assert all(find_builtin(name) is None and find_builtin("%" + name) for name in hidden)
    assert not set(hidden) & set(visible_names())


@pytest.mark.parametrize("number", errors.TEMPLATES)
def test_templates_have_at_most_three_operands(number: int) -> None:
    parts = [part for part in errors.parts_of(number) if not isinstance(part, str)]
    assert all(index in (0, 1, 2) and form in ("", "d", "k") for index, form in parts)
    indices = {index for index, _ in parts}
    assert indices == set(range(len(indices)))
    assert errors.CODES[errors.TEMPLATES[number][0]] == number


def test_message_puts_operands_in_place() -> None:
    assert errors.message(errors.BOUNDS, lambda index, form: f"<{index}{form}>") == "out of bounds: index <0>, length <1>"
    assert errors.message(errors.EXPECTED, lambda index, form: f"<{index}{form}>") == "type error: <0> needs <1d>, got <2k> <2>"
