"""Ways without calls: they are joined by no way with calls, and both give the same results."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.ir.nodes import BackEdge, Block, Function, Imm, Ins, Symbol, Temp
from jit_runtime.ir.ops import Call
from jit_runtime.oracle.session import OracleSession
from jit_runtime.passes.blocks import reverse_postorder, successors
from jit_runtime.passes.hot_paths import may_change, split_hot_paths
from jit_runtime.passes.stores import FLOATS, WORDS
from jit_runtime.session import Session
from tests.unit.session_fixture import open_session, outcome


class Made:
    """A function of a store that looks at it twice, by hand: Floats are loaded, for anything else the runtime is called."""

    def __init__(self) -> None:
        self.fn = Function("f", [Temp(1, "ptr"), Temp(2, "ptr"), Temp(3, "ref"), Temp(4, "ptr")], "f64", next_id=10)
        self.entry = self.fn.block("entry")
        self.middle, self.end = self.fn.block("middle"), self.fn.block("end")
        self.total = self.fn.variable("total", "f64")

    def access(self, at: Block, then: Block) -> None:
        fn, store = self.fn, self.fn.params[3]
        raw, other, asked = fn.block("raw"), fn.block("other"), fn.block("asked")
        type, is_words, is_floats, double, made = fn.temp("i8"), fn.temp("i1"), fn.temp("i1"), fn.temp("f64"), fn.temp("f64")
        at.ins += [Ins("load", (store,), type, "field"), Ins("eq", (type, Imm("i8", WORDS)), is_words)]
        at.ins.append(Ins("cbr", (is_words,), targets=(other, asked)))
        asked.ins = [Ins("eq", (type, Imm("i8", FLOATS)), is_floats), Ins("cbr", (is_floats,), targets=(raw, other))]
        raw.ins = [Ins("load", (store,), double, "element"), Ins("set", (self.total, double)), Ins("br", targets=(then,))]
        call = Call(Symbol("rt_array_ref"), ("ptr",), "f64")
        other.ins = [Ins("call", (store,), made, call), Ins("set", (self.total, made)), Ins("br", targets=(then,))]

    def straight(self) -> Function:
        self.access(self.entry, self.middle)
        self.access(self.middle, self.end)
        self.finish()
        return self.fn

    def loop(self) -> Function:
        again = self.fn.block("again")
        self.entry.ins = [Ins("br", targets=(self.middle,))]
        self.access(self.middle, again)
        done = self.fn.temp("i1")
        check = self.fn.block("check")
        again.ins = [Ins("br", targets=(self.middle,))]
        for block in self.fn.blocks:
            if again in successors(block) and block is not again:
                block.ins[-1].targets = (check,)
        check.ins = [Ins("flt", (Imm("f64", 0.0), Imm("f64", 1.0)), done), Ins("cbr", (done,), targets=(self.end, again))]
        self.fn.back_edges.append(BackEdge(self.middle, again, set(), None))
        self.finish()
        return self.fn

    def finish(self) -> None:
        value = self.fn.temp("f64")
        self.end.ins = [Ins("get", (self.total,), value), Ins("ret", (value,))]


def quiet_blocks(first: Block) -> set[Block]:
    every = reverse_postorder(first)
    quiet = {block for block in every if not any(may_change(ins) for ins in block.ins)}
    return set(reverse_postorder(first, quiet))


def behind_calls(first: Block) -> set[Block]:
    found: set[Block] = set()
    for block in reverse_postorder(first):
        if any(may_change(ins) for ins in block.ins):
            found |= set(reverse_postorder(block))
    return found


def test_a_function_has_a_way_to_its_end_that_no_call_leads_to() -> None:
    before = Made().straight()
    assert not any(block.ins[-1].op == "ret" for block in quiet_blocks(before.blocks[0]) - behind_calls(before.blocks[0]))
    fn = Made().straight()
    split_hot_paths(fn)
    own = quiet_blocks(fn.blocks[0]) - behind_calls(fn.blocks[0])
    assert any(block.ins[-1].op == "ret" for block in own)


def test_a_loop_goes_round_without_calls() -> None:
    fn = Made().loop()
    split_hot_paths(fn)
    fast, slow = fn.back_edges
    assert fast.head in successors(slow.head) and fast.head in successors(fast.block)
    body = set(reverse_postorder(fast.head)) - behind_calls(fast.head)
    assert fast.block in quiet_blocks(fast.head)
    assert slow.block in behind_calls(fast.head) and slow.block not in body


def test_a_loop_in_which_each_turn_calls_stays() -> None:
    made = Made()
    fn = made.loop()
    for block in fn.blocks:
        if block.name.startswith("raw"):
            block.ins.insert(0, Ins("call", (fn.params[3],), fn.temp("f64"), Call(Symbol("rt_any"), ("ptr",), "f64")))
    count = len(fn.blocks)
    split_hot_paths(fn)
    assert len(fn.blocks) == count and len(fn.back_edges) == 1


# ---- results ----

MOVE = """(define move! b dt
  (array-set! b 0 (+ (array-ref b 0) (* dt (array-ref b 2))))
  (array-set! b 1 (- (array-ref b 1) (* dt (array-ref b 3))))
  (list (array-ref b 0) b))"""
BODIES = (
    "[0.5 1.5 2.5 3.5]", "[1 2 3 4]", "[0.5 1 2.5 3]", "[true 1 2 3]", "(typed-array 4 {Float})", '["x" 1 2 3]', "'(1 2 3 4)", "[1.5]",
    "[0.5 1.5 2.5 'x]", "[1e300 1e-300 1e308 0.0]", "[4611686018427387903 1 4611686018427387903 2.5]",
)  # fmt: skip


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    made = open_session("normal")
    made.eval(MOVE)
    made.eval("(define bodies (list [0.5 1.5 2.5 3.5] [0.5 1.5 2.5 3.5]))")
    made.eval("(define many n (let loop [i 0] (when (< i n) (move! (car bodies) 0.01) (loop (+ i 1)))))")
    made.eval("(many 3000)")  # until it is optimised
    yield made
    made.close()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("factor", ["2", "0.5", "1e308", "'k"])
def test_what_is_no_float_goes_the_other_way(session: Session, body: str, factor: str) -> None:
    slow = OracleSession()
    slow.eval(MOVE, name="t", line=1)
    assert outcome(session, f"(move! {body} {factor})") == outcome(slow, f"(move! {body} {factor})")
