"""The written and the display form (S2.4, S2.5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_runtime.oracle.equality import identical
from jit_runtime.oracle.printer import display, written
from jit_runtime.oracle.session import OracleSession
from jit_runtime.oracle.values import NULL, Array, Box, Char, Dict, Pair, make_list, symbol
from tests.unit.oracle_fixture import output, value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4.0", "4.0"),
        ("-0.0", "-0.0"),
        ("1e15", "1000000000000000.0"),
        ("1e16", "1e+16"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("(/ 1.0 0)", "inf"),
        ("(- inf)", "-inf"),
        ("nan", "nan"),
        ("(int->char 1)", "#\\x01"),
        ("(int->char 127)", "#\\delete"),
        ("(int->char 160)", "#\\\xa0"),
        ("#\\space", "#\\space"),
        ('"a\\"\\\\\\n\\t\\r\\0\\x1b"', '"a\\"\\\\\\n\\t\\r\\0\\x1b"'),
        ("(cons 1 (cons 2 3))", "(1 2 . 3)"),
        ("'(quote x)", "'x"),
        ("'(a 'b `(c ,d ,@e))", "(a 'b `(c ,d ,@e))"),
        ("'(quote)", "(quote)"),
        ("'(quote a b)", "(quote a b)"),
        ("'(1 quote x)", "(1 quote x)"),
        ('#{:a \'b "k" 2 3 nothing}', '#{:a b "k" 2 3 nothing}'),
        ("#{}", "#{}"),
        ("[]", "[]"),
        ("()", "()"),
        ("{Int}", "{Int}"),
        ("car", "#<fn car>"),
        ("(fn [x] x)", "#<fn>"),
        ("(do (define f [x] x) f)", "#<fn f>"),
        ("(compose car)", "#<fn>"),
        ("(range 3)", "#<iter>"),
        ("(box [1])", "#<box [1]>"),
        ('(atom "a")', '#<atom "a">'),
        ("true", "true"),
        ("nothing", "nothing"),
    ],
)
def test_written_form(text: str, expected: str) -> None:
    assert value(text) == expected


def test_display_form_is_raw_at_top_level_only() -> None:
    assert output('(print "a" #\\b (list "a" #\\b) 1)') == 'a b ("a" #\\b) 1'
    assert output("(println) (println 1 2)") == "\n1 2\n"
    assert output('(display "x") (write "x") (newline)') == 'x"x"\n'


def test_cycles_end() -> None:
    array = Array([1])
    array.items.append(Pair(array, NULL))
    assert written(array) == "[1 (#<cycle>)]"
    box = Box(None)
    box.value = box
    assert written(box) == "#<box #<cycle>>"


def test_what_is_shared_but_not_cyclic_is_written_twice() -> None:
    inner = Array([])
    assert written(Array([inner, inner])) == "[[] []]"


def test_depth_is_not_limited_by_the_stack_of_python() -> None:
    deep = NULL
    for _ in range(100_000):
        deep = Pair(deep, NULL)
    assert written(deep) == "(" * 100_000 + "()" + ")" * 100_000


def make_dict(items: list) -> Dict:
    result = Dict()
    for key, item in items:
        result.entries[key] = [key, item]
    return result


ATOMS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.booleans(),
    st.none(),
    st.builds(Char, st.characters(exclude_categories=["Cs"]).map(ord)),
    st.sampled_from(["a", "foo-bar", "+", "λ", "x1"]).map(symbol),
    st.just(NULL),
)
DATA = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(make_list),
        st.lists(inner, max_size=4).map(Array),
        st.lists(st.tuples(st.text("abc", max_size=3), inner), max_size=3).map(make_dict),
    ),
    max_leaves=12,
)
SESSION = OracleSession()


@given(DATA)
def test_the_written_form_reads_back_as_the_same_text(data: object) -> None:
    text = written(data)
    assert SESSION.eval("'" + text).value_text == text


@given(ATOMS)
def test_the_written_form_of_an_atom_reads_back_as_the_same_value(atom: object) -> None:
    SESSION.eval("(define kept '" + written(atom) + ")")
    assert identical(SESSION.machine.globals["kept"], atom)


@given(DATA)
def test_display_differs_for_strings_and_chars_only(data: object) -> None:
    assert (display(data) == written(data)) or isinstance(data, (str, Char))
