"""The op table: every row has an emitter and a meaning; native code and interpreter agree op by op."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jit_runtime.codegen.emit import EMIT
from jit_runtime.ir.interpret import Interpreter
from jit_runtime.ir.nodes import Function, Imm, Ins, Module, Temp
from jit_runtime.ir.ops import OPS, define
from jit_runtime.ir.verify import verify_module
from tests.unit.both_ways import Native

WIDTHS = ("i8", "i16", "i32", "i64")
BINARY = ("add", "sub", "mul", "and", "or", "xor", "mulhi")
DIVISIONS = ("sdiv", "srem", "udiv", "urem")
SHIFTS = ("shl", "lshr", "ashr")
COMPARISONS = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
UNARY = ("ctlz", "cttz", "popcount")
FLOATS = ("fadd", "fsub", "fmul", "fdiv")
FLOAT_COMPARISONS = ("feq", "fne", "flt", "fle", "fgt", "fge")
FLOAT_UNARY = ("fneg", "fsqrt", "fabs", "floor", "ceil", "rint", "ftrunc")


def function(op: str, types: tuple[str, ...], result: str) -> Function:
    """A function that applies one op to its parameters."""
    fn = Function(f"{op}_{types[0]}_{result}", [Temp(i + 1, t) for i, t in enumerate(types)], result, "ccc", attributes={"export"})
    fn.next_id = len(types)
    dest = fn.temp(result)
    fn.block("entry").ins = [Ins(op, tuple(fn.params), dest), Ins("ret", (dest,))]
    return fn


def all_functions() -> list[Function]:
    made = []
    for width in WIDTHS:
        made += [function(op, (width, width), width) for op in BINARY + DIVISIONS + SHIFTS]
        made += [function(op, (width, width), "i1") for op in (*COMPARISONS, "sadd_overflows", "ssub_overflows", "smul_overflows")]
        made += [function(op, (width,), width) for op in UNARY + (("bswap",) if width != "i8" else ())]
        made += [function("sitofp", (width,), "f64"), function("uitofp", (width,), "f64")]
        made += [function(op, (small,), width) for op in ("zext", "sext") for small in WIDTHS if WIDTHS.index(small) < WIDTHS.index(width)]
        made += [function("trunc", (width,), small) for small in WIDTHS if WIDTHS.index(small) < WIDTHS.index(width)]
    made += [function(op, ("f64", "f64"), "f64") for op in FLOATS] + [function(op, ("f64", "f64"), "i1") for op in FLOAT_COMPARISONS]
    made += [function(op, ("f64",), "f64") for op in FLOAT_UNARY]
    made += [function("fptosi", ("f64",), "i64"), function("bitcast", ("f64",), "i64"), function("bitcast", ("i64",), "f64")]
    made.append(function("select", ("i1", "i64", "i64"), "i64"))
    return made


CONVERSIONS = [fn.name for fn in all_functions() if fn.name.split("_")[0] in ("zext", "sext", "trunc", "sitofp", "uitofp", "bswap")]


@pytest.fixture(scope="module")
def machines() -> tuple[Interpreter, Native]:
    module = Module("ops", all_functions())
    verify_module(module)
    return Interpreter(module), Native(module)


def edge_ints(bits: int) -> st.SearchStrategy[int]:
    edges = (0, 1, 2, (1 << bits - 1) - 1, 1 << bits - 1, (1 << bits) - 1)
    return st.sampled_from(edges) | st.integers(0, (1 << bits) - 1)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_integer_ops_agree(machines: tuple[Interpreter, Native], data: st.DataObject) -> None:
    interpreter, native = machines
    width = data.draw(st.sampled_from(WIDTHS))
    bits = int(width[1:])
    a, b = data.draw(edge_ints(bits)), data.draw(edge_ints(bits))
    for op in BINARY:
        assert interpreter.call(f"{op}_{width}_{width}", a, b) == native.call(f"{op}_{width}_{width}", a, b), op
    for op in (*COMPARISONS, "sadd_overflows", "ssub_overflows", "smul_overflows"):
        assert interpreter.call(f"{op}_{width}_i1", a, b) == native.call(f"{op}_{width}_i1", a, b), op
    for op in SHIFTS:
        assert interpreter.call(f"{op}_{width}_{width}", a, b % bits) == native.call(f"{op}_{width}_{width}", a, b % bits), op
    for op in UNARY:
        assert interpreter.call(f"{op}_{width}_{width}", a) == native.call(f"{op}_{width}_{width}", a), op
    if b and not (a == 1 << bits - 1 and b == (1 << bits) - 1):
        for op in DIVISIONS:
            assert interpreter.call(f"{op}_{width}_{width}", a, b) == native.call(f"{op}_{width}_{width}", a, b), op


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_conversions_agree(machines: tuple[Interpreter, Native], data: st.DataObject) -> None:
    interpreter, native = machines
    for name in CONVERSIONS:
        a = data.draw(edge_ints(int(name.split("_")[1][1:])))
        assert interpreter.call(name, a) == native.call(name, a), name


@settings(max_examples=200, deadline=None)
@given(st.floats(), st.floats())
def test_float_ops_agree(machines: tuple[Interpreter, Native], a: float, b: float) -> None:
    interpreter, native = machines
    for name in [f"{op}_f64_f64" for op in FLOATS] + [f"{op}_f64_i1" for op in FLOAT_COMPARISONS]:
        same(interpreter.call(name, a, b), native.call(name, a, b), name)
    for name in [f"{op}_f64_f64" for op in FLOAT_UNARY]:
        same(interpreter.call(name, a), native.call(name, a), name)
    if abs(a) < 2.0**62:
        same(interpreter.call("fptosi_f64_i64", a), native.call("fptosi_f64_i64", a), "fptosi")
    if a == a:
        bits = interpreter.call("bitcast_f64_i64", a)
        assert bits == native.call("bitcast_f64_i64", a)
        assert str(interpreter.call("bitcast_i64_f64", bits)) == str(a)


def same(expected: float, got: float | None, name: str) -> None:
    """Equal, zeros and NaNs included."""
    assert got is not None
    assert repr(float(expected)) == repr(float(got)), (name, expected, got)


def test_every_row_has_an_emitter_and_a_text() -> None:
    for name, row in OPS.items():
        assert row.doc and name in EMIT


def test_a_row_is_defined_once() -> None:
    with pytest.raises(ValueError, match="defined twice"):
        define("add", "I I", "I", 0, "again")


def test_constants_of_all_types_are_spelled_for_llvm() -> None:
    values = [
        ("i8", 255), ("i16", -1), ("i32", 1 << 31), ("i64", (1 << 64) - 1), ("ref", 0x8000000000000002), ("i1", 1),
        ("f64", -0.0), ("f64", float("inf")), ("f32", 0.1),
    ]  # fmt: skip
    functions = []
    for number, (type, value) in enumerate(values):
        fn = Function(f"k{number}", [], type, "ccc", attributes={"export"})
        fn.block("entry").ins = [Ins("ret", (Imm(type, value),))]
        functions.append(fn)
    module = Module("constants", functions)
    native, interpreter = Native(module), Interpreter(module)
    for number, (type, value) in enumerate(values):
        got, slow = native.call(f"k{number}"), interpreter.call(f"k{number}")
        if type == "f32":
            assert got == pytest.approx(0.1, rel=1e-7)
        elif type == "f64":
            assert str(got) == str(slow) == str(value)
        else:
            assert got == slow == value & (1 << (1 if type == "i1" else 64 if type == "ref" else int(type[1:]))) - 1
