"""The machine code of known functions is as it is when optimisation works: packed instructions, no calls, nothing allocated.

No times: these fail when a pass, an inference rule or a tier is silently off, which no other test notices.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from jit_runtime.codegen import pipelines
from jit_runtime.passes import strips
from jit_runtime.session import Session
from jit_runtime.types.kinds import BIT
from tests.unit.session_fixture import open_session

PROGRAMS = Path(__file__).parents[2] / "benchmarks" / "programs"
PACKED = re.compile(r"^\s+(?:v?(?:mul|add|fmadd\d+)pd|fm(?:ul|la)\s+v\d+\.2d)\b", re.M)  # x86-64, aarch64
SINGLES = re.compile(r"^\s+(?:v?(?:mul|add|fmadd\d+)ps|fm(?:ul|la)\s+v\d+\.4s)\b", re.M)
BYTES = re.compile(r"^\s+(?:v?p(?:add|max|min|sub)u?s?b|(?:u?q?add|umax|umin)\s+v\d+\.16b)\b", re.M)
PRODUCT = re.compile(r"^\s+(?:v?mulsd|fmul\s+d)", re.M)
WHOLE_PRODUCT = re.compile(r"^\s+(?:imul\w*|mul\s+x|madd\s+x|smulh)\b", re.M)
CALL = re.compile(r"^\s+(?:call|blr?)q?\s", re.M)
FLOATS = f".{BIT['Array Float']:x}.{BIT['Array Float']:x}."
VECTORS = "(define x (vector 1000 17 0.5)) (define y (vector 1000 13 0.25))"

Read = Callable[..., str]


@pytest.fixture
def read(request: pytest.FixtureRequest) -> Read:
    """`read(program, stage, function, instance, *forms)`: what a stage made of an instance, after the forms were evaluated."""
    session: Session = open_session("normal")
    request.addfinalizer(session.close)

    def dumped(program: str, stage: str, function: str, instance: str, *forms: str) -> str:
        session.eval((PROGRAMS / program / "program.omni").read_text())
        for form in forms:
            session.eval(form)
        start = r"^function \w+ @fn\." if stage == "typed" else r"^fn\."
        parts = re.split(f"(?={start})", session.dump(function, stage), flags=re.M)
        found = [part for part in parts if re.match(start, part) and instance in part.partition("\n")[0]]
        assert len(found) == 1, [part.partition("\n")[0] for part in parts]
        return found[0]

    return dumped


def callees(typed: str) -> set[str]:
    """What an instance may call and come back from."""
    lines = [line for line in typed.splitlines() if "{noreturn}" not in line]
    return {name for line in lines for name in re.findall(r"call \w+ \w+ ([@%][^\s(]+)", line)}


def heads(typed: str) -> list[str]:
    """The loops: blocks that a loop's name is given to."""
    return re.findall(r"^loop\.[^:]+:", typed, re.M)


def loops(asm: str) -> list[str]:
    """Texts between a label and the last jump back to it that have no such loop inside."""
    labels = {m[1]: m.start() for m in re.finditer(r"^(\.?L[\w.$]+):", asm, re.M)}
    ends: dict[str, int] = {}
    for jump in re.finditer(r"^\s+(?:j\w+|b(?:\.\w+)?|cbn?z\s+\w+,|tbn?z\s+\w+,\s*#\d+,)\s+(\.?L[\w.$]+)", asm, re.M):
        if labels.get(jump[1], len(asm)) < jump.start():
            ends[jump[1]] = jump.end()
    spans = [(labels[name], end) for name, end in ends.items()]
    inner = [(a, b) for a, b in spans if not any((c, d) != (a, b) and a <= c and d <= b for c, d in spans)]
    return [asm[a:b] for a, b in inner]


def packed_loops(asm: str, pattern: re.Pattern[str]) -> bool:
    """Is there a loop with packed instructions of a kind, and none such that calls?"""
    packed = [loop for loop in loops(asm) if len(pattern.findall(loop)) >= 2]
    return bool(packed) and not any(CALL.search(loop) for loop in packed)


def saxpy_is_packed(read: Read) -> bool:
    return packed_loops(read("saxpy", "asm", "saxpy!", FLOATS, VECTORS, "(saxpys x y 3)"), PACKED)


def singles_are_packed(read: Read) -> bool:
    single = BIT["Array Float32"]
    arrays = "(define s (typed-array 1000 {Float32})) (define t (typed-array 1000 {Float32}))"
    return packed_loops(read("saxpy", "asm", "saxpy!", f".{single:x}.{single:x}.", arrays, "(saxpy! (Float32 0.5) s t)"), SINGLES)


def bytes_are_packed(read: Read) -> bool:
    """Saturating or not, a sum of bytes is checked: what is packed is a choice between two of them."""
    most = """(define brightest! a b
        (let [n (array-length a)]
          (let loop [i 0]
            (when (< i n)
              (let [x (array-ref a i)] [y (array-ref b i)] (array-set! b i (if (< x y) y x)))
              (loop (+ i 1))))))"""
    arrays = "(define s (typed-array 1000 {UInt8})) (define t (typed-array 1000 {UInt8}))"
    byte = BIT["Array UInt8"]
    return packed_loops(read("saxpy", "asm", "brightest!", f".{byte:x}.{byte:x}.", most, arrays, "(brightest! s t)"), BYTES)


