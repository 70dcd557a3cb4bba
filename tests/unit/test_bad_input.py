"""Nothing that a program or its surroundings do wrong loses what was defined before, or the session."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jit_runtime.codegen import image
from jit_runtime.codegen.emit import emit_module
from jit_runtime.dataclass import replace
from jit_runtime.infer.systems import compile_sources
from jit_runtime.options import Options
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from jit_runtime.source.render import render_plain
from jit_runtime.source.text import Source
from tests.unit.session_fixture import interrupted, open_session, outcome

BEFORE = '(define kept (list 1 "two" [3])) (define held (box 4)) (define twice n (* 2 n)) (define adder (let [n 5] (fn [x] (+ x n))))'
LIMIT = 96 << 20
FOREVER = "(let loop [n 0] (loop (+ n 1)))"


@pytest.fixture(params=["normal", "checked"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    made = open_session(request.param)
    made.eval(BEFORE)
    yield made
    assert_intact(made)
    made.close()


def assert_intact(session: Session) -> None:
    """Everything of before is there, errors are caught, and new things can be made."""
    assert outcome(session, "(list kept (box-ref held) (twice 21) (adder 1))") == '((1 "two" [3]) 4 42 6)'
    assert outcome(session, "(handle (car 1) (raise [e] 'caught))") == "caught"
    session.eval("(define sum n (let loop [i 0] [xs '()] (if (= i n) (reduce + 0 xs) (loop (+ i 1) (cons i xs)))))")
    assert outcome(session, "(sum 1000)") == "499500"


# ---- text ----


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(define lost 1) (+ 1 2", "("),
        ("(define lost 1))", ")"),
        ("(define lost [1 2)", "]"),
        ('(define lost "abc', "string"),
        ("(define lost 12abc)", "number"),
        ("(define lost #\\nosuchname)", "character"),
        ("'", ""),
        ("#{1}", "dict"),
        ("(let [x] x)", "let"),
        ("(if)", "if"),
        ("(fn [a a] a)", "duplicate"),
    ],
)
def test_text_that_is_no_program(session: Session, text: str, message: str) -> None:
    """Reader and compile errors name file, line and column and show a caret; nothing of a text that cannot be read is evaluated."""
    with pytest.raises(OmniError) as failed:
        session.eval("\n  " + text, name="some.omni", line=7)
    shown = render_plain(failed.value.diagnostics)
    assert message in shown and "some.omni:8:" in shown and "^" in shown
    assert "unbound" in outcome(session, "lost")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-16-le"])
def test_a_megabyte_of_random_bytes(session: Session, encoding: str) -> None:
    text = random.Random(7).randbytes(1 << 20).decode(encoding, "replace")
    with pytest.raises(OmniError) as failed:
        session.eval(text)
    assert len(render_plain(failed.value.diagnostics)) < 1 << 20


@pytest.mark.parametrize("text", ["(" * 1_000_000, "[" * 100_000 + "]" * 100_000, "'" * 1_000_000 + "x", "(f " * 20_000 + "1" + ")" * 20_000])
def test_nesting_without_end(session: Session, text: str) -> None:
    with pytest.raises(OmniError):
        session.eval(text)


# ---- programs ----


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nobody", "unbound name: nobody"),
        ("(nobody 1)", "unbound name: nobody"),
        ("(set! nobody 1)", "unbound name: nobody"),
        ("(twice)", "arity"),
        ("(twice 1 2)", "arity"),
        ("(adder 1 2 3)", "arity"),
        ("(5 1)", "not a function: 5"),
        ("((car (list 1)) 2)", "not a function: 1"),
        ("(twice 'x)", "numbers"),
        ("(/ 1 0)", "division by zero"),
        ("(% 1 (- 1 1))", "division by zero"),
        ("(+ 9223372036854775807 1)", "overflow"),
        ("(raise (list 1 2))", "(1 2)"),
        ("(make-array 1000000000000 0)", "out of memory"),
        ("(make-array 4611686018427387904 0)", "out of memory"),
        ("(make-array -1 0)", "bounds"),
        ('(string-repeat "abcdefgh" 1000000000000)', "out of memory"),
        ("(range 0 10 0)", "step"),
    ],
)
def test_a_program_that_fails(session: Session, text: str, message: str) -> None:
    for _ in range(2):
        assert message in outcome(session, text)
        assert_intact(session)


@pytest.mark.parametrize("mode", ["normal", "checked"])
def test_stack_exhaustion(mode: str) -> None:
    """Without and with references on each frame."""
    session = open_session(mode)
    session.eval(BEFORE)
    text = "(let deep [n 0] (+ 1 (deep n)))" if mode == "checked" else "(define f x (list (f (cons x x)))) (f 1)"
    assert outcome(session, text) == "error: stack overflow"
    assert_intact(session)
    assert outcome(session, "(handle (let deep [n 0] (+ 1 (deep n))) (raise [e] e))") == '"stack overflow"'
    assert_intact(session)
    session.close()


@pytest.mark.parametrize(
    "text",
    [
        "(let loop [xs '()] (loop (cons 1 xs)))",
        "(let loop [a []] (do (push! a 1.5) (loop a)))",
        '(let loop [s "x"] (loop (string-append s s)))',
        "(let [d #{}] (let loop [i 0] (do (dict-set! d i (list i)) (loop (+ i 1)))))",
        "(do (set! kept (list kept kept)) (let loop [b held] (let [c (box b)] (loop c))))",
        "(let deep [n 0] (if (= n -1) '() (cons (make-array 100 n) (deep (+ n 1)))))",
        "(let loop [] (do (set! grown (cons 1 grown)) (loop)))",
    ],
)
def test_memory_under_a_limit(session: Session, text: str) -> None:
    """Consing without end is an error, which handlers see too, and what it filled is free again."""
    session.eval("(define saved kept) (define grown '())")
    held_back = 64 << 20 if session.options.check else 0  # of released blocks
    session.engine.heap.write(limit_bytes=session.engine.heap.read("mapped_bytes") + LIMIT + held_back)
    for _ in range(2):
        assert outcome(session, text) == "error: out of memory"
        session.eval("(set! kept saved) (set! grown '())")
        assert_intact(session)
    assert outcome(session, f"(handle {text} (raise [e] e))") == '"out of memory"'
    session.eval("(set! kept saved) (set! grown '())")
    assert outcome(session, "(length (make-array 100000 0))") == "100000"
    assert session.engine.heap.read("mapped_bytes") <= session.engine.heap.read("limit_bytes")


def test_a_limit_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNI_MEMORY", "64M")
    session = open_session("normal")
    session.eval(BEFORE)
    assert outcome(session, "(let loop [xs '()] (loop (cons 1 xs)))") == "error: out of memory"
    assert_intact(session)
    session.close()


# ---- interrupts and faults ----


@pytest.mark.parametrize(
    "text",
    [
        FOREVER,
        "(let [i 0] (while true (set! i (+ i 1))))",
        "(let loop [i 0] (loop (car (list i))))",
        "(let loop [xs '()] [i 0] (if (= i 1000) (loop '() 0) (loop (cons (list i) xs) (+ i 1))))",
        '(let loop [] (do (set! kept (list 1 "two" [3])) (loop)))',
        "(do (define ping n (pong n)) (define pong n (ping n)) (ping 1))",
        "(do (define work n (if (= n 0) 0 (+ 1 (work (- n 1))))) (let loop [] (do (work 1000) (loop))))",
        "(let loop [] (do (handle (raise 1) (raise [e] e)) (loop)))",
    ],
)
def test_interrupt_in_a_native_loop(session: Session, text: str) -> None:
    for found in interrupted(session, text, 2):
        assert found == "error: interrupted"
        assert_intact(session)


HANDLED = [
    f"(handle {FOREVER} [error [e] 'caught])",
    f"(let again [] (do (handle {FOREVER} [raise [e] 0]) (again)))",
    f"(handle (try {FOREVER} (finally (handle (raise 1) [error [e] e]))) [error [e] 'caught])",
    "(do (define (serve n) (if (= n 0) (raise 'down) (serve (- n 1)))) (let again [] (do (handle (serve 10) [error [e] 0]) (again))))",
]


@pytest.mark.parametrize("form", HANDLED)
def test_no_handler_takes_an_interrupt(form: str, session: Session) -> None:
    """Or a loop that handles its errors could not be stopped."""
    assert interrupted(session, form) == ["error: interrupted"]
    assert outcome(session, "(handle (raise 'mine) [error [e] e])") == "mine"


def test_the_cleanup_runs_when_an_interrupt_leaves(session: Session) -> None:
    found = interrupted(session, f"(do (define log []) (try {FOREVER} (finally (push! log 'cleaned))))")
    assert found == ["error: interrupted"]
    assert outcome(session, "log") == "[cleaned]"


def test_interrupts_at_many_moments_of_evacuations() -> None:
    """Every safepoint moves everything; wherever the interrupt comes, the heap is in order afterwards."""
    session = open_session("stress")
    session.eval(BEFORE)
    text = "(let loop [xs (list 1 2 3)] [b (box 1)] (do (box-set! b (list xs b)) (set! held (box (car (list 4)))) (loop (reverse xs) (box 2))))"
    for i in range(20):
        assert interrupted(session, text, delay=0.002 + 0.0007 * i) == ["error: interrupted"]
        assert_intact(session)
    session.close()


FAULT = "(define ^:export fault [task {CPtr Task}] [dest {I64}] [env {I64}] [n {I64}] {I64} (%load {I64} n))"


def test_a_native_fault_is_an_error(session: Session) -> None:
    """A systems-subset function that loads from address 0 stands in for the code of `peek`."""
    session.eval('(define peek n n) (define safe n (handle (peek n) (raise [e] (str "caught " e)))) (peek 0)')
    unit = session.engine.compile(emit_module(compile_sources([Source("fault", FAULT)], "fault")), ["fault"])
    slot = next(slot for name, slot in session.compiler.slots.items() if name.startswith("slot.peek."))
    slot.slot.target = unit["fault"]
    for _ in range(3):
        assert "native fault" in outcome(session, "(peek 0)")
        assert "caught native fault" in outcome(session, "(safe 0)")
        assert_intact(session)
    session.eval("(define peek n (+ n 1))")
    assert outcome(session, "(peek 0)") == "1"


# ---- surroundings ----


def session_printing_to(descriptor: int) -> Session:
    made = Session(replace(Options(check=True), out_fd=descriptor))
    made.eval(BEFORE)
    return made


def test_a_closed_pipe() -> None:
    read, write = os.pipe()
    session = session_printing_to(write)
    os.close(read)
    for text in ('(println "lost")', "(let loop [i 0] (do (println i) (if (= i 100000) i (loop (+ i 1)))))"):
        assert "output" in outcome(session, text)
        assert_intact(session)
    os.close(write)
    assert "output" in outcome(session, "(println 1)")  # now the descriptor is closed
    assert_intact(session)
    session.close()


def test_a_full_device() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    session = session_printing_to(full)
    assert "output" in outcome(session, "(println 1)")
    assert_intact(session)
    session.close()
    os.close(full)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test with a copy of the runtime's image."""
    known = Path(image.image_path() or "/nowhere")
    content = known.read_bytes() if known.exists() else None
    monkeypatch.setenv("OMNI_CACHE", str(tmp_path))
    if content is not None:
        path = Path(image.image_path() or "")
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    return tmp_path


