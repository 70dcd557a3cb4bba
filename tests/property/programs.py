"""Random programs: definitions of small functions and forms that call them. They end, and print nothing.

Expressions are made for a kind (int, float, bool, string, list, array, dict, box, fun: a function of one int, any), with
variables of the environment. Functions call functions defined earlier, themselves with a smaller first argument, and closures they were given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

KINDS = ("int", "float", "bool", "string", "list", "array", "dict", "box", "fun", "any")
INTS = (0, 1, 2, 3, 5, -1, -7, 10, 100, 4611686018427387904 // 2, -(1 << 61), (1 << 61) - 1, (1 << 63) - 1, -(1 << 63))
FLOATS = (0.0, 0.5, 1.5, -2.25, 3.0, 1e10, 1e-300, 1e300)
WRONG = 0.02  # how often an expression of another kind stands where one is expected


@dataclass
class Scope:
    """Variables by kind; `mutable`: those that `set!` may assign; `functions`: name -> (kinds of parameters, kind of result)."""

    variables: dict[str, str] = field(default_factory=dict)
    mutable: dict[str, str] = field(default_factory=dict)
    functions: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)

    def inner(self) -> Scope:
        return Scope(dict(self.variables), dict(self.mutable), self.functions)


class Programs:
    """Makes programs from the choices of a random number generator."""

    def __init__(self, random: Random, size: int = 4) -> None:
        self.random, self.size = random, size
        self.names = 0
        self.loops = 0  # loops around this place; their turns multiply

    def program(self) -> list[str]:
        """The forms, in order."""
        scope, forms = Scope(), []
        for _ in range(self.random.randint(1, 4)):
            forms.append(self.definition(scope))
        for _ in range(self.random.randint(1, 3)):
            forms.append(self.expr(self.kind(), scope, self.size))
        return forms

    def kind(self) -> str:
        return self.random.choice(KINDS)

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    # ---- definitions ----

    def definition(self, scope: Scope) -> str:
        return self.value(scope) if self.random.random() < 0.25 else self.function(scope)

    def value(self, scope: Scope) -> str:
        name, kind = self.name("g"), self.kind()
        text = f"(define {name} {self.expr(kind, scope, 2)})"
        scope.variables[name] = scope.mutable[name] = kind
        return text

    def function(self, scope: Scope) -> str:
        name, result = self.name("f"), self.kind()
        kinds = tuple(self.kind() for _ in range(self.random.randint(0, 4)))
        recursive = self.random.random() < 0.4
        kinds = ("int", *kinds) if recursive else kinds
        params = [self.name("x") for _ in kinds]
        inner = scope.inner()
        inner.variables.update(zip(params, kinds, strict=True))
        inner.mutable.update(zip(params, kinds, strict=True))
        if recursive:
            del inner.mutable[params[0]]
            body = self.recursion(name, params, kinds, result, inner)
        else:
            body = self.body(result, inner, self.size)
        scope.functions[name] = (kinds, result)
        slots = " ".join(f"[{p}]" for p in params) if params else "[]"
        return f"(define {name} {slots} {body})"

    def recursion(self, name: str, params: list[str], kinds: tuple[str, ...], result: str, inner: Scope) -> str:
        n = params[0]
        base = self.expr(result, inner, 2)
        smaller = f"(- {n} {self.random.choice((1, 1, 2))})"
        arguments = " ".join(self.expr(kind, inner, 2) for kind in kinds[1:])
        again = f"({name} {smaller} {arguments})".replace(" )", ")")
        if self.random.random() < 0.5:  # otherwise a tail call
            var, more = self.name("r"), inner.inner()
            more.variables[var] = result
            again = f"(let [{var} {again}] {self.expr(result, more, 2)})"
        return f"(if (or (<= {n} 0) (> {n} 12)) {base} {again})"

    def body(self, kind: str, scope: Scope, depth: int) -> str:
        effects = [self.effect(scope, depth - 1) for _ in range(self.random.choice((0, 0, 1, 2)))]
        value = self.expr(kind, scope, depth)
        return f"(do {' '.join(effects)} {value})" if effects else value

    # ---- effects ----

    def effect(self, scope: Scope, depth: int) -> str:
        choices = [self.set_box, self.set_array, self.set_dict, self.when]
        if scope.mutable:
            choices += [self.assign, self.assign]
        return self.random.choice(choices)(scope, depth)

    def assign(self, scope: Scope, depth: int) -> str:
        name = self.random.choice(list(scope.mutable))
        return f"(set! {name} {self.expr(scope.mutable[name], scope, depth)})"

    def set_box(self, scope: Scope, depth: int) -> str:
        return f"(box-set! {self.expr('box', scope, depth - 1)} {self.expr('int', scope, depth)})"

    def set_array(self, scope: Scope, depth: int) -> str:
        array = self.expr("array", scope, depth - 1)
        if self.random.random() < 0.4:
            return f"(push! {array} {self.expr('any', scope, depth - 1)})"
        return f"(array-set! {array} {self.random.randint(0, 2)} {self.expr('any', scope, depth - 1)})"

    def set_dict(self, scope: Scope, depth: int) -> str:
        target, key = self.expr("dict", scope, depth - 1), self.expr(self.random.choice(("int", "string", "any")), scope, 1)
        if self.random.random() < 0.2:
            return f"(dict-remove! {target} {key})"
        return f"(dict-set! {target} {key} {self.expr('any', scope, depth - 1)})"

    def when(self, scope: Scope, depth: int) -> str:
        return f"(when {self.expr('bool', scope, depth - 1)} {self.expr('any', scope, depth - 1)})"

    # ---- expressions ----

    def expr(self, kind: str, scope: Scope, depth: int) -> str:
        if self.random.random() < WRONG:
            kind = self.kind()
        if depth <= 0 or self.random.random() < 0.15:
            return self.leaf(kind, scope)
        choices = [getattr(self, f"{kind}_expr")] * 4
        choices += [
            self.let,
            self.choice,
            self.leaf_of,
            self.call,
            self.call,
            self.handle,
            self.sequence,
            self.closure_call,
            self.cleanup,
            self.local_function,
            self.rest_call,
            self.cond,
        ]
        if self.loops < 2:
            choices += [self.loop, self.while_loop]
        return self.random.choice(choices)(kind, scope, depth - 1)

    def leaf_of(self, kind: str, scope: Scope, depth: int) -> str:
        return self.leaf(kind, scope)

    def leaf(self, kind: str, scope: Scope) -> str:
        known = [name for name, k in scope.variables.items() if k == kind or kind == "any"]
        if known and self.random.random() < 0.7:
            return self.random.choice(known)
        match kind:
            case "int":
                return str(self.random.choice(INTS) if self.random.random() < 0.3 else self.random.randint(-3, 9))
            case "float":
                return repr(self.random.choice(FLOATS))
            case "bool":
                return self.random.choice(("true", "false"))
            case "list":
                return self.random.choice(("'()", "'(1 2 3)", "(list 4 5)", '\'(a "b" 1.5)'))
            case "array":
                return self.random.choice(("[1 2 3]", "[]", "(make-array 3 0)"))
            case "string":
                return self.random.choice(('""', '"a"', '"héλ"', "(str 1 2)"))
            case "dict":
                return self.random.choice(("#{}", "#{:a 1}", '#{1 2 "k" 3}'))
            case "box":
                return f"(box {self.random.randint(0, 9)})"
            case "fun":
                return self.random.choice(("inc", "(fn [y] (* y 2))", "abs"))
        return self.leaf(self.random.choice(KINDS[:-1]), scope)

    def let(self, kind: str, scope: Scope, depth: int) -> str:
        inner, slots = scope.inner(), []
        for _ in range(self.random.randint(1, 2)):
            name, bound = self.name("v"), self.kind()
            slots.append(f"[{name} {self.expr(bound, scope, depth)}]")
            inner.variables[name] = inner.mutable[name] = bound
        return f"(let {' '.join(slots)} {self.body(kind, inner, depth)})"

    def choice(self, kind: str, scope: Scope, depth: int) -> str:
        return f"(if {self.expr('bool', scope, depth)} {self.expr(kind, scope, depth)} {self.expr(kind, scope, depth)})"

    def sequence(self, kind: str, scope: Scope, depth: int) -> str:
        return f"(do {self.effect(scope, depth)} {self.expr(kind, scope, depth)})"

    def call(self, kind: str, scope: Scope, depth: int) -> str:
        known = [name for name, (_, result) in scope.functions.items() if result == kind or kind == "any"]
        if not known:
            return self.expr(kind, scope, depth)
        name = self.random.choice(known)
        arguments = "".join(" " + self.expr(k, scope, depth - 1) for k in scope.functions[name][0])
        return f"({name}{arguments})"

    def handle(self, kind: str, scope: Scope, depth: int) -> str:
        inner = scope.inner()
        inner.variables["e"] = "any"
        body = self.expr(kind, scope, depth)
        if self.random.random() < 0.4:
            body = f"(do (when {self.expr('bool', scope, depth - 1)} (raise {self.expr('any', scope, depth - 1)})) {body})"
        return f"(handle {body} (raise [e] {self.expr(kind, inner, depth)}))"

    def closure_call(self, kind: str, scope: Scope, depth: int) -> str:
        """A closure over the whole scope, called directly or after having been bound."""
        inner, param, argument = scope.inner(), self.name("p"), self.kind()
        inner.variables[param] = inner.mutable[param] = argument
        function = f"(fn [{param}] {self.body(kind, inner, depth)})"
        if self.random.random() < 0.5:
            return f"({function} {self.expr(argument, scope, depth)})"
        name = self.name("h")
        return f"(let [{name} {function}] ({name} {self.expr(argument, scope, depth)}))"

    def cleanup(self, kind: str, scope: Scope, depth: int) -> str:
        return f"(try {self.expr(kind, scope, depth)} (finally {self.effect(scope, depth - 1)}))"

    def cond(self, kind: str, scope: Scope, depth: int) -> str:
        test = self.expr("bool", scope, depth - 1)
        other = self.expr(self.random.choice(KINDS), scope, depth - 1)
        return f"(cond [{test} {self.expr(kind, scope, depth)}] [{other} {self.expr(kind, scope, depth)}] [else {self.expr(kind, scope, depth)}])"

    def local_function(self, kind: str, scope: Scope, depth: int) -> str:
        """A function defined in a body that calls itself a few times and may escape as a value."""
        name, n, state, inner = self.name("l"), self.name("n"), self.name("s"), scope.inner()
        inner.variables |= {n: "int", state: kind}
        inner.mutable[state] = kind
        again = f"({name} (- {n} 1) {self.expr(kind, inner, depth - 1)})"
        if self.random.random() < 0.4:
            again = f"(let [{self.name('v')} {again}] {self.expr(kind, inner, depth - 1)})"
        define = f"(define {name} {n} {state} (if (<= {n} 0) {self.expr(kind, inner, depth - 1)} {again}))"
        use = self.random.choice((f"({name} {{0}} {{1}})", f"(apply {name} (list {{0}} {{1}}))", f"((fn [g] (g {{0}} {{1}})) {name})"))
        return f"(do {define} {use.format(self.random.randint(0, 4), self.expr(kind, scope, depth - 1))})"

    def rest_call(self, kind: str, scope: Scope, depth: int) -> str:
        """A function with a default and a rest."""
        inner, a, b, rest = scope.inner(), self.name("a"), self.name("b"), self.name("r")
        first, second = self.kind(), self.random.choice(("int", "float", "list", "string"))
        default = self.expr(second, scope, 1)
        inner.variables |= {a: first, b: second, rest: "list"}
        default = f"(do {default})"  # in a slot a symbol would begin another parameter
        function = f"(fn [{a} {b} {default} .. {rest}] {self.body(kind, inner, depth)})"
        arguments = [self.expr(k, scope, depth - 1) for k in (first, second, "any", "int")[: self.random.randint(1, 4)]]
        return f"({function} {' '.join(arguments)})"

    def loop(self, kind: str, scope: Scope, depth: int) -> str:
        """A named let that counts and carries a value of the kind."""
        name, i, state, inner = self.name("loop"), self.name("i"), self.name("s"), scope.inner()
        start = self.expr(kind, scope, depth - 1)
        inner.variables |= {i: "int", state: kind}
        self.loops += 1
        step = self.expr(kind, inner, depth)
        effect = f"(do {self.effect(inner, depth - 1)} " if self.random.random() < 0.3 else ""
        self.loops -= 1
        again = f"({name} (+ {i} 1) {step})"
        again = f"{effect}{again})" if effect else again
        early = self.random.random() < 0.2
        last = self.expr(kind, inner, 1) if early else state
        return f"(let {name} [{i} 0] [{state} {start}] (if (>= {i} {self.random.randint(0, 6)}) {last} {again}))"

    def while_loop(self, kind: str, scope: Scope, depth: int) -> str:
        i, state, inner = self.name("i"), self.name("s"), scope.inner()
        start = self.expr(kind, scope, depth - 1)
        inner.variables |= {i: "int", state: kind}
        self.loops += 1
        step = self.expr(kind, inner, depth)
        self.loops -= 1
        return f"(let [{i} 0] [{state} {start}] (while (< {i} {self.random.randint(0, 5)}) (set! {state} {step}) (set! {i} (+ {i} 1))) {state})"

    def int_expr(self, kind: str, scope: Scope, depth: int) -> str:
        def e(k: str = "int") -> str:
            return self.expr(k, scope, depth)

        match self.random.randint(0, 9):
            case 0 | 1 | 2:
                return f"({self.random.choice(('+', '-', '*', '+%', '*%'))} {e()} {e()})"
            case 3:
                return f"({self.random.choice(('/', '%'))} {e()} {e()})"
            case 4:
                return f"({self.random.choice(('min', 'max', 'band', 'bor', 'bxor'))} {e()} {e()})"
            case 5:
                return f"({self.random.choice(('abs', 'inc', 'dec', '-'))} {e()})"
            case 6:
                return f"(length {e(self.random.choice(('list', 'array', 'string', 'dict')))})"
            case 7:
                return f"(box-ref {e('box')})"
            case 8:
                return f"({e('fun')} {e()})"
        return f"(reduce + 0 {e('list')})"

    def float_expr(self, kind: str, scope: Scope, depth: int) -> str:
        def e(k: str = "float") -> str:
            return self.expr(k, scope, depth)

        match self.random.randint(0, 3):
            case 0 | 1:
                return f"({self.random.choice(('+', '-', '*', '/'))} {e()} {e(self.random.choice(('float', 'int')))})"
            case 2:
                return f"({self.random.choice(('sqrt', 'floor', 'abs', '-', '->float'))} {e()})"
        return f"(->float {e('int')})"

    def bool_expr(self, kind: str, scope: Scope, depth: int) -> str:
        def e(k: str = "bool") -> str:
            return self.expr(k, scope, depth)

        number = self.random.choice(("int", "int", "float"))
        match self.random.randint(0, 6):
            case 0 | 1:
                return f"({self.random.choice(('<', '>', '<=', '>=', '='))} {e(number)} {e(number)})"
            case 2:
                return f"({self.random.choice(('and', 'or'))} {e()} {e()})"
            case 3:
                return f"(not {e()})"
            case 4:
                return f"(= {e('any')} {e('any')})"
            case 5:
                return f"({self.random.choice(('int?', 'float?', 'pair?', 'null?', 'array?', 'function?', 'bool?', 'box?'))} {e('any')})"
        return f"(eq? {e('box')} {e('box')})"

    def string_expr(self, kind: str, scope: Scope, depth: int) -> str:
        def e(k: str = "string") -> str:
            return self.expr(k, scope, depth)

        match self.random.randint(0, 4):
            case 0:
                return f"(str {e('any')} {e()})"
            case 1:
                return f"(string-append {e()} {e()})"
            case 2:
                return f"(substring {e()} 0 {self.expr('int', scope, 1)})"
            case 3:
                return f"(string-upcase {e()})"
        return f"(string-repeat {e()} {self.random.randint(0, 3)})"

    def dict_expr(self, kind: str, scope: Scope, depth: int) -> str:
        if self.random.random() < 0.3:
            return f"(copy {self.expr('dict', scope, depth)})"
        return f"#{{:a {self.expr('any', scope, depth)} {self.expr('int', scope, depth)} {self.expr('any', scope, depth)}}}"

    def list_expr(self, kind: str, scope: Scope, depth: int) -> str:
        def e(k: str = "list") -> str:
            return self.expr(k, scope, depth)

        match self.random.randint(0, 6):
            case 0 | 1:
                return f"(cons {e('any')} {e()})"
            case 2:
                return f"(list {e('any')} {e('int')})"
            case 3:
                return f"(rest {e()})"
            case 4:
                return f"(append {e()} {e()})"
            case 5:
                return f"(reverse {e()})"
        return f"(array->list {e('array')})"

    def array_expr(self, kind: str, scope: Scope, depth: int) -> str:
        def e(k: str) -> str:
            return self.expr(k, scope, depth)

        match self.random.randint(0, 4):
            case 0 | 1:
                return f"[{e('any')} {e('int')} {e('any')}]"
            case 2:
                return f"(copy {e('array')})"
            case 3:
                return f"(list->array {e('list')})"
        return f"(push! {e('array')} {e('any')})"

    def box_expr(self, kind: str, scope: Scope, depth: int) -> str:
        return f"(box {self.expr('int', scope, depth)})"

    def fun_expr(self, kind: str, scope: Scope, depth: int) -> str:
        inner, param = scope.inner(), self.name("p")
        inner.variables[param] = "int"
        return f"(fn [{param}] {self.body('int', inner, depth)})"

    def any_expr(self, kind: str, scope: Scope, depth: int) -> str:
        match self.random.randint(0, 3):
            case 0 if self.random.random() < 0.5:
                return f"(get {self.expr('dict', scope, depth)} {self.expr('any', scope, 1)})"
            case 0:
                return f"(first {self.expr('list', scope, depth)})"
            case 1:
                return f"(array-ref {self.expr('array', scope, depth)} {self.expr('int', scope, 1)})"
        return self.expr(self.random.choice(KINDS[:-1]), scope, depth)
