"""Programs 11 - 26: what loops keep, edges, deep recursion, redefinition, large payloads, growth, rejects."""

from tests.memory.program import Program
from tests.memory.programs_stores import REPEAT, UNKNOWN

PROGRAMS = (
    Program(
        11,
        "may be returned",
        "(define make i (list i (* i 2))) (define find-one limit (let loop [i 0] (let [r (make i)] (if (> (car r) limit) r (loop (+ i 1))))))",
        (("(find-one 1000)", "(1001 2002)"),),
        "(find-one {n})",
        turns=1_000_000,
        soak=10_000_000,
    ),
    Program(
        12,
        "a global named by the last one",
        """
(define g nothing) (define last (box nothing))
(define make i (list i i i))
(define run n (let loop [i 0] (if (= i n) (list g (box-ref last)) (do (set! g (make i)) (box-set! last g) (loop (+ i 1))))))
""",
        (("(run 1000)", "((999 999 999) (999 999 999))"),),
        "(run {n})",
        turns=200_000,
        soak=5_000_000,
    ),
    Program(
        12,
        "a loop that holds a megabyte of owned data per turn",
        """
(define g nothing)
(define unknown x x)
(define run n (let loop [i 0] (if (= i n) 'done
  (do (set! g (make-array 131072 i))
      (let [x (list g)] (set! g 0) (unknown x))
      (loop (+ i 1))))))
""",
        (("(run 3)", "done"),),
        "(run {n})",
        turns=300,
        soak=20_000,
        growth=12 << 20,  # a few turns' arrays are alive at once
    ),
    Program(
        12,
        "a cache that forgets the oldest",
        """
(define cache #{})
(define use k (let [found (get cache k)]
  (if found (do (dict-remove! cache k) (dict-set! cache k found) found)
    (let [made (list k (* k k))]
      (when (= (length cache) 32) (dict-remove! cache (car (keys cache))))
      (dict-set! cache k made)
      made))))
(define run n (let loop [i 0] [sum 0] (if (= i n) (list (length cache) sum) (loop (+ i 1) (+ sum (car (use (% (* i 7) 50))))))))
""",
        (("(run 10)", "(10 215)"), ("(run 1000)", "(32 24500)")),
        "(run {n})",
        turns=20_000,
        soak=1_000_000,
    ),
    Program(
        12,
        "a ring buffer",
        """
(define ring (make-array 64 nothing))
(define run n (let loop [i 0] (if (= i n) (car ring.[(% (- n 1) 64)]) (do (array-set! ring (% i 64) (list i i)) (loop (+ i 1))))))
""",
        (("(run 1000)", "999"),),
        "(run {n})",
        turns=300_000,
        soak=10_000_000,
    ),
    Program(
        13,
        "held across compaction",
        """
(define db #{})
(define fill [] (let loop [i 0] (when (< i 50) (put! db.[i] (list i (list i i))) (loop (+ i 1)))))
(define churn-db n (let loop [i 0] (when (< i n) (put! db.[(+ 2 (% i 48))] (make-array 20 i)) (loop (+ i 1)))))
(define hold n (let [x (get db 1)] (put! db.[1] 0) (churn-db n) x))
""",
        (("(fill)", ""), ("(hold 5000)", "(1 (1 1))"), ("(get db 1)", "0"), ("(get (get db 49) 0)", "4991")),
        "(do (fill) (hold {n}))",
        turns=50_000,
        soak=2_000_000,
    ),
    Program(
        14,
        "a clause keeps the payload of an abandoned body",
        REPEAT
        + """
(define unknown x x)
(define body n (let [b (box n)] (unknown b) (if (= n 0) (raise (list b b)) (body (- n 1)))))
(define run [] (let [p (handle (body 20) (raise [e] e))] (unknown (list 1)) (box-set! (car p) 8) (box-ref (nth p 1))))
(define moves [] (handle (let loop [i 0] [x '()] (if (= i 2000) (raise x) (loop (+ i 1) (list i)))) (raise [e] e)))
""",
        (("(run)", "8"), ("(moves)", "(1999)")),
        "(repeat run {n})",
        turns=20_000,
    ),
    Program(
        17,
        "deep recursion",
        UNKNOWN + "(define deep n (if (= n 0) 0 (let [p (box n)] (unknown p) (+ (- (box-ref p) n) (+ 1 (deep (- n 1)))))))",
        (("(deep 1000)", "1000"), ("(deep 100000)", "100000"), ("(deep 1000000)", "1000000")),
    ),
    Program(
        21,
        "payload above a page",
        UNKNOWN
        + """
(define run n (let loop [i 0] [held nothing] [slice nothing] (if (= i n)
  (list (length held) held.[0] held.[2999] slice.[1] (string-length (str "x" held.[1])))
  (let [big (make-array 3000 i)]
    (array-set! big 0 (list i))
    (churn 40)
    (loop (+ i 1) big (array-slice big 0 2))))))
(define text n (let loop [i 0] [part ""] (if (= i n) part
  (let [long (string-repeat "abcdefghij" 3000)] (churn 40) (loop (+ i 1) (substring long 29990 30000))))))
""",
        (("(run 50)", "(3000 (49) 49 49 3)"), ("(text 50)", '"abcdefghij"')),
        "(do (run {n}) (text {n}))",
        turns=2_000,
        soak=50_000,
    ),
    Program(
        21,
        "payload above a page, of which a view is held",
        UNKNOWN
        + """
(define held nothing)
(define run n (let loop [i 0] [big nothing] [view nothing] (if (= i n)
  (list (length big) (array-ref big 1) (array-ref view 0) (array-ref held 1))
  (let [xs (typed-array 3000 {Int})] (let [part (array-view xs 1 4)]
    (array-set! part 0 i)
    (set! held (array-row (typed-array [2 3000] {Int}) 1))
    (array-set! held 1 i)
    (churn 40)
    (loop (+ i 1) xs part))))))
(define only-view n (let loop [i 0] [view nothing] (if (= i n) (array-ref view 1)
  (let [xs (typed-array 3000 {Int})] (array-fill! xs i) (churn 40) (loop (+ i 1) (array-view xs 2998))))))
""",
        (("(run 50)", "(3000 49 49 49)"), ("(only-view 50)", "49")),
        "(do (run {n}) (only-view {n}))",
        turns=2_000,
        soak=50_000,
    ),
    Program(
        22,
        "a dict that grows between a store and its region's end",
        UNKNOWN
        + REPEAT
        + """
(define grow d n (let loop [i 0] (if (= i n) d (do (dict-set! d i (list i)) (when (= (% i 7) 0) (churn 2)) (loop (+ i 1))))))
(define holder (box nothing))
(define sum d (let loop [i 0] [s 0] (if (= i 100) s (loop (+ i 1) (+ s (car (get d i)))))))
(define local [] (let [d #{}] (dict-set! d 'first (list 'kept)) (grow d 100) (list (sum d) (get d 'first))))
(define global [] (let [d #{}] (box-set! holder d) (grow d 100) (churn 5) (list (sum (box-ref holder)) (length d))))
""",
        (("(local)", "(4950 (kept))"), ("(global)", "(4950 100)")),
        "(do (repeat local {n}) (repeat global {n}))",
        turns=1_000,
        soak=50_000,
    ),
    Program(
        22,
        "an array that grows between a store and its region's end",
        UNKNOWN
        + REPEAT
        + """
(define grow a n (let loop [i 0] (if (= i n) a (do (push! a (list i)) (when (= (% i 7) 0) (churn 2)) (loop (+ i 1))))))
(define holder [nothing])
(define sum a (let loop [i 0] [s 0] (if (= i 100) s (loop (+ i 1) (+ s (car a.[i]))))))
(define local [] (let [a []] (grow a 100) (list (sum a) (length a))))
(define global [] (let [a []] (array-set! holder 0 a) (grow a 100) (churn 5) (list (sum holder.[0]) (eq? holder.[0] a))))
""",
        (("(local)", "(4950 100)"), ("(global)", "(4950 true)")),
        "(do (repeat local {n}) (repeat global {n}))",
        turns=1_000,
        soak=50_000,
    ),
    Program(
        23,
        "a helper makes the garbage",
        """
(define tick! b (do (box-set! b (list (+ 1 (car (box-ref b))))) nothing))
(define turn b n (let loop [i 0] (if (= i n) nothing (do (tick! b) (loop (+ i 1))))))
(define between b n (do (turn b n) nothing))
(define run n (let [b (box (list 0))] (between b n) (car (box-ref b))))
(define deep depth b n (if (= depth 0) (turn b n) (do (deep (- depth 1) b n) (car (box-ref b)))))
(define run-deep n (let [b (box (list 0))] (deep 2000 b n)))
""",
        (("(run 1000)", "1000"), ("(run-deep 1000)", "1000")),
        "(do (run {n}) (run-deep {n}))",
        turns=300_000,
        soak=10_000_000,
    ),
    Program(
        25,
        "a chain of turns whose dead temporaries name the turn before",
        """
(define unknown x x)
(define run n (let loop [i 0] [before '()] (if (= i n) before
  (let [temp (box before)] (box-set! temp (list temp before)) (unknown temp) (loop (+ i 1) (list i))))))
""",
        (("(run 1000)", "(999)"),),
        "(run {n})",
        turns=300_000,
        soak=10_000_000,
    ),
    Program(
        26,
        "rejects",
        """
(define good? r limit (> (car r) limit))
(define a n limit (let [r (list n n)] (if (good? r limit) r (b (+ n 1) limit))))
(define b n limit (let [r (list n n n)] (if (good? r limit) r (a (+ n 1) limit))))
""",
        (("(a 0 1000)", "(1001 1001 1001)"),),
        "(a 0 {n})",
        turns=1_000_000,
        soak=10_000_000,
    ),
)
