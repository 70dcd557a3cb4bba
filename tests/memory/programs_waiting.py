"""Programs that need effects that resume, fibers or channels: strict expected failures that name the step of the memory model."""

from tests.memory.program import Program

PROGRAMS = (
    Program(
        8,
        "a fiber moves the container that the main program's log names",
        """
(define shared (box nothing))
(define worker (fiber (fn [] (let loop [i 0] (box-set! shared (box (list i))) (yield i) (loop (+ i 1))))))
(define run n (let loop [i 0] (if (= i n) (car (box-ref (box-ref shared))) (let [mine (list i)]
  (resume worker)
  (box-set! (box-ref shared) mine)
  (loop (+ i 1))))))
""",
        (("(run 100)", "99"),),
        "(run {n})",
        turns=10_000,
        step=8,
    ),
    Program(
        14,
        "a clause keeps a payload while the body goes on",
        """
(define body n (let loop [i 0] [sum 0] (if (= i n) sum (loop (+ i 1) (+ sum (perform 'ask (list i)))))))
(define run n (let [kept []] (let [r (handle (body n) (ask [p k] (do (when (< (length kept) 3) (push! kept p)) (k (car p)))))] (list r kept))))
""",
        (("(run 100)", "(4950 [(0) (1) (2)])"),),
        "(run {n})",
        turns=10_000,
        step=8,
    ),
    Program(
        14,
        "a continuation resumed after everything returned",
        """
(define later nothing)
(define start [] (handle (let [b (box 5)] (+ (perform 'stop nothing) (box-ref b))) (stop [_ k] (do (set! later k) 'stopped))))
""",
        (("(start)", "stopped"), ("(later 37)", "42")),
        step=8,
    ),
    Program(
        15,
        "both results of a continuation that is resumed twice",
        """
(define ^:multi-shot {effect choice})
(define run [] (handle (let [b (list 1)] (let [x (perform choice nothing)] (list x b (list x)))) (choice [_ k] (list (k 1) (k 2)))))
""",
        (("(run)", "((1 (1) (1)) (2 (1) (2)))"),),
        step=9,
    ),
    Program(
        16,
        "a fiber that yields every turn",
        """
(define shared [nothing])
(define worker (fiber (fn [] (let loop [i 0] (array-set! shared 0 (list i)) (yield (list i i)) (loop (+ i 1))))))
(define run n (let loop [i 0] [seen '()] (if (= i n) seen (loop (+ i 1) (resume worker)))))
""",
        (("(run 100)", "(99 99)"),),
        "(run {n})",
        turns=10_000,
        step=8,
    ),
    Program(
        24,
        "sharing is transitive",
        """
(define ch (chan 1))
(define post x (send ch (list x)))
(define caller [] (let [y (list 1 2)] (post y) nothing))
(define take (fiber (fn [] (let [m (recv ch)] (yield 0) (car m)))))
""",
        (("(caller)", "nothing"), ("(resume take)", "0"), ("(resume take)", "(1 2)")),
        step=8,
    ),
    Program(
        25,
        "a message that is stored into itself",
        """
(define ch (chan 1))
(define run n (let loop [i 0] (if (= i n) 'done (do (send ch (box i)) (let [m (recv ch)] (box-set! m (list m))) (loop (+ i 1))))))
""",
        (("(run 100)", "done"),),
        "(run {n})",
        turns=10_000,
        step=8,
    ),
)
