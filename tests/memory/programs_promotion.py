"""Programs whose dead older objects name younger ones: what only the dead name must not stay."""

from tests.memory.program import Program

CUT = """
(define pass! q i (let [new [nothing (box-ref q) i]]
  (array-set! (box-ref q) 0 new)
  (box-set! q new)
  (when (= (% i 100) 0) (array-set! new 1 nothing))
  i))
"""
LOOP = """
(define turns q n (let loop [i 0] [sum 0] (if (= i n) sum (loop (+ i 1) (+ sum (pass! q i))))))
"""
LOCAL = "(define run n (let [q (box [nothing nothing 0])] (turns q n)))"
CALLERS = """
(define middle q n (let [kept (list n (box 1))] (+ (turns q n) (length kept))))
(define run n (let [q (box [nothing nothing 0])] (+ (middle q n) 1)))
"""
GLOBAL = "(define q (box [nothing nothing 0])) (define run n (turns q n))"
TWO = """
(define a (box [nothing nothing 0])) (define b (box [nothing nothing 0]))
(define pass-to! p q i (let [new [nothing nothing i]] (array-set! (box-ref q) 0 new) (array-set! (box-ref p) 1 new) (box-set! q new) i))
(define run n (let loop [i 0] [sum 0] (if (= i n) sum (loop (+ i 1) (+ sum (if (even? i) (pass-to! a b i) (pass-to! b a i)))))))
"""
HELPER = """
(define pass! q i (let [new [nothing i]] (array-set! (box-ref q) 0 new) (box-set! q new) i))
(define run n (let [q (box [nothing 0])] (let loop [i 0] [sum 0] (if (= i n) sum (loop (+ i 1) (+ sum (pass! q i)))))))
"""


def program(name: str, definitions: str, value: str) -> Program:
    return Program(27, name, definitions, (("(run 100)", value),), "(run {n})", turns=200_000, soak=5_000_000)


PROGRAMS = (
    program("a queue whose links go both ways and are cut now and then", CUT + LOOP + LOCAL, "4950"),
    program("such a queue two callers up", CUT + LOOP + CALLERS, "4953"),
    program("such a queue in a global", CUT + LOOP + GLOBAL, "4950"),
    program("two globals that name each other", TWO, "4950"),
    program("a helper with a region of its own leaves a node at each call", HELPER, "4950"),
)
