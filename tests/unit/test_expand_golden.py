"""What each form expands to, as `show` prints it."""

from __future__ import annotations

import pytest

from jit_runtime.expand.expand import expand_toplevel
from jit_runtime.expand.scope import EmptyEnv
from jit_runtime.expand.show import show
from jit_runtime.source.text import Source
from jit_runtime.syntax.reader import read


def expanded(text: str) -> str:
    (form,) = read(Source("test", text)).forms
    return " ".join(show(expand_toplevel(form, EmptyEnv())).split())


DEFINITIONS = [
    ("(define x 1)", "(define x 1)"),
    ("(define xs [1 2])", "(define xs (%array 1 2))"),
    ("(define n {Int} 42)", "(define n {Int} 42)"),
    ("(define n {List Int} v)", "(define n {List Int} v)"),
    ("(define id x x)", "(define-method id [x] x)"),
    ("(define add x y (+ x y))", "(define-method add [x] [y] (+ x y))"),
    ("(define k [x] [x 1])", "(define-method k [x] (%array x 1))"),
    ("(define f [] 42)", "(define-method f [] 42)"),
    ("(define (f) 42)", "(define-method f [] 42)"),
    ("(define (area [w {Int}] h) {Int} (* w h))", "(define-method area [w {Int}] [h] {Int} (* w h))"),
    ("(define f [x y {Int}] [z 10] (list x y z))", "(define-method f [x] [y {Int}] [z 10] (list x y z))"),
    ("(define f [x] [y (+ x 1)] y)", "(define-method f [x] [y (+ x 1)] y)"),
    ("(define f a .. rest rest)", "(define-method f [a] [.. rest] rest)"),
    ("(define f [a .. rest] rest)", "(define-method f [a] [.. rest] rest)"),
    ("(define f [_] [_] 1)", "(define-method f [_] [_.1] 1)"),
    ("(define f [x {Any}] x)", "(define-method f [x] x)"),
    ('(define ^"adds" ^:inline f [x] x)', '(define-method f ^:inline ^"adds" [x] x)'),
    ('^"adds" (define f [x] x)', '(define-method f ^"adds" [x] x)'),
    ("(define g (fn [x] x))", "(define g (fn g [x] x))"),
    ("(do (define x 1) x)", "(seq (define x 1) x)"),
]
FUNCTIONS = [
    ("(fn [x] [y] (+ x y))", "(fn [x] [y] (+ x y))"),
    ("(fn [x y] (+ x y))", "(fn [x] [y] (+ x y))"),
    ("(fn x y (+ x y))", "(fn [x] [y] (+ x y))"),
    ("(lambda (x y) (+ x y))", "(fn [x] [y] (+ x y))"),
    ("(λ () 9)", "(fn [] 9)"),
    ("(-> [x {Int}] {Int} x)", "(fn [x {Int}] {Int} x)"),
    ("(lambda self (n) (self n))", "(letrec [self^ (fn self [n] free(self) (self n))] self)"),
    ("(fn x (g x))", "(fn [x] (g x))"),
    ("(fn [x] (fn [] x))", "(fn [x^] (fn [] free(x) x))"),
    ("(fn [x] (fn [] (fn [] x)))", "(fn [x^] (fn [] free(x) (fn [] free(x) x)))"),
    (
        "(fn [[a b]] a)",
        '(fn [argument] (let [_ (if (%= (%sequence-length argument) 2) nothing (%destructuring-error "[a b]" argument))]'
        " [a (%sequence-ref argument 0)] [b (%sequence-ref argument 1)] a))",
    ),
]
LETS = [
    ("(let [x 1] [y 2] (+ x y))", "(let [x 1] [y 2] (+ x y))"),
    ("(let [x 1 y 2] (+ x y))", "(let [x 1] [y 2] (+ x y))"),
    ("(let ((x 1) (y 2)) (+ x y))", "(let [x 1] [y 2] (+ x y))"),
    ("(let [x {Int} 10] x)", '(let [x (check 10 {Int} "`x`")] x)'),
    ("(let [x 1] [x 2])", "(let [x 1] (%array x 2))"),
    ("(let [x 1] (let [x x] x))", "(let [x 1] (let [x.1 x] x.1))"),
    ("(let [p 1] [q p] q)", "(let [p 1] [q p] q)"),
    ("(let ^:seq [p 1] [q p] q)", "(let [p 1] [q p] q)"),
    ("(let* [x 1] [x (+ x 1)] x)", "(let [x 1] [x.1 (+ x 1)] x.1)"),
    ("(let [] 5)", "5"),
    ("(let loop [i 0] (loop (+ i 1)))", "(letrec [loop^ (fn loop [i] free(loop) (loop (+ i 1)))] (loop 0))"),
    ("(let loop [] (loop))", "(letrec [loop^ (fn loop [] free(loop) (loop))] (loop))"),
    (
        "(let ^:rec [even (fn [n] (odd n))] [odd (fn [n] (even n))] (even 1))",
        "(letrec [even^ (fn even [n] free(odd) (odd n))] [odd^ (fn odd [n.1] free(even) (even n.1))] (even 1))",
    ),
    ("(letrec [a b] [b 1] a)", "(let [b!? uninitialized] (let [a b] (seq (set-local b 1) a)))"),
    ("(let [x 1] (set! x 2))", "(let [x! 1] (set-local x 2))"),
    ("(let [x {Int} 1] (set! x 2))", '(let [x! (check 1 {Int} "`x`")] (set-local x (check 2 {Int} "`x`")))'),
    ("(set! g 1)", "(set-global g 1)"),
    ("(set! a.b 1)", "(%path-put! a 'b 1)"),
    ("(let [(:x) d] x)", "(let [value d] [x (%destructure-key value 'x)] x)"),
]
BODIES = [
    ("(fn [] (define x 1) x)", "(fn [] (let [x 1] x))"),
    ("(fn [] (define x 1))", "(fn [] (let [x 1] nothing))"),
    ("(fn [] (define f [n] (* n b)) (define b 1) (f 2))", "(fn [] (let [b^ 1] (letrec [f (fn f [n] free(b) (* n b))] (f 2))))"),
    (
        "(fn [] (define f [n] (g n)) (define g [n] (f n)) (f 2))",
        "(fn [] (letrec [f^ (fn f [n] free(g) (g n))] [g^ (fn g [n.1] free(f) (f n.1))] (f 2)))",
    ),
    (
        "(fn [] (define f [] b) (define a (f)) (define b 1) a)",
        "(fn [] (let [b!^? uninitialized] (letrec [f (fn f [] free(b) b)] (let [a (f)] (seq (set-local b 1) a)))))",
    ),
    (
        "(fn [] (define f [] (h)) (f) (define h [] 1) (f))",
        "(fn [] (let [h!^? uninitialized] (letrec [f (fn f [] free(h) (h))] (seq (f) (set-local h (fn h [] 1)) (f)))))",
    ),
    (
        "(fn [] (define a (h)) (define h [] 1) a)",
        "(fn [] (let [h!? uninitialized] (let [a (h)] (seq (set-local h (fn h [] 1)) a))))",
    ),
    ("(fn [] (define x 1) (define x 2) x)", "(fn [] (let [x! 1] (seq (set-local x 2) x)))"),
    ("(fn [] (define x 1) (println x) (define y 2) y)", "(fn [] (let [x 1] [_ (println x)] [y 2] y))"),
    ("(when a (define x 1) x)", "(if a (let [x 1] x) nothing)"),
]
CONTROL = [
    ("(if a b)", "(if a b nothing)"),
    ("(cond [a 1] [b 2 3] [else 4])", "(if a 1 (if b (seq 2 3) 4))"),
    ("(cond [false 1])", "(if false 1 nothing)"),
    ("(when c 1 2)", "(if c (seq 1 2) nothing)"),
    ("(unless c 1)", "(if c nothing 1)"),
    ("(do)", "nothing"),
    ("(and)", "true"),
    ("(or)", "false"),
    ("(and a b)", "(let [value a] (if value b value))"),
    ("(or a b)", "(let [value a] (if value value b))"),
    ("(while c (f))", "(while c (f))"),
    ("(assert (= 1 2))", '(if (= 1 2) nothing (%error "assert failed: (= 1 2)"))'),
    ("(try (f) (finally (g)))", "(finally (f) (g))"),
    ("(handle (f) [raise [m] m])", "(handle (f) (raise [m] m))"),
    ("(handle (f) (Ask (v k) (k v)))", "(handle (f) (Ask [v k] (k v)))"),
    ("(handle (f) [Ask [v] (resume v)])", "(handle (f) (Ask [v] resume resume (resume v)))"),
    ("(handle (f) [error [m k] (k m)])", "(handle (f) (error [m] resume resume (let [k resume] (k m))))"),
    ("(|> 1 f (g 2))", "(let [piped 1] [piped.1 (f piped)] (g 2 piped.1))"),
    ("(1 |> f |> g)", "(let [piped 1] [piped.1 (f piped)] (g piped.1))"),
    ("(|> 1 (- % 2))", "(let [piped 1] (- piped 2))"),
    ("(|> 1 (fn [x] x))", "(let [piped 1] (call (fn [x] x) piped))"),
    ("(foreach [x xs] (f x))", "(let [iterator (%iter xs)] (while (%has-next iterator) (let [x (%next iterator)] (f x))))"),
]
DATA = [
    ('\'(a 1 :b "s" #\\c)', '\'(a 1 b "s" #\\c)'),
    ("'a", "'a"),
    (":a", "'a"),
    ("()", "'()"),
    ("''x", "'(quote x)"),
    ("'[1 2]", "(%array 1 2)"),
    ("'(1 [2])", "(%list 1 (%array 2))"),
    ("`(a ,x ,@xs b)", "(%append (%list 'a x) (%splice xs) '(b))"),
    ("`[a ,@xs]", "(%list->array (%append '(a) (%splice xs)))"),
    ("`(a `(b ,(c ,x)))", "(%list 'a (%list 'quasiquote (%list 'b (%list 'unquote (%list 'c x)))))"),
    ("#{:a 1}", "(%dict 'a 1)"),
    ('#fmt"n=$n"', '(%str "n=" n)'),
    ("{Int}", "{Int}"),
    ("Int", "{Int}"),
    ("a.b.[i]", "(%path-get (%path-get a 'b) i)"),
    (".name", "(fn [object] (%path-get object 'name))"),
    ("(put! a.b.c 1)", "(let [root a] (seq (%path-put! (%path-open! root 'b) 'c 1) root))"),
    ("(update! a.b 1)", "(let [object a] (%path-put! object 'b (if (%function? 1) (1 (%path-get object 'b)) 1)))"),
    (
        "(fn [p] (update p.a.b 1))",
        "(fn [p] (let [object (%path-get p 'a)] (%path-with p 'a (%path-with object 'b (if (%function? 1) (1 (%path-get object 'b)) 1)))))",
    ),
]
MATCHES = [
    ("(match v [1 2] [_ 3])", "(let [subject v] (if (if (%instance? subject {Int}) (%= subject 1) false) 2 3))"),
    ("(match v [n n])", "(let [subject v] (let [n subject] n))"),
    ("(match v ['a 1])", "(let [subject v] (if (%eq? subject 'a) 1 (%no-match subject)))"),
    ("(match v [{Int} 1] [else 2])", "(let [subject v] (if (%type? subject {Int}) 1 2))"),
    (
        "(match v [[x y] (f x y)] [_ 0])",
        "(let [subject v] (if (%= (%sequence-length subject) 2) (let [x (%sequence-ref subject 0)] [y (%sequence-ref subject 1)] (f x y)) 0))",
    ),
    (
        "(match v [(cons h t) h] [() 0])",
        "(let [subject v] (if (%pair? subject) (let [h (%car subject)] [t (%cdr subject)] h) (if (%null? subject) 0 (%no-match subject))))",
    ),
    ("(match v [n :when (f n) n] [_ 0])", "(let [subject v] [n! nothing] (if (seq (set-local n subject) (f n)) (let [n.1 n] n.1) 0))"),
    (
        "(match v [n {Int} & (f n)] 1 _ 0)",
        "(let [subject v] [n! nothing] (if (if (%type? subject {Int}) (seq (set-local n subject) (f n)) false) (let [n.1 n] 1) 0))",
    ),
    (
        "(match v [(or [x] x) x])",
        "(let [subject v] [x! nothing] (if (if (if (%= (%sequence-length subject) 1) (seq (set-local x (%sequence-ref subject 0)) true) false)"
        " true (seq (set-local x subject) true)) (let [x.1 x] x.1) (%no-match subject)))",
    ),
    ("(match v [[n {Int}] n] [_ 0])", "(let [subject v] (if (%type? subject {Int}) (let [n subject] n) 0))"),
    (
        "(match v [[n {Int} m] m] [_ 0])",
        "(let [subject v] [part! nothing] (if (if (%= (%sequence-length subject) 2) (seq (set-local part (%sequence-ref subject 0))"
        " (%type? part {Int})) false) (let [n part] [m (%sequence-ref subject 1)] m) 0))",
    ),
    ("(match v [(:a) a] [_ 0])", "(let [subject v] (if (%has-key? subject 'a) (let [a (%path-get subject 'a)] a) 0))"),
    (
        "(match v [(as [x] w) w] [_ 0])",
        "(let [subject v] (if (%= (%sequence-length subject) 1) (let [x (%sequence-ref subject 0)] [w subject] w) 0))",
    ),
    ("(match v [(not 1) 2] [_ 0])", "(let [subject v] (if (if (if (%instance? subject {Int}) (%= subject 1) false) false true) 2 0))"),
]
SHADOWING = [
    ("(let [list 5] (cons list list))", "(let [list 5] (cons list list))"),
    ("(fn [if] (if 1))", "(fn [if] (if 1))"),
    ("(let [array 1] [array])", "(let [array 1] (%array array))"),
]


@pytest.mark.parametrize(
    ("text", "core"), DEFINITIONS + FUNCTIONS + LETS + BODIES + CONTROL + DATA + MATCHES + SHADOWING, ids=lambda value: value[:40]
)
def test_form_expands_to(text: str, core: str) -> None:
    assert expanded(text) == core
