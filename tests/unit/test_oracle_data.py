"""Strings, lists, arrays, dicts, iterators, equality (S2.3, S8, S9, S10) in the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_runtime.oracle.equality import equal, key_of
from jit_runtime.oracle.values import NULL, Array, Pair, make_list
from tests.unit.oracle_fixture import error, output, value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # equality and keys
        ("(list (= 1 1.0) (= [1 [2]] [1 [2]]) (= [1] '(1)) (= #{:a 1 :b 2} #{:b 2 :a 1}) (= true 1))", "(true true false true false)"),
        ("(list (= (box 1) (box 1)) (= \"a\" \"a\") (= 'a :a) (!= 1 2) (= 1 1 2))", "(false true true true false)"),
        ("(collect (map (partial get (dict 1 'int true 'bool '(1 2) 'list \"1\" 'string)) (list 1.0 true '(1 2) \"1\")))", "[int bool list string]"),
        ("(let [k [1]] (let [d (dict k 'same)] (list (get d k) (get d [1]))))", "(same nothing)"),
        ("(get (dict nan 1) nan)", "1"),
        ("(let [d #{:b 1 :a 2}] (dict-set! d :b 3) (dict-remove! d :a) (dict-set! d :a 4) (list d (keys d) (values d)))",
         "(#{:b 3 :a 4} (b a) (3 4))"),
        ("(list (eq? '() ()) (eq? 1 1) (eq? [1] [1]) (let [a [1]] (eq? a a)))", "(true true false true)"),
        # sequences
        ("(list (first ()) (first [1 2]) (first \"ab\") (rest ()) (rest [1 2]) (rest \"ab\") (rest []) (last '(1 2)) (last \"\"))",
         '(nothing 1 #\\a () [2] "b" [] 2 nothing)'),
        ("(list (nth '(1 2) 1) (nth [1 2] 0) (nth \"ab\" 1) (length \"λx\") (count #{:a 1}) (empty? \"\"))", "(2 1 #\\b 2 1 true)"),
        ("(list (append) (append '(1)) (append '(1) () '(2 3)) (reverse [1 2]) (reverse '(1 2)))", "(() (1) (1 2 3) [2 1] (2 1))"),
        ("(list (member 2 '(1 2 3)) (member 9 '(1)) (member 1 [1]) (assoc 'b '((a 1) (b 2))) (assoc 'c ()))", "((2 3) false true (b 2) false)"),
        ("(list (list? '(1 2)) (list? (cons 1 2)) (list? ()) (pair? (cons 1 2)))", "(true false true true)"),
        ("(let [a [1 2 3]] (list (array-slice a 1 3) (array-slice a 2) (array-push! a 5) (array-pop! a) (array-length a)))",
         "([2 3] [3] [1 2 3] 5 3)"),
        ("(list (make-array 2) (make-array 2 0) (list->array '(1)) (array->list [1]))", "([nothing nothing] [0 0] [1] (1))"),
        ("(list (get [1] 5 'd) (get #{:a nothing} :a 1) (get '(1 2) 1) (get \"ab\" 0))", "(d nothing 2 #\\a)"),
        ("(let [a [1]] [b (box 0)] (list (= (copy a) a) (eq? (copy a) a) (deref b) (box-set! b 2) (deref b)))", "(true false 0 2 2)"),
        # strings
        ('(list (string-split "," "a,,b") (string-split "" "ab") (string-join "-" ["a" "b"]) (string-replace "l" "L" "hello"))',
         '(("a" "" "b") ("a" "b") "a-b" "heLLo")'),
        ('(list (substring "hello" 1 3) (substring "hello" 3) (string-substr "hello" 1 2) (string-substr "hello" 1 -1))', '("el" "lo" "el" "ello")'),
        ('(list (string-index-of "abc" "c") (string-index-of "abc" "z") (string-contains "abc" "bc") (string-repeat "ab" 2) (string-reverse "λx"))',
         '(2 -1 true "abab" "xλ")'),
        ('(list (string-upcase "straße") (string-trim "\\t a ") (string<? "a" "b") (string-compare "b" "a"))', '("STRAßE" "a" true 1)'),
        ("(list (char-upcase #\\ä) (char-alpha? #\\λ) (char-digit? #\\5) (char-space? #\\space) (char 10))", "(#\\Ä true true true #\\newline)"),
        # iterators
        ("(collect (map + [1 2 3] '(10 20)))", "[11 22]"),
        ("(collect (zip \"ab\" (range 5)) 'list)", "((#\\a 0) (#\\b 1))"),
        ("(collect (enumerate #{:a 1}))", "[(0 (a 1))]"),
        ("(collect (take-while odd? [1 3 4 5]))", "[1 3]"),
        ("(collect (drop 2 (range 5 0 -1)))", "[3 2 1]"),
        ("(collect \"ab\" 'string)", '"ab"'),
        ("(let [it (iter [1 2])] (list (has-next it) (has-next it) (next it) (next it) (next it) (has-next it)))", "(true true 1 2 nothing false)"),
        ("(let [it (range 5)] (list (collect (take 2 it)) (collect it)))", "([0 1] [2 3 4])"),
        ("(sort-by (fn [p] (first p)) [[2 'a] [1 'b] [2 'c]])", "[[1 b] [2 a] [2 c]]"),
        ("(sort (fn [a b] (> a b)) '(1 3 2))", "(3 2 1)"),
        ("(list (any? odd? [2 3]) (every? odd? ()) (find even? '(1 4)) (find even? [1]))", "(true true 4 nothing)"),
    ],
)
def test_values(text: str, expected: str) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("(car ())", ["car"]),
        ("(cdr 5)", ["cdr"]),
        ("(nth '(1) 1)", ["bounds"]),
        ("(get [1] -1)", ["bounds"]),
        ("(array-set! [1] 1 0)", ["bounds"]),
        ("(array-slice [1] 1 0)", ["bounds"]),
        ('(substring "abc" 2 1)', ["bounds"]),
        ('(string-ref "" 0)', ["bounds"]),
        ("(array-pop! [])", ["bounds"]),
        ("(make-array -1)", ["bounds"]),
        ("(make-array 1000000000000 0)", ["out of memory"]),
        ("(string-length 5)", ["string", "Int"]),
        ("(symbol->string \"a\")", ["symbol", "String"]),
        ("(length (range 3))", ["collect"]),
        ("(length (cons 1 2))", ["()"]),
        ("(get nothing :a)", ["nothing"]),
        ("(dict :a)", ["dict"]),
        ("(range 0 1 0)", ["step"]),
        ("(collect [] 'heap)", ["collect", "heap"]),
        ("(sort [1 \"a\"])", ["order"]),
        ("(int->char 55296)", ["code point"]),
        ("(put! (list 1).[0] 2)", ["immutable"]),
        ("(put! [1].[3] 2)", ["bounds"]),
        ("(let [d #{:a 1}] (for-each (fn [e] (dict-set! d (first e) 1) (dict-set! d :b 2)) d))", ["changed"]),
    ],
)
def test_errors(text: str, parts: list[str]) -> None:
    message = error(text)
    assert all(part.lower() in message.lower() for part in parts), message


def test_mapped_functions_run_when_elements_are_asked_for() -> None:
    text = '(define m (map (fn [x] (print x "") x) [1 2 3])) (print "made") (next m) (has-next m) (print "|") (next m)'
    assert output(text) == "made1 2 |"


def test_iterate_does_not_call_ahead() -> None:
    assert output("(define it (iterate (fn [x] (print x) (+ x 1)) 0)) (next it) (print 'a) (next it)") == "a0"


SEQUENCES = st.recursive(st.integers(0, 2) | st.booleans() | st.sampled_from([0.0, 1.0]), lambda inner: st.lists(inner, max_size=3), max_leaves=6)


def as_list(data: object) -> object:
    return make_list([as_list(item) for item in data]) if isinstance(data, list) else data


@given(SEQUENCES, SEQUENCES)
def test_values_without_mutable_parts_are_equal_exactly_when_their_keys_are(a: object, b: object) -> None:
    assert equal(as_list(a), as_list(b)) == (key_of(as_list(a)) == key_of(as_list(b)))
    assert equal(as_list(a), as_list(a))


def test_equality_of_cycles_and_of_deep_lists_ends() -> None:
    a, b = Array([1]), Array([1])
    a.items.append(a)
    b.items.append(b)
    assert equal(a, b)
    b.items[0] = 2
    assert not equal(a, b)
    deep = other = NULL
    for _ in range(50_000):
        deep, other = Pair(deep, NULL), Pair(other, NULL)
    assert equal(deep, other)
    assert key_of(deep) == key_of(other)
