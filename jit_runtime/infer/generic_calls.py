"""Calls of generic functions: which method, by tests or by a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.decisions import Question
from jit_runtime.expand.core import Call
from jit_runtime.infer.code import NOTHING, TASK, Val, i64, rep_of, word
from jit_runtime.infer.continuations import Continuation, Join
from jit_runtime.infer.decisions import MOST_HERE, choose, question
from jit_runtime.infer.demands import replaceable
from jit_runtime.infer.explain import note_call
from jit_runtime.infer.instance_calls import call_instance
from jit_runtime.infer.struct_fields import wanted_parts
from jit_runtime.infer.structs import construct, still_makes
from jit_runtime.infer.tests import agree, in_kind, kind_test
from jit_runtime.infer.value_calls import call_slowly
from jit_runtime.infer.virtual import Fields, Values, Virtual, variables, whole
from jit_runtime.infer.world import Dispatch, GenericFunction, Target, dispatch, within
from jit_runtime.layout import words
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import Kind

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


def call_generic(b: Builder, node: Call, function: GenericFunction, values: Values, k: Continuation | None) -> Val | Virtual:
    made = function.makes(len(values))
    if made is not None:
        still_makes(b, function, made, values)
        return construct(b, made, values)
    found = b.facts.dispatches.get(id(node)) or dispatch(function, tuple(v.mask for v in values))
    return through(b, function, found, values, k, b.kinds(node))


def through(b: Builder, function: GenericFunction, found: Dispatch, values: Values, k: Continuation | None, mask: int) -> Val | Virtual:
    """Test for the methods in order of specificity and call the first that applies."""
    first = found.targets[0] if found.targets else None
    if first is not None and first.instance is not None and not first.tests and not first.same:
        return call_instance(b, first.instance, values, k)
    join = joined(b, mask, k)
    asked = question(found, b.unit.world.universe, final=is_final(b))
    if asked is not None:
        decided(b, function, found, asked, values, k, join)
        return go_on(b, join)
    for target in found.targets:
        tested = bool(target.tests or target.same)
        if tested:
            no = b.new("next")
            for index, accepted in target.tests:
                yes = b.new("method")
                b.cbr(in_kind(b, whole(b, values[index]), accepted), yes, no)
                b.at(yes)
            for shared in target.same:
                yes = b.new("same")
                b.cbr(agree(b, shared.kinds, whole(b, values[shared.first]), whole(b, values[shared.second])), yes, no)
                b.at(yes)
        call_target(b, function, target, values, k, join)
        if tested:
            b.at(no)
    if not found.total:
        late(b, function, values, join)
    return go_on(b, join)


def joined(b: Builder, mask: int, k: Continuation | None) -> Join | Fields:
    """Where the values of several methods go: as fields if somebody wants those."""
    struct = replaceable(b.unit.world, mask)
    if struct is None or k is None or wanted_parts(k) is None:
        return Join(b.new("join"), b.fn.variable("result", rep_of(mask)), mask, b.dest)
    one_level = frozenset((field.name,) for field in struct.fields)
    return Fields(b.new("join"), variables(b, struct, "result", one_level), b.dest)


def go_on(b: Builder, join: Join | Fields) -> Val | Virtual:
    if isinstance(join, Join):
        return b.go_on(join)
    return join.virtual.read(b) if b.arrives(join) else NOTHING


def decided(
    b: Builder, function: GenericFunction, found: Dispatch, asked: Question, values: Values, k: Continuation | None, join: Join | Fields
) -> None:
    """Call the method that a table picks for the classes of the arguments."""
    if len(found.targets) > MOST_HERE and not b.unit.dispatches:
        through_entry(b, function, values, join, f"one of {len(found.targets)} methods")
        return
    for target, block in zip(found.targets, choose(b, function, asked, values), strict=True):
        none, b.block = b.block, block
        call_target(b, function, target, values, k, join)
        b.block = none
    late(b, function, values, join)


def call_target(b: Builder, function: GenericFunction, target: Target, values: Values, k: Continuation | None, join: Join | Fields) -> None:
    """Call the method of a target whose tests hold."""
    if target.instance is None:
        wrong_kinds(b, "rt_ambiguous", function, values)
        return
    value = call_instance(b, target.instance, [narrowed(b, value, target.tests, i) for i, value in enumerate(values)], k)
    if b.block is not None:
        b.deliver(value, join)


def narrowed(b: Builder, value: Val | Virtual, tests: list[tuple[int, Kind]], index: int) -> Val | Virtual:
    """An argument of which the tests hold."""
    if isinstance(value, Virtual):
        return value
    mask = value.mask
    for at, accepted in tests:
        mask = within(mask, accepted) if at == index else mask
    return Val(b.to_rep(Val(value.op, mask), rep_of(mask)), mask)


def late(b: Builder, function: GenericFunction, values: Values, join: Join | Fields) -> None:
    """No method that is known here takes the arguments: one that was added since may. The function's own entry knows, and raises
    the error otherwise; what it gives has to be what this code assumes of the call."""
    if is_final(b):
        no_method(b, function, values)
        return
    outer, b.unlikely = b.unlikely, True
    through_entry(b, function, values, join, "a method that is added later")
    b.unlikely = outer


def is_final(b: Builder) -> bool:
    """Does nobody know more methods than this code: the function's own entry, or a form that runs once?"""
    return b.unit.dispatches or (b.fn is b.unit.form_function and not b.unit.loops)


