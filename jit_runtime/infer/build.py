"""Core AST and facts -> IR: expressions. One Builder per machine function.

`expr` leaves a value, `tail` delivers it to a continuation (return, or the join of an enclosing expression) and ends
the block. After either, `block is None` says that control does not come here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

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
from jit_runtime.infer.code import CELL, NOTHING, Code, Val, i64, rep_of
from jit_runtime.infer.explain import note_allocation, note_literal
from jit_runtime.infer.number_paths import Known, as_word
from jit_runtime.infer.placement import (
    Space,
    children,
    close_space,
    drop_unused,
    names_no_region,
    note_made,
    open_space,
    part_of_result,
    reset_space,
)
from jit_runtime.infer.prims import number
from jit_runtime.infer.select import selected
from jit_runtime.infer.shape import MachineFunction
from jit_runtime.infer.sites import BINDING, site_of
from jit_runtime.infer.switches import switch_tail
from jit_runtime.infer.transfer import ELEMENT_KINDS
from jit_runtime.infer.virtual import Fields, Virtual, fields_of, gives_fields, is_raw, only_fields, replaceable, variables
from jit_runtime.infer.world import GenericFunction, GlobalValue, Instance
from jit_runtime.ir.nodes import BackEdge, Block, Function, Imm, Operand, Symbol, Variable
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT, Kind, certain

if TYPE_CHECKING:
    from jit_runtime.infer.unit import Unit

BOX = BY_NAME["box"]
ONE_ARRAY_KIND = {BIT["Array Any"], *ELEMENT_KINDS}


@dataclass(slots=True, eq=False)
class Return:
    """Deliver to the caller, as a call result of kind set `mask`."""

    mask: int
    type: str


@dataclass(slots=True, eq=False)
class Fill(Return):
    """Deliver to the caller as the rest of the list that was made so far (tail_cons.py)."""

    first: Variable
    last: Variable


@dataclass(slots=True, eq=False)
class Join:
    """Deliver to a block of the same function through a variable."""

    block: Block
    variable: Variable
    mask: int
    place: Operand
    used: bool = False


@dataclass(slots=True, eq=False)
class Close:
    """End a space, then deliver to `outer`. `place`: the region that a surviving result goes to."""

    outer: Continuation
    place: Operand
    space: Space


Continuation = Return | Join | Close | Fields


@dataclass(slots=True, eq=False)
class Loop:
    """A loop: where calls of it jump to, its lambda, and how many spaces are open there.

    `target` is the head while the loop is entered, and from its bodies a block behind them with the guard: so the head is
    a test that LLVM can turn to the loop's end, and what does not change is computed before the loop.
    """

    target: Block
    lam: Lambda
    spaces: int


class Builder(Code):
    """`storage`: where each variable of this machine function is. `dest`: the region that new values go to now.

    Temporaries are born in the youngest open region (or in the space of the loop around them), what is delivered to a
    continuation in that continuation's place. `spaces`: loop spaces open here, outermost first. `home`: the youngest region at
    entry. `inlined`: the calls whose bodies are being built, outermost first. `unlikely`: this code is for when a definition has changed;
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
        self.expr(node)

    def test(self, node: Core) -> Operand:
        """An i1: is the node's value true? The block may be None afterwards."""
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
            return Val(self.unit.closure(self, self.shape.known[var]), BIT["Function"])
        value = self.read(var)
        if var.checked:
            self.check_initialized(value, var)
        full = self.facts.vars.get(var, ANY)
        if mask and mask != full and rep_of(mask) != value.op.type:
            return Val(self.to_rep(Val(value.op, mask), rep_of(mask)), mask)
        return Val(value.op, mask or full)

    def read(self, var: Var) -> Val:
        """The value of a variable, by its owner's kind set."""
        mask = self.facts.vars.get(var, ANY) if var not in self.shape.known else BIT["Function"]
        if var is self.mf.self_var:
            return Val(self.env, mask)
        found = self.storage.get(var)
        if isinstance(found, Virtual):
            return found.object(self)
        if found is None:
            raw: Operand = self.captured(var)
            if var in self.shape.boxed:
                raw = self.field(raw, "box", "value", "ref")
            return Val(self.to_rep(Val(raw, mask), rep_of(mask)), mask)
        if found in self.doubles:
            return as_word(self, Val(found, mask))
        if var in self.shape.boxed:
            content = self.field(self.get(found) if isinstance(found, Variable) else found, "box", "value", "ref")
            return Val(self.to_rep(Val(content, mask), rep_of(mask)), mask)
        return Val(self.get(found) if isinstance(found, Variable) else found, mask)

    def captured(self, var: Var) -> Operand:
        """The word captured for a variable: its value, or its box."""
        index = self.mf.captures.index(var)
        at = BY_NAME["closure"].offsets["tail"] + 8 * index - words.OBJECT_TAG
        return self.load(self.pointer(self.env, at), "ref")

    def cell_of(self, var: Var) -> Operand:
        """The box of a boxed variable, or the plain word to capture."""
        if var is self.mf.self_var:
            return self.env
        found = self.storage.get(var)
        if found is None:
            return self.captured(var)
        if var in self.shape.boxed and not isinstance(found, Virtual):
            return self.get(found) if isinstance(found, Variable) else found
        return self.to_word(self.read(var))

    def check_initialized(self, value: Val, var: Var) -> None:
        if value.op.type == "ref":
            test = self.compare("ne", self.bits(value.op), i64(words.UNINITIALIZED))
            ok, bad = self.new("ok"), self.new("fail")
            self.cbr(test, ok, bad, "likely")
            self.at(bad)
            self.fail(CODES["UNINITIALIZED"], self.unit.symbol(self, var.name))
            self.at(ok)

    def bind(self, var: Var, value: Val) -> None:
        """Give a variable of this function its first value."""
        mask = self.facts.vars.get(var, ANY)
        if var in self.shape.boxed:
            self.storage[var] = self.new_box(self.to_word(value))
            return
        op = self.to_rep(value, rep_of(mask))
        if var.assigned:
            variable = self.fn.variable(var.name, rep_of(mask))
            self.set(variable, op)
            self.storage[var] = variable
        else:
            self.storage[var] = op
            if mask in ONE_ARRAY_KIND:
                self.arrays.add(op)

    def may_stay_open(self, var: Var) -> bool:
        return not var.assigned and var not in self.shape.boxed and rep_of(self.facts.vars.get(var, ANY)) == "ref"

    def new_box(self, content: Operand) -> Operand:
        box = self.allocate("box", 16)
        self.init_field(box, BOX.offsets["value"], content)
        return box

    def allocate(self, layout: str, bytes: int, extra: int = 0) -> Operand:
        """A fresh object with its header set; fields must be initialised before the next safepoint. Returns its reference."""
        row = BY_NAME[layout]
        address = self.reserve(bytes, "objects")
        self.store(i64(row.header | extra << EXTRA_SHIFT), address)
        return self.as_ref(self.op("add", self.ins("ptrtoint", (address,), "i64"), i64(words.OBJECT_TAG)))

    def reserve(self, bytes: int, lane: str) -> Operand:
        """Inline bump allocation in the current place: the address of fresh memory."""
        from jit_runtime.layout.records import RECORDS

        note_allocation(self)
        note_made(self)
        region, lanes = self.dest, RECORDS["Lane"].offsets
        at = self.offset(region, RECORDS["Region"].offsets[lane])
        end_at = self.offset(at, lanes["end"])
        slow, go = self.new("reserve"), self.new("bump")
        bump = self.load(at, "ptr")
        top = self.offset(bump, bytes)
        self.cbr(self.compare("ule", top, self.load(end_at, "ptr")), go, slow, "likely")
        self.at(slow)
        self.runtime("rt_reserve", (self.task, region, i64(bytes), at), safepoint=True)
        self.br(go)
        self.at(go)
        address = self.load(at, "ptr")
        self.store(self.offset(address, bytes), at)
        return address

    def init_field(self, container: Operand, offset: int, value: Operand, mask: int = ANY, *, in_pair: bool = False) -> None:
        """An initialising store is a store: it goes through the barrier, unless the value names no object of a region that may end."""
        if names_no_region(value, mask):
            tag = words.PAIR_TAG if in_pair else words.OBJECT_TAG
            self.store(value, self.pointer(container, offset - tag))
            return
        self.runtime("omni.store_ref", (self.task, container, i64(offset), value))

    def set_local(self, node: SetLocal) -> Val:
        value = self.expr(node.value)
        if self.block is None:
            return value
        self.assign(node.var, value)
        return value

    def assign(self, var: Var, value: Val) -> None:
        if var in self.shape.boxed:
            box = self.cell_of(var)
            self.init_field(box, BOX.offsets["value"], self.to_word(value))
            return
        variable = self.storage[var]
        assert isinstance(variable, Variable)
        self.set(variable, self.to_rep(value, variable.type))

    def global_(self, node: Global) -> Val:
        found = self.unit.world.lookup(node.name)
        if isinstance(found, GlobalValue):
            cell = Symbol(self.unit.cell(found))
            value = self.load(self.offset(cell, CELL["value"]), "ref")
            if not self.unit.defined(found):
                self.check_bound(node, value)
            self.unit.rely_on(found.mask)
            return Val(self.to_rep(Val(value, found.mask), rep_of(found.mask)), found.mask)
        if isinstance(found, float):
            return Val(Imm("f64", found), BIT["Float"])
        if isinstance(found, (GenericFunction, Builtin)):
            return Val(self.unit.function_object(self, found), BIT["Function"])
        self.unbound(node)
        return NOTHING

    def check_bound(self, node: Global | SetGlobal, value: Operand) -> None:
        """A variable whose definition did not succeed, or is still to be evaluated, has no value."""
        ok, bad = self.new("ok"), self.new("fail")
        self.cbr(self.compare("ne", self.bits(value), i64(words.UNBOUND)), ok, bad, "likely")
        self.at(bad)
        self.unbound(node)
        self.at(ok)

    def unbound(self, node: Global | SetGlobal) -> None:
        self.fail(CODES["UNBOUND"], self.unit.symbol(self, node.name))

    def set_global(self, node: SetGlobal) -> Val:
        value = self.expr(node.value)
        if self.block is None:
            return value
        found = self.unit.world.lookup(node.name)
        if not isinstance(found, GlobalValue):
            self.fail(CODES["UNBOUND" if found is None else "FIXED"], self.unit.symbol(self, node.name))
            return value
        if found.kind is not None:
            value = self.checked(value, found.kind, f"`{node.name}`")
            if self.block is None:
                return value
        cell = Symbol(self.unit.cell(found))
        if not self.unit.defined(found):
            self.check_bound(node, self.load(self.offset(cell, CELL["value"]), "ref"))
        bits = self.to_word(value)
        self.runtime("rt_cell_set", (self.task, cell, bits, site_of(self, BINDING)))
        if value.op.type == "ref":
            self.poll()
        return value

    def if_(self, node: If) -> Val:
        value = selected(self, node)
        if value is not None:
            return value
        return self.joined(node, lambda k: self.if_tail(node, k))

    def joined(self, node: Core, generate: Callable[[Join], None]) -> Val:
        """Run a tail generator with a join as its continuation and go on at the join."""
        mask = self.kinds(node)
        join = Join(self.new("join"), self.fn.variable("join", rep_of(mask)), mask, self.dest)
        place = self.dest
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
        self.bindings(node)
        return self.expr(node.body)

    def bindings(self, node: Let, k: Continuation | None = None) -> None:
        """What flows into the value delivered to `k` is born in its place."""
        place = self.dest
        result = part_of_result(self.unit.world, node.body, self.facts.parts) if k is not None else frozenset()
        for var, value in node.bindings:
            self.dest = self.place_of(k) if k is not None and var in result else place
            if var in self.shape.known and isinstance(value, Lambda):
                if self.unit.needs_closure(self.shape, var):
                    self.storage[var] = self.unit.closure(self, self.shape.known[var])
                continue
            struct = replaceable(self.unit.world, self.facts.vars.get(var, 0))
            if struct and gives_fields(self, self.facts, value) and only_fields(self.unit.world, self.facts, node.body, var):
                fields = fields_of(self, value, struct)
                if fields is None:
                    break
                self.storage[var] = fields
                continue
            made = number(self, value)
            if self.block is None:
                break
            self.bind(var, made if self.may_stay_open(var) else as_word(self, made))
        self.dest = place

    def letrec(self, node: Letrec) -> Val:
        if node.bindings and node.bindings[0][0] in self.shape.loops:
            return self.joined(node, lambda k: self.letrec_tail(node, k))
        self.unit.closures(self, node)
        return self.expr(node.body)

    def lambda_(self, node: Lambda) -> Val:
        return Val(self.unit.closure(self, self.shape.functions[id(node)]), BIT["Function"])

    def seq(self, node: Seq) -> Val:
        for item in node.items[:-1]:
            self.effect(item)
            if self.block is None:
                return NOTHING
        return self.expr(node.items[-1])

    def while_(self, node: While) -> Val:
        head, body, out, again = self.new("while"), self.new("body"), self.new("out"), self.new("again")
        space = open_space(self, [node.test, node.body], [])
        self.br(head)
        self.at(head)
        test = self.test(node.test)
        if self.block is None:
            if space is not None:
                self.dest = self.spaces.pop().outer
            return NOTHING
        self.cbr(test, body, out)
        self.at(body)
        self.effect(node.body)
        if space is not None and self.block is not None:
            reset_space(self, space)
        self.br(again)
        if space is not None:
            drop_unused(space)
        self.back_edge(head, again)
        self.at(out)
        if space is not None:
            self.dest = self.spaces.pop().outer
            if space.used:
                close_space(self, NOTHING, space, self.dest)
        return NOTHING

    def check(self, node: Check) -> Val:
        value = self.expr(node.value)
        return value if self.block is None else self.checked(value, node.kind, node.what)

    def call(self, node: Call) -> Val:
        from jit_runtime.infer.calls import call

        return call(self, node)

    def handle(self, node: Handle) -> Val:
        return self.joined(node, lambda k: self.handle_tail(node, k))

    def define_value(self, node: DefineValue) -> Val:
        value = self.expr(node.value)
        if self.block is None:
            return value
        if node.kind is not None:
            value = self.checked(value, node.kind, f"`{node.name}`")
            if self.block is None:
                return value
        cell = self.unit.define_cell(node)
        self.runtime("rt_cell_set", (self.task, Symbol(cell), self.to_word(value), site_of(self, BINDING)))
        return NOTHING

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
        self.deliver(self.expr(node), k)

    def deliver(self, value: Val, k: Continuation) -> None:
        if self.block is None:
            return
        if isinstance(k, Fill):
            from jit_runtime.infer.tail_cons import fill

            fill(self, value, k)
            return
        if isinstance(k, Return):
            self.ins("ret", (self.to_rep(value, k.type),))
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

    def let_tail(self, node: Let, k: Continuation) -> None:
        self.bindings(node, k)
        self.tail(node.body, k)

    def seq_tail(self, node: Seq, k: Continuation) -> None:
        for item in node.items[:-1]:
            self.effect(item)
        self.tail(node.items[-1], k)

    def letrec_tail(self, node: Letrec, k: Continuation) -> None:
        if not node.bindings or node.bindings[0][0] not in self.shape.loops:
            self.unit.closures(self, node)
            self.tail(node.body, k)
            return
        virtual = self.virtual_parameters(node)
        objects = [p.var for _, lam in node.bindings for p in lam.params if p.var not in virtual or not is_raw(virtual[p.var])]
        repeats = not all(var in self.shape.joins for var, _ in node.bindings)
        space = open_space(self, [lam.body for _, lam in node.bindings], objects) if repeats else None
        self.storage.update(virtual)
        inner: Continuation = k if space is None else Close(k, self.place_of(k), space)
        for var, lam in node.bindings:
            for param in lam.params:
                if param.var in virtual:
                    continue
                mask = self.facts.vars.get(param.var, 0)
                rep = "ref" if param.var in self.shape.boxed else rep_of(mask)
                self.storage[param.var] = self.fn.variable(param.var.name, rep)
            self.loops[var] = Loop(self.new(f"loop.{var.name}"), lam, len(self.spaces))
        place = self.dest
        self.tail(node.body, inner)
        heads = [self.loops[var].target for var, _ in node.bindings]
        if repeats:
            for var, _ in node.bindings:
                self.loops[var].target = self.new("again")
        for head, (_, lam) in zip(heads, node.bindings, strict=True):
            self.dest = place
            self.at(head)
            self.loop_body(lam, inner)
        if space is not None:
            drop_unused(space)
        if repeats:
            for head, (var, _) in zip(heads, node.bindings, strict=True):
                self.back_edge(head, self.loops[var].target)
        if space is not None:
            self.dest = self.spaces.pop().outer

    def back_edge(self, head: Block, block: Block) -> None:
        """Jump back to a loop's head; the guard is built when the whole function is known."""
        self.at(block)
        self.br(head)
        self.fn.back_edges.append(BackEdge(head, block, self.arrays, self.place()))

    def virtual_parameters(self, node: Letrec) -> dict[Var, Virtual]:
        """The variables of a loop that are structs of which only fields are read."""
        found: dict[Var, Virtual] = {}
        bodies = [lam.body for _, lam in node.bindings]
        for _, lam in node.bindings:
            for param in lam.params:
                struct = replaceable(self.unit.world, self.facts.vars.get(param.var, 0))
                if struct and param.kind is None and all(only_fields(self.unit.world, self.facts, body, param.var) for body in bodies):
                    found[param.var] = variables(self, struct, param.var.name)
        return found

    def loop_body(self, lam: Lambda, k: Continuation) -> None:
        if self.block is not None and all(self.facts.vars.get(p.var, 0) for p in lam.params):
            if lam.result is None:
                self.tail(lam.body, k)
            else:
                value = self.expr(lam.body)
                if self.block is not None:
                    self.deliver(self.checked(value, lam.result, f"the result of `{lam.name}`"), k)
        elif self.block is not None:
            self.unreachable()

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
        narrowed = value.mask & kind.mask
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


