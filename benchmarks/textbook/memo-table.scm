(define table (make-eqv-hashtable))
(define (work key turn) (list key turn (+ key turn)))
(define (lookup key turn) (let ((found (hashtable-ref table key #f))) (if (and found (< (- turn (list-ref found 1)) 500)) found (let ((made (work key turn))) (hashtable-set! table key made) made))))
(define (run n) (let loop ((i 0) (sum 0)) (if (= i n) sum (loop (+ i 1) (+ sum (list-ref (lookup (modulo (* i 7919) 1000) i) 0))))))
