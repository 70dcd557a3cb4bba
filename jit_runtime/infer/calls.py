"""Calls: of known local functions, of generic functions through slots, of builtins, of unknown values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.decisions import Question
from jit_runtime.expand.core import Call, Global, Lambda, Local, Var
from jit_runtime.infer import equality as _equality  # noqa: F401  (its prims)
from jit_runtime.infer import kind_prims as _kind_prims  # noqa: F401  (its prims)
from jit_runtime.infer import lists as _lists  # noqa: F401  (its prims)
from jit_runtime.infer.code import NOTHING, TASK, Val, i64, rep_of, word
from jit_runtime.infer.decisions import MOST_HERE, choose, question
from jit_runtime.infer.explain import note_allocation, note_call
from jit_runtime.infer.inline import inline, inlines, sure_instance
from jit_runtime.infer.machine_numbers import double_of
from jit_runtime.infer.placement import is_constructor, is_scalar, leave_spaces, note_made, reset_space
from jit_runtime.infer.prims import PRIMS
from jit_runtime.infer.quiet import is_quiet
from jit_runtime.infer.structs import construct, still_makes
from jit_runtime.infer.tests import in_kind, kind_test, same_kind
from jit_runtime.infer.transfer import MACHINE, NUMBER
from jit_runtime.infer.virtual import Fields, Virtual, argument, construct_fields, fields_of, is_raw
from jit_runtime.infer.world import Dispatch, GenericFunction, Instance, Target, dispatch
from jit_runtime.ir import ops
from jit_runtime.ir.nodes import Operand, Symbol, Variable
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, TYPE_SHIFT
from jit_runtime.source.diagnostics import fail
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT, Kind

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder, Continuation, Join
    from jit_runtime.infer.shape import MachineFunction

REGISTERS, DOUBLES, BUFFER = 3, 8, 256
# Runtime functions that may run Omni code, and so move objects.
ENTER_AGAIN = {"rt_eval", "rt_doc", "rt_region_stats", "rt_regions", "rt_who_holds", "rt_forget", "rt_code_stats", "rt_region_report"}


def call_rep(mask: int) -> str:
    """Representation across calls: Bool travels as a word."""
    rep = rep_of(mask)
    return "ref" if rep == "i1" else rep


def place_arguments(reps: list[str]) -> tuple[list[int], list[int], list[int]]:
    """Positions that go to integer registers, to double registers, to the argument buffer (docs/abi.md, "Calls")."""
    ints: list[int] = []
    doubles: list[int] = []
    spilled: list[int] = []
    for i, rep in enumerate(reps):
        where, limit = (doubles, DOUBLES) if rep in ("f32", "f64") else (ints, REGISTERS)
        (where if len(where) < limit else spilled).append(i)
    return ints, doubles, spilled


def call(b: Builder, node: Call) -> Val:
    return dispatch_call(b, node, None)


def call_tail(b: Builder, node: Call, k: Continuation) -> None:
    from jit_runtime.infer.build import Fill
    from jit_runtime.infer.tail_cons import append, goes_on

    fn = node.fn
    if isinstance(fn, Local) and fn.var in b.loops:
        jump(b, node, fn)
        return
    if isinstance(k, Fields) and construct_fields(b, node, k):
        return
    if isinstance(k, Fill) and b.unit.instance is not None and goes_on(b.unit.world, b.facts, node, b.unit.instance):
        append(b, node, k)
        return
    if is_constructor(b.unit.world, node):
        b.dest = b.place_of(k)  # the arguments are part of the result
    value = dispatch_call(b, node, k)
    b.deliver(value, k)


def jump(b: Builder, node: Call, fn: Local) -> None:
    """A call of a loop: assign its parameters and branch."""
    loop = b.loops[fn.var]
    lam = loop.lam
    values: list[Val | Virtual] = []
    for param, arg in zip(lam.params, node.args, strict=True):
        target = b.storage.get(param.var)
        made = fields_of(b, arg, target.struct) if isinstance(target, Virtual) else b.expr(arg)
        if made is None or b.block is None:
            return
        values.append(made)
    for i, (param, value) in enumerate(zip(lam.params, values, strict=True)):
        if param.kind is not None and isinstance(value, Val):
            values[i] = b.checked(value, param.kind, f"`{param.var.name}`")
            if b.block is None:
                return
    for param, value in zip(lam.params, values, strict=True):
        variable = b.storage[param.var]
        if isinstance(value, Virtual):
            assert isinstance(variable, Virtual)
            for to, op in zip(variable.fields, value.fields, strict=True):
                b.set(to, op)  # type: ignore[arg-type]
            continue
        assert isinstance(variable, Variable)
        b.set(variable, b.new_box(b.to_word(value)) if param.var in b.shape.boxed else b.to_rep(value, variable.type))
    leave_spaces(b, loop.spaces, [kept_mask(b, p.var) for p in lam.params])
    if loop.spaces and len(b.spaces) >= loop.spaces and b.spaces[loop.spaces - 1].loops(fn.var):
        reset_space(b, b.spaces[loop.spaces - 1])
    b.br(loop.target)


def kept_mask(b: Builder, var: Var) -> int:
    """The kinds of what a loop's variable holds."""
    found = b.storage.get(var)
    if isinstance(found, Virtual) and is_raw(found):
        return 0
    return ANY if var in b.shape.boxed else b.facts.vars.get(var, 0)