def through_entry(b: Builder, function: GenericFunction, values: Values, join: Join | Fields, what: str) -> None:
    """Let the function's own entry choose the method: `what` it is, for those who ask about the code."""
    note_call(b, None, what)
    made = call_slowly(b, b.unit.function_object(b, function), [b.to_word(whole(b, v)) for v in values])
    deliver_checked(b, made, function.name, join.mask, join)


def deliver_checked(b: Builder, given: Val | Virtual, name: str, mask: int, k: Continuation) -> None:
    """Deliver what a definition that this code does not know gave; `redefined` is raised where it is not in `mask`."""
    if b.block is None:
        return
    if isinstance(given, Virtual) and given.mask == mask:
        b.deliver(given, k)
        return
    value = whole(b, given)
    if value.mask & mask:
        ok, bad = b.new("ok"), b.new("redefined")
        b.cbr(kind_test(b, value, mask), ok, bad, "likely")
        b.at(bad)
    b.fail(CODES["REDEFINED"], b.unit.symbol(b, name), b.to_word(value))
    if value.mask & mask:
        b.at(ok)
        narrowed = value.mask & mask
        b.deliver(Val(b.to_rep(Val(value.op, narrowed), rep_of(narrowed)), narrowed), k)


def no_method(b: Builder, function: GenericFunction, values: Values) -> None:
    """Raise an arity error or a `no method` error."""
    if any(m.accepts(len(values)) for m in function.methods):
        wrong_kinds(b, "rt_no_method", function, values)
        return
    name = b.unit.symbol(b, function.name)
    b.fail(CODES["ARITY"], name, word(words.fixnum(len(values))), b.unit.constant(b, arities(function)).op)


def wrong_kinds(b: Builder, symbol: str, function: GenericFunction, values: Values) -> None:
    """Raise an error that names the kinds of the arguments, which go through the buffer."""
    name = b.unit.symbol(b, function.name)
    for i, value in enumerate(values):
        b.store(b.to_word(whole(b, value)), b.offset(b.task, TASK["arguments"] + 8 * i))
    b.runtime(symbol, (b.task, name, i64(len(values))), noreturn=True)
    b.unreachable()


def arities(function: GenericFunction) -> str:
    """What a function accepts, in words: "2", "1 to 3", "at least 1", "0, 2 or 3"."""
    if function.extends is not None:
        return builtin_arity(function.extends)
    counts = sorted({(m.required, -1 if m.lam.rest is not None else len(m.lam.params)) for m in function.methods})
    texts = [f"at least {least}" if most < 0 else str(least) if least == most else f"{least} to {most}" for least, most in counts]
    return f"{', '.join(texts[:-1])} or {texts[-1]}" if len(texts) > 1 else texts[0]


def builtin_arity(builtin: Builtin) -> str:
    least, most = builtin.min_args, builtin.max_args
    return f"at least {least}" if most is None else str(least) if least == most else f"{least} to {most}"