def floats_in_arrays_of_anything_are_packed(read: Read) -> bool:
    """The array is one that can hold anything; it holds Floats."""
    arrays = "(define s (make-array 1000 0.5)) (define t (make-array 1000 0.25))"
    plain = BIT["Array Any"]
    return packed_loops(read("saxpy", "asm", "saxpy!", f".{plain:x}.{plain:x}.", arrays, "(saxpys s t 3)"), PACKED)


CODE = saxpy_is_packed, singles_are_packed, bytes_are_packed, floats_in_arrays_of_anything_are_packed


@pytest.mark.parametrize("holds", CODE, ids=lambda holds: holds.__name__)
def test_loops_over_arrays_are_what_optimisation_makes_of_them(holds: Callable[[Read], bool], read: Read) -> None:
    assert holds(read)


@pytest.mark.parametrize("holds", CODE, ids=lambda holds: holds.__name__)
def test_the_canary_sees_that_optimisation_is_off(holds: Callable[[Read], bool], read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    optimise = pipelines.optimise
    monkeypatch.setattr(pipelines, "optimise", lambda text, tier: optimise(text, pipelines.QUICK))
    assert not holds(read)


@pytest.mark.parametrize("holds", [saxpy_is_packed, floats_in_arrays_of_anything_are_packed], ids=lambda holds: holds.__name__)
def test_the_canary_sees_that_strips_are_off(holds: Callable[[Read], bool], read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "only_raw", lambda body: False)
    assert not holds(read)


def test_a_product_of_arrays_of_anything_needs_no_call(read: Read) -> None:
    """Nor is an index multiplied or checked in each turn."""
    plain = BIT["Array Any"]
    arrays = "(define a (matrix 30 17 0.5)) (define b (matrix 30 13 0.25)) (define c (matrix 30 1 0.0))"
    asm = read("matmul-plain", "asm", "matmul!", f".{plain:x}.{plain:x}.{plain:x}.", arrays, "(products a b c 30)")
    assert any(PRODUCT.search(loop) and not CALL.search(loop) and not WHOLE_PRODUCT.search(loop) for loop in loops(asm))


def test_a_dot_product_is_a_loop_without_calls_and_allocation(read: Read) -> None:
    typed = read("dot", "typed", "dot", FLOATS, VECTORS, "(dots x y 3)")
    assert callees(typed) == {"@rt_guard"}
    assert typed.partition("\n")[0].endswith("-> f64  [export]")


def test_fib_neither_allocates_nor_boxes(read: Read) -> None:
    typed = read("fib", "typed", "fib", ".1.1.1(", "(fib 15)")
    assert {name for name in callees(typed) if "fn.fib" not in name} == {"@rt_guard"}
    asm = read("fib", "asm", "fib", ".1.1.1:", "(fib 15)")
    assert 8 <= len(CALL.findall(asm)) <= 64, "the recursion is inlined a few levels deep"


def test_mandelbrot_iterates_without_calls(read: Read) -> None:
    """Also with a struct for the complex number, which is made nowhere."""
    for program, instance in (("mandelbrot", ".2.2.2."), ("mandelbrot-complex", "..1.")):
        asm = read(program, "asm", "inside?", instance, "(mandelbrot 20)")
        assert any(PRODUCT.search(loop) and not CALL.search(loop) for loop in loops(asm)), program


def test_mandelbrot_on_floats_calls_nothing(read: Read) -> None:
    typed = read("mandelbrot", "typed", "inside?", "fn.inside", "(mandelbrot 20)")
    assert callees(typed) == {"@rt_guard"} and len(heads(typed)) == 1


def test_a_pipeline_is_one_loop(read: Read) -> None:
    typed = read("pipeline", "typed", "total", ".1.1(", "(total 20)")
    assert callees(typed) == {"@rt_guard"} and len(heads(typed)) == 1


def test_a_ray_tracer_makes_no_objects(request: pytest.FixtureRequest) -> None:
    """Rays, points and hits are fields: in loops, in results, in arguments of calls that are not inlined."""
    session: Session = open_session("normal")
    request.addfinalizer(session.close)
    session.eval((PROGRAMS / "raytracer" / "program.omni").read_text() + "(define scene (make-scene)) (render scene 50)")
    stats = session.eval("(render scene 50)").stats
    assert stats.get("bytes_allocated", 0) <= 64 and stats.get("regions_created", 0) <= 2, stats


def test_a_loop_of_calls_with_structs_opens_no_region(read: Read) -> None:
    typed = read("nbody-structs", "typed", "advance!", "fn.advance", "(simulate 10)")
    assert "rt_region_open" not in typed and "rt_region_exit" not in typed


def test_many_methods_are_told_apart_by_a_table(read: Read) -> None:
    kinds = "".join(f"(define {{struct K{i}}} [v {{Int}}]) (define tag [x {{K{i}}}] {i}) " for i in range(12))
    typed = read("fib", "typed", "choose", "fn.choose", kinds, "(define choose xs (tag (car xs)))", "(choose (list (K3 1)))")
    assert "@decide.tag." in typed and "switch" in typed and "rt_in_kind" not in typed
