"""The machine: globals, calls, the explicit stack, errors that unwind it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NoReturn

from jit_runtime.expand import core as c
from jit_runtime.expand.extensions import EXTENSION
from jit_runtime.expand.kind_definitions import CONSTRUCTOR, constructor
from jit_runtime.oracle.calling import Calls, Tail
from jit_runtime.oracle.compile import Code, Compiler
from jit_runtime.oracle.dispatch import applies, choose, expected_count, same_signature
from jit_runtime.oracle.machine_numbers import converter
from jit_runtime.oracle.raised import Raised, raise_error
from jit_runtime.oracle.steps import Cleanup, Env, Handler, Stack, check_kind, in_cell, push_check
from jit_runtime.oracle.structs import construct
from jit_runtime.oracle.values import UNINITIALIZED, Closure, Generic, Native, Value, make_list, symbol, truthy
from jit_runtime.source.diagnostics import Diagnostic
from jit_runtime.source.text import NOWHERE, Span
from jit_runtime.types import errors
from jit_runtime.types.builtins import CHAINING, CONSTANTS, FOLDING, FUNCTION, LIB, Builtin, find_builtin, names_builtin
from jit_runtime.types.kinds import CONVERTIBLE, Kind
from jit_runtime.types.primitives import Primitive
from jit_runtime.types.structs import Struct
from jit_runtime.types.universe import Universe

STACK_LIMIT = 3_000_000
"""Frames on the explicit stack; a call that waits for another has one to three."""
MOST_ARGUMENTS = 255


class Machine:
    """One module's definitions, and the loop that runs code against them."""

    def __init__(self, implementations: dict[str, Native], stack_limit: int = STACK_LIMIT) -> None:
        self.implementations = implementations
        self.stack_limit = self.limit = stack_limit
        self.globals: dict[str, Value] = {}
        self.declared: dict[str, Kind] = {}
        self.functions: set[str] = set()
        self.universe = Universe()
        self.warnings: list[Diagnostic] = []
        self._variants: dict[Struct, Value] = {}
        self.docs: dict[str, str] = {}
        self.epoch = 0
        self.relied_on: set[str] = set()

    # ---- what the expander asks (expand.scope.Env) ----

    def has_methods(self, name: str) -> bool:
        return name in self.functions

    def has_value(self, name: str) -> bool:
        return name in self.globals and name not in self.functions

    def extends(self, name: str) -> bool:
        return name in self.functions and self.globals[name].extends is not None

    # ---- globals ----

    def builtin(self, name: str) -> Value:
        """What a name means that the program has not defined; UNINITIALIZED for nothing."""
        row = find_builtin(name)
        if row is not None:
            return self.implementations[row.name]
        return CONSTANTS[name] if name in CONSTANTS else self._prelude(name)

    def _prelude(self, name: str) -> Value:
        """A variant of an enum that is there from the start: its constructor, or the constant itself."""
        variant = self.universe.variants.get(name)
        if variant is None:
            return UNINITIALIZED
        if variant not in self._variants:
            self._variants[variant] = construct(self.universe, variant) if variant.is_constant else self._constructor(variant)
        return self._variants[variant]

    def _constructor(self, variant: Struct) -> Generic:
        made = Generic(variant.name)
        made.constructor = Closure(Code(constructor(variant, variant.name, NOWHERE).method, self), [])
        made.methods = [made.constructor]
        return made

    def stable_builtin(self, name: str, defined: frozenset[str]) -> Native | None:
        """The builtin of that name, if no definition shadows it; code that relies on this is compiled again after one does."""
        row = find_builtin(name)
        if row is None or (name in self.globals and not names_builtin(name)) or name in defined:
            return None
        self.relied_on.add(name)
        return self.implementations[row.name]

    def _define(self, name: str, value: Value, doc: str | None) -> None:
        self.globals[name] = value
        self.docs.pop(name, None)
        if doc is not None:
            self.docs[name] = doc
        if name in self.relied_on:
            self.relied_on.clear()
            self.epoch += 1

    def define_value(self, node: c.DefineValue, value: Value) -> None:
        if node.kind is not None:
            check_kind(value, node.kind, f"`{node.name}`", node.span)
            self.declared[node.name] = node.kind
        else:
            self.declared.pop(node.name, None)
        self.functions.discard(node.name)
        self._define(node.name, value, node.doc)

    def define_method(self, node: c.DefineMethod, method: Closure) -> None:
        """Add a method to the function of that name, in place of one with the same signature."""
        generic = self.globals[node.name] if node.name in self.functions else Generic(node.name, self._extended(node))
        if CONSTRUCTOR in node.flags:
            generic.methods = [old for old in generic.methods if old is not generic.constructor]
            generic.constructor = method
        generic.methods = [old for old in generic.methods if not same_signature(old, method)] + [method]
        self.declared.pop(node.name, None)
        self.functions.add(node.name)
        doc = generic.extends.row.doc if generic.extends is not None else None
        self._define(node.name, generic, node.doc or self.docs.get(node.name, doc))

    def _extended(self, node: c.DefineMethod) -> Native | None:
        return self.builtin(node.name) if EXTENSION in node.flags else None

    def assign(self, name: str, value: Value, span: Span) -> Value:
        if name in self.functions or name not in self.globals:
            bound = name in self.functions or self.builtin(name) is not UNINITIALIZED
            raise_error(errors.FIXED if bound else errors.UNBOUND, symbol(name))
        kind = self.declared.get(name)
        if kind is not None:
            check_kind(value, kind, f"`{name}`", span)
        self.globals[name] = value
        return value

    # ---- calls ----

    def interrupt(self) -> None:
        """Make the running program raise `interrupted` at its next call. From any thread."""
        self.limit = -1

    def _stop(self) -> NoReturn:
        interrupted, self.limit = self.limit < 0, self.stack_limit
        raise_error(errors.INTERRUPTED if interrupted else errors.STACK)

    def enter(self, function: Value, arguments: list[Value], stack: Stack) -> Any:
        """The value of a call, or the jump that computes it. Raises Raised without a span."""
        if len(arguments) > MOST_ARGUMENTS and type(function) is not Native:
            raise_error(errors.TOO_MANY, len(arguments))
        if isinstance(function, Kind):
            function = self._maker(function)
        if type(function) is Generic:
            if function.extends is not None and not applies(function, arguments):
                return self._enter_extended(function, arguments, stack)
            function = self._method(function, arguments)
        elif type(function) is Native:
            return self._enter_native(function, arguments, stack)
        elif type(function) is not Closure:
            raise_error(errors.NOT_FUNCTION, function)
        return self._enter_closure(function, arguments, stack)

    def _maker(self, kind: Kind) -> Value:
        """The function that makes instances of a kind."""
        if isinstance(kind, (Struct, Primitive)) and kind.name in self.functions:
            return self.globals[kind.name]
        if kind.name in CONVERTIBLE:
            row = Builtin(kind.name, 1, 1, kind.mask, ("lib",), "")
            return Native(row, converter(kind), False)
        raise_error(errors.ABSTRACT if kind.abstract else errors.NOT_FUNCTION, kind)

    def _enter_extended(self, generic: Generic, arguments: list[Value], stack: Stack) -> Any:
        """A call that none of a program's methods takes means the builtin; one of many arguments, calls with two of them."""
        native = generic.extends
        assert native is not None
        if len(arguments) > 2 and native.row.name in FOLDING:
            return self._drive(fold(generic, arguments), None, stack)
        if len(arguments) > 2 and native.row.name in CHAINING:
            return self._drive(chain(generic, arguments), None, stack)
        return self._enter_native(native, arguments, stack)

    def _method(self, generic: Generic, arguments: list[Value]) -> Closure:
        if len(generic.methods) == 1 and generic.methods[0].code.plain and len(arguments) == generic.methods[0].code.width:
            return generic.methods[0]
        accepting = [method for method in generic.methods if expected_count(method, len(arguments))]
        if not accepting:
            raise self.arity_error(generic, len(arguments))
        return choose(generic, accepting, arguments)

    def _enter_closure(self, closure: Closure, arguments: list[Value], stack: Stack) -> Any:
        code: Code = closure.code
        if code.epoch != self.epoch:
            code.prepare()
        if len(stack) > self.limit:
            self._stop()
        missing = code.width - len(arguments)
        if not code.plain or missing:
            arguments = self._bind(closure, arguments)
            missing = max(missing, 0)
        if code.source.result is not None:
            push_check(stack, code.source.result, f"the result of `{code.source.name or 'fn'}`", code.source.span)
        env: Env = closure.captured + arguments
        env += [None] * (code.size - len(env))
        return code.bodies[missing], env

    def _bind(self, closure: Closure, arguments: list[Value]) -> list[Value]:
        """The arguments as the slots of the parameters: checked, in cells, the rest as a list."""
        source = closure.code.source
        if not expected_count(closure, len(arguments)):
            raise self.arity_error(closure, len(arguments))
        slots: list[Value] = []
        for param, value in zip(source.params, arguments):
            if param.kind is not None:
                check_kind(value, param.kind, f"`{param.var.name}`", param.var.span)
            slots.append([value] if in_cell(param.var) else value)
        slots += [None] * (len(source.params) - len(slots))
        if source.rest is not None:
            rest = make_list(arguments[len(source.params) :])
            slots.append([rest] if in_cell(source.rest) else rest)
        return slots

    def _enter_native(self, native: Native, arguments: list[Value], stack: Stack) -> Any:
        if not native.row.accepts(len(arguments)):
            raise self.arity_error(native, len(arguments))
        if not native.calling:
            return native.binary(*arguments) if len(arguments) == 2 else native.implementation(*arguments)
        return self._drive(native.implementation(*arguments), None, stack)

    def _drive(self, calls: Calls, value: Value, stack: Stack) -> Any:
        """Let a builtin go on with the value it waits for, up to its next call or its end."""
        try:
            function, arguments = calls.send(value)
        except StopIteration as end:
            if type(end.value) is Tail:
                return self.enter(end.value.function, list(end.value.arguments), stack)
            return end.value
        stack.append((self._resume_native, calls))
        return self.enter(function, list(arguments), stack)

    def _resume_native(self, value: Value, frame: Any, stack: Stack) -> Any:
        return self._drive(frame[1], value, stack)

    def arity_error(self, function: Value, count: int) -> Raised:
        name, arities = describe_arity(function)
        return Raised.of(errors.ARITY, symbol(name), count, arities)

    # ---- running ----

    def run(self, node: c.Core) -> Value:
        """The value of a top-level form. Raises Raised."""
        self.limit = self.stack_limit
        compiler = Compiler(self, None, defined_names(node))
        compiled = compiler.node(node)
        return self.execute(compiled.general, [None] * len(compiler.slots))

    def thunk(self, node: c.Core) -> Closure:
        """A function without parameters that runs a top-level form."""
        return Closure(Code(c.Lambda(None, [], None, None, node, node.span), self), [])

    def execute(self, run: Callable[[Env, Stack], Any], env: Env) -> Value:
        stack: Stack = []
        while True:
            try:
                while True:
                    result = run(env, stack)
                    while type(result) is not tuple:
                        if not stack:
                            return result
                        frame = stack.pop()
                        result = frame[0](result, frame, stack)
                    run, env = result
            except Raised as error:
                run, env = self._unwind(stack, error)
            except RecursionError:
                run, env = self._unwind(stack, Raised.of(errors.STACK))
            except MemoryError:
                run, env = self._unwind(stack, Raised.of(errors.MEMORY))

    def _unwind(self, stack: Stack, error: Raised) -> Any:
        """The jump to the nearest handler or cleanup, with the stack as it was when its body was entered."""
        while stack:
            frame = stack.pop()
            site = frame[1] if len(frame) > 1 else None
            if type(site) is Cleanup:
                stack.append((raise_again, error))
                return site.run, frame[2]
            if type(site) is Handler and "raise" in site.clauses and error.number != errors.INTERRUPTED:
                params, resume, body = site.clauses["raise"]
                params[0](error.payload, frame[2])
                if resume is not None:
                    resume(CANNOT_RESUME, frame[2])
                return body, frame[2]
        raise error