def arguments(b: Builder, node: Call, k: Continuation | None = None) -> list[Val] | None:
    """Values of the arguments; afterwards new values go where the call's result has to be."""
    values = []
    for arg in node.args:
        values.append(b.expr(arg))
        if b.block is None:
            return None
    if k is not None:
        b.dest = b.place_of(k)
    return values


def dispatch_call(b: Builder, node: Call, k: Continuation | None) -> Val:
    fn = node.fn
    outer = b.span
    b.span = node.span
    try:
        if isinstance(fn, Local) and fn.var in b.shape.known:
            lam = b.shape.lambda_of[fn.var]
            plain = lam.rest is None and all(p.default is None for p in lam.params)
            if plain and len(node.args) == len(lam.params):
                return call_known(b, node, fn, lam, k)
        if isinstance(fn, Global):
            found = b.meant(node)
            if isinstance(found, GenericFunction):
                inst = sure_instance(b.facts, node) if found.makes(len(node.args)) is None else None
                if inst is not None and inlines(b, inst):
                    b.unit.slot(inst)  # analysed for this slot, whose version is compared
                    if inlines(b, inst):
                        return inlined(b, inst, node, k)
                values = arguments(b, node, k)
                return NOTHING if values is None else call_generic(b, node, found, values, k)
            if isinstance(found, Builtin):
                return call_builtin(b, node, found, k)
        return call_value(b, node, k)
    finally:
        b.span = outer


def inlined(b: Builder, inst: Instance, node: Call, k: Continuation | None) -> Val:
    values: list[Val | Virtual] = []
    for i, arg in enumerate(node.args):
        value = argument(b, inst, i, arg)
        if value is None:
            return NOTHING
        values.append(value)
    if k is not None:
        b.dest = b.place_of(k)
    return inline(b, inst, values, k)


# ---- machine calls ----


