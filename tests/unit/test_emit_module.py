"""LLVM text: tail calls, conventions, declarations, pasted functions, variables, weights."""

from __future__ import annotations

import ctypes

import pytest

from jit_runtime.codegen.emit import InlineFunction, emit_and_imports, emit_module
from jit_runtime.codegen.image_build import undefined_symbols
from jit_runtime.codegen.line_tables import place
from jit_runtime.codegen.pipelines import assembly, compile_to_object, optimise
from jit_runtime.engine.dwarf_lines import line_rows
from jit_runtime.engine.elf import ObjectFile
from jit_runtime.ir.interpret import Interpreter
from jit_runtime.ir.nodes import Function, Imm, Ins, Module, Symbol, Temp
from jit_runtime.ir.ops import Call
from jit_runtime.ir.verify import verify_module
from jit_runtime.source.text import Source, Span
from tests.unit.both_ways import Native


def simple(name: str, params: list[str], result: str, *ins: Ins, cconv: str = "ccc") -> Function:
    """A function of one block; operands are Temps 1.. for the parameters."""
    fn = Function(name, [Temp(i + 1, t) for i, t in enumerate(params)], result, cconv, attributes={"export"})
    fn.next_id = 100
    fn.block("entry").ins = list(ins)
    return fn


def calling(fn_name: str, *args: str, result: str = "i64") -> Ins:
    temps = tuple(Temp(i + 1, t) for i, t in enumerate(args))
    return Ins("call", temps, Temp(50, result), Call(Symbol(fn_name), tuple(args), result))


def test_mutual_tail_calls_run_in_constant_stack() -> None:
    """f(task, n) = n == 0 ? 7 : g(task, n - 1), g likewise: ten million calls on the C stack."""
    functions = []
    for name, other in (("f", "g"), ("g", "f")):
        fn = Function(name, [Temp(1, "ptr"), Temp(2, "i64")], "i64", "tailcc")
        fn.next_id = 2
        entry, done, more = fn.block("entry"), fn.block("done"), fn.block("more")
        test, less = fn.temp("i1"), fn.temp("i64")
        entry.ins = [Ins("eq", (fn.params[1], Imm("i64", 0)), test), Ins("cbr", (test,), attr="unlikely", targets=(done, more))]
        done.ins = [Ins("ret", (Imm("i64", 7),))]
        call = Call(Symbol(other), ("ptr", "i64"), "i64", "tailcc")
        more.ins = [Ins("sub", (fn.params[1], Imm("i64", 1)), less), Ins("tailcall", (fn.params[0], less), None, call)]
        functions.append(fn)
    entry_call = Ins("call", (Imm("ptr", 0), Temp(1, "i64")), Temp(9, "i64"), Call(Symbol("f"), ("ptr", "i64"), "i64", "tailcc"))
    module = Module("tail", [*functions, simple("start", ["i64"], "i64", entry_call, Ins("ret", (Temp(9, "i64"),)))])
    verify_module(module)
    assert "musttail call tailcc i64 @g" in emit_module(module)
    for tier in (0, 1):
        assert Native(module, tier).call("start", 10_000_000) == 7
    assert Interpreter(module).call("start", 100) == 7


def test_what_is_outside_is_declared_once() -> None:
    ins = [calling("outside", "i64"), Ins("add", (Temp(50, "i64"), Symbol("datum", "i64")), Temp(51, "i64"))]
    twice = [calling("outside", "i64"), Ins("add", (Temp(50, "i64"), Symbol("outside", "i64")), Temp(51, "i64"))]
    module = Module("m", [simple(n, ["i64"], "i64", *body, Ins("ret", (Temp(51, "i64"),))) for n, body in (("a", ins), ("b", twice))])
    text, imports = emit_and_imports(module)
    assert text.count("@outside(i64)") == 1 and text.count("@datum = external") == 1
    assert sorted(imports) == ["datum", "outside"] == undefined_symbols(compile_to_object(text))


PASTED = {
    "twice": InlineFunction("define internal i64 @twice(i64 %x) alwaysinline {\n  %r = call i64 @half(i64 %x)\n  ret i64 %r\n}\n", {"half": ""}),
    "half": InlineFunction(
        "define internal i64 @half(i64 %x) alwaysinline {\n  %r = call i64 @slow(i64 %x)\n  ret i64 %r\n}\n", {"slow": "declare i64 @slow(i64)"}
    ),
    "other": InlineFunction("define internal void @other() {\n  ret void\n}\n", {}),
}


def test_inline_functions_are_pasted_with_what_they_need() -> None:
    module = Module("m", [simple("a", ["i64"], "i64", calling("twice", "i64"), Ins("ret", (Temp(50, "i64"),)))])
    text, imports = emit_and_imports(module, PASTED)
    assert text.count("define internal i64 @twice") == text.count("define internal i64 @half") == 1
    assert "@other" not in text and imports == ["slow"]
    for tier in (0, 1):
        assert undefined_symbols(compile_to_object(text, tier)) == ["slow"]
        assert "half" not in assembly(text, tier)


