"""Random `match` forms: patterns of every sort over a few enums, structs and literals, with guards and predicates that print, change
what is matched, and answer differently from one call to the next."""

from __future__ import annotations

from random import Random

PRELUDE = (
    "(define {enum E} A B (C [x]) (D [x] [y]))",
    "(define {struct S} [p] [q {Int}])",
    "(define {mutable-struct M} [m] [n])",
    "(define turns 0)",
    "(define (turn) (set! turns (+ turns 1)) (% (/ turns 2) 3))",
    """(define (ask name .. rest)
      (println name rest)
      (when (= (turn) 1) (array-set! shared 0 turns) (put! thing.m turns) (dict-set! table 'k turns))
      (= (turn) 0))""",
    "(define (odd-one? x) (println 'odd-one x) (and (int? x) (odd? x)))",
    "(define (any-one? x) (println 'any-one) (when (= (turn) 2) (array-set! shared 0 'set)) true)",
    "(define shared [1 2])",
    "(define thing (M 1 2))",
    "(define table #{'k 1})",
)  # fmt: skip
ATOMS = ("1", "2", "3", "1.0", "2.5", "#\\a", "#\\b", '"s"', '"t"', "true", "false", "nothing", "'u", "'v", "()", "7n")
ATOM_VALUES = (*ATOMS, "A", "B", "-0.0", "[]", "#{}", "Int", "E", "(list)")
KINDS = ("Int", "Float", "String", "E", "S", "M", "Array", "List", "Bool", "Number", "List Int", "Kind", "Symbol", "Option Int")


class Matches:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"n{self.count}"

    # ---- values ----

    def value(self, depth: int) -> str:
        choice = self.random.random()
        if depth == 0 or choice < 0.3:
            return self.random.choice(ATOM_VALUES)
        if choice < 0.5:
            return f"(D {self.value(depth - 1)} {self.value(depth - 1)})" if choice < 0.4 else f"(C {self.value(depth - 1)})"
        if choice < 0.6:
            return f"(S {self.value(depth - 1)} {self.random.choice('123')})"
        if choice < 0.7:
            return self.random.choice(("shared", "thing", "table", "(list shared 2)", "(C shared)", "(D thing 1)", "(list table thing)", "(Some 1)"))
        items = " ".join(self.value(depth - 1) for _ in range(self.random.randint(0, 3)))
        return f"[{items}]" if choice < 0.85 else f"(list {items})" if choice < 0.95 else f"(cons {self.value(0)} {self.value(0)})"

    # ---- patterns ----

    def pattern(self, depth: int, names: list[str] | None) -> str:
        """`names`: what it may bind is added there; None: it binds nothing."""
        rules = [self.atom, self.atom, self.wild]
        if depth:
            rules += [self.variant, self.variant, self.struct, self.sequence, self.sequence, self.cons, self.either, self.negated]
            rules += [self.both, self.tested]
            rules += [self.keys] if names is not None else []
        return self.random.choice(rules)(depth - 1, names)

    def atom(self, depth: int, names: list[str] | None) -> str:
        return self.random.choice((*ATOMS, "A", "B", "E.B", "(list)", "{" + self.random.choice(KINDS) + "}"))

    def wild(self, depth: int, names: list[str] | None) -> str:
        if names is None:
            return "_"
        names.append(self.name())
        return names[-1]

    def variant(self, depth: int, names: list[str] | None) -> str:
        if self.random.random() < 0.5:
            return f"(C {self.pattern(depth, names)})"
        return f"(D {self.pattern(depth, names)} {self.pattern(depth, names)})"

    def struct(self, depth: int, names: list[str] | None) -> str:
        name = self.random.choice(("S", "M", "M"))
        return f"({name} {self.pattern(depth, names)} {self.pattern(depth, names)})"

    def sequence(self, depth: int, names: list[str] | None) -> str:
        items = [self.pattern(depth, names) for _ in range(self.random.randint(0, 3))]
        if self.random.random() < 0.4:
            rest = "_" if names is None else self.name()
            if names is not None:
                names.append(rest)
            items.insert(self.random.randint(0, len(items)), f".. {rest}")
        text = " ".join(items)
        return f"[{text}]" if self.random.random() < 0.7 and items else f"(list {text})"

    def cons(self, depth: int, names: list[str] | None) -> str:
        return f"(cons {self.pattern(depth, names)} {self.pattern(depth, names)})"

    def keys(self, depth: int, names: list[str] | None) -> str:
        if names is None or "k" in names:
            return "_"
        names.append("k")
        return "(:k)"

    def either(self, depth: int, names: list[str] | None) -> str:
        if names is not None and self.random.random() < 0.5:
            name = self.name()
            names.append(name)
            return f"(or (C {name}) (D {name} {self.pattern(depth, None)}) [{name}])"
        return f"(or {self.pattern(depth, None)} {self.pattern(depth, None)})"

    def negated(self, depth: int, names: list[str] | None) -> str:
        return f"(not {self.pattern(depth, None)})"

    def both(self, depth: int, names: list[str] | None) -> str:
        if names is None:
            return f"(and {self.pattern(depth, None)} {self.pattern(depth, None)})"
        name = self.name()
        text = f"(as {self.pattern(depth, names)} {name})"
        names.append(name)
        return text

    def tested(self, depth: int, names: list[str] | None) -> str:
        return self.random.choice(("(satisfies odd-one?)", "(satisfies any-one?)", "#val (turn)"))

    # ---- clauses ----

    def function(self, depth: int, clauses: int) -> str:
        parts = []
        for i in range(self.random.randint(1, clauses)):
            names: list[str] = []
            pattern = self.pattern(depth, names)
            mentioned = " ".join(self.random.sample(names, self.random.randint(0, len(names))))
            guard = ""
            if self.random.random() < 0.4:
                test = f"(ask {i} {mentioned})"
                if names and self.random.random() < 0.2:
                    test = f"(do (set! {names[0]} (list {names[0]})) {test})"
                guard = f":when {test} "
            parts.append(f"[{pattern} {guard}(list {i} {' '.join(names)})]")
        if self.random.random() < 0.3:
            parts.append("[else 'else]")
        return f"(define (f v) (match v {' '.join(parts)}))"
