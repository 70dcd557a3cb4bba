"""Words, printing, equality, hashing, symbols, errors: the runtime's data half against Python."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jit_runtime.layout import words
from jit_runtime.layout.objects import HEADER_VISITING
from jit_runtime.types.kinds import NUMBERED
from tests.unit.data_machine import Array, Char, Failed, Machine, Symbol, Word

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
INTS = st.integers(-(1 << 63), (1 << 63) - 1)
EDGES = [0, 1, -1, words.FIXNUM_MAX, words.FIXNUM_MAX + 1, words.FIXNUM_MIN, words.FIXNUM_MIN - 1, (1 << 63) - 1, -(1 << 63)]
FLOATS = [0.0, -0.0, 1.0, 0.1, 2.0**-255, 2.0**-44, 5e-324, 2.2250738585072014e-308, 1e22, 1e15, 1e16, 1e-5, 1e-4, 123456.789, 1.7976931348623157e308]
ATOMS = st.one_of(INTS, st.floats(allow_nan=False), st.booleans(), st.none(), st.text(max_size=8), st.text(min_size=1, max_size=4).map(Symbol))
DATA = st.recursive(ATOMS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.lists(inner, max_size=4).map(Array)), max_leaves=12)


@pytest.fixture(scope="module")
def m() -> Machine:
    return Machine()


# ---- words ----


@pytest.mark.parametrize("value", EDGES)
def test_ints_at_the_edges_of_fixnums_are_packed_or_boxed(m: Machine, value: int) -> None:
    word = m.word(value)
    assert (word & 3 == words.FIXNUM_TAG) == words.is_fixnum_range(value)
    assert m.machine.call("rt_word_to_int", word) == value % (1 << 64)


@pytest.mark.parametrize("value", [*FLOATS, math.inf, -math.inf])
def test_floats_are_packed_exactly_as_the_table_says(m: Machine, value: float) -> None:
    word, packed = m.word(value), words.flonum(value)
    assert word == packed if packed is not None else word & 7 == words.OBJECT_TAG
    assert struct.pack("<d", m.machine.call("rt_word_to_float", word)) == struct.pack("<d", value)


@pytest.mark.parametrize(
    "value, kind",
    [(1, "Int"), (1 << 62, "Int"), (1.5, "Float"), (1e300, "Float"), (True, "Bool"), (None, "Nothing"), ("s", "String"), (Symbol("s"), "Symbol"),
     (Char("c"), "Char"), ([], "List"), ([1], "List"), (Array(), "Array"), ({}, "Dict")],
)  # fmt: skip
def test_the_kind_of_every_kind_of_word(m: Machine, value: Any, kind: str) -> None:
    assert m("rt_type_of", value) == "{" + kind + "}"


def test_kind_tests_follow_the_hierarchy_and_kinds_are_below_each_other(m: Machine) -> None:
    names = {m.value(word): word for word in (m.call("rt_kind", i) for i in range(len(NUMBERED)))}
    assert m("rt_is_kind", 1, Word(names["{Number}"])) and not m("rt_is_kind", "1", Word(names["{Number}"]))
    assert m("rt_is_kind", [1], Word(names["{List}"])) and m("rt_is_kind", None, Word(names["{Any}"]))
    assert m("rt_is_kind", Word(names["{Int}"]), Word(names["{Real}"])) and not m("rt_is_kind", Word(names["{Real}"]), Word(names["{Int}"]))
    with pytest.raises(Failed, match="not a Kind: 3"):
        m("rt_is_kind", 1, 3)


# ---- printing ----


@pytest.mark.parametrize(
    "value, text",
    [
        (None, "nothing"), (True, "true"), (False, "false"), ([], "()"), (-42, "-42"), (-(1 << 63), "-9223372036854775808"),
        ("a\"b\\\n\t\r\0\x01\x7f\x85λ", '"a\\"b\\\\\\n\\t\\r\\0\\x01\\x7f\\x85λ"'),
        (Char("a"), "#\\a"), (Char("\n"), "#\\newline"), (Char(" "), "#\\space"), (Char("\0"), "#\\null"), (Char("\x1f"), "#\\x1f"),
        (Char("\x80"), "#\\x80"), (Char("λ"), "#\\λ"), (Symbol("foo"), "foo"),
        ([1, "two", Char("3"), Symbol("four"), Array([5.0])], '(1 "two" #\\3 four [5.0])'), ([[], [[]]], "(() (()))"), (Array(), "[]"),
        ({Symbol("six"): 6, "k": [2]}, '#{:six 6 "k" (2)}'), ({}, "#{}"),
        ([Symbol("quote"), Symbol("x")], "'x"), ([Symbol("quasiquote"), [Symbol("unquote"), 1]], "`,1"),
        ([Symbol("unquote-splicing"), 1], ",@1"), ([Symbol("quote")], "(quote)"), ([Symbol("quote"), 1, 2], "(quote 1 2)"),
    ],
)  # fmt: skip
def test_written_forms(m: Machine, value: Any, text: str) -> None:
    assert m.written(m.word(value)) == text


def test_dotted_pairs_boxes_atoms_and_functions(m: Machine) -> None:
    assert m.written(m.run("rt_cons", m.word(1), m.word(2))) == "(1 . 2)"
    assert m.written(m.run("rt_cons", m.word(1), m.run("rt_cons", m.word(2), m.word(3)))) == "(1 2 . 3)"
    assert m.written(m.run("rt_box", m.word("a"))) == '#<box "a">'
    assert m.written(m.run("rt_atom", m.word([1]))) == "#<atom (1)>"
    assert m.written(m.run("rt_range", m.word(3), words.DEFAULT, words.DEFAULT)) == "#<iter>"


def test_display_shows_strings_and_chars_raw_only_on_top(m: Machine) -> None:
    assert m.display(m.word("a\n")) == "a\n" and m.display(m.word(Char("λ"))) == "λ"
    assert m.display(m.word(["a", Char("b")])) == '("a" #\\b)'


@pytest.mark.parametrize("value", FLOATS)
def test_floats_print_the_shortest_digits(m: Machine, value: float) -> None:
    assert m.written(m.word(value)) == repr(value)
    assert m.written(m.word(-value)) == repr(-value)


@QUICK
@given(st.floats())
def test_floats_print_like_repr(m: Machine, value: float) -> None:
    assert m.written(m.word(value)) == repr(value)


def test_cycles_print_as_cycle_and_leave_no_mark(m: Machine) -> None:
    array, box, made = m.array([m.word(1)]), m.run("rt_box", words.NOTHING), m.spread("rt_dict")
    m.run("rt_array_push", array, array)
    m.run("rt_box_set", box, m.run("rt_cons", box, words.NULL))
    m.run("rt_dict_set", made, m.word(1), made)
    for _ in range(2):
        assert m.written(array) == "[1 #<cycle>]"
        assert m.written(box) == "#<box (#<cycle>)>"
        assert m.written(made) == "#{1 #<cycle>}"
    assert not any(m.field(word, 0) & HEADER_VISITING for word in (array, box, made))
    twice = m.array([array, array])
    assert m.written(twice) == "[[1 #<cycle>] [1 #<cycle>]]"


def test_deep_nesting_uses_no_stack(m: Machine) -> None:
    deep, same = words.NULL, words.NULL
    for _ in range(5000):
        deep, same = m.run("rt_cons", deep, words.NULL), m.run("rt_cons", same, words.NULL)
    assert m.written(deep) == "(" * 5000 + "()" + ")" * 5000
    assert m("rt_equal", Word(deep), Word(same)) is True
    made = m.spread("rt_dict")
    m.run("rt_dict_set", made, deep, m.word(1))
    assert m("rt_dict_ref", Word(made), Word(same), None) == 1


def doubled(m: Machine, times: int) -> int:
    """An array of one element whose element is a list of two equal parts, and so on: small, but of exponential length in print."""
    word = words.NULL
    for _ in range(times):
        word = m.run("rt_cons", word, m.run("rt_cons", word, words.NULL))
    return m.array([word])


def test_an_interrupt_stops_printing_and_comparing_what_shares_its_parts(m: Machine) -> None:
    a, b = doubled(m, 60), doubled(m, 60)
    for name, args in (("rt_equal", (m.dest, a, b)), ("rt_write_value", (a,))):
        m.set_task("pending", 1)
        with pytest.raises(Failed, match=r"^interrupted$"):
            m.call(name, *args)
        assert m.get_task("pending") == 0 and not m.field(a, 0) & HEADER_VISITING
    assert m.written(m.array([m.word(1)])) == "[1]"


# ---- equality and hashing ----


def same(a: Any, b: Any) -> bool:
    """Python's equality without its mixing of classes."""
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b
    if type(a) is not type(b):
        return False
    return len(a) == len(b) and all(map(same, a, b)) if isinstance(a, list) else bool(a == b)


