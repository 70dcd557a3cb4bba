"""Forms of one shape share an object: what they do not share is read from words of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jit_runtime.engine.object_cache import ObjectCache
from jit_runtime.ir.nodes import Function, Imm, Ins, Module, Symbol
from jit_runtime.ir.ops import Call
from jit_runtime.ir.verify import verify_module
from jit_runtime.options import Options
from jit_runtime.oracle.session import OracleSession
from jit_runtime.passes.form_data import WORDS, separate
from jit_runtime.session import Session
from tests.unit.session_fixture import outcome

DEFINITIONS = """
(define ^:noinline f x y (list x y))
(define ^:noinline g x y (list y x))
(define ^:noinline h x (* x x))
(define ^:noinline k x (str x))
(define v 7)
(define w "seven")
"""
SHAPES = [
    ("(+ 1 2)", "(+ 40 2)", "(+ 2305843009213693951 5)", "(+ 9223372036854775807 1)", "(+ -9223372036854775808 -1)"),
    ("(- 1.5 2.5)", "(- 1e308 -1e308)", "(- 0.0 0.0)"),
    ("(h 3)", "(h -4)", "(h 4611686018427387904)", "(k 1)", "(k -1)"),
    ("(h 2.5)", "(h -0.0)", "(k 1e-300)", "(k 5e-324)"),
    ("(f 1 2)", "(g 1 2)", "(f 3 -3)", "(g 0 9)"),
    ("(f v 1)", "(g w 2)", "(f w 3)"),
    ('(k "a")', '(k "other")', '(k "a")'),
    ("(list 1 2 3)", "(list 4 5 6)", "(list 'a 2 3)", "(list 2305843009213693952 0 -1)"),
    ("(if (< v 8) 1 2)", "(if (< v 7) 3 4)"),
    ("5", "6", "-7"),
    ("2.5", "1e-310"),
    ("(handle (car 5) [error [e] 'caught])", "(handle (car 6) [error [e] 'other])", "(handle (h 3) [error [e] 'caught])"),
    ("(h 'no)", "(k (h \"no\"))", "(array-ref [1 2] 2)", "(array-ref [1 2] 3)"),
]


@pytest.fixture
def session(tmp_path: Any) -> Iterator[Session]:
    made = Session(Options(verify=True, check=True))
    made.engine.cache = ObjectCache(str(tmp_path))
    yield made
    made.close()


@pytest.mark.parametrize("forms", SHAPES, ids=lambda forms: forms[0])
def test_values_are_those_of_the_form(session: Session, forms: tuple[str, ...]) -> None:
    oracle = OracleSession()
    for one in (session, oracle):
        one.eval(DEFINITIONS, name="t", line=1)
    for _ in range(2):
        for form in forms:
            assert (form, outcome(session, form)) == (form, outcome(oracle, form))


@pytest.mark.parametrize(("first", "second"), [("(+ 1 2)", "(+ 30 4)"), ("(h 3)", "(h 555)"), ("(f 1 2)", "(g 3 4)"), ("(list 1 'a)", "(list 2 'b)")])
def test_the_second_form_compiles_nothing(session: Session, first: str, second: str) -> None:
    session.eval(DEFINITIONS, name="t", line=1)
    session.eval("(list (f 0 0) (g 0 0) (h 0))", name="t", line=1)
    cache = session.engine.cache
    session.eval(first, name="t", line=1)
    misses, hits = cache.misses, cache.hits
    session.eval(second, name="t", line=1)
    assert (cache.misses, cache.hits) == (misses, hits + 1)


def test_a_form_of_another_shape_is_compiled(session: Session) -> None:
    cache = session.engine.cache
    session.eval("(+ 1 2)", name="t", line=1)
    misses = cache.misses
    session.eval("(- 1 2)", name="t", line=1)
    assert cache.misses == misses + 1


def test_what_a_form_calls_may_be_redefined(session: Session) -> None:
    for i in range(3):
        session.eval(f"(define f x (+ x {i}))", name="t", line=1)
        assert [outcome(session, f"(f {n})") for n in (1, 10)] == [str(1 + i), str(10 + i)]


def test_the_pass_moves_what_is_written_and_names_from_outside() -> None:
    fn = Function("form", [], "i64")
    fn.params = [fn.temp("ptr"), fn.temp("ptr"), fn.temp("ref")]
    total, made = fn.temp("i64"), fn.temp("i64")
    block = fn.block("entry")
    block.ins = [
        Ins("add", (Imm("i64", -3, written=True), Imm("i64", 8)), total),
        Ins("call", (fn.params[0], total), made, Call(Symbol("slot.f"), ("ptr", "i64"), "i64")),
        Ins("call", (fn.params[0],), None, Call(Symbol("rt_guard"), ("ptr",), "void")),
        Ins("ret", (made,)),
    ]
    module = Module("form", [fn])
    found = separate(module, {"rt_guard"})
    verify_module(module)
    assert found.words == [2**64 - 3]
    assert found.symbols == {"slot.f": "its.0"}
    assert [ins.op for ins in block.ins] == ["offset", "load", "add", "call", "call", "ret"]
    assert block.ins[0].args[0].name == WORDS  # type: ignore[union-attr]
    assert block.ins[2].args[1].value == 8  # type: ignore[union-attr]
    assert [ins.attr.callee.name for ins in block.ins if ins.op == "call"] == ["its.0", "rt_guard"]