def emit_call(b: Builder, target: Operand, env: Operand, args: list[Operand], result: str, k: Continuation | None) -> Operand | None:
    """Call machine code with values in call representation. None when it became a tail call."""
    from jit_runtime.infer.build import Close, Fill, Return
    from jit_runtime.infer.tail_cons import is_empty

    b.current = False
    ints, doubles, spilled = place_arguments([a.type for a in args])
    if spilled and len(args) > BUFFER:
        b.fail(CODES["TOO_MANY"], word(words.fixnum(len(args))))
        return None
    for i in spilled:
        b.store(args[i], b.offset(b.task, TASK["arguments"] + 8 * i))
    operands = (b.task, b.dest, env, *(args[i] for i in ints), *(args[i] for i in doubles))
    home = k
    while isinstance(home, Close):
        home = home.outer
    # The frame of a top-level form stays: an error is shown where the form stands.
    tail = isinstance(home, Return) and home.type == result and b.fn is not b.unit.form_function
    if tail and isinstance(home, Fill):  # a tail call unless its value is the rest of a list
        alone, linked = b.new("alone"), b.new("linked")
        b.cbr(is_empty(b, home), alone, linked)
        b.at(linked)
        attr = ops.Call(target, tuple(a.type for a in operands), result, "tailcc", safepoint=True, notail=isinstance(target, Symbol))
        b.deliver(Val(b.ins("call", operands, result, attr), home.mask or ANY), k)  # type: ignore[arg-type]
        b.at(alone)
    if tail and isinstance(k, Close):
        leave_spaces(b, 0, None)
    # A direct call may be a recursion, which LLVM would make a loop, and then fail on the function's `musttail` calls.
    direct = not tail and isinstance(target, Symbol)
    attr = ops.Call(target, tuple(a.type for a in operands), result, "tailcc", safepoint=not tail, notail=direct)
    if tail:
        b.ins("tailcall", operands, None, attr)
        b.block = None
        return None
    return b.ins("call", operands, result, attr)


def keep_frame(b: Builder) -> None:
    """The call just emitted never returns: it must not become a jump."""
    assert b.block is not None
    last = b.block.ins[-1]
    if last.op == "call":
        last.attr.notail = True


def finish(b: Builder, result: Operand | None, mask: int, *, makes: bool = True) -> Val:
    """The value of a call whose result is known to be in `mask`; an empty set means that it never returns. `makes`: it may make objects."""
    if makes and not is_scalar(mask):
        note_made(b)
    if result is None or b.block is None:
        return NOTHING
    if not mask:
        keep_frame(b)
        b.unreachable()
        return NOTHING
    return Val(b.to_rep(Val(result, mask), rep_of(mask)), mask)


# ---- known local functions ----


def call_known(b: Builder, node: Call, fn: Local, lam: Lambda, k: Continuation | None) -> Val:
    values = arguments(b, node, k)
    if values is None:
        return NOTHING
    made = b.shape.known[fn.var]
    ops_: list[Operand] = []
    for param, value in zip(lam.params, values, strict=True):
        if param.kind is not None:
            value = b.checked(value, param.kind, f"`{param.var.name}`")
            if b.block is None:
                return NOTHING
        ops_.append(b.to_rep(value, call_rep(b.facts.vars.get(param.var, ANY))))
    env: Operand = word(0)
    if b.unit.needs_closure(b.shape, fn.var):
        env = b.read(fn.var).op
    mask = b.facts.results.get(id(lam), 0)
    return finish(b, emit_call(b, b.unit.direct(made), env, ops_, call_rep(mask), k), mask)


def known_signature(b: Builder, made: MachineFunction) -> tuple[list[str], str]:
    lam = made.node
    assert isinstance(lam, Lambda)
    return [call_rep(b.facts.vars.get(p.var, ANY)) for p in lam.params], call_rep(b.facts.results.get(id(lam), 0))


# ---- generic functions ----


def call_generic(b: Builder, node: Call, function: GenericFunction, values: list[Val], k: Continuation | None) -> Val:
    made = function.makes(len(values))
    if made is not None:
        still_makes(b, function, made, values)
        return construct(b, made, values)
    found = b.facts.dispatches.get(id(node)) or dispatch(function, tuple(v.mask for v in values))
    return through(b, function, found, values, k, b.kinds(node))


