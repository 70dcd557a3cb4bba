"""Arrays hold their elements by kind: packed Bools and raw Floats become words when something else is stored, and nobody sees a difference."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from jit_runtime.layout import words
from jit_runtime.oracle.session import OracleSession
from jit_runtime.source.diagnostics import OmniError
from tests.memory.program import open_session
from tests.unit.data_machine import Array, Char, Failed, Machine, Word

OTHERS = (3, 1 << 61, 0.5, 1e300, None, "text", Char("c"), [1], Array([False]))


@pytest.fixture(scope="module")
def m() -> Machine:
    return Machine()


def bools(m: Machine, *values: bool) -> int:
    return m.spread("rt_array", *(m.word(v) for v in values))


# ---- which store ----


def test_arrays_of_bools_start_packed(m: Machine) -> None:
    made = [
        bools(m, True, False),
        m.run("rt_make_array", m.word(3), words.FALSE),
        m.run("rt_list_to_array", m.word([True, True])),
        m.run("rt_array_slice", bools(m, True, False, True), m.word(1), m.word(3)),
        m.run("rt_copy", bools(m, True)),
        m.run("rt_reverse", bools(m, True, False)),
    ]
    assert [m.store_of(w) for w in made] == ["bools"] * len(made)
    assert [m.value(w) for w in made] == [[True, False], [False] * 3, [True, True], [False, True], [True], [False, True]]


@pytest.mark.parametrize("content", [[], [None], [True, 1], [1, True], [True, None, False]])
def test_other_arrays_start_with_words(m: Machine, content: list[object]) -> None:
    made = [m.spread("rt_array", *map(m.word, content)), m.run("rt_list_to_array", m.word(content))]
    assert [m.store_of(w) for w in made] == ["store"] * 2
    assert [m.value(w) for w in made] == [content] * 2


def test_an_empty_array_of_a_bool_starts_with_words(m: Machine) -> None:
    assert m.store_of(m.run("rt_make_array", m.word(0), words.TRUE)) == "store"


FLOATS = [0.5, -0.0, 1e300, 5e-324]


def floats(m: Machine) -> int:
    return m.spread("rt_array", *map(m.word, FLOATS))


def test_arrays_of_floats_start_raw(m: Machine) -> None:
    made = [
        floats(m),
        m.run("rt_make_array", m.word(2), m.word(1e300)),
        m.run("rt_list_to_array", m.word(FLOATS)),
        m.run("rt_array_slice", floats(m), m.word(1), m.word(3)),
        m.run("rt_copy", floats(m)),
        m.run("rt_reverse", floats(m)),
    ]
    assert [m.store_of(w) for w in made] == ["floats"] * len(made)
    assert [list(map(str, m.value(w))) for w in made] == [
        list(map(str, row)) for row in (FLOATS, [1e300] * 2, FLOATS, FLOATS[1:3], FLOATS, FLOATS[::-1])
    ]


@pytest.mark.parametrize("content", [[0.5, True], [True, 0.5], [0.5, 1], [1, 0.5], [0.5, None]])
def test_arrays_of_floats_and_others_start_with_words(m: Machine, content: list[object]) -> None:
    made = [m.spread("rt_array", *map(m.word, content)), m.run("rt_list_to_array", m.word(content))]
    assert [m.store_of(w) for w in made] == ["store"] * 2
    assert [m.value(w) for w in made] == [content] * 2


# ---- becoming words ----


STORES: dict[str, Callable[[Machine, int, int], object]] = {
    "array-set!": lambda m, array, word: m.spread("rt_array_set", array, m.word(1), word),
    "put!": lambda m, array, word: m.run("rt_path_put", array, m.word(1), word),
    "compiled": lambda m, array, word: m.call("rt_array_put", array, 1, word),
}


@pytest.mark.parametrize("value", OTHERS, ids=repr)
@pytest.mark.parametrize("how", STORES)
def test_storing_anything_else_widens_once(m: Machine, how: str, value: object) -> None:
    """The array stays the same object, the other elements stay, and it does not go back."""
    array, word = bools(m, True, False, True), m.word(value)
    STORES[how](m, array, word)
    assert m.store_of(array) == "store"
    assert m.value(array) == [True, value, True]
    store = m.field(array, 16)
    STORES[how](m, array, words.FALSE)
    assert m.field(array, 16) == store
    assert m.value(array) == [True, False, True]


@pytest.mark.parametrize("how", STORES)
def test_storing_bools_stays_packed(m: Machine, how: str) -> None:
    array = bools(m, True, True, True)
    STORES[how](m, array, words.FALSE)
    assert m.store_of(array) == "bools"
    assert m.value(array) == [True, False, True]


@pytest.mark.parametrize("value", [v for v in OTHERS if not isinstance(v, float)], ids=repr)
@pytest.mark.parametrize("how", STORES)
def test_storing_no_float_widens_once(m: Machine, how: str, value: object) -> None:
    array = floats(m)
    STORES[how](m, array, m.word(value))
    assert m.store_of(array) == "store"
    assert m.value(array) == [0.5, value, 1e300, 5e-324]
    STORES[how](m, array, m.word(-0.0))
    assert m.store_of(array) == "store" and list(map(str, m.value(array))) == list(map(str, FLOATS))


@pytest.mark.parametrize("value", [0.25, -0.0, 1e300, 5e-324])
@pytest.mark.parametrize("how", STORES)
def test_storing_floats_stays_raw(m: Machine, how: str, value: float) -> None:
    array = floats(m)
    STORES[how](m, array, m.word(value))
    m.run("rt_array_push", array, m.word(value))
    assert m.store_of(array) == "floats"
    assert list(map(str, m.value(array))) == list(map(str, [0.5, value, 1e300, 5e-324, value]))


def test_pushing(m: Machine) -> None:
    """Bools into a packed array stay packed over growth; anything else widens, full or not."""
    for count in range(1, 12):
        array, model = bools(m, True), [True]
        for i in range(count):
            m.run("rt_array_push", array, m.word(i % 3 == 0))
            model.append(i % 3 == 0)
        assert m.store_of(array) == "bools"
        assert m.value(array) == model
        m.run("rt_array_push", array, m.word("end"))
        assert m.store_of(array) == "store"
        assert m.value(array) == [*model, "end"]


def test_popping_to_nothing_and_pushing_again(m: Machine) -> None:
    array = bools(m, True, False)
    assert [m("rt_array_pop", Word(array)) for _ in range(2)] == [False, True]
    with pytest.raises(Failed, match="empty"):
        m.run("rt_array_pop", array)
    m.run("rt_array_push", array, m.word(7))
    assert m.value(array) == [7]


def test_update_leaves_the_original_packed(m: Machine) -> None:
    array = bools(m, True, False)
    assert m.value(m.run("rt_path_with", array, m.word(0), m.word("x"))) == ["x", False]
    assert m.store_of(array) == "bools"


# ---- both kinds of store are the same to every reader ----


def both(m: Machine, content: list[bool]) -> list[int]:
    wide = m.spread("rt_array", *map(m.word, [*content, 0]))
    m.run("rt_array_pop", wide)
    return [bools(m, *content), wide]


def test_readers_do_not_see_the_kind(m: Machine) -> None:
    content = [True, False, False]
    packed, wide = both(m, content)
    assert (m.store_of(packed), m.store_of(wide)) == ("bools", "store")
    for array in (packed, wide):
        assert m.written(array) == "[true false false]"
        assert m("rt_array_to_list", Word(array)) == content
        assert [m("rt_nth", Word(array), i) for i in range(3)] == content
        assert (m("rt_first", Word(array)), m("rt_last", Word(array)), m("rt_length", Word(array))) == (True, False, 3)
        assert m("rt_rest", Word(array)) == [False, False]
        assert (m("rt_member", False, Word(array)), m("rt_member", None, Word(array))) == (True, False)
        for other in (packed, wide):
            assert m("rt_equal", Word(array), Word(other)) is True
        assert m("rt_equal", Word(array), Array([True, False, True])) is False
        assert m("rt_equal", Word(array), Array([True, False, 0])) is False
        with pytest.raises(Failed, match="out of bounds"):
            m("rt_nth", Word(array), 3)


def test_widening_keeps_the_identity_of_a_key(m: Machine) -> None:
    made, key = m.spread("rt_dict"), bools(m, True)
    m.run("rt_dict_set", made, key, m.word("found"))
    m.run("rt_array_push", key, m.word(1))
    assert m("rt_dict_ref", Word(made), Word(key), "none") == "found"


# ---- compiled code: random programs against the reference interpreter ----

PROGRAM = """
(define a [true false])
(define b [])
(define c a)
(define put-true [xs i] (array-set! xs i true))
(define put-any [xs i v] (array-set! xs i v))
(define pick [xs i] (if (array-ref xs i) "t" "f"))
(define count-true xs (let loop [i 0] [n 0] (if (= i (array-length xs)) n (loop (+ i 1) (if (array-ref xs i) (+ n 1) n)))))
(define fill [xs v] (let loop [i 0] (when (< i (array-length xs)) (array-set! xs i v) (loop (+ i 1)))) xs)
"""
VALUES = ("true", "false", "(= 1 1)", "(not true)", "7", "nothing", "0.25", '"s"', "(list true)", "(box 1)")
FORMS = (
    "(array-push! {x} {v})", "(array-pop! {x})", "(array-set! {x} {i} {v})", "(put-true {x} {i})", "(put-any {x} {i} {v})", "(pick {x} {i})",
    "(count-true {x})", "(fill {x} {v})", "(set! {x} (copy {y}))", "(set! {x} (array-slice {y} {i}))", "(set! {x} (make-array {i} {v}))",
    "(set! {x} {y})", "(set! {x} [{v} {w}])", "(set! {x} (list->array (array->list {y})))", "(set! {x} (reverse {y}))",
    "(= {x} {y})", "(eq? {x} {y})",
    "(let [x {x} y (make-array 50 true)] (array-set! x {i} (list 1 {v})) (array-set! y 3 x) (list x y.[3]))",
)  # fmt: skip


def outcome(session: object, text: str) -> str:
    try:
        return str(session.eval(text).value_text)  # type: ignore[attr-defined]
    except OmniError as error:
        return error.diagnostics[0].message


@pytest.mark.parametrize("mode", ["normal", "checked", "stress"])
@pytest.mark.parametrize("seed", range(3))
def test_random_programs(mode: str, seed: int) -> None:
    dice, ours, reference = random.Random(seed), open_session(mode), OracleSession()
    for session in (ours, reference):
        session.eval(PROGRAM)
    for _ in range(60):
        x, y = dice.choice("abc"), dice.choice("abc")
        form = dice.choice(FORMS).format(x=x, y=y, i=dice.randrange(4), v=dice.choice(VALUES), w=dice.choice(VALUES))
        assert outcome(ours, form) == outcome(reference, form), form
        assert outcome(ours, "(list a b c)") == outcome(reference, "(list a b c)"), form
    ours.close()


def test_an_interrupt_ends_a_loop_whose_checks_were_moved_out() -> None:
    """The guard keeps reading the limit."""
    session, ended = open_session("normal"), threading.Event()

    def interrupt() -> None:
        while not ended.wait(0.05):
            session.interrupt()

    session.eval("(define spin xs (let loop [i 0] (array-set! xs 1 (= (band i 1) 0)) (loop (band (+ i 1) 1023))))")
    sender = threading.Thread(target=interrupt)
    sender.start()
    try:
        assert "interrupted" in outcome(session, "(spin (make-array 4 true))")
    finally:
        ended.set()
        sender.join()
    session.close()
