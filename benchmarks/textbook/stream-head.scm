(define (delayed make) (let ((made #f) (value #f)) (lambda () (if made value (begin (set! value (make)) (set! made #t) value)))))
(define (integers-from n) (cons n (delayed (lambda () (integers-from (+ n 1))))))
(define (tail s) ((cdr s)))
(define (run n) (let ((head (integers-from 0))) (let loop ((i 0) (s head)) (if (= i n) (+ (car head) (car s)) (loop (+ i 1) (tail s))))))
