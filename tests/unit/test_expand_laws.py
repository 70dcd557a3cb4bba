"""What holds for every expansion: depth, what depends on the module, facts about variables."""

from __future__ import annotations

import pytest

from jit_runtime.expand import core as c
from jit_runtime.expand.expand import expand_toplevel
from jit_runtime.expand.scope import EmptyEnv
from jit_runtime.expand.show import show
from jit_runtime.source.text import Source
from jit_runtime.syntax.reader import read


class Module(EmptyEnv):
    """A module in which `f` has methods and `v` a value."""

    def has_methods(self, name: str) -> bool:
        return name == "f"

    def has_value(self, name: str) -> bool:
        return name in ("v", "update")


def expand(text: str, module: EmptyEnv | None = None) -> c.Core:
    (form,) = read(Source("test", text)).forms
    return expand_toplevel(form, module or EmptyEnv())


def test_value_beside_methods_is_the_method_without_parameters() -> None:
    assert show(expand("(define f 0)", Module())) == "(define-method f [] 0)"
    assert show(expand("(define f (g))", Module())) == "(seq (define f value (g)) (define-method f [] f value))"


def test_method_beside_a_value_keeps_the_value_as_method() -> None:
    text = show(expand("(define v [x] x)", Module()))
    assert text == "(seq (define v value v) (define-method v [] v value) (define-method v [x] x))"


def test_user_definition_replaces_a_replaceable_form() -> None:
    assert show(expand("(update a.b 1)", Module())) == "(update (%path-get a 'b) 1)"


def test_global_destructuring_defines_each_name() -> None:
    core = expand("(define [a b] v)")
    assert isinstance(core, c.Let) and isinstance(core.body, c.Seq)
    assert [item.name for item in core.body.items if isinstance(item, c.DefineValue)] == ["a", "b"]


def test_value_of_quoted_list_is_immutable_data() -> None:
    core = expand("'(1 (a . b) [])")
    assert isinstance(core, c.Call)
    core = expand("'(1 (a))")
    assert isinstance(core, c.Const) and core.value == c.Lst((1, c.Lst((c.Sym("a"),))))


def test_set_of_a_captured_variable_is_seen() -> None:
    core = expand("(let [n 0] (fn [] (set! n 1)))")
    assert isinstance(core, c.Let) and isinstance(core.body, c.Lambda)
    var = core.bindings[0][0]
    assert var.assigned and var.captured and core.body.free == [var]


def test_assigned_local_function_is_not_in_a_letrec() -> None:
    core = expand("(let loop [i 0] (do (set! loop nothing) i))")
    assert isinstance(core, c.Let)


@pytest.mark.parametrize(
    "text",
    [
        "(do " + "(f 1) " * 10_000 + ")",
        "(cond " + "[(= x 1) 2]" * 10_000 + ")",
        "(or " + "(f) " * 10_000 + ")",
        "(match x " + "[1 2]" * 3_000 + ")",
        "(define f [] " + "".join(f"(define x{i} (g x{i - 1})) (h)" for i in range(1, 5_000)) + " 1)",
        "(define f [] " + "".join(f"(define (x{i} a) (x{i + 1} a))" for i in range(5_000)) + " (x1 2))",
        "(|> 1 " + "(f 2)" * 10_000 + ")",
        "(f " * 450 + "1" + ")" * 450,
        "(fn [x] " * 450 + "x" + ")" * 450,
        "'" + "(" * 450 + ")" * 450,
    ],
    ids=lambda text: text[:16],
)
def test_long_and_deep_forms_expand(text: str) -> None:
    assert expand(text) is not None