def through(b: Builder, function: GenericFunction, found: Dispatch, values: list[Val], k: Continuation | None, mask: int) -> Val:
    """Test for the methods in order of specificity and call the first that applies."""
    first = found.targets[0] if found.targets else None
    if first is not None and first.instance is not None and not first.tests and not first.same:
        return call_instance(b, first.instance, values, k)
    from jit_runtime.infer.build import Join

    join = Join(b.new("join"), b.fn.variable("result", rep_of(mask)), mask, b.dest)
    asked = question(found, b.unit.world.universe)
    if asked is not None:
        decided(b, function, found, asked, values, k, join)
        return b.go_on(join)
    for target in found.targets:
        tested = bool(target.tests or target.same)
        if tested:
            no = b.new("next")
            for index, accepted in target.tests:
                yes = b.new("method")
                b.cbr(in_kind(b, values[index], accepted), yes, no)
                b.at(yes)
            for group in target.same:
                yes = b.new("same")
                b.cbr(same_kind(b, [values[i] for i in group]), yes, no)
                b.at(yes)
        call_target(b, function, target, values, k, join)
        if tested:
            b.at(no)
    if not found.total:
        late(b, function, values, join)
    return b.go_on(join)


def decided(b: Builder, function: GenericFunction, found: Dispatch, asked: Question, values: list[Val], k: Continuation | None, join: Join) -> None:
    """Call the method that a table picks for the classes of the arguments."""
    if len(found.targets) > MOST_HERE and not b.unit.dispatches:
        through_entry(b, function, values, join, f"one of {len(found.targets)} methods")
        return
    for target, block in zip(found.targets, choose(b, function, asked, values), strict=True):
        none, b.block = b.block, block
        call_target(b, function, target, values, k, join)
        b.block = none
    late(b, function, values, join)


def call_target(b: Builder, function: GenericFunction, target: Target, values: list[Val], k: Continuation | None, join: Join) -> None:
    """Call the method of a target whose tests hold."""
    if target.instance is None:
        wrong_kinds(b, "rt_ambiguous", function, values)
        return
    narrowed = [Val(b.to_rep(Val(v.op, m), rep_of(m)), m) for v, m in zip(values, narrow(values, target.tests), strict=True)]
    value = call_instance(b, target.instance, narrowed, k)
    if b.block is not None:
        b.deliver(value, join)


def narrow(values: list[Val], tests: list[tuple[int, Kind]]) -> list[int]:
    masks = [v.mask for v in values]
    for index, accepted in tests:
        masks[index] &= accepted.mask
    return masks


def late(b: Builder, function: GenericFunction, values: list[Val], join: Join) -> None:
    """No method that is known here takes the arguments: one that was added since may. The function's own entry knows, and raises
    the error otherwise; what it gives has to be what this code assumes of the call."""
    if b.unit.dispatches or (b.fn is b.unit.form_function and not b.unit.loops):
        no_method(b, function, values)
        return
    outer, b.unlikely = b.unlikely, True
    through_entry(b, function, values, join, "a method that is added later")
    b.unlikely = outer


def through_entry(b: Builder, function: GenericFunction, values: list[Val], join: Join, what: str) -> None:
    """Let the function's own entry choose the method: `what` it is, for those who ask about the code."""
    note_call(b, None, what)
    made = call_slowly(b, b.unit.function_object(b, function), [b.to_word(v) for v in values])
    deliver_checked(b, made, function.name, join.mask, join)


def deliver_checked(b: Builder, value: Val, name: str, mask: int, k: Continuation) -> None:
    """Deliver what a definition that this code does not know gave; `redefined` is raised where it is not in `mask`."""
    if b.block is None:
        return
    if value.mask & mask:
        ok, bad = b.new("ok"), b.new("redefined")
        b.cbr(kind_test(b, value, mask), ok, bad, "likely")
        b.at(bad)
    b.fail(CODES["REDEFINED"], b.unit.symbol(b, name), b.to_word(value))
    if value.mask & mask:
        b.at(ok)
        narrowed = value.mask & mask
        b.deliver(Val(b.to_rep(Val(value.op, narrowed), rep_of(narrowed)), narrowed), k)


