"""Random programs about kinds: structs, enums, methods, `match`. Every program ends, errors are part of what it does.

A generic function calls only those defined before it. Values are drawn from all kinds, so that most methods see several.
"""

from __future__ import annotations

from random import Random

LITERALS = ("0", "1", "2", "-3", "1.5", "2.0", '"a"', '"b"', "'x", "'y", "true", "false", "nothing", "#\\a", "'()")
BUILTIN = ("Int", "Float", "Number", "String", "Symbol", "Bool", "Nothing", "List", "Array", "Any")
Fields = list[tuple[str, str | None]]


class KindedPrograms:
    def __init__(self, random: Random, size: int) -> None:
        self.random, self.size = random, size
        self.structs: dict[str, Fields] = {}
        self.constants: list[str] = []
        self.kinds = list(BUILTIN)
        self.functions: dict[str, int] = {}
        self.methods = 0

    def program(self) -> list[str]:
        forms = [form for i in range(self.size) for form in self.kind(i)]
        for i in range(self.size):
            forms += self.function(f"f{i}")
            forms += [self.use(f"f{i}") for _ in range(3)]
            if self.random.random() < 0.5:
                name = self.random.choice(list(self.functions))
                forms += [self.method(name), self.use(name), self.loop(name)]
            forms.append(self.loop(f"f{i}"))
        return forms

    # ---- kinds ----

    def kind(self, i: int) -> list[str]:
        match self.random.randint(0, 4):
            case 0:
                return self.hierarchy(i)
            case 1:
                members = self.random.sample(self.kinds, 2)
                self.kinds.append(f"U{i}")
                return [f"(define {{U{i}}} (union [{{{members[0]}}} {{{members[1]}}}]))"]
            case 2:
                self.structs[f"P{i}"] = [("a", None), ("b", None)]
                self.kinds.append(f"P{i}")
                return [f"(define {{struct [P{i} T]}} [a {{T}}] [b])"]
            case _:
                return [self.enum(i)]

    def hierarchy(self, i: int) -> list[str]:
        forms = [f"(define {{abstract A{i}}})"]
        for j in range(self.random.randint(1, 3)):
            name, fields = f"S{i}{j}", self.fields()
            mutable = self.random.choice(("struct", "struct", "mutable-struct"))
            forms.append(f"(define ^:parent {{A{i}}} {{{mutable} {name}}} {self.declared(fields)})")
            self.structs[name] = fields
            self.kinds.append(name)
        self.kinds.append(f"A{i}")
        return forms

    def enum(self, i: int) -> str:
        variants = []
        for j in range(self.random.randint(1, 5)):
            name = f"V{i}{j}"
            if self.random.random() < 0.4:
                variants.append(name)
                self.constants.append(name)
            else:
                self.structs[name] = self.fields()
                variants.append(f"({name} {self.declared(self.structs[name])})")
        self.kinds.append(f"E{i}")
        return f"(define {{enum E{i}}} {' '.join(variants)})"

    def fields(self) -> Fields:
        count = self.random.randint(1, 2)
        return [(name, self.random.choice(("Int", "Float", None, None, self.random.choice(self.kinds)))) for name in "ab"[:count]]

    @staticmethod
    def declared(fields: Fields) -> str:
        return " ".join(f"[{name}]" if kind is None else f"[{name} {{{kind}}}]" for name, kind in fields)

    # ---- values ----

    def value(self, depth: int = 2, names: tuple[str, ...] = ()) -> str:
        choice = self.random.randint(0, 9)
        if names and choice < 4:
            return self.random.choice(names)
        if depth == 0 or choice < 6:
            return self.random.choice([*LITERALS, *self.constants])
        if choice == 6:
            return f"(list {self.value(depth - 1, names)} {self.value(depth - 1, names)})"
        if choice == 7:
            return f"[{self.value(depth - 1, names)} {self.value(depth - 1, names)}]"
        return self.made(depth, names) if self.structs else self.value(0, names)

    def made(self, depth: int, names: tuple[str, ...]) -> str:
        name = self.random.choice(list(self.structs))
        return f"({name} {' '.join(self.fitting(kind, depth - 1, names) for _, kind in self.structs[name])})"

    def fitting(self, kind: str | None, depth: int, names: tuple[str, ...]) -> str:
        """Mostly of the field's kind."""
        if kind == "Int" and self.random.random() < 0.9:
            return str(self.random.randint(-5, 5))
        if kind == "Float" and self.random.random() < 0.9:
            return f"{self.random.randint(-5, 5)}.5"
        return self.value(depth, names)

    # ---- methods ----

    def function(self, name: str) -> list[str]:
        self.functions[name] = self.random.choice((1, 1, 2))
        return [self.method(name) for _ in range(self.random.randint(1, 4))]

    def method(self, name: str) -> str:
        """A method; it calls only functions with smaller names."""
        self.methods += 1
        params = ("x", "y")[: self.functions[name]]
        callees = [other for other in self.functions if other < name]
        slots = " ".join(self.slot(param) for param in params)
        return f"(define {name} {slots} (list {self.methods} {self.body(params, callees, 2)}))"

    def slot(self, param: str) -> str:
        if self.random.random() < 0.1:
            return f"[{param} #val {self.random.choice(LITERALS)}]"
        return f"[{param}]" if self.random.random() < 0.2 else f"[{param} {{{self.random.choice(self.kinds)}}}]"

    def body(self, names: tuple[str, ...], callees: list[str], depth: int) -> str:
        choice = self.random.randint(0, 9)
        if depth == 0 or choice == 0:
            return self.value(1, names)
        inner = [self.body(names, callees, depth - 1) for _ in range(2)]
        name = self.random.choice(names)
        match choice:
            case 1:
                return f"({self.random.choice('+*-<')} {inner[0]} {inner[1]})"
            case 2:
                return f"(if (type? {name} {self.random.choice(self.kinds)}) {inner[0]} {inner[1]})"
            case 3 if callees:
                callee = self.random.choice(callees)
                return f"({callee} {' '.join(inner[: self.functions[callee]])})"
            case 4:
                return f"(get {name} '{self.random.choice('ab')})"
            case 5:
                return f"(let [z {inner[0]}] {self.body((*names, 'z'), callees, depth - 1)})"
            case 6:
                return f"(type-of {inner[0]})"
            case _:
                return self.matched(name if self.random.random() < 0.7 else inner[0], names, callees, depth)

    # ---- match ----

    def matched(self, subject: str, names: tuple[str, ...], callees: list[str], depth: int) -> str:
        clauses = []
        for _ in range(self.random.randint(1, 4)):
            bound: list[str] = []
            pattern = self.pattern(2, bound)
            inner = (*names, *bound)
            guard = f" :when {self.guard(inner)}" if self.random.random() < 0.2 else ""
            clauses.append(f"[{pattern}{guard} {self.body(inner, callees, depth - 1)}]")
        if self.random.random() < 0.8:
            clauses.append(f"[_ {self.body(names, callees, depth - 1)}]")
        return f"(match {subject} {' '.join(clauses)})"

    def guard(self, names: tuple[str, ...]) -> str:
        name = self.random.choice(names)
        return self.random.choice((f"(type? {name} {self.random.choice(self.kinds)})", f"(= {name} {self.random.choice(LITERALS)})", "true"))

    def pattern(self, depth: int, bound: list[str]) -> str:
        choice = self.random.randint(0, 11)
        if choice < 3 and self.structs and depth:
            name = self.random.choice(list(self.structs))
            return f"({name} {' '.join(self.pattern(depth - 1, bound) for _ in self.structs[name])})"
        if choice == 3 and self.constants:
            return self.random.choice(self.constants)
        if choice in (4, 5):
            return self.random.choice(LITERALS)
        if choice == 6:
            return f"{{{self.random.choice(self.kinds)}}}"
        if depth and choice == 7:
            return f"[{self.pattern(depth - 1, bound)} {self.pattern(depth - 1, bound)}]"
        if depth and choice == 8:
            return f"(or {self.pattern(0, [])} {self.random.choice(LITERALS)})".replace("(or v", "(or _v")
        if depth and choice == 9:
            return f"(cons {self.pattern(depth - 1, bound)} {self.pattern(depth - 1, bound)})"
        if depth and choice == 10:
            return f"(and {self.pattern(depth - 1, bound)} (not {self.random.choice(LITERALS)}))"
        if choice == 11:
            return "_"
        bound.append(f"v{len(bound)}")
        return bound[-1]

    # ---- uses ----

    def use(self, name: str) -> str:
        return f"({name} {' '.join(self.value(2) for _ in range(self.functions[name]))})"

    def loop(self, name: str) -> str:
        """Over many values: the same call site sees several kinds. Errors are caught one by one."""
        values = " ".join(self.value(2) for _ in range(4))
        rest = " ".join(["1"] * (self.functions[name] - 1))
        call = f"(handle ({name} v {rest}) [error [m] m])"
        return self.random.choice((f"(for [v [{values}]] {call})", f"(collect (map (fn [v] {call}) (list {values})))"))
