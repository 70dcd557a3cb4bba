(define (integers-from n) (cons n (lambda () (integers-from (+ n 1)))))
(define (tail stream) ((cdr stream)))
(define (run n) (let loop ((i 0) (stream (integers-from 0))) (if (= i n) (car stream) (loop (+ i 1) (tail stream)))))
