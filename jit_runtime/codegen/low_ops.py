"""Emitters of the low-level ops: the rows of ir/ops.py, in its order."""

from __future__ import annotations

from collections.abc import Callable

from jit_runtime.codegen.emitter import EMIT, Emitter
from jit_runtime.codegen.spelling import LENGTH_RANGE, LLVM_TYPES, MEMORY_TAGS, STACK_POINTER_NODE, convention, immediate, label, symbol
from jit_runtime.ir.nodes import Ins, Symbol
from jit_runtime.ir.ops import Call

# ---- emitters: arithmetic ----


def _binary(llvm: str) -> Callable[[Emitter, Ins], None]:
    def emit(e: Emitter, ins: Ins) -> None:
        a, b = ins.args
        e.lines.append(f"  %t{ins.dest.id} = {llvm} {LLVM_TYPES[a.type]} {e.value(a)}, {e.value(b)}")  # type: ignore[union-attr]

    return emit


for _name in ("mul", "sdiv", "srem", "udiv", "urem", "and", "or", "xor", "shl", "lshr", "ashr", "fadd", "fsub", "fmul", "fdiv"):
    EMIT[_name] = _binary(_name)


def _sum(llvm: str) -> Callable[[Emitter, Ins], None]:
    plain, fits = _binary(llvm), _binary(f"{llvm} nsw")
    return lambda e, ins: (fits if ins.attr == "fits" else plain)(e, ins)


EMIT["add"], EMIT["sub"] = _sum("add"), _sum("sub")
for _name in ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"):
    EMIT[_name] = _binary("icmp " + _name)
for _name, _predicate in (("feq", "oeq"), ("fne", "une"), ("flt", "olt"), ("fle", "ole"), ("fgt", "ogt"), ("fge", "oge")):
    EMIT[_name] = _binary("fcmp " + _predicate)


def _mulhi(e: Emitter, ins: Ins) -> None:
    a, b = ins.args
    type = LLVM_TYPES[a.type]
    wide = f"i{2 * int(type[1:])}"
    names = [e.fresh() for _ in range(4)]
    e.line(f"{names[0]} = zext {type} {e.value(a)} to {wide}")
    e.line(f"{names[1]} = zext {type} {e.value(b)} to {wide}")
    e.line(f"{names[2]} = mul {wide} {names[0]}, {names[1]}")
    e.line(f"{names[3]} = lshr {wide} {names[2]}, {type[1:]}")
    e.result(ins, f"trunc {wide} {names[3]} to {type}")


def _unary(template: str) -> Callable[[Emitter, Ins], None]:
    """An intrinsic of one operand; `{t}` in its name stands for the type."""

    def emit(e: Emitter, ins: Ins) -> None:
        a = ins.args[0]
        type = LLVM_TYPES[a.type]
        suffix = {"double": "f64", "float": "f32"}.get(type, type)
        flag = ", i1 false" if template.endswith(("tz.", "lz.")) else ""
        e.result(ins, e.intrinsic(template + suffix, type, f"{type} {e.value(a)}{flag}"))

    return emit


for _name, _intrinsic in (
    ("ctlz", "ctlz"), ("cttz", "cttz"), ("popcount", "ctpop"), ("bswap", "bswap"),
    ("fsqrt", "sqrt"), ("fabs", "fabs"), ("floor", "floor"), ("ceil", "ceil"), ("rint", "roundeven"), ("ftrunc", "trunc"),
):  # fmt: skip
    EMIT[_name] = _unary(f"llvm.{_intrinsic}.")


def _fneg(e: Emitter, ins: Ins) -> None:
    e.result(ins, f"fneg {e.typed(ins.args[0])}")


def _overflowing(e: Emitter, ins: Ins, op: str) -> str:
    """The pair (result, overflow)."""
    a, b = ins.args
    type, pair = LLVM_TYPES[a.type], e.fresh()
    e.line(f"{pair} = " + e.intrinsic(f"llvm.{op}.with.overflow.{type}", f"{{{type}, i1}}", f"{type} {e.value(a)}, {type} {e.value(b)}"))
    return f"{{{type}, i1}} {pair}"


def _overflow(op: str) -> Callable[[Emitter, Ins], None]:
    def emit(e: Emitter, ins: Ins) -> None:
        pair, flag = _overflowing(e, ins, op), e.fresh()
        e.result(ins, f"extractvalue {pair}, 0")
        e.line(f"{flag} = extractvalue {pair}, 1")
        e.line(f"br i1 {flag}, label %{label(ins.targets[1])}, label %{label(ins.targets[0])}, !prof !9002")

    return emit


