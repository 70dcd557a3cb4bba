"""What a program can ask about its memory: sums that agree, owners and holders by name, a limit for a part of a program."""

from __future__ import annotations

from typing import Any

import pytest

from jit_runtime.doctest import Printing
from jit_runtime.options import Options
from jit_runtime.session import Session
from tests.memory.program import open_session
from tests.unit.session_fixture import outcome

MAKE = """
(define db #{}) (define index []) (define pair (list 1 2))
(dict-set! db 'pair pair)
(array-push! index db)
(set! pair (list 3 4))
"""
SUM = "(reduce + 0 (map (fn [r] (get r 'bytes)) (regions)))"


@pytest.fixture(params=["normal", "checked", "stress", "retire"])
def session(request: pytest.FixtureRequest) -> Any:
    made = open_session(request.param)
    for form in MAKE.strip().splitlines():
        made.eval(form, name="file")
    yield made
    made.close()


def test_the_bytes_of_all_regions_are_what_is_held(session: Session) -> None:
    """Also while regions are open, after splices, merges and moves."""
    deep = f"""(define deep n (if (= n 0)
      (list (get (region-stats) 'held-bytes) {SUM})
      (let [b (box n)] (let [r (deep (- n 1))] (do (box-set! b r) r)))))"""
    session.eval(deep)
    for text in (f"(list (get (region-stats) 'held-bytes) {SUM})", "(deep 200)", "(deep 5000)"):
        stats, total = outcome(session, text)[1:-1].split()
        assert abs(int(stats) - int(total)) <= 64 << 10, text  # what summing itself takes
    session.eval("(for [i (range 300)] (array-push! index (list i)))", name="file")
    assert sum(r.held for r in session._callbacks._accounting.regions()) == session.stats()["held_bytes"]


def test_undead_bytes_are_those_of_undead_regions(session: Session) -> None:
    for i in range(100):
        session.eval(f"(set! pair (list {i} (make-array 200 {i})))", name="file")
        session.eval(f"(do (dict-set! db {i % 7} pair) (set! index [db pair]))", name="file")
        undead = [r for r in session._callbacks._accounting.regions() if r.state == "undead"]
        assert session.stats()["undead_bytes"] == sum(r.held for r in undead)


def test_regions_name_their_owners_and_what_they_retain(session: Session) -> None:
    if session.options.stress == "retire":
        pytest.skip("what is retired lies in one region")
    by_owner = "(define of name (find (fn [r] (= (get r 'owners) (list name))) (regions)))"
    session.eval(by_owner)
    assert outcome(session, "(get (of 'db) 'state)") == "owned"
    assert outcome(session, "(= (list (get (of 'db) 'id)) (get (of 'index) 'retains))") == "true"


def test_forgetting_frees(session: Session) -> None:
    session.eval("(make-array 100000 0)", name="<repl>")
    held = session.stats()["held_bytes"]
    session.eval("(forget 1)", name="<repl>")
    session.eval("0", name="file")
    assert session.stats()["held_bytes"] < held - 700_000


def test_a_limit_holds_for_its_body_only(session: Session) -> None:
    session.eval("(define eat [] (let loop [xs '()] (loop (cons (make-array 1000 0) xs))))")
    told = "(handle (with-memory-limit 4000000 (eat)) [raise [e] e])"
    assert outcome(session, f"(list {told} {told})") == '("out of memory" "out of memory")'
    assert session.engine.heap.read("limit_bytes") == 0
    assert outcome(session, "(with-memory-limit 4000000 (with-memory-limit 9000000000 (eat)))") == "error: out of memory"
    assert session.engine.heap.read("limit_bytes") == 0
    assert outcome(session, "(array-length (make-array 1000000 0))") == "1000000"
    assert outcome(session, "(with-memory-limit 4000000 (let loop [i 0] (if (= i 100000) i (do (list i i i) (loop (+ i 1))))))") == "100000"


def test_where_the_allocations_of_a_function_go() -> None:
    session = Printing(Options())
    session.eval("(define tree n (if (= n 0) '() (list (tree (- n 1)) n)))\n(tree 2)", name="file", line=1)
    session.eval("(define count n (let loop [i 0] (if (= i n) i (do (length (list i i)) (loop (+ i 1))))))\n(count 3)", name="file", line=1)
    session.eval("(define total n (+ 1 (length (list n (tree n)))))\n(total 2)", name="file", line=1)
    session.eval("(define rest-of x (do (println (list x)) (array-ref x 0)))\n(rest-of [1])", name="file", line=1)
    session.eval("(define square x (* x x))\n(square 2)", name="file", line=1)
    text = "(define again n (let [big (list n (tree n))] (let [size (length big)] (tree size))))\n(again 2)"
    session.eval(text, name="file", line=1)
    for name, line in {
        "again": "again(Int):|  1:27  (list n (tree n))  a region of its own  nothing of it is used behind (length big), 1:57",
        "tree": "tree(Int):|  1:32  (list (tree (- n 1)) n)  the caller's destination  part of the result",
        "count": "count(Int):|  1:59  (list i i)  the loop's space  no variable of the loop can keep it",
        "total": "total(Int):|  1:30  (list n (tree n))  the call's own region  the result holds no reference",
        "rest-of": "rest-of(Array Any):|  1:32  (list x)  the youngest open region  nothing is proven",
        "square": "square(Int): allocates nothing",
    }.items():
        session.eval(f"(code-regions '{name})", name="file", line=1)
        assert line in session.take_output().replace("\n", "|")
    assert "a function of the program" in outcome(session, "(code-regions car)")
    session.close()


@pytest.mark.parametrize("mode", ["normal", "checked"])
def test_with_stats_counts_what_its_body_allocates(mode: str) -> None:
    session = open_session(mode)
    session.eval("(define (build n) (let loop [i 0 acc ()] (if (= i n) acc (loop (+ i 1) (cons i acc)))))")
    session.eval("(build 1)")  # compiling makes an object, too
    for n in (0, 1, 1000, 300_000):
        assert outcome(session, f"(get (with-stats (build {n})) 'bytes-allocated 0)") == str(16 * n)
    assert outcome(session, "(get (with-stats (with-stats (build 10))) 'value)").startswith("#{:value (9 8 7 6 5 4 3 2 1 0)")
    session.close()
