"""Primitive kinds of programs: their places in sets of kinds, rows in tables, raw values in code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.decisions import DecisionTable, Question
from jit_runtime.session import Session
from jit_runtime.types.kinds import KINDS
from jit_runtime.types.machine import Machine
from jit_runtime.types.order import is_nominal
from jit_runtime.types.primitives import overlap
from jit_runtime.types.universe import Universe
from tests.unit.session_fixture import open_session
from tests.unit.test_dispatch_tables import both


@pytest.fixture
def session() -> Iterator[Session]:
    made = open_session("checked")
    yield made
    made.close()


def test_primitive_kinds_have_rows() -> None:
    """A kind that is defined after the table is entered; one without a place has the row of those that share its class."""
    universe = Universe()
    integer = universe.kinds["Integer"]
    meters = universe.define_primitive("Meters", integer, Machine("Meters", 32))
    table = DecisionTable(Question((0,), (((meters,),), ((integer,),), ((KINDS["Float"],),))), universe.classes)
    feet = universe.define_primitive("Feet", integer, Machine("Feet", 32))
    table.enter(feet)
    assert [table.row(kind.bit.bit_length() - 1) for kind in (meters, feet)] == [[0b011], [0b010]]
    assert meters.bit & feet.bit == 0 and overlap(-1, meters.exact) == overlap(meters.shared, meters.exact) == meters.bit
    for i in range(7):
        last = universe.define_primitive(f"N{i}", integer, Machine(f"N{i}", 32))
    assert universe.crowded and not last.sure and last.exact == meters.shared and not is_nominal(last)


@pytest.mark.parametrize("count", [4, 12])
def test_methods_of_primitive_kinds(count: int) -> None:
    """All of one width, so the last ones of twelve have no place."""
    forms = [f"(define ^:parent {{Integer}} {{primitive N{i}}} [32])" for i in range(count)]
    forms += [f"(define tag [x {{N{i}}}] {i})" for i in range(count)] + ["(define tag [x {Integer}] 'integer)", "(define tag x 'other)"]
    forms += ["(define each xs (collect (map (fn [x] (tag x)) xs)))", "(define is-last x (list (type? x Integer) (type? x N3)))"]
    forms += [f"(each (array {' '.join(f'(N{i} {i})' for i in range(count))} 1 2.5 'q))", "(map is-last (list (N3 1) (N2 1) 1 2.5))"]
    forms += [f"(list (+ (N{count - 1} 1) (N{count - 1} 2)) (type-of (+ (N{count - 1} 1) (N{count - 1} 2))) (+ (N0 1) (N{count - 1} 2)))"]
    both(forms, "checked")


def test_calls_of_methods_of_primitive_kinds_read_a_table(session: Session) -> None:
    for i in range(6):
        session.eval(f"(define ^:parent {{Integer}} {{primitive N{i}}} [32]) (define tag [x {{N{i}}}] {i})")
    session.eval("(define ^:noinline call xs (tag (car xs)))")
    assert session.eval("(list (call (list (N0 1))) (call (list (N5 1))))").value_text == "(0 5)"
    code = session.dump("call", "typed")
    assert "rt_class" in code and "rt_in_kind" not in code


def test_numbers_of_a_primitive_kind_are_raw(session: Session) -> None:
    session.eval("(define ^:parent {Integer} {primitive Meters} [32]) (define {struct Track} [a {Meters}] [b {Meters}])")
    session.eval("(define ^:noinline sum t zero n (let loop [i 0 all zero] (if (= i n) all (loop (+ i 1) (+ all (- t.b t.a))))))")
    session.eval("(sum (Track (Meters 1) (Meters 3)) (Meters 0) 5)")
    code = session.dump("sum", "typed").rpartition("function")[2]
    assert not [line for line in code.splitlines() if "call ccc" in line and "rt_fail" not in line and "rt_guard" not in line]
