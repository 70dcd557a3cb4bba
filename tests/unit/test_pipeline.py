"""The list of stages: what hangs on it, and that its verifiers find what breaks a contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_runtime import pipeline as p
from jit_runtime.expand import core as c
from jit_runtime.expand.expand import expand_toplevel
from jit_runtime.expand.scope import EmptyEnv
from jit_runtime.expand.verify import BadCore, verify
from jit_runtime.ir.verify import BadIR
from jit_runtime.options import Options
from jit_runtime.passes.roots import verify_rooted
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from jit_runtime.source.text import NOWHERE, Source
from jit_runtime.syntax.reader import read
from omni_repl.arguments import STAGES as DUMPS_OF_THE_COMMAND

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted(path for folder in ("tests/programs", "jit_runtime/lib", "benchmarks/programs") for path in (ROOT / folder).rglob("*.omni"))


@pytest.fixture
def session() -> Iterator[Session]:
    opened = Session(Options(verify=True))
    yield opened
    opened.close()


def test_each_stage_is_seen_in_order_and_timed(session):
    seen = []
    session.pipeline.watch = lambda stage, made: seen.append(stage.name)
    result = session.eval("(+ 1 2)")
    assert list(dict.fromkeys(seen)) == [stage.name for stage in p.STAGES]
    assert list(result.timings) == [stage.name for stage in p.STAGES]


def test_a_stage_inside_another_is_not_counted_in_it():
    clock = p.Pipeline(None)
    inner = p.Stage("inner", lambda: sum(range(300_000)))
    outer = p.Stage("outer", lambda: clock.run(inner))
    assert clock.run(outer) == sum(range(300_000))
    assert 0 <= clock.seconds["outer"] < clock.seconds["inner"]


def test_time_of_a_stage_that_fails_counts_too():
    clock = p.Pipeline(None)
    with pytest.raises(ZeroDivisionError):
        clock.run(p.Stage("bad", lambda: 1 // 0))
    assert clock.seconds["bad"] > 0


def test_names_of_dumps():
    assert tuple(p.DUMPS) == DUMPS_OF_THE_COMMAND


def test_a_verifier_is_called_only_when_asked_for():
    def refuse(made, engine):
        raise BadIR("no")

    stage = p.Stage("s", lambda: 1, verify=refuse)
    assert p.Pipeline(None).run(stage) == 1
    with pytest.raises(BadIR):
        p.Pipeline(None, verifying=True).run(stage)


# ---- core ----


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_expansion_keeps_its_contract(path):
    for form in read(Source(str(path), path.read_text("utf-8"))).forms:
        try:
            core = expand_toplevel(form, EmptyEnv())
        except OmniError:
            continue
        verify(core)


def broken_cores():
    x, y = c.Var("x"), c.Var("y")
    one = c.Const(1, NOWHERE)

    def local(var):
        return c.Local(var, NOWHERE)

    def fn(body):
        return c.Lambda(None, [], None, None, body, NOWHERE)

    yield "outside its scope", local(x)
    yield "outside its scope", c.Let([(x, local(x))], one, NOWHERE)
    yield "outside its scope", c.Seq([c.Let([(x, one)], one, NOWHERE), local(x)], NOWHERE)
    yield "outside its scope", c.Handle(one, [c.Clause("error", [x], None, one, NOWHERE)], NOWHERE), local(x)
    yield "bound twice", c.Let([(x, one), (x, one)], one, NOWHERE)
    yield "assigned", c.Let([(y, one)], c.SetLocal(y, one, NOWHERE), NOWHERE)
    yield "captured", c.Let([(x, one)], fn(local(x)), NOWHERE)
    yield "letrec", c.Letrec([(x, one)], one, NOWHERE)
    yield "defined inside", c.If(one, c.DefineValue("a", None, one, NOWHERE), one, NOWHERE)
    yield "stands in two places", c.Let([(x, one)], c.Seq([local(x)] * 2, NOWHERE), NOWHERE)
    yield "no core node", c.Call("f", [], NOWHERE)


@pytest.mark.parametrize("case", list(broken_cores()), ids=lambda case: case[0].replace(" ", "-"))
def test_broken_core_is_found(case):
    message, *nodes = case
    with pytest.raises(BadCore, match=message):
        verify(nodes[0] if len(nodes) == 1 else c.Seq(nodes, NOWHERE))


# ---- roots ----

ROOTED = "(define f [x] (cons x (g x))) (define g [x] (list x x)) (f (list 1 2))"


def test_references_are_not_rooted_before_the_pass(session):
    refuted = []

    def check(stage, module):
        if stage is p.BUILD:
            for fn in module.functions:
                try:
                    verify_rooted(fn)
                except BadIR:
                    refuted.append(fn.name)

    session.pipeline.watch = check
    session.eval(ROOTED)
    assert refuted


def test_a_reload_that_is_missing_is_found(session):
    spoiled = []

    def spoil(stage, module):
        if stage is p.ROOTS:
            for fn in module.functions:
                for block in fn.blocks:
                    for before, after in zip(block.ins, block.ins[1:]):
                        if before.op == "load" and after.op == "set" and after.args[1] is before.dest and before.dest.type == "ref":
                            check_without(fn, block, after)
                            spoiled.append(fn.name)

    session.pipeline.watch = spoil
    session.eval(ROOTED)
    assert spoiled


def check_without(fn, block, ins):
    whole, block.ins = block.ins, [i for i in block.ins if i is not ins]
    with pytest.raises(BadIR, match="not rooted"):
        verify_rooted(fn)
    block.ins = whole
