"""Code that is big starts quick; loops of it are entered in optimised code while they run."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest

from jit_runtime.engine import background
from jit_runtime.engine.background import Background, Job, Pending
from jit_runtime.infer.linker import OPTIMISED
from jit_runtime.ir.nodes import Module
from jit_runtime.ir.verify import verify
from jit_runtime.options import Options
from jit_runtime.passes.loop_entries import entry, headers, loops_around
from jit_runtime.passes.stores import TYPE
from jit_runtime.pipeline import BUILD, LOOPS, Stage, loops
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from tests.unit.session_fixture import interrupted, meanwhile, outcome

LOOP = """
(define count [n limit]
  (let* [total 0 best 0 seen '()]
    (let loop [i 0]
      (when (< i n)
        (set! total (+ total (if (even? i) (* 3 i) (- i))))
        (when (> total best) (set! best total))
        (when (= (mod i limit) 0) (set! seen (cons (list i (str total)) seen)))
        (loop (+ i 1))))
    (list total best (length seen) (if (null? seen) nothing (car seen)))))
"""


@pytest.fixture(params=["tiers", "evacuating tiers", "native"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """All loops go over after three turns; the same while objects move; by heat, from quick code, in the background."""
    stress = {"native": "", "tiers": "tiers", "evacuating tiers": "evacuate"}[request.param]
    made = Session(Options(stress=stress, check=request.param != "native", verify=True))
    if request.param == "evacuating tiers":
        made.compiler.tiers.eager()
    made.compiler.tiers.big = 0
    yield made
    made.close()


def entered(session: Session) -> int:
    return session.compiler.tiers.loops_entered


def expected(n: int, limit: int) -> str:
    total = best = seen = 0
    last = ""
    for i in range(n):
        total += 3 * i if i % 2 == 0 else -i
        best = max(best, total)
        if i % limit == 0:
            seen, last = seen + 1, f'({i} "{total}")'
    return f"({total} {best} {seen} {last})"


def long_enough(session: Session, form: str) -> None:
    """Evaluate until optimised code is there: in the background that depends on the machine."""
    for _ in range(2000):
        if session.stats()["units_optimised"]:
            return
        session.eval(form)
    raise AssertionError("nothing was optimised")


def until_entered(session: Session, form: str) -> str:
    """The outcome of an endless loop that is interrupted once it runs optimised code."""
    over = threading.Event()

    def watch() -> None:
        while not entered(session) and not over.wait(0.01):
            pass
        session.interrupt()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        return outcome(session, form)
    finally:
        over.set()
        thread.join()
        session.engine.clear_interrupt()


def test_one_long_loop_in_a_function_goes_on_in_optimised_code(session: Session) -> None:
    session.eval(LOOP)
    long_enough(session, "(count 20000 5000)")
    assert outcome(session, "(count 1000 10)") == expected(1000, 10)
    assert session.stats()["units_optimised"] >= 1
    assert session.compiler.tiers.failure is None


def test_one_call_is_enough(session: Session) -> None:
    session.eval(LOOP)
    if session.compiler.tiers.waits:
        assert outcome(session, "(count 5000 1000)") == expected(5000, 1000)
    else:
        assert until_entered(session, "(count 100000000000 1000000000)") == "error: interrupted"
    assert entered(session) >= 1


def test_a_loop_at_top_level_is_entered_too(session: Session) -> None:
    n = 2000
    body = "(set! a (+ a 1)) (set! b (+ b 0.5)) (when (= (mod a 1000) 0) (set! c (list a c)))"
    form = f"(let* [a 0 b 1.5 c '(1)] (while (< a {n}) {body}) (list a b (car c)))"
    assert outcome(session, form) == f"({n} {1.5 + n / 2} {n})"
    if not session.compiler.tiers.waits:
        assert until_entered(session, form.replace(str(n), "100000000000")) == "error: interrupted"
    assert entered(session) >= 1


def test_nested_loops_and_values_computed_around_them(session: Session) -> None:
    session.eval("""
    (define grid [n]
      (let* [sum 0]
        (for [i (range n)]
          (let* [row (* i i) name (str i)]
            (for [j (range n)]
              (set! sum (+ sum (* row j) (length name))))))
        (+ sum (let loop [k 0 acc 0] (if (= k n) acc (loop (+ k 1) (+ acc k)))))))""")
    long_enough(session, "(grid 200)")
    assert outcome(session, "(grid 40)") == str(sum(i * i * j + len(str(i)) for i in range(40) for j in range(40)) + sum(range(40)))


def test_errors_in_entered_code_have_their_exact_place(session: Session) -> None:
    text = "(define fails [xs n]\n  (let loop [i 0]\n    (when (< i n)\n      (array-ref xs (if (= i (- n 1)) 9 0))\n      (loop (+ i 1)))))"
    session.eval(text, name="place.omni")
    session.eval("(define xs (array 1 2 3))")
    before = entered(session)
    for n in (50, 300_000):
        with pytest.raises(OmniError) as raised:
            session.eval(f"(fails xs {n})")
        found = raised.value.diagnostics[0]
        assert "out of" in found.message and found.span is not None and (found.span.line, found.span.column) == (4, 7)
    assert entered(session) > before or not session.compiler.tiers.waits


def test_an_interrupt_stops_a_loop_that_was_entered(session: Session) -> None:
    session.eval(LOOP)
    assert interrupted(session, "(count 100000000000 1000000000)", delay=0.3) == ["error: interrupted"]
    assert outcome(session, "(count 10 3)") == expected(10, 3)


def test_a_running_loop_sees_a_redefinition(session: Session) -> None:
    session.eval("(define step [x] (+ x 1))")
    with meanwhile(session, lambda: session.eval("(define step [x] (+ x 1.5)) (define step [x] (+ x 2))")):
        session.eval("(define run [n] (let loop [i 0 acc 0] (when (= i 50) (now)) (if (= i n) acc (loop (+ i 1) (step acc)))))")
        assert outcome(session, "(run 100000)") == str(50 + 2 * (100000 - 50))
    assert outcome(session, "(run 100)") == "200"


def test_a_function_that_was_redefined_is_not_overwritten_by_what_arrives_late() -> None:
    session = Session(Options())
    session.compiler.tiers.big = 0
    session.eval(LOOP)
    session.eval("(count 3000 10)")  # its optimised code is on its way
    session.eval("(define count [n limit] 'new)")
    for _ in range(20):
        assert outcome(session, "(count 3000 10)") == "new"
    session.close()


def test_recursive_calls_in_loops_have_frames_of_both_tiers(session: Session) -> None:
    session.eval("""
    (define walk [depth]
      (let* [sum 0 kept (list depth)]
        (for [i (range 6)]
          (set! sum (+ sum (if (= depth 0) i (walk (- depth 1))) (car kept))))
        sum))""")

    def walk(depth: int) -> int:
        return sum((i if depth == 0 else walk(depth - 1)) + depth for i in range(6))

    long_enough(session, "(walk 5)")
    assert outcome(session, "(walk 5)") == str(walk(5))


def test_a_recursion_that_goes_deep_does_not_wait_in_quick_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its frames would be several times as large; a shallow one goes on waiting."""
    session = Session(Options())
    session.compiler.tiers.big = 0
    monkeypatch.setattr(session.engine, "object_later", lambda text, tier: Pending("", None, Job(text, tier)))  # never done
    session.eval("(define total [n] (if (= n 0) 0 (+ n (total (- n 1)))))")
    before = session.stats()["units_optimised"]
    for _ in range(50):
        assert outcome(session, "(total 200)") == str(100 * 201)
    assert session.stats()["units_optimised"] == before
    assert outcome(session, "(total 50000)") == str(25000 * 50001)
    assert session.stats()["units_optimised"] == before + 1
    session.close()


NESTED = """
(define sums [n a b]
  (let [total 0.0]
    (for [i (range n)]
      (for [j (range n)]
        (let loop [k 0 s 0.0]
          (if (< k n)
              (loop (+ k 1) (+ s (* (array-ref a (+ (* i n) k)) (array-ref b (+ (* k n) j)))))
              (set! total (+ total s))))))
    total))
"""


def accesses(module: Module) -> int:
    """Looks at what the store of an array that can hold anything holds."""
    return sum(ins.op == "load" and ins.dest is not None and ins.dest.type == TYPE for fn in module.functions for b in fn.blocks for ins in b.ins)


def test_quick_code_has_the_loops_as_they_were_built() -> None:
    session = Session(Options(verify=True))
    session.compiler.tiers.big = 0
    built: list[int] = []
    quick: list[tuple[int, list[str]]] = []

    def watch(stage: Stage, made: Module) -> None:
        if stage is BUILD:
            built.append(accesses(made))
        elif stage is LOOPS:
            quick.append((accesses(made), [block.name for fn in made.functions for block in fn.blocks]))

    session.eval(NESTED + "(define a (make-array 9 1.5))")
    session.pipeline.watch = watch
    assert session.eval("(sums 3 a a)").value_text == "60.75"
    session.pipeline.watch = None
    (count, names), copies = quick[-1], ("strip", "expected", "turns")
    assert count == max(built) > 2
    assert not any(name.startswith(copies) for name in names)
    shown = session.dump("sums", "typed")
    assert all(re.search(rf"^\s*{name}\.", shown, re.MULTILINE) for name in copies)
    session.close()


def test_an_inner_loop_is_entered_in_a_copy_that_strips_can_be_made_of() -> None:
    """What lies behind the header is there once for the rest of each loop around it, and values are computed in one place."""
    session = Session(Options())
    session.eval(NESTED + "(define a (make-array 9 1.5)) (sums 3 a a)")
    compiler = session.compiler
    of_arrays = [inst for inst in compiler.world.functions["sums"].methods[0].instances.values() if all(mask > 0 for mask in inst.key)]
    unit = compiler.unit_of(of_arrays[0])
    fn = unit.module.functions[0]
    found = headers(fn)
    assert [len(loops_around(fn, header.block)) for header in found] == [2, 1, 0]
    for header, copies in zip(found, (3, 2, 1), strict=True):
        made = entry(fn, header, "entered")
        verify(made)
        heads = [edge.head for edge in made.back_edges]
        assert len(heads) == {3: 6, 2: 5, 1: 3}[copies]
        loops(Module("entered", [made]), OPTIMISED)
        verify(made)
        assert sum(block.name.startswith("rest.") for block in made.blocks) == copies
    session.close()


def test_what_llvm_refuses_comes_back_as_a_message() -> None:
    jobs = Background()
    bad, good = jobs.submit("nonsense", 1), jobs.submit("define i64 @f() { ret i64 1 }", 1)
    assert bad.done.wait(60) and good.done.wait(60)
    assert bad.image is None and bad.error
    assert good.image is not None and good.image[:4] == b"\x7fELF"


def test_without_a_helper_process_the_thread_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise OSError

    monkeypatch.setattr(background, "_start_helper", fails)
    job = Background().submit("define i64 @f() { ret i64 1 }", 1)
    assert job.done.wait(60) and job.image is not None


def test_the_quick_engine_has_no_counters() -> None:
    session = Session(Options(engine="quick"))
    session.compiler.tiers.big = 0
    session.eval(LOOP)
    session.eval("(count 3000 10)")
    assert "turns." not in session.dump("count", "llvm")
    assert entered(session) == 0 and session.stats()["units_optimised"] == 0
    session.close()