def call_slowly(b: Builder, fn: Operand, args: list[Operand]) -> Val:
    """Call a function value whose arity is not known: the runtime looks at it."""
    for i, arg in enumerate(args):
        b.store(arg, b.offset(b.task, TASK["arguments"] + 8 * i))
    b.store(i64(len(args)), b.task_field("argument_count"))
    entry = b.runtime("rt_call_slow", (b.task, fn), "ptr")
    padded = args[:REGISTERS] + [word(words.NOTHING)] * (REGISTERS - len(args))
    return finish(b, emit_call(b, entry, fn, padded + args[REGISTERS:], "ref", None), ANY)


def no_method(b: Builder, function: GenericFunction, values: list[Val]) -> None:
    """Raise an arity error or a `no method` error."""
    if any(m.accepts(len(values)) for m in function.methods):
        wrong_kinds(b, "rt_no_method", function, values)
        return
    name = b.unit.symbol(b, function.name)
    b.fail(CODES["ARITY"], name, word(words.fixnum(len(values))), b.unit.constant(b, arities(function)).op)


def wrong_kinds(b: Builder, symbol: str, function: GenericFunction, values: list[Val]) -> None:
    """Raise an error that names the kinds of the arguments, which go through the buffer."""
    name = b.unit.symbol(b, function.name)
    for i, value in enumerate(values):
        b.store(b.to_word(value), b.offset(b.task, TASK["arguments"] + 8 * i))
    b.runtime(symbol, (b.task, name, i64(len(values))), noreturn=True)
    b.unreachable()


def arities(function: GenericFunction) -> str:
    """What a function accepts, in words: "2", "1 to 3", "at least 1", "0, 2 or 3"."""
    if function.extends is not None:
        return builtin_arity(function.extends)
    counts = sorted({(m.required, -1 if m.lam.rest is not None else len(m.lam.params)) for m in function.methods})
    texts = [f"at least {least}" if most < 0 else str(least) if least == most else f"{least} to {most}" for least, most in counts]
    return f"{', '.join(texts[:-1])} or {texts[-1]}" if len(texts) > 1 else texts[0]


def call_instance(b: Builder, inst: Instance, values: list[Val], k: Continuation | None) -> Val:
    method = inst.method
    if inlines(b, inst):
        b.unit.slot(inst)  # analysed for this slot, whose version is compared
        if inlines(b, inst):
            return inline(b, inst, list(values), k)
    args = [b.to_rep(v, call_rep(m)) for v, m in zip(values[: inst.given], inst.key, strict=False)]
    if method.lam.rest is not None:
        args.append(rest_list(b, values[inst.given :]))
    mask = inst.result
    if b.unit.is_self(b, inst):
        note_call(b, inst, "itself")
        if k is not None and b.unit.self_jump(b, args, k):
            return NOTHING
        made = finish(b, emit_call(b, b.unit.self_symbol(b), word(0), args, call_rep(mask), k), mask)
        return made._replace(region=b.dest) if b.unit.fresh else made
    note_call(b, inst, "through its slot")
    return through_slot(b, inst, args, k)


def call_through_slot(b: Builder, inst: Instance, values: list[Val], k: Continuation | None) -> Val:
    """A call of an instance that takes exactly these arguments, without looking at what it is."""
    return through_slot(b, inst, [b.to_rep(v, call_rep(m)) for v, m in zip(values, inst.key, strict=True)], k)


def through_slot(b: Builder, inst: Instance, args: list[Operand], k: Continuation | None) -> Val:
    slot, mask = Symbol(b.unit.slot(inst)), inst.result
    return finish(b, emit_call(b, b.load(slot, "ptr"), word(0), args, call_rep(mask), k), mask, makes=not is_quiet(b.unit.world, inst))


