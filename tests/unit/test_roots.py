"""What the root stack holds at safepoints, on functions that are made at random and played; and how much code that takes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from jit_runtime.ir import ops
from jit_runtime.ir.nodes import Block, Function, Imm, Ins, Symbol, Temp, Variable
from jit_runtime.ir.verify import verify
from jit_runtime.options import Options
from jit_runtime.passes.roots import ROOT_TOP, root, verify_rooted
from jit_runtime.pipeline import ROOTS
from jit_runtime.session import Session

MAKE = ops.Call(Symbol("make"), (), "ref")
USE = ops.Call(Symbol("use"), ("ref",), "void")
MOVE = ops.Call(Symbol("move"), (), "void", safepoint=True)
MOVE_AND_MAKE = ops.Call(Symbol("move"), ("ref",), "ref", safepoint=True)


def made_at_random(seed: int) -> Function:
    """References in variables and temporaries, used before and behind safepoints, in blocks that go anywhere."""
    r = random.Random(seed)
    fn = Function("f", [], "void")
    fn.params = [fn.temp("ptr"), fn.temp("ptr"), fn.temp("ref"), fn.temp("i1")]
    variables = [fn.variable(f"v{i}", "ref") for i in range(r.randint(1, 4))]
    blocks = [fn.block("b") for _ in range(r.randint(1, 6))]
    early = [fn.params[2]]
    for variable in variables:
        early.append(fn.temp("ref"))
        blocks[0].ins += [Ins("call", (), early[-1], MAKE), Ins("set", (variable, early[-1]))]
    for block in blocks:
        known = list(early)
        for _ in range(r.randint(0, 8)):
            known += some_code(fn, block, r, known, variables)
        targets = tuple(r.choice(blocks[1:]) for _ in range(2)) if len(blocks) > 1 else ()
        choice = r.random()
        if choice < 0.2 or not targets:
            block.ins += [Ins("call", (a,), None, USE) for a in known[-2:]] + [Ins("ret", ())]
        elif choice < 0.5:
            block.ins.append(Ins("br", targets=targets[:1]))
        else:
            block.ins.append(Ins("cbr", (fn.params[3],), targets=targets))
    return fn


def some_code(fn: Function, block: Block, r: random.Random, known: list[Temp], variables: list[Variable]) -> list[Temp]:
    """One instruction; the reference that it makes."""
    made = fn.temp("ref")
    match r.randint(0, 5):
        case 0:
            block.ins.append(Ins("call", (), None, MOVE))
        case 1:
            block.ins.append(Ins("call", (r.choice(known),), made, MOVE_AND_MAKE))
            return [made]
        case 2:
            block.ins.append(Ins("set", (r.choice(variables), r.choice(known))))
        case 3:
            block.ins.append(Ins("get", (r.choice(variables),), made))
            return [made]
        case 4:
            block.ins.append(Ins("call", (), made, MAKE))
            return [made]
        case 5:
            block.ins.append(Ins("call", (r.choice(known),), None, USE))
    return []


class Player:
    """Plays a rooted function. A safepoint moves every object: a reference from before it is no good behind it, unless it was on the root
    stack, whose words must all be good. What is above its height is overwritten."""

    def __init__(self, fn: Function, r: random.Random) -> None:
        self.fn, self.r, self.epoch, self.objects = fn, r, 0, 1
        self.stack: dict[int, Any] = {}
        self.top = 0
        self.values: dict[object, Any] = {fn.params[0]: "task", fn.params[2]: (0, 0)}
        self.used: list[int] = []

    def play(self, steps: int) -> None:
        block = self.fn.blocks[0]
        for _ in range(steps):
            for ins in block.ins[:-1]:
                self.step(ins)
            last = block.ins[-1]
            if last.op == "ret":
                assert self.top == 0
                return
            block = self.r.choice(last.targets)

    def value(self, a: Any) -> Any:
        return 0 if isinstance(a, Imm) else self.values.get(a)

    def step(self, ins: Ins) -> None:
        args = [self.value(a) for a in ins.args]
        if ins.op == "set":
            self.values[ins.args[0]] = args[1]
        elif ins.op == "get":
            self.values[ins.dest] = args[0]
        elif ins.op == "offset":
            number = ins.args[1].value  # type: ignore[union-attr]
            self.values[ins.dest] = "height" if args[0] == "task" and number == ROOT_TOP else args[0] + number // 8
        elif ins.op == "load":
            self.values[ins.dest] = self.top if args[0] == "height" else self.stack[args[0]]
        elif ins.op == "store":
            if args[1] == "height":
                self.top = args[0]
            else:
                self.stack[args[1]] = args[0]
        else:
            self.call(ins, args)

    def call(self, ins: Ins, args: list[Any]) -> None:
        for arg in args:
            assert arg[1] == self.epoch, f"{ins.attr.callee} gets an old reference"
            self.used.append(arg[0])
        if ins.attr.safepoint:
            held = [self.stack[i] for i in range(self.top)]
            assert all(word == 0 or word[1] == self.epoch for word in held), "an old reference on the root stack"
            self.epoch += 1
            self.stack = {i: word and (word[0], self.epoch) for i, word in enumerate(held)} | dict.fromkeys(range(self.top, 40), "junk")
        if ins.dest is not None:
            self.values[ins.dest] = (self.objects, self.epoch)
            self.objects += 1


class Original(Player):
    """The same before the pass, where references follow what they name."""

    def call(self, ins: Ins, args: list[Any]) -> None:
        self.used += [arg[0] for arg in args]
        if ins.dest is not None:
            self.values[ins.dest] = (self.objects, 0)
            self.objects += 1


@pytest.mark.parametrize("seed", range(300))
def test_what_is_used_behind_safepoints_was_on_the_root_stack(seed: int) -> None:
    before, fn = made_at_random(seed), made_at_random(seed)
    root(fn)
    verify(fn)
    verify_rooted(fn)
    for way in range(5):
        expected, played = Original(before, random.Random(way)), Player(fn, random.Random(way))
        expected.play(30)
        played.play(30)
        assert played.used == expected.used


@pytest.mark.parametrize("form", ["(list {})", "(str {})", "(length (list {}))"])
def test_code_grows_with_the_calls_whose_values_are_kept(form: str) -> None:
    """Each value is stored once and read once, however many calls follow."""
    session = Session(Options())
    sizes = []

    def count(stage: Any, made: Any) -> None:
        if stage is ROOTS:
            sizes.append(sum(len(block.ins) for fn in made.functions for block in fn.blocks if fn.name == "form"))

    session.eval("(define ^:noinline g x (str x)) (g 1)")
    session.pipeline.watch = count
    try:
        for calls in (30, 60):
            session.eval(form.format(" ".join("(g 1)" for _ in range(calls))))
    finally:
        session.close()
    small, large = (size for size in sizes if size)
    assert large < 2.1 * small
