(defvar *table* (make-hash-table))
(defun work (key turn) (list key turn (+ key turn)))
(defun lookup (key turn)
  (let ((found (gethash key *table*)))
    (if (and found (< (- turn (second found)) 500))
        found
        (setf (gethash key *table*) (work key turn)))))
(defun run (n) (let ((sum 0)) (dotimes (i n sum) (incf sum (first (lookup (mod (* i 7919) 1000) i))))))
