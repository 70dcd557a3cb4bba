"""Programs 1 - 10: aliases, stores into older objects, what callees leave behind."""

from tests.memory.program import Program

# `unknown` and `keep` are called through slots, so the compiler sees nothing of what they do.
UNKNOWN = "(define unknown x x) (define churn n (let loop [i 0] [x '()] (if (< i n) (loop (+ i 1) (list i i)) nothing)))"
REPEAT = "(define repeat f n (let loop [i 0] [last nothing] (if (= i n) last (loop (+ i 1) (f)))))"

ALIAS = (
    UNKNOWN
    + REPEAT
    + """
(define d #{})
(define direct [] (let [p (box 1)] (put! d.k p) (box-set! p 9) (box-ref d.k)))
(define put-it p (do (put! d.k p) nothing))
(define between p (do (put-it p) (churn 3) nothing))
(define above [] (let [p (box 1)] (between p) (box-set! p 9) (box-ref d.k)))
(define two [] (let [p (box 1)] [a [0 0]] (put! d.k p) (array-set! a 1 p) (box-set! p 9) (list (box-ref d.k) (box-ref a.[1]) (eq? d.k a.[1]))))
(define closed [] (let [p (box 1)] (let [f (fn [] (box-ref p))] (put! d.k p) (box-set! p 9) (list (f) (box-ref d.k)))))
"""
)

