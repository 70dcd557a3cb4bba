"""From core AST to Python functions that the machine steps through.

A node that can make no call of a program's function is *simple*: `run(env)` is its value. Any other node is
`run(env, stack)`: it pushes frames on the explicit stack for what is still to be done and returns either a value or a
jump, the tuple (run, env) that the machine does next. No value is a tuple. A frame is a tuple whose first item,
`resume(value, frame, stack)`, goes on when the value it waits for is there. Frames are never changed.

`env` is a list: captured values, parameters, then one slot for each variable bound in the function. A variable that is
both captured and assigned lives in a cell, a list of one. Python's stack grows with the nesting of the source only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit_runtime.expand import core as c
from jit_runtime.oracle.raised import Raised
from jit_runtime.oracle.steps import (
    Bind,
    Cleanup,
    Env,
    Handler,
    Node,
    Stack,
    check_kind,
    checked_read,
    direct_call,
    general_call,
    general_chain,
    general_loop,
    ignore,
    in_cell,
    in_order,
    push_check,
    simple_chain,
    simple_loop,
)
from jit_runtime.oracle.values import UNINITIALIZED, Closure, Dict, Value, from_datum, symbol
from jit_runtime.source.text import Span
from jit_runtime.types import errors
from jit_runtime.types.builtins import names_builtin

if TYPE_CHECKING:
    from jit_runtime.oracle.machine import Machine


class Code:
    """A Lambda and what it compiles to, at the first call and again when a builtin it relies on is shadowed."""

    __slots__ = ("bodies", "epoch", "least", "machine", "most", "plain", "size", "source", "width")

    def __init__(self, source: c.Lambda, machine: Machine) -> None:
        self.source, self.machine = source, machine
        self.least = source.required
        self.most = None if source.rest is not None else len(source.params)
        self.width = len(source.params)
        variables = [param.var for param in source.params]
        self.plain = source.rest is None and not any(param.kind for param in source.params) and not any(map(in_cell, variables))
        self.bodies: list[Callable[[Env, Stack], Any]] = []
        self.epoch = -1
        self.size = 0

    def prepare(self) -> None:
        """Compile. `bodies[i]` is the entry for i missing arguments: it computes their defaults first."""
        self.epoch = self.machine.epoch
        compiler = Compiler(self.machine, self.source)
        body = compiler.node(self.source.body)
        self.bodies = [body.general]
        for missing in range(1, len(self.source.params) - self.least + 1):
            late = self.source.params[len(self.source.params) - missing :]
            steps = [(compiler.binder(param.var), compiler.default(param)) for param in late]
            self.bodies.append(in_order(steps, body).general)
        self.size = len(compiler.slots)


class Compiler:
    """Compiles one function body, or one top-level form (`source` None)."""

    def __init__(self, machine: Machine, source: c.Lambda | None, defined: frozenset[str] = frozenset()) -> None:
        self.machine = machine
        self.defined = defined
        """Names that this top-level form defines: calls of them do not count on the builtin."""
        self.slots: dict[c.Var, int] = {}
        if source is not None:
            for var in source.free + [param.var for param in source.params] + ([source.rest] if source.rest is not None else []):
                self.slot(var)

    def slot(self, var: c.Var) -> int:
        return self.slots.setdefault(var, len(self.slots))

    def node(self, node: c.Core) -> Node:
        return METHODS[type(node)](self, node)

    # ---- variables ----

    def constant(self, node: c.Const) -> Node:
        value = from_datum(node.value)
        return Node(True, lambda env: value)

    def local(self, node: c.Local) -> Node:
        at, var, span = self.slots[node.var], node.var, node.span
        if var.checked:
            return Node(True, checked_read(at, var, span))
        return Node(True, (lambda env: env[at][0]) if in_cell(var) else (lambda env: env[at]))

    def binder(self, var: c.Var) -> Callable[[Value, Env], None]:
        """Gives a variable its first value."""
        at = self.slot(var)

        def bind(value: Value, env: Env) -> None:
            env[at] = value

        def bind_cell(value: Value, env: Env) -> None:
            env[at] = [value]

        return bind_cell if in_cell(var) else bind

    def set_local(self, node: c.SetLocal) -> Node:
        at = self.slots[node.var]

        def assign(value: Value, env: Env) -> Value:
            env[at] = value
            return value

        def assign_cell(value: Value, env: Env) -> Value:
            env[at][0] = value
            return value

        return self.then(node.value, assign_cell if in_cell(node.var) else assign, node.span)

    def global_(self, node: c.Global) -> Node:
        machine, name, span = self.machine, node.name, node.span
        builtin = machine.builtin(name)
        if names_builtin(name):
            return Node(True, lambda env: builtin)

        def read(env: Env) -> Value:
            value = machine.globals.get(name, builtin)
            if value is UNINITIALIZED:
                raise Raised.of(errors.UNBOUND, symbol(name)).at(span)
            return value

        return Node(True, read)

    def set_global(self, node: c.SetGlobal) -> Node:
        return self.then(node.value, lambda value, env: self.machine.assign(node.name, value, node.span), node.span)

    def define_value(self, node: c.DefineValue) -> Node:
        return self.then(node.value, lambda value, env: self.machine.define_value(node, value), node.span)

    def define_method(self, node: c.DefineMethod) -> Node:
        make = self.lambda_(node.method).run
        return Node(True, lambda env: self.machine.define_method(node, make(env)))

    def define_version(self, node: c.DefineVersion) -> Node:
        def defined(env: Env) -> Value:
            self.machine.universe.activate(node.kind)
            Dict.versions += 1
            return None

        return Node(True, defined)

    def then(self, child: c.Core, finish: Callable[[Value, Env], Value], span: Span) -> Node:
        """Something simple done with the value of one child."""
        inner = self.node(child)

        def done(value: Value, env: Env) -> Value:
            try:
                return finish(value, env)
            except Raised as error:
                raise error.at(span) from None

        if inner.simple:
            run = inner.run
            return Node(True, lambda env: done(run(env), env))

        def resume(value: Value, frame: Any, stack: Stack) -> Value:
            return done(value, frame[1])

        def start(env: Env, stack: Stack) -> Any:
            stack.append((resume, env))
            return inner.run, env

        return Node(False, start)

    # ---- control ----

    def if_(self, node: c.If) -> Node:
        """A chain of tests is one node, so that a long `cond` is not deep."""
        arms = []
        rest: c.Core = node
        while type(rest) is c.If:
            arms.append((self.node(rest.test), self.node(rest.then)))
            rest = rest.otherwise
        last = self.node(rest)
        if last.simple and all(test.simple and arm.simple for test, arm in arms):
            return Node(True, simple_chain([(test.run, arm.run) for test, arm in arms], last.run))
        return Node(False, general_chain([(test, arm.general) for test, arm in arms], last.general))

    def let(self, node: c.Let) -> Node:
        steps = []
        for var, value in node.bindings:
            compiled = self.node(value)  # before the binder: the value does not see the variable
            steps.append((self.binder(var), compiled))
        return in_order(steps, self.node(node.body))

    def letrec(self, node: c.Letrec) -> Node:
        places = [self.slot(var) for var, _ in node.bindings]
        makers = [self.lambda_(function).run for _, function in node.bindings]
        sources = [[self.slots[var] for var in function.free] for _, function in node.bindings]

        def make(env: Env) -> None:
            for place in places:
                env[place] = None  # the slot of a sibling that `makers` reads too early
            closures = [maker(env) for maker in makers]
            for place, closure in zip(places, closures):
                env[place] = closure
            for closure, source in zip(closures, sources):
                closure.captured = [env[at] for at in source]

        return in_order([(ignore, Node(True, make))], self.node(node.body))

    def lambda_(self, node: c.Lambda) -> Node:
        code = Code(node, self.machine)
        sources = [self.slots[var] for var in node.free]
        return Node(True, lambda env: Closure(code, [env[at] for at in sources]))

    def default(self, param: c.Param) -> Node:
        assert param.default is not None
        if param.kind is None:
            return self.node(param.default)
        return self.check(c.Check(param.default, param.kind, f"`{param.var.name}`", param.default.span))

    def sequence(self, node: c.Seq) -> Node:
        return in_order([(ignore, self.node(item)) for item in node.items[:-1]], self.node(node.items[-1]))

    def while_(self, node: c.While) -> Node:
        test, body = self.node(node.test), self.node(node.body)
        return Node(True, simple_loop(test.run, body.run)) if test.simple and body.simple else Node(False, general_loop(test, body))

    def check(self, node: c.Check) -> Node:
        inner = self.node(node.value)
        kind, what, span = node.kind, node.what, node.span
        if inner.simple:
            run = inner.run
            return Node(True, lambda env: check_kind(run(env), kind, what, span))

        def start(env: Env, stack: Stack) -> Any:
            push_check(stack, kind, what, span)
            return inner.run, env

        return Node(False, start)

    def handle(self, node: c.Handle) -> Node:
        body = self.node(node.body).general
        clauses: dict[str, tuple[list[Bind], Bind | None, Callable[[Env, Stack], Any]]] = {}
        for clause in node.clauses:
            params = [self.binder(var) for var in clause.params]
            resume = self.binder(clause.resume) if clause.resume is not None else None
            entry = params, resume, self.node(clause.body).general
            for tag in ("raise", "error") if clause.tag in ("raise", "error") else (clause.tag,):
                clauses.setdefault(tag, entry)
        handler = Handler(clauses)

        def leave(value: Value, frame: Any, stack: Stack) -> Any:
            clause = clauses.get("return")
            if clause is None:
                return value
            clause[0][0](value, frame[2])
            return clause[2], frame[2]

        def start(env: Env, stack: Stack) -> Any:
            stack.append((leave, handler, env))
            return body, env

        return Node(False, start)

    def finally_(self, node: c.Finally) -> Node:
        body = self.node(node.body).general
        cleanup = Cleanup(self.node(node.cleanup).general)

        def leave(value: Value, frame: Any, stack: Stack) -> Any:
            stack.append((give, value))
            return cleanup.run, frame[2]

        def give(value: Value, frame: Any, stack: Stack) -> Value:
            return frame[1]

        def start(env: Env, stack: Stack) -> Any:
            stack.append((leave, cleanup, env))
            return body, env

        return Node(False, start)

    # ---- calls ----

    def call(self, node: c.Call) -> Node:
        args = [self.node(arg) for arg in node.args]
        if all(arg.simple for arg in args) and type(node.fn) is c.Global:
            native = self.machine.stable_builtin(node.fn.name, self.defined)
            if native is not None and not native.calling:
                return Node(True, direct_call(self.machine, native, [arg.run for arg in args], node.span))
        return Node(False, general_call(self.machine, [self.node(node.fn), *args], node.span))


METHODS: dict[type, Callable[[Compiler, Any], Node]] = {
    c.Const: Compiler.constant,
    c.Local: Compiler.local,
    c.Global: Compiler.global_,
    c.SetLocal: Compiler.set_local,
    c.SetGlobal: Compiler.set_global,
    c.If: Compiler.if_,
    c.Let: Compiler.let,
    c.Letrec: Compiler.letrec,
    c.Lambda: Compiler.lambda_,
    c.Call: Compiler.call,
    c.Seq: Compiler.sequence,
    c.While: Compiler.while_,
    c.Check: Compiler.check,
    c.Handle: Compiler.handle,
    c.Finally: Compiler.finally_,
    c.DefineValue: Compiler.define_value,
    c.DefineMethod: Compiler.define_method,
    c.DefineVersion: Compiler.define_version,
}
