(define size 4096)
(define ring (make-vector size '()))
(define (run n) (let loop ((i 0) (sum 0)) (if (= i n) sum (let ((oldest (vector-ref ring (modulo i size)))) (vector-set! ring (modulo i size) (list i (* 2 i) (number->string i))) (loop (+ i 1) (+ sum (if (null? oldest) 0 (- i (car oldest)))))))))