PROGRAMS = (
    Program(1, "alias after a store", ALIAS, (("(direct)", "9"), ("(box-ref d.k)", "9")), "(repeat direct {n})"),
    Program(1, "alias held two callers up", ALIAS, (("(above)", "9"), ("(churn 10000)", ""), ("(box-ref d.k)", "9")), "(repeat above {n})"),
    Program(1, "alias in two containers", ALIAS, (("(two)", "(9 9 true)"), ("(box-ref d.k)", "9")), "(repeat two {n})"),
    Program(1, "alias captured by a closure", ALIAS, (("(closed)", "(9 9)"), ("(box-ref d.k)", "9")), "(repeat closed {n})"),
    Program(
        2,
        "callee stores its own into an argument",
        REPEAT
        + """
(define fill b (do (box-set! b (list 1 2)) nothing))
(define fill-deep n b (if (= n 0) (fill b) (do (fill-deep (- n 1) b) nothing)))
(define run [] (let [b (box 0)] (fill b) (box-ref b)))
(define run-deep [] (let [b (box 0)] (fill-deep 20 b) (box-ref b)))
""",
        (("(run)", "(1 2)"), ("(run-deep)", "(1 2)")),
        "(do (repeat run {n}) (repeat run-deep (/ {n} 20)))",
    ),
    Program(
        3,
        "not transitive",
        UNKNOWN
        + REPEAT
        + """
(define kept nothing)
(define wrap x (do (set! kept (list x)) nothing))
(define caller [] (let [x (box 7)] (wrap x) nothing))
(define run [] (do (caller) (churn 10) (box-ref (car kept))))
""",
        (("(caller)", "nothing"), ("(churn 10000)", ""), ("(box-ref (car kept))", "7"), ("(run)", "7")),
        "(repeat run {n})",
    ),
    Program(
        4,
        "result names a global's old value",
        UNKNOWN
        + REPEAT
        + """
(define g nothing)
(define cur [] g)
(define mk [] (list g))
(define plain [] (do (set! g (list 1 2)) (let [x (cur)] (set! g 0) (churn 20) x)))
(define listed [] (do (set! g (list 3 4)) (let [y (car (mk))] (set! g 0) (churn 20) y)))
(define through b (do (set! g b) (cur)))
(define mine [] (let [b (box 3)] (let [r (through b)] (set! g 0) (churn 20) (box-set! b 4) (list (box-ref r) (eq? r b)))))
""",
        (
            ("(set! g (list 5 6))", "(5 6)"),
            ("(let [x (cur)] (set! g 0) (churn 20000) x)", "(5 6)"),
            ("(set! g (list 7 8))", "(7 8)"),
            ("(let [y (car (mk))] (set! g 0) (churn 20000) y)", "(7 8)"),
            ("(plain)", "(1 2)"),
            ("(listed)", "(3 4)"),
            ("(mine)", "(4 true)"),
        ),
        "(do (repeat plain (/ {n} 5)) (repeat listed (/ {n} 5)) (repeat mine (/ {n} 5)))",
    ),
    Program(
        5,
        "initialising stores",
        UNKNOWN
        + REPEAT
        + """
(define make [] (let [p (box 1)] (unknown p) (cons p '())))
(define make-all [] (let [p (box 1)] (unknown p) (list (cons p '()) [p] #{:a p} (box p) (fn [] p))))
(define all xs (box-set! (car (car xs)) 5))
(define run [] (let [xs (make-all)] (all xs)
  (list (box-ref (nth (nth xs 1) 0)) (box-ref (get (nth xs 2) 'a)) (box-ref (box-ref (nth xs 3))) (box-ref ((nth xs 4))))))
""",
        (("(box-ref (car (make)))", "1"), ("(run)", "(5 5 5 5)")),
        "(do (repeat make {n}) (repeat run (/ {n} 5)))",
    ),
    Program(
        6,
        "tail call returns a local",
        UNKNOWN + REPEAT + "(define id x x) (define run [] (let [p (box 1)] (unknown p) (id p)))",
        (("(box-ref (run))", "1"),),
        "(repeat run {n})",
        turns=200_000,
    ),
    Program(
        6,
        "mutual tail calls that pass a local on",
        UNKNOWN
        + """
(define ping n p (if (= n 0) (box-ref p) (let [q (box (+ 1 (box-ref p)))] (unknown q) (pong (- n 1) q))))
(define pong n p (if (= n 0) (box-ref p) (let [q (box (+ 1 (box-ref p)))] (unknown q) (ping (- n 1) q))))
""",
        (("(ping 1000 (box 0))", "1000"),),
        "(ping {n} (box 0))",
        turns=1_000_000,
        soak=10_000_000,
    ),
    Program(
        6,
        "mutual tail calls that drop a local",
        UNKNOWN
        + """
(define ping n (if (= n 0) 'done (let [q (box n)] (unknown q) (pong (- n 1)))))
(define pong n (if (= n 0) 'done (let [q (list n)] (unknown q) (ping (- n 1)))))
""",
        (("(ping 1000)", "done"),),
        "(ping {n})",
        turns=1_000_000,
        soak=10_000_000,
    ),
    Program(
        7,
        "objects of a loop and of its activation name each other",
        UNKNOWN
        + REPEAT
        + """
(define outward [] (let [x (let loop [i 0] (if (= i 3) (box i) (do (unknown (list i)) (loop (+ i 1)))))]
  (let [later (box nothing)] (box-set! later x) (box-set! x later) (churn 5) (eq? (box-ref (box-ref later)) later))))
(define inward n (let [late (box nothing)] [xs []]
  (let loop [i 0] (when (< i n)
    (let [mine (box i)]
      (box-set! late (list mine (box-ref late)))
      (when (= (% i 4) 3) (box-set! late nothing))
      (when (< (length xs) 4) (push! xs mine))
      (loop (+ i 1)))))
  (list (length xs) (box-ref xs.[0]) (box-ref xs.[3]))))
""",
        (("(outward)", "true"), ("(inward 100)", "(4 0 3)")),
        "(do (repeat outward (/ {n} 5)) (inward {n}))",
    ),
    Program(
        8,
        "stale log",
        "(define g nothing) (define run n (let loop [i 0] (if (= i n) g (do (let [c (list i)] (set! g (box c))) (set! g 0) (loop (+ i 1))))))",
        (("(run 100)", "0"), ("(run 100000)", "0")),
        "(run {n})",
        turns=100_000,
        soak=10_000_000,
    ),
    Program(
        9,
        "slot overwritten by a younger object",
        UNKNOWN
        + REPEAT
        + """
(define inner b (do (box-set! b (list 2 3)) (churn 4) nothing))
(define over b (let [older (list 1 1)] (box-set! b older) (inner b) (unknown older) nothing))
(define run [] (let [b (box 0)] (over b) (churn 4) (box-ref b)))
""",
        (("(run)", "(2 3)"),),
        "(repeat run (/ {n} 5))",
    ),
    Program(
        10,
        "state in a caller's box",
        UNKNOWN
        + """
(define step s (list (+ 1 (car s)) s))
(define cut s (if (= 0 (% (car s) 10)) (list (car s) '()) s))
(define turn b n (let loop [i 0] (if (= i n) nothing (do (box-set! b (cut (step (box-ref b)))) (loop (+ i 1))))))
(define between b n (do (turn b n) (unknown b)))
(define run n (let [b (box (list 0 '()))] (between b n) (car (box-ref b))))
""",
        (("(run 1005)", "1005"),),
        "(run {n})",
        turns=300_000,
        soak=10_000_000,
    ),
    Program(
        10,
        "state in a global dict",
        """
(define db #{})
(define run n (do
  (put! db.s (list 0))
  (let loop [i 0] (if (= i n) (car db.s) (do (put! db.s (list (+ 1 (car db.s)))) (loop (+ i 1)))))))
""",
        (("(run 1005)", "1005"),),
        "(run {n})",
        turns=200_000,
        soak=5_000_000,
    ),
    Program(
        10,
        "state in a captured variable",
        """
(define run n (let [s (list 0)]
  (let [turn (fn [] (set! s (list (+ 1 (car s)))))] [read (fn [] (car s))]
    (let loop [i 0] (if (= i n) (read) (do (turn) (loop (+ i 1))))))))
""",
        (("(run 1005)", "1005"),),
        "(run {n})",
        turns=300_000,
        soak=10_000_000,
    ),
)
