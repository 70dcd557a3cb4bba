"""The systems subset: primitives, the `%` forms (docs/systems-subset.md). Same shape of rule as systems_forms.py."""

from __future__ import annotations

from collections.abc import Callable

from jit_runtime.infer.ckinds import BOOL, DOUBLE, INT64, POINTER, SINGLE, UINT8, VOID, ArrayOf, CKind, pointer, read_kind, read_target, size_of
from jit_runtime.infer.systems import constant, spelled
from jit_runtime.infer.systems_body import GONE, NOTHING, Body, Val, mismatch
from jit_runtime.infer.systems_forms import Rule, need, same_kind
from jit_runtime.ir.nodes import Imm, Operand, Symbol
from jit_runtime.ir.ops import Call
from jit_runtime.source.diagnostics import fail
from jit_runtime.syntax import forms as f

PRIMS: dict[str, Rule] = {}


def prim(*names: str) -> Callable[[Rule], Rule]:
    def enter(fn: Rule) -> Rule:
        PRIMS.update(dict.fromkeys(names, fn))
        return fn

    return enter


def _name(form: f.List) -> str:
    return form.items[0].span.text


# ---- memory ----


def _typed_address(body: Body, form: f.List, args: list[f.Form]) -> tuple[Operand, CKind, list[f.Form]]:
    """`{K} address` or a pointer that knows its kind; what follows it."""
    if args and isinstance(args[0], f.Kind):
        kind = read_kind(args[0])
        need(form, args, 2, -1)
        return body.address(args[1]).op, kind, args[2:]
    need(form, args, 1, -1)
    at = body.address(args[0])
    if not isinstance(at.kind.to, CKind):
        raise fail("T240", form.span, "it is not known what stands there", help=f"({_name(form)} {{K}} address ...) says so")
    return at.op, at.kind.to, args[1:]