@QUICK
@given(DATA, DATA)
def test_equality_is_structural(m: Machine, a: Any, b: Any) -> None:
    assert m("rt_equal", a, b) is same(a, b)
    assert m("rt_equal", a, a) is True
    assert m("rt_not_equal", a, b) is not same(a, b)


@pytest.mark.parametrize(
    "a, b, equal",
    [(1, 1.0, True), (2**53 + 1, 2.0**53, False), (2**63 - 1, 2.0**63, False), (-(2**63), -(2.0**63), True), (0.0, -0.0, True),
     (math.nan, math.nan, False), ([1, [2]], [1, [2.0]], True), ([1, 2], Array([1, 2]), False),
     ("a", Symbol("a"), False), (Array([math.nan]), Array([math.nan]), False),
     ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, True), ({"a": 1}, {"a": 2}, False), ({"a": 1}, {"b": 1}, False)],
)  # fmt: skip
def test_equality_of_particular_values(m: Machine, a: Any, b: Any, equal: bool) -> None:
    assert m("rt_equal", a, b) is equal
    assert m("rt_equal", b, a) is equal


def test_nan_differs_from_itself_but_is_a_key(m: Machine) -> None:
    nan, made = m.word(math.nan), m.spread("rt_dict")
    assert m("rt_equal", Word(nan), Word(nan)) is False
    m.run("rt_dict_set", made, nan, m.word(1))
    assert m("rt_dict_ref", Word(made), math.nan, 0) == 1


