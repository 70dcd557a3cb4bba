"""The systems subset, function bodies: forms -> instructions. One Body per function.

`expr(form, want)` leaves a value. `want` is the kind its context asks for: it decides the kind of literals and is VOID where
the value is not used; the caller still compares kinds (`typed`). `block` is None where control cannot come: instructions
are then dropped, but kinds are still checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from jit_runtime.infer.ckinds import BOOL, DOUBLE, INT32, INT64, POINTER, UINT8, VOID, ArrayOf, CKind, Target, field_target, pointer, size_of
from jit_runtime.infer.externs import EXTERNS, Extern
from jit_runtime.infer.systems import Definition, Unit, constant, spelled
from jit_runtime.ir.nodes import Block, Function, Imm, Ins, Operand, Symbol, Temp, Variable
from jit_runtime.ir.ops import Call, is_terminator, runtime_convention
from jit_runtime.layout.records import Record
from jit_runtime.source.diagnostics import OmniError, fail
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f

NEVER = CKind("no value: control does not come back", "void", 0)


class Val(NamedTuple):
    op: Operand
    kind: CKind


class Place(NamedTuple):
    """An address and what stands there. `first`: it is the first element of an array that may be indexed."""

    address: Operand
    target: Target | None
    first: bool


NOTHING = Val(Imm("i64", 0), VOID)
GONE = Val(Imm("i64", 0), NEVER)


def lower(unit: Unit, definition: Definition) -> None:
    """Fill in `definition.function`."""
    Body(unit, definition).run()


def mismatch(span: Span, wanted: CKind, got: CKind) -> OmniError:
    help = "convert with (%cast {K} e)" if wanted.ir != "void" and got.ir != "void" else None
    return fail("T220", span, f"expected {wanted}, got {got}", help=help)


class Body:
    def __init__(self, unit: Unit, definition: Definition) -> None:
        self.unit, self.definition = unit, definition
        params = [Temp(i + 1, kind.ir) for i, (_, kind) in enumerate(definition.params)]
        way = runtime_convention(definition.symbol)
        self.fn = Function(definition.symbol, params, definition.result.ir, way, attributes=definition.attributes, span=definition.span)
        self.fn.next_id = len(params)
        self.block: Block | None = self.fn.block("entry")
        self.span = definition.span
        self.scope: dict[str, Val] = {}
        self.loops: list[tuple[Block, Block]] = []
        self.assigned = _assigned(definition.body)

    def run(self) -> None:
        for (name, kind), temp in zip(self.definition.params, self.fn.params):
            self.bind(name, Val(temp, kind))
        result = self.definition.result
        value = self.body(self.definition.body, result)
        if self.block is not None:
            if "noreturn" in self.definition.attributes:
                self.ins("unreachable")
            elif result is VOID:
                self.ins("ret")
            else:
                span = self.definition.body[-1].span if self.definition.body else self.definition.span
                self.ins("ret", self.coerce(value, result, span))
        _drop_unreachable(self.fn)
        self.definition.function = self.fn

    # ---- instructions ----

    def ins(self, op: str, *args: Operand, type: str | None = None, attr: Any = None, targets: tuple[Block, ...] = ()) -> Temp:
        """Append an instruction. The result is a temp of `type`, or a meaningless one where `type` is None."""
        dest = None if type is None else self.fn.temp(type)
        if self.block is not None:
            self.block.ins.append(Ins(op, args, dest, attr, self.span, targets))
            if is_terminator(op):
                self.block = None
        return dest if dest is not None else Temp(0, "void")

    def jump(self, block: Block) -> None:
        self.ins("br", targets=(block,))

    def get(self, variable: Variable) -> Temp:
        return self.ins("get", variable, type=variable.type)

    # ---- values ----

    def expr(self, form: f.Form, want: CKind | None = None) -> Val:
        outer, self.span = self.span, form.span
        try:
            return self._expr(form, want)
        finally:
            self.span = outer

    def _expr(self, form: f.Form, want: CKind | None) -> Val:
        number = constant(self.unit, form, self.scope)
        if number is not None:
            return self.number(number, want, form.span)
        match form:
            case f.List(items) if items and isinstance(items[0], f.Symbol):
                return self.form(items[0].name, form, items[1:], want)
            case f.Symbol(name):
                return self.named(name, form.span)
            case f.Literal(None):
                return Val(Imm("ptr", 0), want if want is not None and want.is_pointer else POINTER)
            case f.Literal(value):
                return Val(Imm("i1", int(bool(value))), BOOL)
            case f.Float(value=value):
                return Val(Imm("f64", value), DOUBLE)
            case f.String(value):
                return Val(Symbol(self.unit.string(value)), pointer(UINT8))
            case f.Path():
                return self.read(self.place(form), form.span)
        raise fail("T221", form.span, "this form is not part of the systems subset")

    def number(self, value: int, want: CKind | None, span: Span) -> Val:
        """An integer constant takes the kind its context wants."""
        if want is DOUBLE:
            return Val(Imm("f64", float(value)), DOUBLE)
        kind = want if want is not None and want.is_int else INT64
        bits = 8 * kind.size
        if not -(1 << bits - 1) <= value < 1 << bits:
            raise fail("T222", span, f"{value} does not fit {kind}")
        return Val(Imm(kind.ir, (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)), kind)

    def named(self, name: str, span: Span) -> Val:
        found = self.scope.get(name)
        if found is not None:
            return Val(self.get(found.op), found.kind) if isinstance(found.op, Variable) else found
        table = self.unit.tables.get(spelled(name))
        if table is not None:
            return Val(Symbol(table.symbol), table.kind)
        raise fail("T223", span, f"unbound name: {name}")

    def typed(self, form: f.Form, kind: CKind) -> Operand:
        """The operand of a form that must have this kind."""
        return self.coerce(self.expr(form, kind), kind, form.span)

    def coerce(self, value: Val, kind: CKind, span: Span) -> Operand:
        """Nothing converts silently except pointers to and from `{CPtr}`."""
        have = value.kind
        if have is kind or have is NEVER:
            return value.op
        if have.is_pointer and kind.is_pointer and (have.to is None or kind.to is None):
            return value.op
        raise mismatch(span, kind, have)

    def integer(self, form: f.Form) -> Operand:
        """A count or distance: any integer kind, widened to 64 bits."""
        value = self.expr(form, INT64)
        if value.kind is NEVER:
            return Imm("i64", 0)
        if not value.kind.is_int:
            raise mismatch(form.span, INT64, value.kind)
        return self.widened(value, INT64)

    def widened(self, value: Val, kind: CKind) -> Operand:
        if value.kind.size == kind.size:
            return value.op
        return self.ins("sext" if value.kind.signed else "zext", value.op, type=kind.ir)

    def address(self, form: f.Form) -> Val:
        """A pointer, or a 64-bit integer taken as one."""
        value = self.expr(form)
        if value.kind.is_pointer or value.kind is NEVER:
            return value
        if value.kind.ir == "i64":
            return Val(self.ins("inttoptr", value.op, type="ptr"), POINTER)
        raise fail("T224", form.span, f"expected an address, got {value.kind}")

    # ---- names ----

    def bind(self, name: str, value: Val) -> None:
        """A name that is assigned somewhere in the function gets a variable; the value itself is enough for the others."""
        if name not in self.assigned or value.kind is NEVER:
            self.scope[name] = value
            return
        variable = self.fn.variable(name, value.kind.ir)
        self.ins("set", variable, value.op)
        self.scope[name] = Val(variable, value.kind)

    # ---- memory ----

    def read(self, place: Place, span: Span) -> Val:
        kind = place.target
        if not isinstance(kind, CKind):
            raise fail("T225", span, "this is a whole record or array", help="take its address: (%address path)")
        return Val(self.load(place.address, kind), kind)

    def load(self, address: Operand, kind: CKind, ordering: str | None = None) -> Operand:
        if kind is BOOL:
            return self.ins("ne", self.ins("load", address, type="i8", attr=ordering), Imm("i8", 0), type="i1")
        return self.ins("load", address, type=kind.ir, attr=ordering)

    def store(self, address: Operand, value: Operand, kind: CKind, ordering: str | None = None) -> None:
        self.ins("store", self.ins("zext", value, type="i8") if kind is BOOL else value, address, attr=ordering)

    def place(self, path: f.Form) -> Place:
        """The place a path names."""
        if not isinstance(path, f.Path) or path.root is None:
            raise fail("T226", path.span, "expected a path such as r.field or p.[i]")
        base = self.expr(path.root)
        if base.kind is NEVER:
            return Place(base.op, UINT8, False)
        if not base.kind.is_pointer:
            raise fail("T226", path.root.span, f"a path starts at a pointer, this is {base.kind}")
        at = Place(base.op, base.kind.to, True)
        for segment in path.segments:
            at = self._step(at, segment)
        return at

    def _step(self, at: Place, segment: f.Symbol | f.Index) -> Place:
        if not at.first:
            match at.target:
                case CKind() if at.target.is_pointer:
                    at = Place(self.load(at.address, at.target), at.target.to, True)
                case ArrayOf():
                    at = Place(at.address, at.target.of, True)
        if at.target is None:
            raise fail("T227", segment.span, "it is not known what this pointer points at", help="(%cast {CPtr T} e) says so")
        if isinstance(segment, f.Index):
            if not at.first:
                raise fail("T227", segment.span, "only pointers and array fields have elements")
            return Place(self.element(at.address, segment.form, size_of(at.target)), at.target, False)
        if not isinstance(at.target, Record):
            raise fail("T227", segment.span, f"only records have fields, this is {at.target!r}")
        offset = at.target.offsets.get(segment.name)
        if offset is None:
            raise fail("T227", segment.span, f"{at.target.name} has no field {segment.name}", "its fields: " + ", ".join(at.target.offsets))
        address = self.ins("offset", at.address, Imm("i64", offset), type="ptr") if offset else at.address
        return Place(address, field_target(at.target, segment.name), False)

    def element(self, base: Operand, index: f.Form, size: int) -> Operand:
        number = constant(self.unit, index, self.scope)
        if number is not None:
            return self.ins("offset", base, Imm("i64", number * size), type="ptr")
        scaled = self.integer(index)
        if size != 1:
            scaled = self.ins("mul", scaled, Imm("i64", size), type="i64")
        return self.ins("offset", base, scaled, type="ptr")

    # ---- control ----

    def body(self, forms: list[f.Form], want: CKind | None) -> Val:
        for form in forms[:-1]:
            self.expr(form, VOID)
        return self.expr(forms[-1], want) if forms else NOTHING

    def branch(self, form: f.Form, yes: Block, no: Block, hint: str | None = None) -> None:
        """Go to `yes` where the condition holds, else to `no`."""
        match form:
            case f.List([f.Symbol("not"), inner]):
                flipped = {"likely": "unlikely", "unlikely": "likely"}.get(hint or "")
                self.branch(inner, no, yes, flipped)
            case f.List([f.Symbol("%likely" | "%unlikely" as name), inner]):
                self.branch(inner, yes, no, name[1:])
            case f.List([f.Symbol("and" | "or" as name), *tests]) if tests:
                for test in tests[:-1]:
                    more = self.fn.block(name)
                    self.branch(test, *((more, no) if name == "and" else (yes, more)), hint)
                    self.block = more
                self.branch(tests[-1], yes, no, hint)
            case _:
                condition = self.typed(form, BOOL)
                outer, self.span = self.span, form.span
                self.ins("cbr", condition, attr=hint, targets=(yes, no))
                self.span = outer

    def alternatives(self, arms: list[tuple[Block, list[f.Form]]], want: CKind | None, done: Block) -> Val:
        """Lower each arm in its block, join them at `done`. An arm that is a constant takes the kind of the others."""
        kind, variable = want, None
        order = sorted(range(len(arms)), key=lambda i: want is None and self._is_constant(arms[i][1]))
        reached = False
        for i in order:
            block, forms = arms[i]
            self.block, scope = block, self.scope
            value = self.body(forms, kind)
            self.scope = scope
            if self.block is None or value.kind is NEVER:
                continue
            reached = True
            if kind is None:
                kind = value.kind
            if kind is not VOID:
                op = self.coerce(value, kind, forms[-1].span if forms else self.span)
                variable = variable or self.fn.variable("join", kind.ir)
                self.ins("set", variable, op)
            self.jump(done)
        self.block = done if reached else None
        if not reached:
            return GONE
        return NOTHING if variable is None or kind is None else Val(self.get(variable), kind)

    def _is_constant(self, forms: list[f.Form]) -> bool:
        return bool(forms) and constant(self.unit, forms[-1], self.scope) is not None

    # ---- calls ----

    def form(self, name: str, form: f.List, args: list[f.Form], want: CKind | None) -> Val:
        from jit_runtime.infer.systems_forms import FORMS
        from jit_runtime.infer.systems_prims import PRIMS

        if name not in self.scope:
            rule: Callable[..., Val] | None = FORMS.get(name) or PRIMS.get(name)
            definition = self.unit.functions.get(spelled(name))
            if definition is not None:
                return self.call(definition, form, args)
            if rule is not None:
                return rule(self, form, args, want)
            if name in EXTERNS:
                return self.extern(name, EXTERNS[name], form, args)
        raise fail("T223", form.items[0].span, f"unknown function: {name}", "functions of the runtime, and the reviewed list in infer/externs.py")

    def call(self, callee: Definition, form: f.List, args: list[f.Form]) -> Val:
        if len(args) != len(callee.params):
            raise fail("T228", form.span, f"{callee.name} takes {len(callee.params)} arguments, got {len(args)}")
        operands = [self.typed(arg, kind) for arg, (_, kind) in zip(args, callee.params)]
        noreturn = "noreturn" in callee.attributes
        way = runtime_convention(callee.symbol)
        attr = Call(Symbol(callee.symbol), tuple(k.ir for _, k in callee.params), callee.result.ir, way, noreturn=noreturn)
        return self.called(attr, operands, callee.result)

    def called(self, attr: Call, operands: list[Operand], result: CKind) -> Val:
        value = self.ins("call", *operands, type=None if result is VOID else result.ir, attr=attr)
        if attr.noreturn:
            self.ins("unreachable")
            return GONE
        return NOTHING if result is VOID else Val(value, result)

    def extern(self, name: str, row: Extern, form: f.List, args: list[f.Form]) -> Val:
        if len(args) < len(row.args) or (len(args) > len(row.args) and "variadic" not in row.attributes):
            raise fail("T228", form.span, f"{name} takes {len(row.args)} arguments, got {len(args)}")
        operands = [self.c_argument(arg, type) for arg, type in zip(args, row.args)]
        operands += [self.expr(arg).op for arg in args[len(row.args) :]]
        attr = Call(
            Symbol(name), row.args, row.result, "ccc", noreturn="noreturn" in row.attributes, variadic="variadic" in row.attributes
        )  # fmt: skip
        return self.called(attr, operands, _FROM_C[row.result])

    def c_argument(self, form: f.Form, type: str) -> Operand:
        """An argument of a C function: the sign of an integer does not matter."""
        value = self.expr(form, _FROM_C[type])
        if value.kind is not NEVER and value.op.type != type:
            raise mismatch(form.span, _FROM_C[type], value.kind)
        return value.op


_FROM_C = {"void": VOID, "ptr": POINTER, "f64": DOUBLE, "i64": INT64, "i32": INT32}


def _assigned(forms: list[f.Form]) -> set[str]:
    """Names that a `set!` somewhere in the forms assigns."""
    found: set[str] = set()
    work: list[Any] = list(forms)
    while work:
        form = work.pop()
        match form:
            case f.List([f.Symbol("set!"), f.Symbol(name), *rest]):
                found.add(name)
                work += rest
            case f.List(items) | f.Array(items):
                work += items
            case f.Path(root, segments):
                work += [root, *(s.form for s in segments if isinstance(s, f.Index))]
            case f.Meta(form=inner):
                work.append(inner)
    return found


def _drop_unreachable(fn: Function) -> None:
    """Keep the blocks that control can reach."""
    seen: set[int] = set()
    work = [fn.blocks[0]]
    while work:
        block = work.pop()
        if id(block) in seen:
            continue
        seen.add(id(block))
        if block.ins:
            work += block.ins[-1].targets
    fn.blocks = [b for b in fn.blocks if id(b) in seen]