@prim("%load")
def load(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    address, kind, rest = _typed_address(body, form, args)
    need(form, rest, 0)
    return Val(body.load(address, kind), kind)


@prim("%store")
def store(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    address, kind, rest = _typed_address(body, form, args)
    need(form, rest, 1)
    body.store(address, body.typed(rest[0], kind), kind)
    return NOTHING


@prim("%offset")
def offset(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    kind = None
    if args and isinstance(args[0], f.Kind):
        kind, args = read_kind(args[0]), args[1:]
    need(form, args, 2)
    base = body.address(args[0])
    return Val(body.ins("offset", base.op, body.integer(args[1]), type="ptr"), kind or base.kind)


@prim("%index")
def index(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 2)
    base = body.expr(args[0])
    if base.kind.to is None:
        raise fail("T240", args[0].span, "it is not known what this points at")
    return Val(body.element(base.op, args[1], size_of(base.kind.to)), base.kind)


@prim("%address")
def address(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 1)
    place = body.place(args[0])
    target = place.target.of if isinstance(place.target, ArrayOf) else place.target
    return Val(place.address, POINTER if target is None else pointer(target))


@prim("%stack")
def stack(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 1, 2)
    target = read_target(args[0])
    count = constant(body.unit, args[1], body.scope) if len(args) == 2 else 1
    if count is None:
        raise fail("T241", args[1].span, "the number of elements is a constant")
    return Val(body.ins("stack", type="ptr", attr=size_of(target) * count), pointer(target))


@prim("%memcpy", "%memmove")
def copy(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 3)
    body.ins(_name(form)[1:], body.address(args[0]).op, body.address(args[1]).op, body.integer(args[2]))
    return NOTHING


@prim("%memset")
def memset(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 3)
    to = body.address(args[0]).op
    value = body.expr(args[1], UINT8)
    if not value.kind.is_int:
        raise mismatch(args[1].span, UINT8, value.kind)
    byte = value.op if value.kind.size == 1 else body.ins("trunc", value.op, type="i8")
    body.ins("memset", to, byte, body.integer(args[2]))
    return NOTHING


# ---- conversions ----


@prim("%cast")
def cast(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 2)
    kind = read_kind(args[0])
    value = body.expr(args[1], kind if constant(body.unit, args[1], body.scope) is not None and (kind.is_int or kind is DOUBLE) else None)
    if value.op.type == kind.ir:
        return Val(value.op, kind)
    return Val(_convert(body, form, value, kind), kind)


def _convert(body: Body, form: f.List, value: Val, kind: CKind) -> Operand:
    have, op = value.kind, value.op
    if kind is BOOL and have.is_int:
        return body.ins("ne", op, Imm(have.ir, 0), type="i1")
    if have is BOOL and kind.is_int:
        return body.ins("zext", op, type=kind.ir)
    if have.is_int and kind.is_int:
        return body.ins("trunc", op, type=kind.ir) if kind.size < have.size else body.widened(value, kind)
    if have.is_pointer and kind.ir == "i64":
        return body.ins("ptrtoint", op, type="i64")
    if kind.is_pointer and have.ir == "i64":
        return body.ins("inttoptr", op, type="ptr")
    if have.is_int and kind is DOUBLE:
        return body.ins("sitofp" if have.signed else "uitofp", op, type="f64")
    if have is DOUBLE and kind.is_int:
        return body.ins("fptosi" if kind.signed else "fptoui", op, type=kind.ir)
    if SINGLE in (have, kind) and DOUBLE in (have, kind):
        return body.ins("fptrunc" if have is DOUBLE else "fpext", op, type=kind.ir)
    raise fail("T242", form.span, f"{have} cannot be converted to {kind}")


@prim("%bits")
def bits(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 1)
    return Val(body.ins("bitcast", body.typed(args[0], DOUBLE), type="i64"), INT64)


@prim("%float")
def float_(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 1)
    value = body.expr(args[0], INT64)
    if value.op.type != "i64":
        raise mismatch(args[0].span, INT64, value.kind)
    return Val(body.ins("bitcast", value.op, type="f64"), DOUBLE)


# ---- arithmetic ----


@prim("%select")
def select(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 3)
    test = body.typed(args[0], BOOL)
    operands, kind = same_kind(body, args[1:], want)
    return Val(body.ins("select", test, *operands, type=kind.ir), kind)


@prim("%ctlz", "%cttz", "%popcount", "%bswap")
def bit_operation(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 1)
    value = body.expr(args[0], want)
    if not value.kind.is_int:
        raise mismatch(args[0].span, INT64, value.kind)
    return Val(body.ins(_name(form)[1:], value.op, type=value.kind.ir), value.kind)


@prim("%mulhi")
def mulhi(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 2)
    operands, kind = same_kind(body, args, want)
    return Val(body.ins("mulhi", *operands, type=kind.ir), kind)


@prim("%add-checked", "%sub-checked", "%mul-checked")
def checked(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 3)
    operands, kind = same_kind(body, args[:2], want)
    fits, overflow, done = body.fn.block("fits"), body.fn.block("overflow"), body.fn.block("join")
    result = body.fn.variable("checked", kind.ir)
    sum = body.ins(f"s{_name(form)[1:4]}_overflow", *operands, type=kind.ir, targets=(fits, overflow))
    body.block = fits
    body.ins("set", result, sum)
    body.jump(done)
    body.block = overflow
    other = body.typed(args[2], kind)
    if body.block is not None:
        body.ins("set", result, other)
        body.jump(done)
    body.block = done
    return Val(body.get(result), kind)


@prim("%add-overflows?", "%sub-overflows?", "%mul-overflows?")
def overflows(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 2)
    operands, _ = same_kind(body, args, None)
    return Val(body.ins(f"s{_name(form)[1:4]}_overflows", *operands, type="i1"), BOOL)


_FLOAT_OPS = {"%sqrt": "fsqrt", "%fabs": "fabs", "%floor": "floor", "%ceil": "ceil", "%round": "rint", "%truncate": "ftrunc"}


@prim(*_FLOAT_OPS)
def float_operation(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 1)
    return Val(body.ins(_FLOAT_OPS[_name(form)], body.typed(args[0], DOUBLE), type="f64"), DOUBLE)


# ---- atomics ----

ORDERS = {"relaxed": "monotonic", "acquire": "acquire", "release": "release", "acq-rel": "acq_rel", "seq-cst": "seq_cst"}
_NOT_FOR = {"%atomic-load": ("release", "acq-rel"), "%atomic-store": ("acquire", "acq-rel"), "%fence": ("relaxed",)}


def _ordering(form: f.List, args: list[f.Form]) -> str:
    order = args[0] if args else form
    if not isinstance(order, f.Symbol) or order.name not in ORDERS or order.name in _NOT_FOR.get(_name(form), ()):
        raise fail("T243", order.span, f"{_name(form)} starts with an ordering", "one of " + " ".join(ORDERS))
    return ORDERS[order.name]


@prim("%atomic-load")
def atomic_load(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    ordering = _ordering(form, args)
    address, kind, rest = _typed_address(body, form, args[1:])
    need(form, rest, 0)
    return Val(body.load(address, kind, ordering), kind)


@prim("%atomic-store")
def atomic_store(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    ordering = _ordering(form, args)
    address, kind, rest = _typed_address(body, form, args[1:])
    need(form, rest, 1)
    body.store(address, body.typed(rest[0], kind), kind, ordering)
    return NOTHING


@prim(*(f"%atomic-{op}" for op in ("add", "sub", "and", "or", "xor", "xchg")))
def atomic_rmw(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    ordering = _ordering(form, args)
    address, kind, rest = _typed_address(body, form, args[1:])
    need(form, rest, 1)
    return Val(body.ins("atomic_rmw", address, body.typed(rest[0], kind), type=kind.ir, attr=(_name(form)[8:], ordering)), kind)


@prim("%atomic-cas")
def cas(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    ordering = _ordering(form, args)
    address, kind, rest = _typed_address(body, form, args[1:])
    need(form, rest, 2)
    return Val(body.ins("cmpxchg", address, *(body.typed(arg, kind) for arg in rest), type=kind.ir, attr=ordering), kind)


@prim("%fence")
def fence(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 1)
    body.ins("fence", attr=_ordering(form, args))
    return NOTHING


# ---- functions and the machine ----


@prim("%function")
def function(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 1)
    name = args[0].span.text
    found = body.unit.functions.get(spelled(name))
    if found is None:
        raise fail("T223", args[0].span, f"unknown function: {name}")
    return Val(Symbol(found.symbol), POINTER)


@prim("%call", "%call-omni")
def call_address(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    result = VOID
    if args and isinstance(args[0], f.Kind):
        result, args = read_kind(args[0]), args[1:]
    need(form, args, 1, -1)
    callee = body.address(args[0]).op
    values = [body.expr(arg) for arg in args[1:]]
    omni = _name(form) == "%call-omni"
    attr = Call(callee, tuple(v.kind.ir for v in values), result.ir, "tailcc" if omni else "ccc", safepoint=omni)
    return body.called(attr, [v.op for v in values], result)


@prim("%read-sp")
def read_sp(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    return Val(body.ins("read_sp", type="ptr"), POINTER)


@prim("%trap", "%unreachable")
def trap(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    body.ins(_name(form)[1:])
    return GONE
