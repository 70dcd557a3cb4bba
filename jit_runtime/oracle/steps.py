"""What compiled nodes are made of: sequences, chains of tests, loops, checks, calls. The rules are in `compile.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from jit_runtime.expand import core as c
from jit_runtime.oracle.kinds import is_instance
from jit_runtime.oracle.raised import Raised
from jit_runtime.oracle.values import UNINITIALIZED, Native, Value, symbol, truthy
from jit_runtime.source.text import Span
from jit_runtime.types import errors
from jit_runtime.types.kinds import Kind, Variable
from jit_runtime.types.order import below

if TYPE_CHECKING:
    from jit_runtime.oracle.machine import Machine

Env = list[Any]
Stack = list[Any]


class Node(NamedTuple):
    simple: bool
    run: Callable[..., Any]

    @property
    def general(self) -> Callable[[Env, Stack], Any]:
        """The node as `run(env, stack)`."""
        if not self.simple:
            return self.run
        run = self.run
        return lambda env, stack: run(env)


Bind = Callable[[Value, Env], None]


class Handler(NamedTuple):
    """What a handler's frame holds: for each tag the binders of the parameters and of the resumption, and the body."""

    clauses: dict[str, tuple[list[Bind], Bind | None, Callable[[Env, Stack], Any]]]


class Cleanup(NamedTuple):
    run: Callable[[Env, Stack], Any]


def in_cell(var: c.Var) -> bool:
    return var.assigned and var.captured


def ignore(value: Value, env: Env) -> None:
    """The binder of a step whose value nobody uses."""


def checked_read(at: int, var: c.Var, span: Span) -> Callable[[Env], Value]:
    cell = in_cell(var)

    def read(env: Env) -> Value:
        value = env[at][0] if cell else env[at]
        if value is UNINITIALIZED:
            raise Raised.of(errors.UNINITIALIZED, symbol(var.name)).at(span)
        return value

    return read


def in_order(steps: list[tuple[Callable[[Value, Env], None], Node]], last: Node) -> Node:
    """Compute and bind one after the other, then the last node in tail position."""
    if last.simple and all(step.simple for _, step in steps):
        runs = [(bind, step.run) for bind, step in steps]

        def simple(env: Env) -> Value:
            for bind, run in runs:
                bind(run(env), env)
            return last.run(env)

        return Node(True, simple)
    tail = last.general

    def proceed(at: int, env: Env, stack: Stack) -> Any:
        while at < len(steps):
            bind, step = steps[at]
            if not step.simple:
                stack.append((resume, at, env))
                return step.run, env
            bind(step.run(env), env)
            at += 1
        return tail(env, stack)

    def resume(value: Value, frame: Any, stack: Stack) -> Any:
        _, at, env = frame
        steps[at][0](value, env)
        return proceed(at + 1, env, stack)

    return Node(False, lambda env, stack: proceed(0, env, stack))


def simple_chain(arms: list[tuple[Callable[[Env], Value], Callable[[Env], Value]]], last: Callable[[Env], Value]) -> Callable[[Env], Value]:
    def run(env: Env) -> Value:
        for test, arm in arms:
            if truthy(test(env)):
                return arm(env)
        return last(env)

    return run


def general_chain(arms: list[tuple[Node, Callable[[Env, Stack], Any]]], last: Callable[[Env, Stack], Any]) -> Callable[[Env, Stack], Any]:
    def proceed(at: int, env: Env, stack: Stack) -> Any:
        while at < len(arms):
            test, arm = arms[at]
            if not test.simple:
                stack.append((resume, at, env))
                return test.run, env
            if truthy(test.run(env)):
                return arm(env, stack)
            at += 1
        return last(env, stack)

    def resume(value: Value, frame: Any, stack: Stack) -> Any:
        _, at, env = frame
        return arms[at][1](env, stack) if truthy(value) else proceed(at + 1, env, stack)

    return lambda env, stack: proceed(0, env, stack)


def simple_loop(test: Callable[[Env], Value], body: Callable[[Env], Value]) -> Callable[[Env], Value]:
    def run(env: Env) -> None:
        while truthy(test(env)):
            body(env)

    return run


def general_loop(test: Node, body: Node) -> Callable[[Env, Stack], Any]:
    run_test, run_body = test.general, body.general

    def start(env: Env, stack: Stack) -> Any:
        stack.append((tested, env))
        return run_test, env

    def tested(value: Value, frame: Any, stack: Stack) -> Any:
        if not truthy(value):
            return None
        stack.append((done, frame[1]))
        return run_body, frame[1]

    def done(value: Value, frame: Any, stack: Stack) -> Any:
        return start(frame[1], stack)

    return start


def check_kind(value: Value, kind: Kind, what: str, span: Span) -> Value:
    if not is_instance(value, kind):
        raise Raised.of(errors.TYPE, what, kind.bound if isinstance(kind, Variable) else kind, value).at(span)
    return value


def push_check(stack: Stack, kind: Kind, what: str, span: Span) -> None:
    """Check the value that comes back here; not twice, so that declared results do not break tail calls."""
    if stack and stack[-1][0] is resume_check and below(stack[-1][1], kind):
        return
    stack.append((resume_check, kind, what, span))


def resume_check(value: Value, frame: Any, stack: Stack) -> Value:
    return check_kind(value, *frame[1:])


def direct_call(machine: Machine, native: Native, args: list[Callable[[Env], Value]], span: Span) -> Callable[[Env], Value]:
    """A call of a builtin that calls nothing back."""
    implementation = native.implementation
    if not native.row.accepts(len(args)):

        def refuse(env: Env) -> Value:
            for arg in args:
                arg(env)
            raise machine.arity_error(native, len(args)).at(span)

        return refuse

    if len(args) == 1:
        (only,) = args

        def run_one(env: Env) -> Value:
            value = only(env)
            try:
                return implementation(value)
            except Raised as error:
                raise error.at(span) from None

        return run_one
    if len(args) == 2:
        first, second = args
        two = native.binary

        def run_two(env: Env) -> Value:
            a = first(env)
            b = second(env)
            try:
                return two(a, b)
            except Raised as error:
                raise error.at(span) from None

        return run_two

    def run(env: Env) -> Value:
        values = [arg(env) for arg in args]
        try:
            return implementation(*values)
        except Raised as error:
            raise error.at(span) from None

    return run


def general_call(machine: Machine, parts: list[Node], span: Span) -> Callable[[Env, Stack], Any]:
    """Operator and arguments from left to right, then the call, in tail position."""
    enter = machine.enter
    if all(part.simple for part in parts):
        function, *args = [part.run for part in parts]

        def start(env: Env, stack: Stack) -> Any:
            callee = function(env)
            values = [arg(env) for arg in args]
            try:
                return enter(callee, values, stack)
            except Raised as error:
                raise error.at(span) from None

        return start

    def proceed(at: int, values: list[Value], env: Env, stack: Stack) -> Any:
        while at < len(parts):
            part = parts[at]
            if not part.simple:
                stack.append((resume, at, values, env))
                return part.run, env
            values.append(part.run(env))
            at += 1
        try:
            return enter(values[0], values[1:], stack)
        except Raised as error:
            raise error.at(span) from None

    def resume(value: Value, frame: Any, stack: Stack) -> Any:
        _, at, values, env = frame
        return proceed(at + 1, [*values, value], env, stack)

    return lambda env, stack: proceed(0, [], env, stack)
