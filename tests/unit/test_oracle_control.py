"""Functions, calls, dispatch, errors, definitions (S3, S4, S12, S18.5) in the oracle."""

import pytest

from jit_runtime.oracle.session import Exit, OracleSession
from jit_runtime.source.diagnostics import OmniError
from tests.unit.oracle_fixture import error, output, value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # parameters
        ("(define f [x] [y (+ x 1)] [z (* y 2)] (list x y z)) (list (f 1) (f 1 5) (f 1 5 0))", "((1 2 4) (1 5 10) (1 5 0))"),
        ("((fn [a .. more] (list a more)) 1 2 3)", "(1 (2 3))"),
        ("(define f [x] (do (set! x (+ x 1)) (fn [] x))) ((f 1))", "2"),
        ("((fn [.. xs] (do (set! xs (cons 0 xs)) ((fn [] xs)))) 1)", "(0 1)"),
        # closures and bindings
        ("(define c [] (let [n 0] (list (fn [] (set! n (+ n 1))) (fn [] n)))) (let [p (c)] (do ((nth p 0)) ((nth p 0)) ((nth p 1))))", "2"),
        ("(define fs []) (for [i (range 3)] (push! fs (fn [] i))) (list (fs.[0]) (fs.[2]))", "(0 2)"),
        ("(let [i 0 fs []] (do (while (< i 2) (let [j i] (push! fs (fn [] (set! j (+ j 10))))) (set! i (+ i 1))) (list (fs.[0]) (fs.[0]) (fs.[1]))))",
         "(10 20 11)"),
        ("(define f [n] (define e? [k] (if (= k 0) true (o? (- k 1)))) (define o? [k] (if (= k 0) false (e? (- k 1)))) (e? n)) (f 101)", "false"),
        # tail calls in every position, constant stack
        ("(define f n (cond [(= n 0) 'ok] [else (let [m (- n 1)] (do 0 (and true (or false (f m)))))])) (f 100000)", "ok"),
        ("(define f [n {Int}] {Int} (if (= n 0) 0 (g (- n 1)))) (define g [n] {Number} (f n)) (f 100000)", "0"),
        ("(define f n (if (= n 0) 'ok (apply f (list (- n 1))))) (f 100000)", "ok"),
        ("(define f n (if (= n 0) 'ok (handle (raise n) [raise [m] (f (- m 1))]))) (f 100000)", "ok"),
        ("(trampoline (let loop [n 10] (if (= n 0) 'end (bounce loop (- n 1)))))", "end"),
        ("(define f n (if (= n 0) 0 (+ 1 (f (- n 1))))) (f 40000)", "40000"),
        # calling back
        ("(reduce (fn [a x] (+ a (reduce + 0 (map (fn [y] (* x y)) (range 3))))) 0 [1 2])", "9"),
        ("((compose inc (partial * 2) (flip -)) 1 10)", "19"),
        ("(swap! (atom 1) (fn [x y] (+ x y)) 5)", "6"),
        # dispatch
        ("(define k [x {Int}] 'int) (define k [x {Number}] 'number) (define k [x] 'any) (list (k 1) (k 1.0) (k \"\"))", "(int number any)"),
        ("(define k [x] 1) (define k [x y] 2) (define k [x y .. r] 'rest) (list (k 0) (k 0 0) (k 0 0 0))", "(1 2 rest)"),
        ("(define k [x] 1) (define k [y] 2) (k 0)", "2"),
        ("(define area 0) (define area [r] r) (list (area) (area 2))", "(0 2)"),
        ("(define area [r] r) (define area (+ 1 2)) (list (area) (area 2))", "(3 2)"),
        # errors
        ("(handle (+ 1 (raise 'oops)) [error [p] (list p)])", "(oops)"),
        ("(handle (error \"a\" 1) [raise [m] m])", '"a1"'),
        ("(handle 5 [raise [m] m] [return [v] (+ v 1)])", "6"),
        ("(handle (handle (raise 1) [raise [m] (raise (+ m 1))]) [raise [m] m])", "2"),
        ("(handle (reduce (fn [a x] (raise x)) 0 [7]) [raise [m] m])", "7"),
        ("(handle (sort (fn [a b] (error \"no\")) [1 2]) [raise [m] m])", '"no"'),
        ("(define f n (+ 1 (f n))) (handle (f 1) [raise [m] m])", '"stack overflow"'),
        # redefinition of what compiled code relied on
        ("(define f [x] (car x)) (f '(1)) (define car [x] 'mine) (f '(1))", "mine"),
        ("(define f [x] (+ x 1)) (define g f) (f 1) (define f [x] 'new) (list (f 1) (g 1))", "(new new)"),
        ("(do (define + [a b] 'plus) (+ 1 2))", "plus"),
        ("(define inc [x] (%inc (%inc x))) (inc 1)", "3"),
        ("(eval '(let [x 2] (* x 3)))", "6"),
        ("(eval (list 'define 'z 5)) z", "5"),
        ("(define ^\"adds\" add [a b] (+ a b)) (list (doc add) (doc 'add) (doc 'no-such-name))", '("adds" "adds" nothing)'),
    ],
)
def test_values(text: str, expected: str) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("(define two x y x) (two 1)", ["arity", "two", "2", "1"]),
        ("(car)", ["arity", "car"]),
        ("((fn [x] x))", ["arity"]),
        ("(define f [x] [y 1] x) (f)", ["arity", "1 to 2"]),
        ("(5 1)", ["not a function", "5"]),
        ("(no-such-name 1)", ["unbound", "no-such-name"]),
        ("(set! no-such-name 1)", ["unbound", "no-such-name"]),
        ("(set! car 1)", ["set!", "car"]),
        ("(define f [x {Int}] x) (f \"a\")", ["no method", "f", "String"]),
        ("((fn [x {Int}] x) \"a\")", ["type", "Int", "String", "x"]),
        ("(define f [x] {Int} x) (f \"a\")", ["type", "Int", "String"]),
        ("(define f [x {Int} \"no\"] x) (f)", ["type", "Int", "String"]),
        ("(define k [x {Int}] [y] 1) (define k [x] [y {Int}] 2) (k 1 1)", ["ambiguous", "k"]),
        ("(let ^:rec [a b] [b 1] a)", ["uninitialized", "b"]),
        ("(assert (= 1 2))", ["assert"]),
        ("(assert false \"why\")", ["assert", "why"]),
        ("(assert-eq 1 2)", ["assert", "1", "2"]),
        ("(raise (list 1 \"a\"))", ['(1 "a")']),
        ("(handle (raise 1) [raise [m k] (k 2)])", ["cannot resume"]),
    ],
)
def test_errors(text: str, parts: list[str]) -> None:
    message = error(text)
    assert all(part.lower() in message.lower() for part in parts), message