def _overflows(op: str) -> Callable[[Emitter, Ins], None]:
    def emit(e: Emitter, ins: Ins) -> None:
        e.result(ins, f"extractvalue {_overflowing(e, ins, op)}, 1")

    return emit


for _name in ("sadd", "ssub", "smul"):
    EMIT[_name + "_overflow"] = _overflow(_name)
    EMIT[_name + "_overflows"] = _overflows(_name)


# ---- emitters: conversions ----


def _conversion(llvm: str) -> Callable[[Emitter, Ins], None]:
    def emit(e: Emitter, ins: Ins) -> None:
        a, to = ins.args[0], LLVM_TYPES[ins.dest.type]  # type: ignore[union-attr]
        if LLVM_TYPES[a.type] == to:
            e.alias(ins.dest, e.value(a))  # type: ignore[arg-type]
        else:
            e.result(ins, f"{llvm} {e.typed(a)} to {to}")

    return emit


for _name in ("zext", "sext", "trunc", "sitofp", "uitofp", "fptosi", "fptoui", "fptrunc", "fpext", "bitcast", "ptrtoint", "inttoptr", "bits", "ref"):
    EMIT[_name] = _conversion(_name)


def _select(e: Emitter, ins: Ins) -> None:
    e.result(ins, "select " + ", ".join(e.typed(a) for a in ins.args))


# ---- emitters: memory ----

ALIGNMENT = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "f32": 4, "i64": 8, "f64": 8, "ptr": 8, "ref": 8}


def _access(ins: Ins, type: str) -> tuple[str, str]:
    """`atomic ` or nothing, and what follows the address."""
    attr = ins.attr
    if attr is None:
        return "", ""
    if attr in MEMORY_TAGS:
        return "", f", !tbaa {MEMORY_TAGS[attr]}"
    if isinstance(attr, int):
        return "", f", align {attr}"
    return "atomic ", f" {attr}, align {ALIGNMENT[type]}"


def _load(e: Emitter, ins: Ins) -> None:
    type = ins.dest.type  # type: ignore[union-attr]
    atomic, after = _access(ins, type)
    if ins.attr == "length":
        after += f", !range {LENGTH_RANGE}"
    e.result(ins, f"load {atomic}{LLVM_TYPES[type]}, {e.address(ins.args[0])}{after}")


def _store(e: Emitter, ins: Ins) -> None:
    value, to = ins.args
    atomic, after = _access(ins, value.type)
    e.line(f"store {atomic}{e.typed(value)}, {e.address(to)}{after}")


def _offset(e: Emitter, ins: Ins) -> None:
    base, count = ins.args
    e.result(ins, f"getelementptr i8, {e.address(base)}, {e.typed(count)}")


def _atomic_rmw(e: Emitter, ins: Ins) -> None:
    operation, ordering = ins.attr
    to, value = ins.args
    e.result(ins, f"atomicrmw {operation} {e.address(to)}, {e.typed(value)} {ordering}, align {ALIGNMENT[value.type]}")


def _cmpxchg(e: Emitter, ins: Ins) -> None:
    to, old, new = ins.args
    pair, type = e.fresh(), LLVM_TYPES[old.type]
    failure = {"release": "monotonic", "acq_rel": "acquire"}.get(ins.attr, ins.attr)
    e.line(f"{pair} = cmpxchg {e.address(to)}, {e.typed(old)}, {e.typed(new)} {ins.attr} {failure}, align {ALIGNMENT[old.type]}")
    e.result(ins, f"extractvalue {{{type}, i1}} {pair}, 0")


def _fence(e: Emitter, ins: Ins) -> None:
    e.line(f"fence {ins.attr}")


def _copy(name: str) -> Callable[[Emitter, Ins], None]:
    def emit(e: Emitter, ins: Ins) -> None:
        e.line(e.intrinsic(name, "void", ", ".join(e.typed(a) for a in ins.args) + ", i1 false"))

    return emit


EMIT["memcpy"] = _copy("llvm.memcpy.p0.p0.i64")
EMIT["memmove"] = _copy("llvm.memmove.p0.p0.i64")
EMIT["memset"] = _copy("llvm.memset.p0.i64")


def _stack(e: Emitter, ins: Ins) -> None:
    e.stacks.append(f"  %t{ins.dest.id} = alloca [{ins.attr} x i8], align 16")  # type: ignore[union-attr]


