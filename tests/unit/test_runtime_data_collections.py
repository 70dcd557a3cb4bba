"""Dicts and arrays against Python models, ranges, patterns, output, generated files."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT
from jit_runtime.layout.records import BUFFER, TASK
from jit_runtime.runtime.generate import FILES, HERE
from tests.unit.data_machine import Array, Char, Failed, Machine, Symbol, Word


@pytest.fixture(scope="module")
def m() -> Machine:
    return Machine()


# ---- dicts ----


MIXED = [1 << 61, 1e300, -0.5, "", "text", Symbol("a"), Char("c"), None, True]
ACROSS = [*range(2, 40), *(float(i) for i in range(20, 60)), 2.5, 1 << 61]  # 20 and 20.0 are one key
FAR = [i << 44 for i in range(-60, 60)]  # they differ in their high bits alone
WORDS = [Symbol(f"s{i}") for i in range(30)]


@pytest.mark.parametrize("keys", [list(range(12)), list(range(400)), [f"k{i}" for i in range(40)], MIXED, ACROSS, FAR, WORDS])
def test_a_dict_behaves_like_pythons(m: Machine, keys: list[Any]) -> None:
    """Insertion order, replacement in place, removal, growth and compaction."""
    dice, made, model = random.Random(len(keys)), m.spread("rt_dict"), {}
    for step in range(6 * len(keys)):
        key = dice.choice(keys)
        if dice.random() < 0.6:
            assert m("rt_dict_set", Word(made), key, step) == step
            model[key] = step
        else:
            assert m("rt_dict_remove", Word(made), key) == model.pop(key, None)
        probe = dice.choice(keys)
        assert m("rt_dict_ref", Word(made), probe, "none") == model.get(probe, "none")
        assert m("rt_dict_contains", Word(made), probe) is (probe in model)
        assert m("rt_length", Word(made)) == len(model)
    assert m("rt_dict_keys", Word(made)) == list(model)
    assert m("rt_dict_values", Word(made)) == list(model.values())


DENSE = list(range(40))
ENDS = {"below": -1, "far": 1 << 40, "beyond fixnums": 1 << 61, "a Float that is one of them": 7.0, "a string": "k", "a symbol": Symbol("s")}


def at_int(m: Machine, made: int, key: int) -> Any:
    return m.value(m.call("rt_dict_at_int", made, m.word(key), m.word("none")))


def is_direct(m: Machine, made: int) -> bool:
    return m.field(made, BY_NAME["dict"].offsets["direct"]) != 0


@pytest.mark.parametrize("looked_up", [False, True])
@pytest.mark.parametrize("other", ENDS.values(), ids=ENDS)
def test_a_dict_of_small_ints_has_a_direct_index(m: Machine, other: Any, looked_up: bool) -> None:
    """What compiled code has in place for Ints and the rest agree, before and after a key that the index cannot have."""
    dice, made, model = random.Random(1), m.spread("rt_dict"), {}

    def compare() -> None:
        for key in [*DENSE, *range(-2, 0), *range(40, 90), 1 << 61]:
            assert at_int(m, made, key) == m("rt_dict_ref", Word(made), key, "none") == model.get(key, "none")
            assert m.value(m.call("rt_dict_has_int", made, m.word(key))) is (key in model)

    for step in range(200):
        key = dice.choice(DENSE)
        if dice.random() < 0.7:
            m.call("rt_dict_put", made, m.word(key), m.word(step))
            model[key] = step
        else:
            assert m("rt_dict_remove", Word(made), key) == model.pop(key, None)
    assert is_direct(m, made)
    compare()
    if looked_up:
        assert m("rt_dict_ref", Word(made), other, "none") == model.get(other, "none")
        ends = isinstance(other, float)
    else:
        m.run("rt_dict_set", made, m.word(other), m.word("other"))
        model[other], ends = "other", True
    assert is_direct(m, made) is not ends
    compare()
    assert m("rt_dict_keys", Word(made)) == list(model)


def test_a_dict_gets_a_direct_index_again_when_it_grows(m: Machine) -> None:
    made = m.spread("rt_dict")
    for i in range(20):
        m.run("rt_dict_set", made, m.word(i), m.word(i))
    m.run("rt_dict_ref", made, m.word(1.5), words.NOTHING)
    assert not is_direct(m, made)
    copied = m.run("rt_copy", made)
    assert is_direct(m, copied)
    for i in range(20, 100):
        m.run("rt_dict_set", made, m.word(i), m.word(i))
    assert is_direct(m, made)
    assert [at_int(m, made, i) for i in range(100)] == list(range(100))


def test_a_dict_of_distant_ints_is_hashed(m: Machine) -> None:
    made = m.spread("rt_dict")
    for i in range(50):
        m.call("rt_dict_put", made, m.word(1000 * i), m.word(i))
    assert not is_direct(m, made)
    assert [at_int(m, made, 1000 * i) for i in range(50)] == list(range(50))


def test_removing_and_adding_forever_does_not_grow_a_dict(m: Machine) -> None:
    made = m.spread("rt_dict")
    for i in range(500):
        m.run("rt_dict_set", made, m.word(i), words.TRUE)
        if i >= 3:
            m.run("rt_dict_remove", made, m.word(i - 3))
    entries = m.field(made, BY_NAME["dict"].offsets["entries"])
    assert m.field(entries, 0) >> EXTRA_SHIFT <= 2 * 8


def test_keys_with_equal_hashes_stay_apart(m: Machine) -> None:
    """Beyond the depth that is hashed, lists differ only by comparison."""

    def nested(core: int, depth: int = 30) -> Any:
        return core if depth == 0 else [nested(core, depth - 1)]

    made = m.spread("rt_dict")
    for i in range(30):
        m.run("rt_dict_set", made, m.word(nested(i)), m.word(i))
    assert [m("rt_dict_ref", Word(made), nested(i), None) for i in range(30)] == list(range(30))


def test_mutable_keys_count_by_identity(m: Machine) -> None:
    made, key = m.spread("rt_dict"), m.array([])
    m.run("rt_dict_set", made, key, m.word(1))
    m.run("rt_array_push", key, m.word(5))
    assert m("rt_dict_ref", Word(made), Word(key), None) == 1
    assert m("rt_dict_ref", Word(made), Array([5]), None) is None
    within = m.run("rt_cons", key, words.NULL)
    m.run("rt_dict_set", made, within, m.word(2))
    assert m("rt_dict_ref", Word(made), Word(m.run("rt_cons", key, words.NULL)), None) == 2


def test_a_copy_is_independent(m: Machine) -> None:
    made = m.word({"a": 1, "b": 2})
    copied = m.run("rt_copy", made)
    m.run("rt_dict_set", copied, m.word("a"), m.word(9))
    m.run("rt_dict_remove", made, m.word("b"))
    assert m.written(made) == '#{"a" 1}' and m.written(copied) == '#{"a" 9 "b" 2}'


def test_a_key_without_a_value_is_an_error(m: Machine) -> None:
    with pytest.raises(Failed, match=r"^dict: a key without a value: c$"):
        m.spread("rt_dict", m.word("a"), m.word(1), m.word(Symbol("c")))


# ---- arrays ----


def test_an_array_behaves_like_a_python_list(m: Machine) -> None:
    dice, array, model = random.Random(1), m.array([]), list[int]()
    for step in range(400):
        if dice.random() < 0.65 or not model:
            m.run("rt_array_push", array, m.word(step))
            model.append(step)
        else:
            assert m("rt_array_pop", Word(array)) == model.pop()
    assert m.value(array) == model
    low, high = sorted(dice.sample(range(len(model)), 2))
    assert m("rt_array_slice", Word(array), low, high) == model[low:high]


def test_growing_clears_the_old_store(m: Machine) -> None:
    """What the old store named must not be kept alive by it, nor by log entries that name its slots."""
    array = m.array([m.word("x")] * 4)
    old = m.field(array, 16)
    m.run("rt_array_push", array, m.word("y"))
    assert m.field(array, 16) != old
    assert [m.field(old, 8 + 8 * i) for i in range(4)] == [0] * 4


def test_popping_clears_the_slot(m: Machine) -> None:
    array = m.array([m.word("x")])
    m.run("rt_array_pop", array)
    assert m.field(m.field(array, 16), 8) == 0


def test_absurd_lengths_are_out_of_memory_not_a_crash(m: Machine) -> None:
    with pytest.raises(Failed, match=r"^out of memory$"):
        m("rt_make_array", 10**12, 0)
    with pytest.raises(Failed, match=r"^out of memory$"):
        m("rt_string_repeat", "abc", 10**13)


# ---- lists ----


def test_append_shares_the_last_list_and_copies_the_others(m: Machine) -> None:
    front, back = m.word([1, 2]), m.word([3])
    joined = m.spread("rt_append", front, back)
    assert m.value(joined) == [1, 2, 3] and m.value(front) == [1, 2]
    assert m.run("rt_cdr", m.run("rt_cdr", joined)) == back
    assert m.spread("rt_append", back) == back and m.spread("rt_append") == words.NULL


def test_path_with_shares_what_it_does_not_change(m: Machine) -> None:
    old = m.word([1, 2, 3])
    new = m.run("rt_path_with", old, m.word(1), m.word("x"))
    assert m.value(new) == [1, "x", 3] and m.value(old) == [1, 2, 3]
    assert m.run("rt_cdr", m.run("rt_cdr", new)) == m.run("rt_cdr", m.run("rt_cdr", old))


def test_elements_of_sequences_in_patterns(m: Machine) -> None:
    for make in (list, Array):
        values = make([1, 2, 3])
        assert m("rt_sequence_ref", values, 2) == 3
        assert m("rt_sequence_slice", values, 1, 3) == [2, 3] and m("rt_sequence_slice", values, 0, 2) == [1, 2]
        assert m("rt_sequence_slice", values, 3, 3) == []


@pytest.mark.parametrize(
    "bounds, elements",
    [((4,), [0, 1, 2, 3]), ((0,), []), ((-2,), []), ((2, 5), [2, 3, 4]), ((0, 10, 3), [0, 3, 6, 9]), ((3, 0, -1), [3, 2, 1]), ((3, 0), []),
     (((1 << 63) - 3, (1 << 63) - 1, 2), [(1 << 63) - 3]), ((-(1 << 63) + 1, -(1 << 63), -5), [-(1 << 63) + 1])],
)  # fmt: skip
def test_ranges_count_and_are_empty_afterwards(m: Machine, bounds: tuple[int, ...], elements: list[int]) -> None:
    padded = [*map(m.word, bounds), *[words.DEFAULT] * (3 - len(bounds))]
    made = m.run("rt_range", *padded)
    assert m("rt_elements", Word(made)) == elements
    assert m("rt_elements", Word(made)) == []


def test_elements_of_everything_else(m: Machine) -> None:
    assert m("rt_elements", "aλ") == ["a", "λ"] and m("rt_elements", {"k": 1}) == [["k", 1]]
    assert m("rt_elements", Array([1])) == [1] and m("rt_elements", [1]) == [1]
    with pytest.raises(Failed, match=r"sequence"):
        m("rt_elements", 5)


# ---- output ----


def printed(act: Callable[[Machine], None], **externs: Any) -> bytes:
    machine = Machine()
    for name, fn in externs.items():
        machine.machine.define(name, fn)
    act(machine)
    machine.machine.call("rt_flush", machine.task)
    return bytes(machine.machine.written.get(1, b""))


def test_print_separates_and_println_ends_the_line() -> None:
    def act(m: Machine) -> None:
        assert m.spread("rt_println", m.word(1), m.word("two"), m.word(["x"])) == words.NOTHING
        m.spread("rt_print", m.word("a"), m.word(Char("b")))
        m.run("rt_newline")
        m.run("rt_write", m.word("a"))
        m.run("rt_display", m.word("a"))
        m.spread("rt_println")

    assert printed(act) == b'1 two ("x")\na b\n"a"a\n'


def test_output_is_one_buffer_record() -> None:
    names = {"bytes": "out", "count": "out_count", "capacity": "out_capacity"}
    assert {field: TASK.offsets[name] - TASK.offsets["out"] for field, name in names.items()} == BUFFER.offsets


def test_large_output_is_written_before_the_end() -> None:
    machine = Machine()
    for _ in range(70):
        machine.spread("rt_print", machine.word("x" * 1000))
    assert len(machine.machine.written[1]) > 60_000


def test_short_writes_and_interrupted_calls_are_continued() -> None:
    got, calls = bytearray(), []

    def write(m: Any, fd: int, address: int, size: int) -> int:
        calls.append(size)
        if len(calls) % 3 == 0:
            return failing(m, 4)
        got.extend(m.memory.read(address, min(size, 3)))
        return min(size, 3)

    machine = Machine()
    machine.machine.define("write", write)
    machine.machine.define("__errno_location", errno_location)
    machine.spread("rt_print", machine.word("0123456789"))
    assert machine.machine.call("rt_flush", machine.task) == 0
    assert got == b"0123456789" and len(calls) > 4


def test_a_closed_pipe_is_an_error_of_print_and_the_result_of_flush() -> None:
    machine = Machine()
    machine.machine.define("write", lambda m, fd, address, size: failing(m, 32))
    machine.machine.define("__errno_location", errno_location)
    machine.spread("rt_print", machine.word("x"))
    assert machine.machine.call("rt_flush", machine.task) == 32
    assert machine.get_task("out_count") == 0
    with pytest.raises(Failed, match=r"^output: cannot be written, system error 32$"):
        machine.spread("rt_print", machine.word("x" * 70_000))


ERRNO: dict[int, int] = {}


def errno_location(m: Any) -> int:
    return ERRNO[id(m)]


def failing(m: Any, error: int) -> int:
    if id(m) not in ERRNO:
        ERRNO[id(m)] = m.memory.allocate(4)
    m.memory.store(ERRNO[id(m)], 4, error)
    return (1 << 64) - 1


# ---- generated files ----


@pytest.mark.parametrize("name", FILES)
def test_generated_files_are_up_to_date(name: str) -> None:
    text = (HERE / name).read_text(encoding="utf-8")
    if "Unicode" in text and f"Unicode {unicodedata.unidata_version}:" not in text:
        pytest.skip("another version of Unicode")
    assert text == FILES[name]()


def test_case_and_letters_beyond_ascii(m: Machine) -> None:
    for char in "aZß\u00e4\u0178ΩώЖяǅЁ🙂\u1e9e":
        code = m.word(Char(char))
        upper, lower = char.upper(), char.lower()
        assert m.value(m.run("rt_char_upcase", code)) == (upper if len(upper) == 1 else char)
        assert m.value(m.run("rt_char_downcase", code)) == (lower if len(lower) == 1 else char)
        assert m.value(m.run("rt_char_is_alpha", code)) is unicodedata.category(char).startswith("L")