def test_cleanup_runs_on_both_exits_and_once() -> None:
    assert output("(try 1 (finally (print 'a)))") == "a"
    assert output("(handle (try (raise 1) (finally (print 'a))) [raise [m] (print 'b)])") == "ab"
    assert output("(handle (try (try (raise 1) (finally (print 'a))) (finally (print 'b))) [raise [m] (print m)])") == "ab1"


def test_arguments_are_computed_left_to_right_operator_first() -> None:
    text = "(define say [x] (do (print x) x)) ((do (say 0) list) (say 1) (+ 1 (say 2)) (say 3))"
    assert output(text) == "0123"


def test_an_error_tells_the_innermost_call() -> None:
    session = OracleSession()
    with pytest.raises(OmniError) as failed:
        session.eval("(define f [x]\n  (+ 1\n    (car x)))\n(f 5)", name="a.omni", line=10)
    (diagnostic,) = failed.value.diagnostics
    assert (diagnostic.code, diagnostic.span.source.name, diagnostic.span.line, diagnostic.span.column) == ("E0030", "a.omni", 12, 5)


def test_definitions_survive_an_error() -> None:
    session = OracleSession()
    with pytest.raises(OmniError):
        session.eval("(define x 1) (car x)")
    assert session.eval("x").value_text == "1"
    with pytest.raises(OmniError):
        session.eval("(define x 2) (+ 1 ")
    assert session.eval("x").value_text == "1"


def test_text_without_forms_has_no_value() -> None:
    result = OracleSession().eval("; nothing here")
    assert (result.value_text, result.kind_text) == (None, None)
    result = OracleSession().eval("(println 1)")
    assert (result.value_text, result.kind_text) == ("nothing", "{Nothing}")


def test_exit_leaves_with_its_status() -> None:
    with pytest.raises(Exit) as left:
        OracleSession().eval("(handle (exit 3) [raise [m] 1])")
    assert left.value.status == 3


def test_the_depth_of_the_stack_is_an_option() -> None:
    text = "(define f n (if (= n 0) 0 (+ 1 (f (- n 1))))) (f 1000)"
    assert OracleSession(stack_limit=2000).eval(text).value_text == "1000"
    with pytest.raises(OmniError, match="stack"):
        OracleSession(stack_limit=500).eval(text)
