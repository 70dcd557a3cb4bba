"""How local functions are entered by callers that do not know them: words, a count, a buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Lambda
from jit_runtime.infer.code import Val, i64, rep_of, word
from jit_runtime.infer.continuations import Return
from jit_runtime.infer.machine_calls import emit_call
from jit_runtime.infer.shape import MachineFunction
from jit_runtime.infer.variables import bind
from jit_runtime.ir.nodes import Operand, Symbol, Variable
from jit_runtime.layout import words
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder
    from jit_runtime.infer.unit import Unit


def from_buffer(b: Builder, lam: Lambda) -> None:
    """Bind the parameters of a lambda with defaults or a rest from the argument buffer, the count in task.argument_count."""
    count = b.load(b.task_field("argument_count"), "i64")
    check_count(b, lam.name or "fn", count, lam.required, None if lam.rest is not None else len(lam.params))
    at = b.task_field("arguments")
    raw: list[Variable] = []
    for i, param in enumerate(lam.params):
        variable = b.fn.variable(param.var.name, "ref")
        b.set(variable, word(words.DEFAULT))
        if param.default is None:
            b.set(variable, b.load(b.offset(at, 8 * i), "ref"))
        else:
            have, go = b.new("given"), b.new("next")
            b.cbr(b.compare("ugt", count, i64(i)), have, go)
            b.at(have)
            b.set(variable, b.load(b.offset(at, 8 * i), "ref"))
            b.br(go)
            b.at(go)
        raw.append(variable)
    if lam.rest is not None:
        rest = b.runtime("rt_rest_list", (b.task, b.dest, i64(len(lam.params)), count), "ref")
        bind(b, lam.rest, Val(rest, BIT["Null"] | BIT["Pair"]))
    for param, variable in zip(lam.params, raw, strict=True):
        mask = b.unit.facts.vars.get(param.var, ANY)
        if param.default is not None:
            missing, go = b.new("default"), b.new("next")
            b.cbr(b.compare("eq", b.bits(b.get(variable)), i64(words.DEFAULT)), missing, go)
            b.at(missing)
            value = b.expr(param.default)
            if b.block is not None:
                b.set(variable, b.to_word(value))
            b.br(go)
            b.at(go)
        value = Val(b.get(variable), ANY)
        if param.kind is not None:
            value = b.checked(value, param.kind, f"`{param.var.name}`")
        bind(b, param.var, Val(b.to_rep(value, rep_of(mask)), mask))


def check_count(b: Builder, name: str, count: Operand, least: int, most: int | None) -> None:
    test = b.compare("uge", count, i64(least))
    if most is not None:
        test = b.ins("and", (test, b.compare("ule", count, i64(most))), "i1")
    ok, bad = b.new("ok"), b.new("arity")
    b.cbr(test, ok, bad, "likely")
    b.at(bad)
    accepts = f"at least {least}" if most is None else str(least) if least == most else f"{least} to {most}"
    b.fail(CODES["ARITY"], b.unit.symbol(b, name), b.to_word(Val(count, BIT["Int"])), b.unit.constant(b, accepts).op)
    b.at(ok)


def generic_entry(unit: Unit, mf: MachineFunction) -> str:
    """The generic entry of a local function: words in, a word out, kinds checked."""
    lam = mf.node
    assert isinstance(lam, Lambda)
    direct = unit.direct(mf)
    assert isinstance(direct, Symbol)
    reps, result = unit.signature(mf)
    plain = all(r == "ref" for r in reps) and result == "ref" and all(p.kind is None for p in lam.params)
    if plain:
        return direct.name
    name = unit.entries.get(id(mf))
    if name is None:
        name = unit.entries[id(mf)] = direct.name + ".entry"
        fn, given = unit.function(name, ["ref"] * len(reps), "ref")
        b = unit.start(fn, mf, glue=True)
        args = unit.read_arguments(b, given, ["ref"] * len(reps))
        values: list[Operand] = []
        for param, arg, rep in zip(lam.params, args, reps, strict=False):
            mask = unit.facts.vars.get(param.var, ANY)
            value = Val(arg, ANY)
            if param.kind is not None:
                value = b.checked(value, param.kind, f"`{param.var.name}`")
            values.append(b.to_rep(Val(b.to_word(value), mask), rep))
        made = emit_call(b, direct, b.env, values, result, Return(ANY, "ref"))
        return_word(b, made, unit.facts.results.get(id(lam), 0))
    return name


def return_word(b: Builder, made: Operand | None, mask: int) -> None:
    if made is None or b.block is None:
        return
    if not mask:
        b.unreachable()
        return
    b.ins("ret", (b.to_word(Val(made, mask)),))
    b.block = None