class Connective(NamedTuple):
    """Two tests: are `both` true, or at least one? `choice`: the conditional that joins them."""

    first: Core
    second: Core
    both: bool
    choice: If


def connective(node: Core) -> Connective | None:
    """What `(and a b)` and `(or a b)` become, as tests: `(let [t a] (if t b t))` and `(let [t a] (if t t b))`."""
    if not isinstance(node, Let) or len(node.bindings) != 1 or not isinstance(node.body, If):
        return None
    (var, first), choice = node.bindings[0], node.body
    same = [isinstance(part, Local) and part.var is var for part in (choice.test, choice.then, choice.otherwise)]
    if same not in ([True, True, False], [True, False, True]):
        return None
    second = choice.then if same[2] else choice.otherwise
    return None if names(second, var) else Connective(first, second, same[2], choice)


def names(node: Core, var: Var) -> bool:
    work = [node]
    while work:
        at = work.pop()
        if isinstance(at, (Local, SetLocal)) and at.var is var:
            return True
        work.extend(children(at))
    return False


RULES: dict[type, Callable[..., Val]] = {
    Const: Builder.const, Local: Builder.local, Global: Builder.global_, SetLocal: Builder.set_local,
    SetGlobal: Builder.set_global, If: Builder.if_, Let: Builder.let, Letrec: Builder.letrec, Lambda: Builder.lambda_,
    Call: Builder.call, Seq: Builder.seq, While: Builder.while_, Check: Builder.check, Handle: Builder.handle,
    Finally: Builder.finally_, DefineValue: Builder.define_value, DefineMethod: Builder.definition,
    DefineVersion: Builder.definition,
}  # fmt: skip
TAILS: dict[type, Callable[..., None]] = {
    If: Builder.if_tail, Let: Builder.let_tail, Seq: Builder.seq_tail, Letrec: Builder.letrec_tail, Call: Builder.call_tail,
    Handle: Builder.handle_tail,
}  # fmt: skip