def test_nothing_is_pasted_where_nothing_is_named() -> None:
    module = Module("m", [simple("a", [], "i64", Ins("ret", (Imm("i64", 1),)))])
    assert "define internal" not in emit_module(module, PASTED)


def test_names_that_llvm_would_not_read_are_quoted() -> None:
    callee = simple('odd? "name"\\é', ["i64"], "i64", Ins("ret", (Temp(1, "i64"),)), cconv="tailcc")
    call = Ins("call", (Temp(1, "i64"),), Temp(50, "i64"), Call(Symbol(callee.name), ("i64",), "i64", "tailcc"))
    module = Module("m", [callee, simple("a", ["i64"], "i64", call, Ins("ret", (Temp(50, "i64"),)))])
    module.functions[1].blocks[0].name = "then what?"
    assert Native(module).call("a", 5) == 5


def test_every_function_keeps_its_frame_pointer_and_reads_the_stack_pointer() -> None:
    sp = Temp(60, "i64")
    module = Module("m", [simple("a", [], "i64", Ins("read_sp", (), sp), Ins("ret", (sp,)))])
    local = ctypes.c_int64()
    got = Native(module).call("a")
    assert isinstance(got, int) and abs(got - ctypes.addressof(local)) < 1 << 47 and got % 8 == 0
    assert "%rbp" in assembly(emit_module(module)) or "x29" in assembly(emit_module(module))


def test_data_is_readable_and_shared() -> None:
    load = Ins("load", (Symbol("text"),), Temp(60, "i8"))
    module = Module("m", [simple("a", [], "i8", load, Ins("ret", (Temp(60, "i8"),)))], {"text": b'"\\\xff'})
    assert Native(module).call("a") == Interpreter(module).call("a") == ord('"')


def test_switch_and_overflow_branches() -> None:
    fn = Function("s", [Temp(1, "i64")], "i64", "ccc", attributes={"export"})
    fn.next_id = 1
    entry, other, one, big = (fn.block(n) for n in ("entry", "other", "one", "big"))
    total = fn.temp("i64")
    entry.ins = [Ins("switch", (fn.params[0],), attr=(1, -1), targets=(other, one, big))]
    one.ins = [Ins("ret", (Imm("i64", 11),))]
    big.ins = [Ins("ret", (Imm("i64", 12),))]
    fits, over = fn.block("fits"), fn.block("over")
    other.ins = [Ins("smul_overflow", (fn.params[0], fn.params[0]), total, targets=(fits, over))]
    fits.ins = [Ins("ret", (total,))]
    over.ins = [Ins("ret", (Imm("i64", 13),))]
    module = Module("m", [fn])
    verify_module(module)
    interpreter, machines = Interpreter(module), [Native(module, 0), Native(module, 1)]
    for argument, expected in ((1, 11), (-1, 12), (5, 25), (1 << 40, 13)):
        assert interpreter.call("s", argument) == expected
        assert all(machine.call("s", argument) == expected for machine in machines)


def test_an_alias_made_in_a_later_block_is_known() -> None:
    """`join` stands before `middle`, where the word that it uses is made."""
    fn = Function("a", [Temp(1, "i64")], "i64", "ccc", attributes={"export"})
    fn.next_id = 1
    entry, join, middle = (fn.block(n) for n in ("entry", "join", "middle"))
    word, back = fn.temp("ref"), fn.temp("i64")
    entry.ins = [Ins("br", targets=(middle,))]
    middle.ins = [Ins("ref", (fn.params[0],), word), Ins("bits", (word,), back), Ins("br", targets=(join,))]
    join.ins = [Ins("ret", (back,))]
    verify_module(Module("m", [fn]))
    assert Native(Module("m", [fn])).call("a", 9) == 9


SOURCE = Source("program.omni", "one\n  (two)\n(three)\n", 5)


def located(name: str, spans: list[Span | None], home: Span | None) -> Function:
    """A function that calls `outside` once per span."""
    fn = Function(name, [Temp(1, "i64")], "i64", "tailcc", attributes={"export"}, span=home)
    fn.next_id = 9
    body = [Ins("call", (Temp(1, "i64"),), fn.temp("i64"), Call(Symbol("outside"), ("i64",), "i64"), span=span) for span in spans]
    fn.block("entry").ins = [*body, Ins("ret", (Temp(1, "i64"),))]
    return fn


@pytest.mark.parametrize("tier", [0, 1])
def test_calls_have_places(tier: int) -> None:
    home, inner, outside = Span(SOURCE, 4, 11), Span(SOURCE, 6, 11), Span(SOURCE, 12, 19)
    module = Module("m", [located("f", [inner, None, outside], home), located("g", [inner], None)])
    object = compile_to_object(emit_module(module), tier)
    rows = {(row.line, row.column) for row in line_rows(ObjectFile(object)) if row.line and row.column}
    assert {place(home, *row) for row in rows} == {inner, home}
    assert emit_module(module).count("!DISubprogram") == 1


def test_no_metadata_without_sources() -> None:
    assert "!DI" not in emit_module(Module("m", [located("g", [None], None)]))


def test_wrong_text_is_an_error_not_an_abort() -> None:
    with pytest.raises(RuntimeError):
        optimise("define i64 @f() { ret i32 1 }", 1)