ONE_RESERVATION = 8  # pairs of a fresh list that are reserved together


def rest_list(b: Builder, values: list[Val]) -> Operand:
    """A fresh list."""
    result = Val(word(words.NULL), BIT["Null"])
    at = len(values)
    while at:
        first = max(0, at - ONE_RESERVATION)
        result = conses(b, values[first:at], result)
        at = first
    return result.op


def cons(b: Builder, head: Val, tail: Val) -> Val:
    """A fresh pair in the current place."""
    return conses(b, [head], tail)


def conses(b: Builder, heads: list[Val], tail: Val) -> Val:
    """Fresh pairs in the current place, one behind the other, the last one with this tail."""
    ops_, tail_word = [b.to_word(head) for head in heads], b.to_word(tail)
    address = b.reserve(16 * len(heads), "pairs")
    start = b.ins("ptrtoint", (address,), "i64")
    pairs = [b.as_ref(b.op("add", start, i64(16 * n + words.PAIR_TAG))) for n in range(len(heads))]
    for n, (pair, head, op) in enumerate(zip(pairs, heads, ops_, strict=True)):
        init_part(b, pair, 0, head, op)
        if pair is pairs[-1]:
            init_part(b, pair, 8, tail, tail_word)
        else:
            b.store(pairs[n + 1], b.pointer(pair, 8 - words.PAIR_TAG))
    return Val(pairs[0], BIT["Pair"], b.dest)


def init_part(b: Builder, pair: Operand, at: int, value: Val, op: Operand) -> None:
    if value.region is b.dest or (is_scalar(value.mask & ~BIT["Int"] & ~BIT["Float"]) and value.op.type != "ref"):
        # Same region, or a number that was boxed into this place if at all: no barrier.
        b.store(op, b.pointer(pair, at - words.PAIR_TAG))
    else:
        b.init_field(pair, at, op, value.mask, in_pair=True)


# ---- builtins ----


def call_builtin(b: Builder, node: Call, builtin: Builtin, k: Continuation | None) -> Val:
    count = len(node.args)
    if count < builtin.min_args or (builtin.max_args is not None and count > builtin.max_args):
        values = arguments(b, node)
        if values is not None:
            b.fail(CODES["ARITY"], b.unit.symbol(b, builtin.name), word(words.fixnum(count)), b.unit.constant(b, builtin_arity(builtin)).op)
        return NOTHING
    prim = PRIMS.get(builtin.name)
    if prim is not None:
        return prim(b, node, builtin, k)
    values = arguments(b, node, k)
    if values is None:
        return NOTHING
    return call_runtime(b, builtin, values, b.kinds(node))


def builtin_arity(builtin: Builtin) -> str:
    least, most = builtin.min_args, builtin.max_args
    return f"at least {least}" if most is None else str(least) if least == most else f"{least} to {most}"


def call_runtime(b: Builder, builtin: Builtin, values: list[Val], mask: int | None = None) -> Val:
    """A builtin that the runtime implements (docs/abi.md, "Runtime functions behind builtins")."""
    if builtin.native[0] != "rt":
        raise fail("X0902", b.span, f"`{builtin.name}` is not implemented yet")
    name = builtin.native[1]
    mask = builtin.result_mask if mask is None else mask
    if not name.startswith("rt_"):
        return c_function(b, name, values)
    if builtin.name == "copy":
        b.unit.rely_on(mask)  # a copy is of the newest version
    ops_ = [b.to_word(v) for v in values]
    if builtin.max_args is None:
        if len(ops_) > BUFFER:
            b.fail(CODES["TOO_MANY"], word(words.fixnum(len(ops_))))
            return NOTHING
        for i, op in enumerate(ops_):
            b.store(op, b.offset(b.task, TASK["arguments"] + 8 * i))
        ops_ = [i64(len(ops_))]
    else:
        ops_ += [word(words.DEFAULT)] * (builtin.max_args - len(ops_))
    if name == "rt_raise":
        b.runtime(name, (b.task, *ops_), noreturn=True)
        b.unreachable()
        return NOTHING
    if mask != ANY and not is_scalar(mask):  # what may be anything is read, not made
        note_allocation(b)
        note_made(b)
    b.current = b.current and name not in ENTER_AGAIN
    result = b.runtime(name, (b.task, b.dest, *ops_), "ref", safepoint=name in ENTER_AGAIN)
    if not mask:
        b.unreachable()
        return NOTHING
    b.poll()
    return Val(b.to_rep(Val(result, mask), rep_of(mask)), mask)


