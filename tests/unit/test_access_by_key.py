"""Which accesses by key are compiled in place, because the kinds of container and key are known."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from jit_runtime.options import Options
from jit_runtime.session import Session

COUNT = """(define count-all n
  (let [d #{}] (let loop [i 0] (if (= i n) (length d) (do (dict-set! d (% i 100) (+ 1 (get d (% i 100) 0))) (loop (+ i 1)))))))"""
CASES = {
    COUNT: ({"rt_dict_at_int", "rt_dict_put"}, {"rt_get", "rt_dict_set"}),
    "(define sum n (let [a [1 2 3]] (let loop [i 0] [s 0] (if (= i n) s (loop (+ i 1) a.[1])))))": (set(), {"rt_path_get", "rt_get"}),
    "(define fill n (let [a [1 2 3]] (let loop [i 0] (if (= i n) a (do (put! a.[1] i) (loop (+ i 1)))))))": (set(), {"rt_path_put"}),
    "(define seen n (let [d #{}] (let loop [i 0] (if (dict-contains? d i) i (do (dict-set! d (% (* i 7) n) i) (loop (+ i 1)))))))": (
        {"rt_dict_has_int"},
        {"rt_dict_contains"},
    ),
}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    made = Session(Options())
    yield made
    made.close()


@pytest.mark.parametrize("text", CASES)
def test_known_kinds_are_accessed_in_place(session: Session, text: str) -> None:
    wanted, unwanted = CASES[text]
    name = text.split()[1]
    session.eval(text, name="t", line=1)
    session.eval(f"({name} 20)", name="t", line=1)
    called = {word.split("(")[0] for word in session.dump(name, "typed").replace("@", " ").split() if word.startswith("rt_")}
    assert wanted <= called
    assert not unwanted & called


def test_a_list_made_by_recursion_is_made_by_a_loop(session: Session) -> None:
    session.eval("(define up i n (if (= i n) () (cons i (up (+ i 1) n))))", name="t", line=1)
    session.eval("(let loop [i 0] (when (< i 1500) (do (up 0 3) (loop (+ i 1)))))", name="t", line=1)
    code = session.dump("up", "typed")
    assert "var $last" in code
    assert not re.search(r"call tailcc ref @fn\.up", code)
    assert session.eval("(length (up 0 300000))", name="t", line=1).value_text == "300000"
