"""Rows about calls that have to find their method, and kind tests.

Values come out of an array that can hold anything, in random order; it is walked again and again, as programs do. Processors learn an order of
1024 after a while; one of 16384 they do not. What the same loop takes without the call or test is subtracted; the method's own work (a
field, an addition) is not.
"""

from __future__ import annotations

from benchmarks.ours import OmniFailed, Worker, least
from benchmarks.rows import Row
from benchmarks.unboxed import word_rows

KINDS = 32
ELEMENTS, MORE_ELEMENTS = 1024, 16384
NANO = 1e9

SHUFFLED = """
(define shuffled xs n (let [out (array)] (let loop [i 0] [r 12345]
  (if (= i n) out (do (array-push! out (array-ref xs (% (/ r 65536) (array-length xs))))
                         (loop (+ i 1) (% (+ (* r 1103515245) 12345) 2147483648)))))))
"""
WALK = """
(define {name} xs ys n (let outer [r 0] [t 0] (if (= r n) t (outer (+ r 1)
  (let loop [i 0] [sum t] (if (= i (array-length xs)) sum (loop (+ i 1) (+ sum {body}))))))))
"""
X, Y = "(array-ref xs i)", "(array-ref ys i)"
# loop -> what it does, and the loop that is subtracted
LOOPS = {
    "reads-one": (f"(if (eq? {X} xs) 1 2)", ""),
    "reads-two": (f"(if (eq? {X} xs) 1 (if (eq? {Y} xs) 2 3))", ""),
    "one": (f"(tag {X})", "reads-one"),
    "four": (f"(four {X})", "reads-one"),
    "two": (f"(meet {X} {Y})", "reads-two"),
    "abstract": (f"(if (type? {X} Thing) 1 2)", "reads-one"),
    "struct": (f"(if (type? {X} K7) 1 2)", "reads-one"),
    "member": (f"(if (type? {X} Some-of-them) 1 2)", "reads-one"),
    "kinds": (f"(kind-number {X})", "reads-one"),
    "constants": (f"(constant {X})", "reads-one"),
    "value": (f"(ys {X})", "reads-one"),
}
BUILTIN_VALUES = {
    "Int": "1", "Float": "0.5", "String": '"s"', "Symbol": "'sym", "Char": "#\\a", "Bool": "true", "Nothing": "nothing", "Pair": "'(1)",
    "Array": "[1]", "Dict": "#{'a 1}", "Box": "(box 1)", "BigInt": "1n",
}  # fmt: skip
IN_NO_ORDER = "32 kinds, 32 methods, in an order too long to learn"


def structs(*kinds: int) -> list[str]:
    return [f"(K{i} 1)" for i in kinds]


# what, its loop, the values, ns at most, what `ys` is
CALLS = (
    ("one kind, 4 methods", "four", structs(3), 2.0, "ys"),
    ("one kind, the last of 32 methods", "one", structs(31), 2.0, "ys"),
    ("4 kinds, 4 methods", "four", structs(0, 1, 2, 3), 5.0, "ys"),
    ("32 kinds, 32 methods", "one", structs(*range(KINDS)), 20.0, "ys"),
    (IN_NO_ORDER, "one", structs(*range(KINDS)), 20.0, "ys"),
    ("two arguments of 8 and 4 kinds, 32 methods", "two", structs(*range(8)), 20.0, "ys"),
    ("12 builtin kinds, 12 methods", "kinds", [*BUILTIN_VALUES.values()], 20.0, "ys"),
    ("4 values, methods of #val kinds", "constants", ["0", "1", "2", "'a"], 5.0, "ys"),
    ("a function value with 4 methods, one kind", "value", structs(3), 20.0, "four"),
    ("a function value with 4 methods, 4 kinds", "value", structs(0, 1, 2, 3), 20.0, "four"),
    ("a function value with 32 methods, 32 kinds", "value", structs(*range(KINDS)), 20.0, "tag"),
    ("`type?` of an abstract kind", "abstract", structs(*range(KINDS)), 1.0, "ys"),
    ("`type?` of a struct", "struct", structs(7), 1.0, "ys"),
    ("`type?` of a union of 8 structs", "member", structs(*range(8)), 1.0, "ys"),
)


def dispatch_rows(quick: bool) -> list[Row]:
    return [*call_rows(quick), *word_rows()]


def definitions() -> str:
    """32 kinds, a method for each, and one for each pair of 8 and 4 of them."""
    parts = ["(define {abstract Thing})", *(f"(define ^:parent {{Thing}} {{struct K{i}}} [v {{Int}}])" for i in range(KINDS))]
    parts += [f"(define tag [x {{K{i}}}] (+ x.v {i}))" for i in range(KINDS)]
    parts += [f"(define four [x {{K{i}}}] (+ x.v {i}))" for i in range(4)]
    parts += [f"(define meet [x {{K{i}}}] [y {{K{j}}}] (+ x.v y.v {4 * i + j}))" for i in range(8) for j in range(4)]
    parts += [f"(define kind-number [x {{{kind}}}] {i})" for i, kind in enumerate(BUILTIN_VALUES)]
    parts += ["(define constant [x #val 0] 1)", "(define constant [x #val 1] 2)", "(define constant [x {Int}] 3)", "(define constant x 4)"]
    parts.append(f"(define {{Some-of-them}} (union [{' '.join(f'{{K{i}}}' for i in range(8))}]))")
    return "\n".join([*parts, SHUFFLED, *(WALK.format(name=name, body=body) for name, (body, _) in LOOPS.items())])


def array_of(values: list[str], count: int) -> str:
    return f"(shuffled (array {' '.join(values)}) {count})"


def call_rows(quick: bool) -> list[Row]:
    visits = 1_000_000 if quick else 10_000_000
    rows = [Row(f"dispatch: {what}", None, limit, "ns") for what, _, _, limit, _ in CALLS]
    try:
        with Worker() as worker:
            worker.eval(definitions(), f"(define ys {array_of(structs(*range(4)), MORE_ELEMENTS)})")
            for row, (what, loop, values, _, ys) in zip(rows, CALLS):
                count = MORE_ELEMENTS if what == IN_NO_ORDER else ELEMENTS
                worker.eval(f"(define xs {array_of(values, count)})")
                whole, empty = (least(worker, f"({name} xs {ys} {visits // count})") * NANO / visits for name in (loop, LOOPS[loop][1]))
                row.value = whole - empty
                row.detail = f"the loop without it {empty:.2f} ns"
    except OmniFailed as error:
        for row in rows:
            row.error = "" if row.value is not None else str(error)
    return rows
