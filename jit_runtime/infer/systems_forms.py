"""The systems subset: special forms and operators. A rule takes (body, form, arguments, wanted kind) and leaves a value."""

from __future__ import annotations

from collections.abc import Callable

from jit_runtime.infer.ckinds import BOOL, DOUBLE, INT64, POINTER, VOID, CKind, read_kind
from jit_runtime.infer.systems import constant
from jit_runtime.infer.systems_body import GONE, NEVER, NOTHING, Body, Val, mismatch
from jit_runtime.ir.nodes import Imm, Operand, Variable
from jit_runtime.source.diagnostics import fail
from jit_runtime.syntax import forms as f

Rule = Callable[[Body, f.List, list[f.Form], "CKind | None"], Val]
FORMS: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    def enter(fn: Rule) -> Rule:
        FORMS.update(dict.fromkeys(names, fn))
        return fn

    return enter


def need(form: f.List, args: list[f.Form], least: int, most: int | None = None) -> None:
    """Complain unless the number of arguments is right. `most` None: exactly `least`; -1: no limit."""
    most = least if most is None else most
    if len(args) < least or (most >= 0 and len(args) > most):
        raise fail("T228", form.span, f"{form.items[0].span.text}: wrong number of parts ({len(args)})")


# ---- binding ----


@rule("let")
def let(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    outer, body.scope = body.scope, dict(body.scope)
    slots = 0
    while slots < len(args) - 1 and isinstance(args[slots], f.Array):
        _bind_slot(body, args[slots])  # type: ignore[arg-type]
        slots += 1
    if not slots:
        raise fail("T229", form.span, "let needs bindings: (let [name value ...] body...)")
    value = body.body(args[slots:], want)
    body.scope = outer
    return value


def _bind_slot(body: Body, slot: f.Array) -> None:
    items = slot.items
    at = 0
    while at < len(items):
        name, kind = items[at], None
        at += 1
        if at < len(items) and isinstance(items[at], f.Kind):
            kind = read_kind(items[at])
            at += 1
        if not isinstance(name, f.Symbol) or at >= len(items):
            raise fail("T229", slot.span, "bindings alternate names and values")
        value = body.expr(items[at], kind)
        if kind is not None:
            value = Val(body.coerce(value, kind, items[at].span), kind)
        if value.kind is VOID:
            raise fail("T229", items[at].span, "this has no value")
        at += 1
        body.bind(name.name, value)


@rule("set!")
def assign(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 2)
    target, value = args
    if isinstance(target, f.Path):
        place = body.place(target)
        kind = place.target
        if not isinstance(kind, CKind):
            raise fail("T225", target.span, "a whole record or array cannot be assigned")
        body.store(place.address, body.typed(value, kind), kind)
        return NOTHING
    if not isinstance(target, f.Symbol) or target.name not in body.scope:
        raise fail("T223", target.span, f"set!: {target.span.text} is not a local variable")
    variable, kind = body.scope[target.name]
    op = body.typed(value, kind)
    if isinstance(variable, Variable):
        body.ins("set", variable, op)
    return NOTHING


# ---- control ----


@rule("do")
def do(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    return body.body(args, want)


@rule("if")
def if_(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 2, 3)
    yes, no, done = body.fn.block("then"), body.fn.block("else"), body.fn.block("join")
    body.branch(args[0], yes, no)
    return body.alternatives([(yes, args[1:2]), (no, args[2:])], want if len(args) == 3 else VOID, done)


@rule("when", "unless")
def when(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 1, -1)
    yes, no, done = body.fn.block("then"), body.fn.block("else"), body.fn.block("join")
    body.branch(args[0], *((yes, no) if form.items[0].span.text == "when" else (no, yes)))
    return body.alternatives([(yes, args[1:]), (no, [])], VOID, done)


@rule("cond")
def cond(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    arms, done, complete = [], body.fn.block("join"), False
    for clause in args:
        if not isinstance(clause, (f.Array, f.List)) or not clause.items or complete:
            raise fail("T230", clause.span, "cond: a clause is [test body...], the last one [else body...]")
        test, *forms = clause.items
        arm = body.fn.block("arm")
        arms.append((arm, forms))
        if isinstance(test, f.Symbol) and test.name == "else":
            complete = True
            body.jump(arm)
        else:
            following = body.fn.block("test")
            body.branch(test, arm, following)
            body.block = following
    if not complete:
        other = body.fn.block("else")
        body.jump(other)
        arms.append((other, []))
    return body.alternatives(arms, want if complete else VOID, done)


@rule("and", "or", "not", "%likely", "%unlikely")
def condition(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    name = form.items[0].span.text
    need(form, args, 1, -1 if name in ("and", "or") else 1)
    if name == "not":
        return Val(body.ins("xor", body.typed(args[0], BOOL), Imm("i1", 1), type="i1"), BOOL)
    if name[0] == "%":
        return Val(body.typed(args[0], BOOL), BOOL)
    yes, no, done = body.fn.block("yes"), body.fn.block("no"), body.fn.block("join")
    result = body.fn.variable(name, "i1")
    body.branch(form, yes, no)
    for block, value in ((yes, 1), (no, 0)):
        body.block = block
        body.ins("set", result, Imm("i1", value))
        body.jump(done)
    body.block = done
    return Val(body.get(result), BOOL)


@rule("while")
def while_(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 1, -1)
    head, inside, out = body.fn.block("while"), body.fn.block("body"), body.fn.block("out")
    body.jump(head)
    body.block = head
    body.branch(args[0], inside, out)
    body.block = inside
    body.loops.append((head, out))
    for item in args[1:]:
        body.expr(item, VOID)
    body.loops.pop()
    body.jump(head)
    body.block = out
    return NOTHING


@rule("break", "continue")
def leave_loop(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 0)
    if not body.loops:
        raise fail("T231", form.span, "this is not inside a while")
    head, out = body.loops[-1]
    body.jump(out if form.items[0].span.text == "break" else head)
    return GONE


@rule("return")
def return_(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    result = body.definition.result
    need(form, args, 0 if result is VOID else 1)
    body.ins("ret", *(body.typed(arg, result) for arg in args))
    return GONE


# ---- operators ----


def same_kind(body: Body, args: list[f.Form], want: CKind | None) -> tuple[list[Operand], CKind]:
    """Operands of one kind, evaluated in order; constants take the kind of the others."""
    values: list[Val | None] = []
    kind: CKind | None = None
    for arg in args:
        if constant(body.unit, arg, body.scope) is not None or (isinstance(arg, f.Literal) and arg.value is None):
            values.append(None)
            continue
        values.append(body.expr(arg, kind if kind is not None else want))
        if kind is None and values[-1].kind is not NEVER:  # type: ignore[union-attr]
            kind = values[-1].kind  # type: ignore[union-attr]
    if kind is None:
        kind = want if want is not None and (want.is_int or want is DOUBLE) else INT64
    if kind is VOID:
        raise fail("T232", args[0].span, "this has no value")
    for arg, value in zip(args, values):
        if value is None and not isinstance(arg, f.Literal) and not (kind.is_int or kind is DOUBLE):
            raise fail("T232", arg.span, f"an integer does not go with {kind}", help="null is written nothing" if kind.is_pointer else None)
    operands = [body.typed(arg, kind) if v is None else _matching(body, v, kind, arg) for arg, v in zip(args, values)]
    return operands, kind


def _matching(body: Body, value: Val, kind: CKind, form: f.Form) -> Operand:
    # Addresses compare and subtract whatever they point at.
    return value.op if value.kind.is_pointer and kind.is_pointer else body.coerce(value, kind, form.span)


# Operation on signed, on unsigned integers, on doubles.
_ARITHMETIC = {
    "+": ("add", "add", "fadd"),
    "-": ("sub", "sub", "fsub"),
    "*": ("mul", "mul", "fmul"),
    "/": ("sdiv", "udiv", "fdiv"),
    "%": ("srem", "urem", ""),
}


@rule("+", "-", "*", "/", "%")
def arithmetic(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    name = form.items[0].span.text
    need(form, args, 1 if name == "-" else 2, -1)
    wanted = want if want is not None and (want.is_int or want is DOUBLE) else None
    first = body.expr(args[0], wanted) if name in "+-" and constant(body.unit, args[0], body.scope) is None else None
    if first is not None and first.kind.is_pointer:
        return _pointer_arithmetic(body, form, first, args[1:])
    if first is not None:
        rest, kind = _rest(body, first, args[1:])
        operands: list[Operand] = [first.op, *rest]
    else:
        operands, kind = same_kind(body, args, wanted)
    op = _operation(form, name, kind)
    if len(operands) == 1:
        negated = body.ins("fneg", operands[0], type="f64") if kind is DOUBLE else body.ins("sub", Imm(kind.ir, 0), operands[0], type=kind.ir)
        return Val(negated, kind)
    return _fold(body, op, operands, kind)


def _rest(body: Body, first: Val, args: list[f.Form]) -> tuple[list[Operand], CKind]:
    if first.kind is NEVER:
        return [body.expr(arg).op for arg in args], INT64
    return [body.typed(arg, first.kind) for arg in args], first.kind


def _operation(form: f.List, name: str, kind: CKind) -> str:
    signed, unsigned, floating = _ARITHMETIC[name]
    op = floating if kind is DOUBLE else signed if kind.signed else unsigned
    if not op or not (kind.is_int or kind is DOUBLE):
        raise fail("T232", form.span, f"{name} does not work on {kind}")
    return op


def _fold(body: Body, op: str, operands: list[Operand], kind: CKind) -> Val:
    result = operands[0]
    for operand in operands[1:]:
        result = body.ins(op, result, operand, type=kind.ir)
    return Val(result, kind)


def _pointer_arithmetic(body: Body, form: f.List, first: Val, args: list[f.Form]) -> Val:
    """Bytes are added to or subtracted from an address; the difference of two addresses is in bytes."""
    need(form, args, 1)
    second = body.expr(args[0], INT64)
    if form.items[0].span.text == "-" and second.kind.is_pointer:
        low, high = (body.ins("ptrtoint", op, type="i64") for op in (second.op, first.op))
        return Val(body.ins("sub", high, low, type="i64"), INT64)
    if not second.kind.is_int:
        raise mismatch(args[0].span, INT64, second.kind)
    count = body.widened(second, INT64)
    if form.items[0].span.text == "-":
        count = body.ins("sub", Imm("i64", 0), count, type="i64")
    return Val(body.ins("offset", first.op, count, type="ptr"), first.kind)


_COMPARE = {
    "=": ("eq", "eq", "feq"),
    "!=": ("ne", "ne", "fne"),
    "<": ("slt", "ult", "flt"),
    "<=": ("sle", "ule", "fle"),
    ">": ("sgt", "ugt", "fgt"),
    ">=": ("sge", "uge", "fge"),
}


@rule(*_COMPARE)
def compare(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 2)
    name = form.items[0].span.text
    if any(isinstance(arg, f.Literal) and arg.value is None for arg in args):
        operands, kind = [body.expr(arg).op for arg in args], POINTER
        if any(op.type != "ptr" for op in operands):
            raise fail("T232", form.span, "nothing compares with pointers only")
    else:
        operands, kind = same_kind(body, args, None)
    signed, unsigned, floating = _COMPARE[name]
    op = floating if kind is DOUBLE else signed if kind.signed and not kind.is_pointer else unsigned
    return Val(body.ins(op, *operands, type="i1"), BOOL)


@rule("band", "bor", "bxor")
def bitwise(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 2, -1)
    operands, kind = same_kind(body, args, want if want is not None and want.is_int else None)
    if not kind.is_int and kind is not BOOL:
        raise fail("T232", form.span, f"{form.items[0].span.text} does not work on {kind}")
    return _fold(body, {"band": "and", "bor": "or", "bxor": "xor"}[form.items[0].span.text], operands, kind)


@rule("bnot")
def bnot(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 1)
    value = body.expr(args[0], want)
    if not value.kind.is_int:
        raise fail("T232", form.span, f"bnot does not work on {value.kind}")
    return Val(body.ins("xor", value.op, Imm(value.kind.ir, -1), type=value.kind.ir), value.kind)


@rule("lshift", "rshift", "urshift", "%lshr")
def shift(body: Body, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
    need(form, args, 2)
    value = body.expr(args[0], want if want is not None and want.is_int else None)
    if not value.kind.is_int:
        raise fail("T232", form.span, f"a {value.kind} cannot be shifted")
    name = form.items[0].span.text
    op = "shl" if name == "lshift" else "ashr" if name == "rshift" and value.kind.signed else "lshr"
    count = body.expr(args[1], value.kind)
    if not count.kind.is_int:
        raise mismatch(args[1].span, value.kind, count.kind)
    amount = count.op
    if count.kind.size != value.kind.size:
        amount = body.ins("trunc" if count.kind.size > value.kind.size else "zext", amount, type=value.kind.ir)
    return Val(body.ins(op, value.op, amount, type=value.kind.ir), value.kind)
