"""The verifier rejects one broken function for each of its invariants."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jit_runtime.codegen.image import Signature
from jit_runtime.ir.nodes import Function, Imm, Ins, Module, Symbol, Temp, Variable
from jit_runtime.ir.ops import Call
from jit_runtime.ir.text import show_function
from jit_runtime.ir.verify import BadIR, verify, verify_imports, verify_module


def diamond() -> Function:
    """f(x) = x < 2 ? x + 1 : x"""
    fn = Function("f", [Temp(1, "i64")], "i64", "ccc")
    fn.next_id = 1
    x, result = fn.params[0], fn.variable("r", "i64")
    entry, then, otherwise, join = (fn.block(name) for name in ("entry", "then", "else", "join"))
    test, more, out = fn.temp("i1"), fn.temp("i64"), fn.temp("i64")
    entry.ins = [Ins("slt", (x, Imm("i64", 2)), test), Ins("cbr", (test,), attr="likely", targets=(then, otherwise))]
    then.ins = [Ins("add", (x, Imm("i64", 1)), more), Ins("set", (result, more)), Ins("br", targets=(join,))]
    otherwise.ins = [Ins("set", (result, x)), Ins("br", targets=(join,))]
    join.ins = [Ins("get", (result,), out), Ins("ret", (out,))]
    return fn


def test_a_right_function_passes() -> None:
    verify(diamond())


def no_blocks(fn: Function) -> None:
    fn.blocks = []


def empty_block(fn: Function) -> None:
    fn.blocks[1].ins = []


def same_names(fn: Function) -> None:
    fn.blocks[2].name = fn.blocks[1].name


def no_terminator(fn: Function) -> None:
    fn.blocks[3].ins.pop()


def early_terminator(fn: Function) -> None:
    fn.blocks[1].ins.insert(0, Ins("br", targets=(fn.blocks[3],)))


def foreign_target(fn: Function) -> None:
    fn.blocks[1].ins[-1].targets = (diamond().blocks[3],)


def entry_target(fn: Function) -> None:
    fn.blocks[1].ins[-1].targets = (fn.blocks[0],)


def missing_target(fn: Function) -> None:
    fn.blocks[0].ins[-1].targets = fn.blocks[0].ins[-1].targets[:1]


def unknown_op(fn: Function) -> None:
    fn.blocks[1].ins[0].op = "plus"


def mixed_types(fn: Function) -> None:
    fn.blocks[1].ins[0].args = (fn.params[0], Imm("i32", 1))


def wrong_result_type(fn: Function) -> None:
    fn.blocks[1].ins[0].dest = fn.temp("i32")


def missing_operand(fn: Function) -> None:
    fn.blocks[1].ins[0].args = (fn.params[0],)


def branch_on_an_integer(fn: Function) -> None:
    fn.blocks[0].ins[-1].args = (fn.params[0],)


def assigned_twice(fn: Function) -> None:
    fn.blocks[2].ins.insert(0, fn.blocks[1].ins[0])


def not_on_every_way(fn: Function) -> None:
    fn.blocks[3].ins[-1].args = (fn.blocks[1].ins[0].dest,)  # type: ignore[assignment]


def used_before_defined(fn: Function) -> None:
    fn.blocks[1].ins[:2] = reversed(fn.blocks[1].ins[:2])


def undefined(fn: Function) -> None:
    fn.blocks[3].ins[-1].args = (Temp(99, "i64"),)


def foreign_variable(fn: Function) -> None:
    fn.blocks[3].ins[0].args = (Variable(7, "r", "i64"),)


def variable_type(fn: Function) -> None:
    fn.blocks[2].ins[0].args = (fn.variables[0], Imm("f64", 1.0))


def wrong_return(fn: Function) -> None:
    fn.blocks[3].ins[-1].args = ()


def call_with_wrong_arguments(fn: Function) -> None:
    fn.blocks[1].ins.insert(0, Ins("call", (fn.params[0],), None, Call(Symbol("g"), ("ptr",), "void")))


def call_without_result(fn: Function) -> None:
    fn.blocks[1].ins.insert(0, Ins("call", (), None, Call(Symbol("g"), (), "i64")))


def continued_after_noreturn(fn: Function) -> None:
    fn.blocks[1].ins.insert(0, Ins("call", (), None, Call(Symbol("g"), (), "void", noreturn=True)))


def tail_call_of_other_convention(fn: Function) -> None:
    fn.blocks[3].ins[-1] = Ins("tailcall", (), None, Call(Symbol("g"), (), "i64", "tailcc"))


def tail_call_with_seven_arguments(fn: Function) -> None:
    fn.blocks[3].ins[-1] = Ins("tailcall", (fn.params[0],) * 7, None, Call(Symbol("g"), ("i64",) * 7, "i64", "ccc"))


BREAKS = [
    no_blocks, empty_block, same_names, no_terminator, early_terminator, foreign_target, entry_target, missing_target, unknown_op,
    mixed_types, wrong_result_type, missing_operand, branch_on_an_integer, assigned_twice, not_on_every_way, used_before_defined, undefined,
    foreign_variable, variable_type, wrong_return, call_with_wrong_arguments, call_without_result, continued_after_noreturn,
    tail_call_of_other_convention, tail_call_with_seven_arguments,
]  # fmt: skip


@pytest.mark.parametrize("break_it", BREAKS, ids=lambda b: b.__name__)
def test_broken_functions_are_rejected(break_it: Callable[[Function], None]) -> None:
    fn = diamond()
    break_it(fn)
    with pytest.raises(BadIR, match="@f"):
        verify(fn)


def test_two_functions_of_one_name() -> None:
    with pytest.raises(BadIR, match="twice"):
        verify_module(Module("m", [diamond(), diamond()]))


def test_text_form() -> None:
    assert show_function(diamond()) == (
        "function ccc @f(%1: i64) -> i64\n"
        "  var $r.2: i64\n"
        "entry.3:\n"
        "  %7: i1 = slt %1, i64 2\n"
        "  cbr %7, then.4, else.5  {likely}\n"
        "then.4:\n"
        "  %8: i64 = add %1, i64 1\n"
        "  set $r.2, %8\n"
        "  br join.6\n"
        "else.5:\n"
        "  set $r.2, %1\n"
        "  br join.6\n"
        "join.6:\n"
        "  %9: i64 = get $r.2\n"
        "  ret %9\n"
    )


@pytest.mark.parametrize(
    ("call", "right"),
    [
        (Call(Symbol("rt_x"), ("ptr", "ref"), "i64"), True),
        (Call(Symbol("rt_x"), ("ptr",), "i64"), False),
        (Call(Symbol("rt_x"), ("ptr", "f64"), "i64"), False),
        (Call(Symbol("rt_x"), ("ptr", "i64"), "ptr"), False),
        (Call(Symbol("rt_x"), ("ptr", "i64"), "i64", "tailcc"), False),
        (Call(Symbol("other"), (), "void"), True),
    ],
)
def test_calls_of_the_runtime_match_its_signatures(call: Call, right: bool) -> None:
    fn = diamond()
    args = tuple(Imm(t, 0) for t in call.args)
    fn.blocks[0].ins.insert(0, Ins("call", args, None if call.result == "void" else fn.temp(call.result), call))
    signatures = {"rt_x": Signature(("ptr", "i64"), "ref", frozenset())}
    if right:
        verify_imports(Module("m", [fn]), signatures)
    else:
        with pytest.raises(BadIR, match="but the runtime has"):
            verify_imports(Module("m", [fn]), signatures)