def c_function(b: Builder, name: str, values: list[Val]) -> Val:
    """A function of the C library: doubles to a double."""
    doubles = []
    for v in values:
        if v.mask in MACHINE:
            doubles.append(double_of(b, v))
        else:
            word_of = Val(b.to_word(v), v.mask)
            b.fail_unless(kind_test(b, word_of, NUMBER), CODES["NUMBER_EXPECTED"], Val(b.unit.symbol(b, name), ANY), word_of)
            doubles.append(b.runtime("rt_to_double", (b.task, word_of.op, i64(CODES["NUMBER_EXPECTED"])), "f64"))
    return Val(b.runtime(name, tuple(doubles), "f64"), BIT["Float"])


# ---- unknown values ----


def call_value(b: Builder, node: Call, k: Continuation | None) -> Val:
    """A call through the generic entry of whatever the operator evaluates to."""
    fn = b.expr(node.fn)
    values = arguments(b, node, k) if b.block is not None else None
    if values is None:
        return NOTHING
    if not fn.mask & (BIT["Function"] | BIT["Kind"]):
        b.fail(CODES["NOT_FUNCTION"], b.to_word(fn))
        return NOTHING
    return call_word(b, b.to_word(fn), values, k)


def call_word(b: Builder, fn: Operand, values: list[Val], k: Continuation | None) -> Val:
    """Call a function value with any arguments; the result is a word."""
    note_call(b, None, "whatever function it is")
    args = [b.to_word(v) for v in values]
    count = len(args)
    if count > BUFFER:
        b.fail(CODES["TOO_MANY"], word(words.fixnum(count)))
        return NOTHING
    bits = b.bits(fn)
    look, fast, slow = b.new("callee"), b.new("fast"), b.new("slow")
    entry = b.fn.variable("entry", "ptr")
    is_object = b.compare("eq", b.op("and", bits, i64(words.TAG_MASK)), i64(words.OBJECT_TAG))
    b.cbr(is_object, look, slow, "likely")
    b.at(look)
    kind = b.op("and", b.op("lshr", b.header(fn), i64(TYPE_SHIFT)), i64(0xFF))
    is_function = b.compare("ult", b.op("sub", kind, i64(BY_NAME["closure"].id)), i64(2))
    check = b.new("arity")
    b.cbr(is_function, check, slow, "likely")
    b.at(check)
    info = b.op("and", b.field(fn, "closure", "info", "i64"), i64(0x1FF))
    b.cbr(b.compare("eq", info, i64(count)), fast, slow, "likely")
    b.at(slow)
    for i, arg in enumerate(args):
        b.store(arg, b.offset(b.task, TASK["arguments"] + 8 * i))
    b.store(i64(count), b.task_field("argument_count"))
    checked = b.runtime("rt_call_slow", (b.task, fn), "ptr")
    b.set(entry, checked)
    go = b.new("call")
    b.br(go)
    b.at(fast)
    b.set(entry, b.ins("inttoptr", (b.field(fn, "closure", "entry", "i64"),), "ptr"))
    b.br(go)
    b.at(go)
    padded = args[:REGISTERS] + [word(words.NOTHING)] * (REGISTERS - count)
    return finish(b, emit_call(b, b.get(entry), fn, padded + args[REGISTERS:], "ref", k), ANY)