def test_comparing_cycles_ends(m: Machine) -> None:
    a, b, c = (m.array([m.word(1)]) for _ in range(3))
    for array in (a, b, c):
        m.run("rt_array_push", array, array)
    m.run("rt_array_push", c, m.word(0))
    assert m("rt_equal", Word(a), Word(b)) is True
    assert m("rt_equal", Word(a), Word(c)) is False
    assert m.get_task("seen") == 0


def test_eq_is_identity_except_for_numbers_and_strings(m: Machine) -> None:
    array = m.array([])
    assert m("rt_eq", Word(array), Word(array)) is True and m("rt_eq", Array(), Array()) is False
    assert m("rt_eq", 1 << 62, 1 << 62) is True and m("rt_eq", 1e300, 1e300) is True and m("rt_eq", "ab", "ab") is True
    assert m("rt_eq", 1, 1.0) is False and m("rt_eq", [], []) is True


# ---- symbols ----


def test_symbols_are_interned_and_survive_the_growth_of_their_table(m: Machine) -> None:
    before = [m.word(Symbol(f"s{i}")) for i in range(700)]
    assert len(set(before)) == 700
    assert [m.word(Symbol(f"s{i}")) for i in range(700)] == before
    assert m.value(before[7]) == "s7"


def test_strings_and_symbols(m: Machine) -> None:
    assert m.run("rt_string_to_symbol", m.word("abc")) == m.word(Symbol("abc"))
    assert m("rt_symbol_to_string", Symbol("abc")) == "abc"
    with pytest.raises(Failed, match=r'symbol->string needs Symbol, got \{String\} "abc"'):
        m("rt_symbol_to_string", "abc")


def test_gensym_makes_symbols_equal_to_no_other(m: Machine) -> None:
    a, b = m.run("rt_gensym", words.DEFAULT), m.run("rt_gensym", words.DEFAULT)
    assert a != b and m.word(m.value(a)) != a
    assert m.written(m.run("rt_gensym", m.word("tmp"))).startswith("tmp")


# ---- errors ----


def test_messages_have_written_and_display_forms_and_kinds(m: Machine) -> None:
    with pytest.raises(Failed, match=r'^type error: \+ needs numbers, got \{String\} "2"$'):
        m("rt_add", 1, "2")
    with pytest.raises(Failed, match=r"^assertion failed: not so$"):
        m("rt_assert", False, "not so")
    with pytest.raises(Failed, match=r"^assertion failed: 1 is not equal to \(1\)$"):
        m("rt_assert_eq", 1, [1])
    assert m("rt_assert", 0, None) is None


def test_long_operands_are_cut(m: Machine) -> None:
    with pytest.raises(Failed) as failed:
        m("rt_string_length", Array(range(500)))
    assert str(failed.value).endswith("...") and len(str(failed.value)) < 300
    with pytest.raises(Failed) as failed:
        m("rt_car", "λ" * 300)
    assert str(failed.value) == 'type error: car needs a pair, got "' + "λ" * 199 + "..."


def test_an_operand_of_exponential_length_is_not_printed_to_its_end(m: Machine) -> None:
    with pytest.raises(Failed, match=r"^type error: car needs a pair, got \[\(\(") as failed:
        m.run("rt_car", doubled(m, 60))
    assert str(failed.value).endswith("...")


def test_error_joins_its_arguments_or_raises_the_one_payload(m: Machine) -> None:
    with pytest.raises(Failed, match=r"^a: 1b$"):
        m.spread("rt_error", m.word("a: "), m.word(1), m.word("b"))
    with pytest.raises(Failed, match=r"^payload$"):
        m.spread("rt_error", m.word(Symbol("payload")))