def fold(function: Value, arguments: list[Value]) -> Calls:
    result = arguments[0]
    for argument in arguments[1:]:
        result = yield function, (result, argument)
    return result


def chain(function: Value, arguments: list[Value]) -> Calls:
    for a, b in pairwise(arguments):
        result = yield function, (a, b)
        if not truthy(result):
            return False
    return result


def raise_again(value: Value, frame: Any, stack: Stack) -> Value:
    """After the cleanup of a body that was left by an error."""
    raise frame[1]


def _cannot_resume(*values: Value) -> Value:
    raise_error(errors.CANNOT_RESUME, symbol("raise"))


CANNOT_RESUME = Native(Builtin("resume", 0, 1, FUNCTION, LIB, ""), _cannot_resume, False)


def describe_arity(function: Value) -> tuple[str, str]:
    """Name, and the counts it takes: `2`, `1 to 2`, `at least 1`, `0, 2 or 3`."""
    if type(function) is Native:
        return function.row.name or "#<fn>", describe_counts(function.row.min_args, function.row.max_args)
    methods = function.methods if type(function) is Generic else [function]
    counts = sorted({(method.code.least, -1 if method.code.most is None else method.code.most) for method in methods})
    texts = [describe_counts(least, None if most < 0 else most) for least, most in counts]
    name = function.name if type(function) is Generic else function.code.source.name or "#<fn>"
    return name, " or ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def describe_counts(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least}"
    return str(least) if least == most else f"{least} to {most}"


def defined_names(node: c.Core) -> frozenset[str]:
    """The names that a top-level form defines."""
    if isinstance(node, (c.DefineValue, c.DefineMethod)):
        return frozenset({node.name})
    if type(node) is c.Seq:
        return frozenset().union(*map(defined_names, node.items))
    return defined_names(node.body) if type(node) is c.Let else frozenset()
