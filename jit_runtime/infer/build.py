"""Core AST and facts -> IR: expressions. One Builder per machine function.

`expr` leaves a value, `tail` delivers it to a continuation (return, or the join of an enclosing expression) and ends
the block. After either, `block is None` says that control does not come here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.expand.core import (
    Call,
    Check,
    Const,
    Core,
    DefineMethod,
    DefineValue,
    DefineVersion,
    Finally,
    Global,
    Handle,
    If,
    KindRef,
    Lambda,
    Let,
    Letrec,
    Local,
    Seq,
    SetGlobal,
    SetLocal,
    Var,
    While,
)  # fmt: skip
from jit_runtime.infer.arithmetic import number
from jit_runtime.infer.closures import closure, closures
from jit_runtime.infer.code import NOTHING, Code, Val, rep_of
from jit_runtime.infer.connectives import connective
from jit_runtime.infer.continuations import Close, Continuation, Fill, Join, Loop, Return
from jit_runtime.infer.conventions import leave
from jit_runtime.infer.explain import note_literal
from jit_runtime.infer.globals import define_value, global_, set_global
from jit_runtime.infer.loops import letrec_tail, while_
from jit_runtime.infer.number_paths import Known
from jit_runtime.infer.placement import Space, close_space
from jit_runtime.infer.select import selected
from jit_runtime.infer.shape import MachineFunction
from jit_runtime.infer.straight import Extent, begin_line, bindings, end_line, items
from jit_runtime.infer.struct_fields import deliver_fields, deliver_virtual
from jit_runtime.infer.switches import switch_tail
from jit_runtime.infer.variables import check_initialized, read, set_local
from jit_runtime.infer.virtual import Fields, Virtual
from jit_runtime.infer.world import GenericFunction, GlobalValue, Instance, within
from jit_runtime.ir.nodes import Block, Function, Imm, Operand
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT, Kind
from jit_runtime.types.order import certain

if TYPE_CHECKING:
    from jit_runtime.infer.unit import Unit


class Builder(Code):
    """`storage`: where each variable of this machine function is. `dest`: the region that the value goes to that is built now.

    Whoever builds a part says where it goes: what is delivered to a continuation to that continuation's place, what is stored to its home
    (homes.py), the rest to the youngest open region, which is that of the loop around it or `home`, the one at entry.
    `spaces`: loop spaces open here, outermost first. `homes`: what the regions are called that were found behind references.
    `inlined`: the calls whose bodies are being built, outermost first. `unlikely`: this code is for when a definition has changed;
    `current`: none has since the inlined body around was entered.
    """

    def __init__(self, unit: Unit, fn: Function, mf: MachineFunction) -> None:
        super().__init__(fn)
        self.unit, self.mf = unit, mf
        self.facts, self.shape = unit.facts, unit.facts.shape
        self.env: Operand = fn.params[2]
        self.storage: dict[Var, Operand | Virtual] = {}
        self.loops: dict[Var, Loop] = {}
        self.spaces: list[Space] = []
        self.unlikely = False
        self.current = False
        self.home: Operand = fn.params[1]
        self.inlined: list[Instance] = []
        self.inlined_nodes = 0
        self.result_place: Operand = fn.params[1]
        self.arrays: set[Operand] = set()  # variables' values that are arrays of known kind
        self.doubles: dict[Operand, Known] = {}  # words that arithmetic made, and their doubles
        self.homes: dict[Operand, str] = {}
        self.extents: dict[int, Extent] = {}  # straight.py: by the value of the first step
        self.covered: set[int] = set()  # steps of extents
        self.lines: set[int] = set()  # nodes that go on with a line
        self.regions: dict[Operand, Operand] = {}  # variables' values and the regions that they are known to be in

    @property
    def youngest(self) -> Operand:
        """The region of what nothing is known about."""
        return self.spaces[-1].region if self.spaces else self.home

    def place_of(self, k: Continuation) -> Operand:
        """The region in which a value for this continuation is born."""
        return self.result_place if isinstance(k, Return) else k.place

    def kinds(self, node: Core) -> int:
        return self.facts.kinds.get(id(node), 0)

    def meant(self, node: Call) -> GenericFunction | GlobalValue | Builtin | float | None:
        """What the global name means that a call names."""
        assert isinstance(node.fn, Global)
        return self.unit.world.meant(node.fn.name, [self.kinds(arg) for arg in node.args])

    # ---- expressions ----

    def expr(self, node: Core) -> Val:
        """The value of a node. If control does not come back the block is None and the value is arbitrary."""
        if self.block is None:
            return NOTHING
        outer, self.span = self.span, node.span
        value = RULES[type(node)](self, node)
        self.span = outer
        return value

    def effect(self, node: Core) -> None:
        """Nobody asks for the value: it may stay open."""
        outer, self.dest = self.dest, self.youngest
        number(self, node)
        self.dest = outer

    def placed(self, node: Core, place: Operand) -> Val:
        """The value of a node, born in a place."""
        outer, self.dest = self.dest, place
        value = self.expr(node)
        self.dest = outer
        return value

    def test(self, node: Core) -> Operand:
        """An i1: is the node's value true? The block may be None afterwards."""
        outer, self.dest = self.dest, self.youngest
        answer = self._test(node)
        self.dest = outer
        return answer

    def _test(self, node: Core) -> Operand:
        from jit_runtime.infer.prims import TRUTHS

        if isinstance(node, Call) and isinstance(node.fn, Global) and self.block is not None:
            found = self.meant(node)
            if isinstance(found, Builtin) and found.name in TRUTHS and found.min_args == len(node.args):
                outer, self.span = self.span, node.span
                answer = TRUTHS[found.name](self, node)
                self.span = outer
                return answer
        value = self.expr(node)
        return Imm("i1", 0) if self.block is None else self.truth(value)

    def branch(self, node: Core, yes: Block, no: Block) -> tuple[bool, bool]:
        """Go to one of two blocks, by a test; what `and` and `or` join are tests of their own. Returns to which of the two control comes."""
        joined = connective(node)
        if joined is None or self.facts.live.get(id(joined.choice)) != (True, True):
            test = self.test(node)
            if self.block is None:
                return False, False
            self.cbr(test, yes, no)
            return True, True
        further = self.new("further")
        first = self.branch(joined.first, further, no) if joined.both else self.branch(joined.first, yes, further)
        if not first[0 if joined.both else 1]:
            self.fn.blocks.remove(further)
            return first if joined.both else (first[0], False)
        self.at(further)
        second = self.branch(joined.second, yes, no)
        return second[0] or (first[0] and not joined.both), second[1] or (first[1] and joined.both)

    def const(self, node: Const) -> Val:
        note_literal(self, node.value)
        return self.unit.constant(self, node.value)

    def local(self, node: Local) -> Val:
        var, mask = node.var, self.kinds(node)
        if var in self.shape.known and var not in self.storage and var not in self.mf.captures and var is not self.mf.self_var:
            return Val(closure(self, self.shape.known[var]), BIT["Function"])
        value = read(self, var)
        if var.checked:
            check_initialized(self, value, var)
        full = self.facts.vars.get(var, ANY)
        if mask and mask != full and rep_of(mask) != value.op.type:
            return Val(self.to_rep(Val(value.op, mask), rep_of(mask)), mask)
        return Val(value.op, mask or full, value.region)

    def if_(self, node: If) -> Val:
        value = selected(self, node)
        if value is not None:
            return value
        return self.joined(node, lambda k: self.if_tail(node, k))

    def joined(self, node: Core, generate: Callable[[Join], None]) -> Val:
        """Run a tail generator with a join as its continuation and go on at the join."""
        mask = self.kinds(node)
        join = Join(self.new("join"), self.fn.variable("join", rep_of(mask)), mask, self.dest)
        place, self.dest = self.dest, self.youngest
        generate(join)
        self.dest = place
        return self.go_on(join)

    def go_on(self, join: Join) -> Val:
        """Continue where everything that was delivered to a join arrives, with the value."""
        return Val(self.get(join.variable), join.mask) if self.arrives(join) else NOTHING

    def arrives(self, k: Join | Fields) -> bool:
        """Continue at a continuation's block; False, and no block, where nothing was delivered to it."""
        if not k.used:
            self.fn.blocks.remove(k.block)
            self.block = None
            return False
        self.at(k.block)
        return True

    def let(self, node: Let) -> Val:
        depth = begin_line(self, node)
        bindings(self, node, self.dest)
        value = self.expr(node.body)
        end_line(self, depth)
        return value

    def letrec(self, node: Letrec) -> Val:
        if node.bindings and node.bindings[0][0] in self.shape.loops:
            return self.joined(node, lambda k: letrec_tail(self, node, k))
        closures(self, node)
        return self.expr(node.body)

    def lambda_(self, node: Lambda) -> Val:
        return Val(closure(self, self.shape.functions[id(node)]), BIT["Function"], self.dest)

    def seq(self, node: Seq) -> Val:
        depth = begin_line(self, node)
        items(self, node)
        value = self.expr(node.items[-1])
        end_line(self, depth)
        return value

    def check(self, node: Check) -> Val:
        value = self.expr(node.value)
        return value if self.block is None else self.checked(value, node.kind, node.what)

    def call(self, node: Call) -> Val:
        from jit_runtime.infer.calls import call

        return call(self, node)

    def handle(self, node: Handle) -> Val:
        return self.joined(node, lambda k: self.handle_tail(node, k))

    def definition(self, node: DefineMethod | DefineVersion) -> Val:
        return NOTHING

    def finally_(self, node: Finally) -> Val:
        from jit_runtime.infer.handlers import finally_

        return finally_(self, node)

    # ---- continuations ----

    def tail(self, node: Core, k: Continuation) -> None:
        if self.block is None:
            return
        rule = TAILS.get(type(node))
        if rule is not None:
            outer, self.span = self.span, node.span
            rule(self, node, k)
            self.span = outer
            return
        place, self.dest = self.dest, self.place_of(k)
        self.deliver(self.expr(node), k)
        self.dest = place

    def deliver(self, value: Val | Virtual, k: Continuation) -> None:
        if self.block is None:
            return
        if isinstance(value, Virtual):
            deliver_fields(self, value, k)
            return
        if isinstance(k, Fill):
            from jit_runtime.infer.tail_cons import fill

            fill(self, value, k)
            return
        if isinstance(k, Return):
            self.ins("ret", (leave(self, value, k.way),))
            self.block = None
            return
        if isinstance(k, Close):
            value, inner = close_space(self, value, k.space, k.place), self.dest
            self.dest = k.place  # a raw value may have to be boxed now: not in the region that is gone
            self.deliver(value, k.outer)
            self.dest = inner
            return
        if isinstance(k, Fields):
            k.take(self, value)
            return
        k.used = True
        self.set(k.variable, self.to_rep(value, k.variable.type))
        self.br(k.block)

    def if_tail(self, node: If, k: Continuation) -> None:
        if switch_tail(self, node, k):
            return
        then, otherwise = self.facts.live.get(id(node), (False, False))
        if not then or not otherwise:
            self.effect(node.test)
            self.tail(node.then if then else node.otherwise, k)
            return
        yes, no = self.new("then"), self.new("else")
        place = self.dest
        for block, part, reached in zip((yes, no), (node.then, node.otherwise), self.branch(node.test, yes, no), strict=True):
            if not reached:
                self.fn.blocks.remove(block)
                continue
            self.dest = place
            self.at(block)
            self.tail(part, k)

    def local_tail(self, node: Local, k: Continuation) -> None:
        if not deliver_virtual(self, node, k):
            self.deliver(self.expr(node), k)

    def check_tail(self, node: Check, k: Continuation) -> None:
        if certain(self.kinds(node.value), node.kind):
            self.tail(node.value, k)
        else:
            self.deliver(self.expr(node), k)

    def let_tail(self, node: Let, k: Continuation) -> None:
        depth = begin_line(self, node)
        bindings(self, node, self.place_of(k))
        self.tail(node.body, k)
        end_line(self, depth)

    def seq_tail(self, node: Seq, k: Continuation) -> None:
        depth = begin_line(self, node)
        items(self, node)
        self.tail(node.items[-1], k)
        end_line(self, depth)

    def call_tail(self, node: Call, k: Continuation) -> None:
        from jit_runtime.infer.calls import call_tail

        call_tail(self, node, k)

    def handle_tail(self, node: Handle, k: Continuation) -> None:
        from jit_runtime.infer.handlers import handle_tail

        handle_tail(self, node, k)

    # ---- checks ----

    def checked(self, value: Val, kind: Kind, what: str) -> Val:
        from jit_runtime.infer.tests import in_kind

        if certain(value.mask, kind):
            return value
        narrowed = within(value.mask, kind)
        if narrowed:
            ok, bad = self.new("ok"), self.new("fail")
            self.cbr(in_kind(self, value, kind), ok, bad, "likely")
            self.at(bad)
        text = self.unit.constant(self, what).op
        wanted = self.unit.constant(self, KindRef(kind)).op
        self.fail(CODES["TYPE"], text, wanted, self.to_word(value))
        if not narrowed:
            return value
        self.at(ok)
        return Val(self.to_rep(Val(value.op, narrowed), rep_of(narrowed)), narrowed)


RULES: dict[type, Callable[..., Val]] = {
    Const: Builder.const, Local: Builder.local, Global: global_, SetLocal: set_local,
    SetGlobal: set_global, If: Builder.if_, Let: Builder.let, Letrec: Builder.letrec, Lambda: Builder.lambda_,
    Call: Builder.call, Seq: Builder.seq, While: while_, Check: Builder.check, Handle: Builder.handle,
    Finally: Builder.finally_, DefineValue: define_value, DefineMethod: Builder.definition,
    DefineVersion: Builder.definition,
}  # fmt: skip
TAILS: dict[type, Callable[..., None]] = {
    If: Builder.if_tail, Let: Builder.let_tail, Seq: Builder.seq_tail, Letrec: letrec_tail, Call: Builder.call_tail,
    Handle: Builder.handle_tail, Local: Builder.local_tail, Check: Builder.check_tail,
}  # fmt: skip