def _read_sp(e: Emitter, ins: Ins) -> None:
    e.declares.setdefault("llvm.read_register.i64", "declare i64 @llvm.read_register.i64(metadata)")
    call = f"call i64 @llvm.read_register.i64(metadata {STACK_POINTER_NODE})"
    if ins.dest.type == "ptr":  # type: ignore[union-attr]
        word = e.fresh()
        e.line(f"{word} = {call}")
        call = f"inttoptr i64 {word} to ptr"
    e.result(ins, call)


def _get(e: Emitter, ins: Ins) -> None:
    e.lines.append(f"  %t{ins.dest.id} = load {LLVM_TYPES[ins.dest.type]}, ptr %v{ins.args[0].id}")  # type: ignore[union-attr]


def _set(e: Emitter, ins: Ins) -> None:
    variable, value = ins.args
    e.lines.append(f"  store {LLVM_TYPES[value.type]} {e.value(value)}, ptr %v{variable.id}")  # type: ignore[union-attr]


# ---- emitters: control ----


def _call_text(e: Emitter, ins: Ins, tail: str) -> str:
    call: Call = ins.attr
    result, cconv = LLVM_TYPES[call.result], convention(call.cconv)
    if type(call.callee) is Symbol:
        name = call.callee.name
        types = [LLVM_TYPES[t] for t in call.args] + (["..."] if call.variadic else [])
        declared = e.declares.get(name)
        # Only functions of the same convention may be declared by their first call; the address alone is not a declaration.
        if declared is None or " external global " in declared:
            e.declares[name] = f"declare {cconv}{result} {symbol(name)}({', '.join(types)})"
        callee = symbol(name)
    else:
        callee = e.value(call.callee)
    signature = f"{result} ({', '.join(LLVM_TYPES[t] for t in call.args)}, ...)" if call.variadic else result
    after = (" #1" if call.noreturn else " #2" if call.changes_nothing else "") + e.location(ins)
    return f"{tail}call {cconv}{signature} {callee}({', '.join([e.typed(a) for a in ins.args])}){after}"


def _call(e: Emitter, ins: Ins) -> None:
    e.result(ins, _call_text(e, ins, "notail " if ins.attr.notail else ""))


def _tailcall(e: Emitter, ins: Ins) -> None:
    result = LLVM_TYPES[ins.attr.result]
    text = _call_text(e, ins, "musttail ")
    if result == "void":
        e.line(text)
        e.line("ret void")
    else:
        value = e.fresh()
        e.line(f"{value} = {text}")
        e.line(f"ret {result} {value}")


def _br(e: Emitter, ins: Ins) -> None:
    e.line(f"br label %{label(ins.targets[0])}")


def _cbr(e: Emitter, ins: Ins) -> None:
    then, otherwise = ins.targets
    e.line(f"br i1 {e.value(ins.args[0])}, label %{label(then)}, label %{label(otherwise)}{_weights(ins.attr)}")


def _weights(attr: object) -> str:
    if attr is None:
        return ""
    if attr == "likely":
        return ", !prof !9001"
    if attr == "unlikely":
        return ", !prof !9002"
    taken, other = attr  # type: ignore[misc]
    likely = taken >= other  # type: ignore[has-type]
    return ", !prof !9001" if likely else ", !prof !9002"


def _switch(e: Emitter, ins: Ins) -> None:
    on = ins.args[0]
    type = LLVM_TYPES[on.type]
    default, *others = ins.targets
    cases = " ".join(f"{type} {immediate(on.type, value)}, label %{label(block)}" for value, block in zip(ins.attr, others))
    e.line(f"switch {e.typed(on)}, label %{label(default)} [{cases}]")


def _ret(e: Emitter, ins: Ins) -> None:
    e.line(f"ret {e.typed(ins.args[0])}" if ins.args else "ret void")


def _unreachable(e: Emitter, ins: Ins) -> None:
    e.line("unreachable")


def _trap(e: Emitter, ins: Ins) -> None:
    e.line(e.intrinsic("llvm.trap", "void", ""))
    e.line("unreachable")


EMIT |= {
    "mulhi": _mulhi, "fneg": _fneg, "select": _select, "load": _load, "store": _store, "offset": _offset, "atomic_rmw": _atomic_rmw,
    "cmpxchg": _cmpxchg, "fence": _fence, "stack": _stack, "read_sp": _read_sp, "get": _get, "set": _set, "call": _call, "tailcall": _tailcall,
    "br": _br, "cbr": _cbr, "switch": _switch, "ret": _ret, "unreachable": _unreachable, "trap": _trap,
}  # fmt: skip