def use() -> None:
    session = open_session("checked")
    session.eval(BEFORE)
    assert_intact(session)
    session.close()


def damaged(path: Path, how: Callable[[bytes], bytes]) -> None:
    for file in path.rglob("*"):
        if file.is_file():
            file.write_bytes(how(file.read_bytes()))


@pytest.mark.parametrize(
    "how",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-9] + bytes(b ^ 255 for b in data[-9:]),
        lambda data: random.Random(1).randbytes(len(data)),
    ],
    ids=["empty", "cut off", "changed at the end", "random"],
)
def test_damaged_objects_in_the_cache(own_cache: Path, how: Callable[[bytes], bytes]) -> None:
    use()
    assert any(file.is_file() for file in (own_cache / "objects").rglob("*"))
    damaged(own_cache / "objects", how)
    use()


def test_a_damaged_image_of_the_runtime(own_cache: Path) -> None:
    """It is compiled again."""
    use()
    damaged(own_cache / "runtime", lambda data: data[:100] + b"?" + data[101:])
    use()
    assert image._read(str(next((own_cache / "runtime").iterdir()))) is not None


def test_a_cache_that_cannot_be_written(own_cache: Path) -> None:
    use()
    for file in (own_cache / "objects").rglob("*"):
        if file.is_file():
            file.unlink()
    for folder, _, _ in os.walk(own_cache / "objects"):
        os.chmod(folder, 0o500)
    try:
        use()
    finally:
        for folder, _, _ in os.walk(own_cache / "objects"):
            os.chmod(folder, 0o700)


def test_a_cache_that_is_no_folder(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    session = open_session("checked")
    session.engine.cache.__init__(str(blocked / "below"))  # type: ignore[misc]
    session.eval(BEFORE)
    assert_intact(session)
    session.close()
