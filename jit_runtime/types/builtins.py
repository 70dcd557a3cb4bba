"""THE table of builtin names. The oracle, the expander, inference, the compiler, completion and `doc` all read these rows.

A row: name, least and most arguments (None: no limit), the set of concrete kinds of the result (`types/kinds.py`; ANY if
unknown, 0 if it never returns), how compiled code gets it, and its documentation: `signature -- one line`.

How compiled code gets it (`native`):
    ("op", name)     an instruction that the compiler emits inline
    ("rt", symbol)   a runtime function in the systems subset
    ("lib",)         an ordinary function in `lib/*.omni`

A program names a builtin as `name`, which its own definitions may shadow; generated code as `%name`, which nothing shadows.
"""

from __future__ import annotations

from jit_runtime.types.kinds import ANY, BIT, KINDS, NUMBERS, either

INT, FLOAT, BIG, BOOL, CHAR, NOTHING, STRING, SYMBOL = (BIT[k] for k in ("Int", "Float", "BigInt", "Bool", "Char", "Nothing", "String", "Symbol"))
NULL, PAIR, ARRAY, DICT, FUNCTION, KIND, BOX, ATOM, ITER = (
    BIT[k] for k in ("Null", "Pair", "Array Any", "Dict", "Function", "Kind", "Box", "Atom", "Iter")
)
NUMBER, INTEGER, LIST, SEQUENCE = either(BIT[name] for name in NUMBERS), KINDS["Integer"].mask, NULL | PAIR, NULL | PAIR | KINDS["Array"].mask
BITS = INTEGER & ~BIG  # whole numbers of a width
ARRAYS = KINDS["Array"].mask
TYPED = ARRAYS & ~ARRAY
LIB = ("lib",)


class Builtin:
    """One row as an object. A plain class: the table is imported at every start."""

    __slots__ = ("doc", "hidden", "max_args", "min_args", "name", "native", "result_mask")

    def __init__(
        self, name: str, min_args: int, max_args: int | None, result_mask: int, native: tuple[str, ...], doc: str, hidden: bool = False
    ) -> None:
        self.name, self.min_args, self.max_args, self.result_mask = name, min_args, max_args, result_mask
        self.native, self.doc, self.hidden = native, doc, hidden

    def accepts(self, count: int) -> bool:
        return self.min_args <= count and (self.max_args is None or count <= self.max_args)


_ROWS: tuple[tuple[str, int, int | None, int, tuple[str, ...], str], ...] = (
    # ---- equality, truth, kinds (S2, S11.10) ----
    ("=", 1, None, BOOL, ("op", "equal"), "(= a b ...) -- structural equality; numbers by value, whatever their kinds"),
    ("!=", 1, None, BOOL, ("op", "not-equal"), "(!= a b ...) -- the negation of ="),
    ("eq?", 2, 2, BOOL, ("op", "eq"), "(eq? a b) -- the same object, or equal immediates"),
    ("not", 1, 1, BOOL, ("op", "not"), "(not x) -- true for false and nothing"),
    ("compare", 2, 2, INT, ("rt", "rt_compare"), "(compare a b) -- -1, 0 or 1: the order of two numbers, strings, chars or symbols"),
    ("type?", 2, 2, BOOL, ("op", "is-kind"), "(type? v K) -- v is an instance of K, or v is a Kind below K"),
    ("methods-of", 1, 1, LIST, ("rt", "rt_methods_of"), "(methods-of f) -- the parameter kinds of each method of a function, as lists"),
    ("code-typed", 1, 1, NOTHING, ("rt", "rt_code_typed"), "(code-typed f) -- prints the kinds of a function's expressions, how calls are made"),
    ("why-boxed", 1, 1, NOTHING, ("rt", "rt_why_boxed"), "(why-boxed f) -- prints where a function's values are not machine values, and why"),
    ("code-ir", 1, 1, NOTHING, ("rt", "rt_code_ir"), "(code-ir f) -- prints the typed code of each compiled instance of a function"),
    ("code-llvm", 1, 1, NOTHING, ("rt", "rt_code_llvm"), "(code-llvm f) -- prints the LLVM code of each compiled instance of a function"),
    ("code-asm", 1, 1, NOTHING, ("rt", "rt_code_asm"), "(code-asm f) -- prints the machine code of each compiled instance of a function"),
    ("value->type", 1, 1, KIND, ("rt", "rt_value_kind"), "(value->type v) -- the Kind whose only instance is v"),
    ("type-of", 1, 1, KIND, ("op", "type-of"), "(type-of v) -- the Kind of v"),
    ("int?", 1, 1, BOOL, ("op", "int?"), "(int? x) -- x is an Int"),
    ("float?", 1, 1, BOOL, ("op", "float?"), "(float? x) -- x is a Float"),
    ("big?", 1, 1, BOOL, ("op", "big?"), "(big? x) -- x is a BigInt"),
    ("integer?", 1, 1, BOOL, ("op", "integer?"), "(integer? x) -- x is a whole number: an Int, a BigInt or a machine number"),
    ("number?", 1, 1, BOOL, ("op", "number?"), "(number? x) -- x is a number"),
    ("bool?", 1, 1, BOOL, ("op", "bool?"), "(bool? x) -- x is true or false"),
    ("char?", 1, 1, BOOL, ("op", "char?"), "(char? x) -- x is a Char"),
    ("string?", 1, 1, BOOL, ("op", "string?"), "(string? x) -- x is a String"),
    ("symbol?", 1, 1, BOOL, ("op", "symbol?"), "(symbol? x) -- x is a Symbol"),
    ("nothing?", 1, 1, BOOL, ("op", "nothing?"), "(nothing? x) -- x is nothing"),
    ("null?", 1, 1, BOOL, ("op", "null?"), "(null? x) -- x is the empty list"),
    ("pair?", 1, 1, BOOL, ("op", "pair?"), "(pair? x) -- x is a pair"),
    ("list?", 1, 1, BOOL, ("rt", "rt_is_list"), "(list? x) -- x is () or a chain of pairs that ends in ()"),
    ("array?", 1, 1, BOOL, ("op", "array?"), "(array? x) -- x is an Array"),
    ("dict?", 1, 1, BOOL, ("op", "dict?"), "(dict? x) -- x is a Dict"),
    ("function?", 1, 1, BOOL, ("op", "function?"), "(function? x) -- x can be called"),
    ("kind?", 1, 1, BOOL, ("op", "kind?"), "(kind? x) -- x is a Kind"),
    ("box?", 1, 1, BOOL, ("op", "box?"), "(box? x) -- x is a Box"),
    ("atom?", 1, 1, BOOL, ("op", "atom?"), "(atom? x) -- x is an Atom"),
    ("iter?", 1, 1, BOOL, ("op", "iter?"), "(iter? x) -- x is an Iter"),
    # ---- numbers (S7) ----
    ("+", 0, None, NUMBER, ("op", "add"), "(+ x ...) -- the sum; Int overflow is an error; (+) is 0"),
    ("-", 1, None, NUMBER, ("op", "sub"), "(- x y ...) -- x minus the others; (- x) negates"),
    ("*", 0, None, NUMBER, ("op", "mul"), "(* x ...) -- the product; Int overflow is an error; (*) is 1"),
    ("/", 1, None, NUMBER, ("op", "div"), "(/ x y ...) -- the quotient; Ints truncate toward zero; (/ x) is (/ 1 x)"),
    ("%", 2, 2, NUMBER, ("op", "rem"), "(% x y) -- the remainder, with the sign of x"),
    ("+%", 0, None, BITS, ("op", "add-wrap"), "(+% x ...) -- the sum of Ints modulo 2^64, of machine numbers modulo 2^width"),
    ("-%", 1, None, BITS, ("op", "sub-wrap"), "(-% x y ...) -- the difference of Ints modulo 2^64"),
    ("*%", 0, None, BITS, ("op", "mul-wrap"), "(*% x ...) -- the product of Ints modulo 2^64"),
    ("+|", 0, None, BITS, ("op", "add-sat"), "(+| x ...) -- the sum of Ints, saturating"),
    ("-|", 1, None, BITS, ("op", "sub-sat"), "(-| x y ...) -- the difference of Ints, saturating"),
    ("*|", 0, None, BITS, ("op", "mul-sat"), "(*| x ...) -- the product of Ints, saturating"),
    ("<", 1, None, BOOL, ("op", "lt"), "(< a b ...) -- each number (or char) is less than the next"),
    (">", 1, None, BOOL, ("op", "gt"), "(> a b ...) -- each number (or char) is greater than the next"),
    ("<=", 1, None, BOOL, ("op", "le"), "(<= a b ...) -- each number (or char) is at most the next"),
    (">=", 1, None, BOOL, ("op", "ge"), "(>= a b ...) -- each number (or char) is at least the next"),
    ("inc", 1, 1, NUMBER, ("op", "inc"), "(inc x) -- x plus 1, in the kind of x"),
    ("dec", 1, 1, NUMBER, ("op", "dec"), "(dec x) -- x minus 1, in the kind of x"),
    ("abs", 1, 1, NUMBER, ("op", "abs"), "(abs x) -- the absolute value"),
    ("signum", 1, 1, NUMBER, ("op", "signum"), "(signum x) -- -1, 0 or 1 in the kind of x"),
    ("min", 1, None, NUMBER, ("op", "min"), "(min x ...) -- the least, in the kind that all have in common"),
    ("max", 1, None, NUMBER, ("op", "max"), "(max x ...) -- the greatest, in the kind that all have in common"),
    ("clamp", 3, 3, NUMBER, LIB, "(clamp x low high) -- (max low (min x high))"),
    ("gcd", 0, None, INTEGER, ("rt", "rt_gcd"), "(gcd a ...) -- the greatest common divisor of whole numbers, not negative"),
    ("lcm", 0, None, INTEGER, ("rt", "rt_lcm"), "(lcm a ...) -- the least common multiple of whole numbers, not negative"),
    ("band", 0, None, BITS, ("op", "band"), "(band a ...) -- bitwise and; (band) is -1"),
    ("bor", 0, None, BITS, ("op", "bor"), "(bor a ...) -- bitwise or; (bor) is 0"),
    ("bxor", 0, None, BITS, ("op", "bxor"), "(bxor a ...) -- bitwise exclusive or; (bxor) is 0"),
    ("bnot", 1, 1, BITS, ("op", "bnot"), "(bnot a) -- bitwise complement"),
    ("lshift", 2, 2, BITS, ("op", "lshift"), "(lshift a n) -- a times 2^n; overflow is an error; n in 0..63"),
    ("lshift%", 2, 2, BITS, ("op", "lshift-wrap"), "(lshift% a n) -- a times 2^n modulo 2^64; n in 0..63"),
    ("rshift", 2, 2, BITS, ("op", "rshift"), "(rshift a n) -- arithmetic right shift; n in 0..63"),
    ("zero?", 1, 1, BOOL, ("op", "zero?"), "(zero? x) -- the number x is zero"),
    ("positive?", 1, 1, BOOL, ("op", "positive?"), "(positive? x) -- x is greater than zero"),
    ("negative?", 1, 1, BOOL, ("op", "negative?"), "(negative? x) -- x is less than zero"),
    ("even?", 1, 1, BOOL, ("op", "even?"), "(even? n) -- the whole number n is even"),
    ("odd?", 1, 1, BOOL, ("op", "odd?"), "(odd? n) -- the whole number n is odd"),
    ("nan?", 1, 1, BOOL, ("op", "nan?"), "(nan? x) -- x is not a number"),
    ("inf?", 1, 1, BOOL, ("op", "inf?"), "(inf? x) -- x is infinite"),
    ("finite?", 1, 1, BOOL, ("op", "finite?"), "(finite? x) -- x is neither infinite nor nan"),
    ("sqrt", 1, 1, FLOAT, ("op", "sqrt"), "(sqrt x) -- the square root; nan below zero"),
    ("floor", 1, 1, NUMBER, ("op", "floor"), "(floor x) -- the greatest whole number <= x, in the kind of x"),
    ("ceil", 1, 1, NUMBER, ("op", "ceil"), "(ceil x) -- the least whole number >= x, in the kind of x"),
    ("round", 1, 1, NUMBER, ("op", "round"), "(round x) -- the nearest whole number, half away from zero, in the kind of x"),
    ("trunc", 1, 1, NUMBER, ("op", "trunc"), "(trunc x) -- x without its fraction, in the kind of x"),
    ("->int", 1, 1, INT, ("op", "to-int"), "(->int x) -- the number x without its fraction as an Int; a char's code"),
    ("big", 1, 1, BIG, ("rt", "rt_big"), "(big x) -- the number x without its fraction as a BigInt, which is exact at any size"),
    ("->float", 1, 1, FLOAT, ("op", "to-float"), "(->float x) -- the number x as a Float"),
    ("pow", 2, 2, FLOAT, ("rt", "pow"), "(pow x y) -- x to the power y"),
    ("exp", 1, 1, FLOAT, ("rt", "exp"), "(exp x) -- e to the power x"),
    ("log", 1, 1, FLOAT, ("rt", "log"), "(log x) -- the natural logarithm"),
    ("log10", 1, 1, FLOAT, ("rt", "log10"), "(log10 x) -- the logarithm to base 10"),
    ("log2", 1, 1, FLOAT, ("rt", "log2"), "(log2 x) -- the logarithm to base 2"),
    ("sin", 1, 1, FLOAT, ("rt", "sin"), "(sin x) -- the sine of x radians"),
    ("cos", 1, 1, FLOAT, ("rt", "cos"), "(cos x) -- the cosine of x radians"),
    ("tan", 1, 1, FLOAT, ("rt", "tan"), "(tan x) -- the tangent of x radians"),
    ("asin", 1, 1, FLOAT, ("rt", "asin"), "(asin x) -- the arc sine in radians"),
    ("acos", 1, 1, FLOAT, ("rt", "acos"), "(acos x) -- the arc cosine in radians"),
    ("atan", 1, 1, FLOAT, ("rt", "atan"), "(atan x) -- the arc tangent in radians"),
    ("atan2", 2, 2, FLOAT, ("rt", "atan2"), "(atan2 y x) -- the angle of the point x, y in radians"),
    ("sinh", 1, 1, FLOAT, ("rt", "sinh"), "(sinh x) -- the hyperbolic sine"),
    ("cosh", 1, 1, FLOAT, ("rt", "cosh"), "(cosh x) -- the hyperbolic cosine"),
    ("tanh", 1, 1, FLOAT, ("rt", "tanh"), "(tanh x) -- the hyperbolic tangent"),
    ("parse-number", 1, 1, NUMBER | NOTHING, ("rt", "rt_parse_number"), "(parse-number s) -- the number that s spells, or nothing"),
    ("string->int", 1, 1, INT | NOTHING, ("rt", "rt_string_to_int"), "(string->int s) -- the Int that s spells, or nothing"),
    ("string->float", 1, 1, FLOAT | NOTHING, ("rt", "rt_string_to_float"), "(string->float s) -- the number that s spells as a Float, or nothing"),
    # ---- strings (S8.1 - S8.3) ----
    ("str", 0, None, STRING, ("rt", "rt_str"), "(str x ...) -- the display forms, joined"),
    ("written", 1, 1, STRING, ("rt", "rt_written"), "(written x) -- the written form of x as a string"),
    ("string-length", 1, 1, INT, ("op", "string-length"), "(string-length s) -- the number of code points"),
    ("string-ref", 2, 2, CHAR, ("rt", "rt_string_ref"), "(string-ref s i) -- the char at index i"),
    ("substring", 2, 3, STRING, ("rt", "rt_substring"), "(substring s start end) -- from start up to, not including, end (default: the length)"),
    ("string-substr", 3, 3, STRING, ("rt", "rt_string_substr"), "(string-substr s start len) -- len chars from start; len -1: the rest"),
    ("string-append", 0, None, STRING, ("rt", "rt_string_append"), "(string-append s ...) -- the strings joined"),
    ("string=?", 2, 2, BOOL, ("rt", "rt_string_equal"), "(string=? a b) -- equal strings"),
    ("string<?", 2, 2, BOOL, ("rt", "rt_string_less"), "(string<? a b) -- a sorts before b, by code points"),
    ("string-compare", 2, 2, INT, ("rt", "rt_string_compare"), "(string-compare a b) -- -1, 0 or 1, by code points"),
    ("string-contains", 2, 2, BOOL, ("rt", "rt_string_contains"), "(string-contains s sub) -- sub occurs in s"),
    ("string-index-of", 2, 2, INT, ("rt", "rt_string_index_of"), "(string-index-of s sub) -- the first index of sub in s, or -1"),
    ("string-upcase", 1, 1, STRING, ("rt", "rt_string_upcase"), "(string-upcase s) -- every char in upper case"),
    ("string-downcase", 1, 1, STRING, ("rt", "rt_string_downcase"), "(string-downcase s) -- every char in lower case"),
    ("string-trim", 1, 1, STRING, ("rt", "rt_string_trim"), "(string-trim s) -- without white space at both ends"),
    ("string-trim-left", 1, 1, STRING, ("rt", "rt_string_trim_left"), "(string-trim-left s) -- without white space at the start"),
    ("string-trim-right", 1, 1, STRING, ("rt", "rt_string_trim_right"), "(string-trim-right s) -- without white space at the end"),
    ("string-repeat", 2, 2, STRING, ("rt", "rt_string_repeat"), "(string-repeat s n) -- s repeated n times"),
    ("string-reverse", 1, 1, STRING, ("rt", "rt_string_reverse"), "(string-reverse s) -- the chars from last to first"),
    ("string-split", 2, 2, LIST, ("rt", "rt_string_split"), "(string-split delim s) -- the list of parts between delims"),
    ("string-join", 2, 2, STRING, LIB, "(string-join delim strings) -- the strings of a list, an array or an iterator with delim between them"),
    ("string-replace", 3, 3, STRING, ("rt", "rt_string_replace"), "(string-replace old new s) -- every occurrence of old replaced"),
    ("string->list", 1, 1, LIST, ("rt", "rt_string_to_list"), "(string->list s) -- the list of chars"),
    ("list->string", 1, 1, STRING, ("rt", "rt_list_to_string"), "(list->string chars) -- the string of a list of chars"),
    ("string->symbol", 1, 1, SYMBOL, ("rt", "rt_string_to_symbol"), "(string->symbol s) -- the symbol named s"),
    ("symbol->string", 1, 1, STRING, ("rt", "rt_symbol_to_string"), "(symbol->string x) -- the name of a symbol"),
    ("string-empty?", 1, 1, BOOL, ("op", "string-empty?"), '(string-empty? s) -- s is ""'),
    ("gensym", 0, 1, SYMBOL, ("rt", "rt_gensym"), "(gensym) -- a fresh symbol, equal to no other"),
    # ---- chars (S8.5) ----
    ("char->int", 1, 1, INT, ("op", "char-to-int"), "(char->int c) -- the code point"),
    ("int->char", 1, 1, CHAR, ("op", "int-to-char"), "(int->char n) -- the char with code point n"),
    ("char-upcase", 1, 1, CHAR, ("rt", "rt_char_upcase"), "(char-upcase c) -- c in upper case"),
    ("char-downcase", 1, 1, CHAR, ("rt", "rt_char_downcase"), "(char-downcase c) -- c in lower case"),
    ("char-alpha?", 1, 1, BOOL, ("rt", "rt_char_is_alpha"), "(char-alpha? c) -- c is a letter"),
    ("char-digit?", 1, 1, BOOL, ("op", "char-digit?"), "(char-digit? c) -- c is one of 0 to 9"),
    ("char-space?", 1, 1, BOOL, ("rt", "rt_char_is_space"), "(char-space? c) -- c is Unicode white space"),
    # ---- lists and sequences (S9.1) ----
    ("list", 0, None, LIST, ("op", "list"), "(list x ...) -- a list"),
    ("cons", 2, 2, PAIR, ("op", "cons"), "(cons x xs) -- a pair; a list with x in front"),
    ("car", 1, 1, ANY, ("op", "car"), "(car p) -- the first of a pair"),
    ("cdr", 1, 1, ANY, ("op", "cdr"), "(cdr p) -- the rest of a pair"),
    ("first", 1, 1, ANY, ("rt", "rt_first"), "(first xs) -- the first element of a list, array or string, or nothing"),
    ("rest", 1, 1, SEQUENCE | STRING, ("rt", "rt_rest"), "(rest xs) -- all but the first, the same kind of sequence"),
    ("last", 1, 1, ANY, ("rt", "rt_last"), "(last xs) -- the last element of a list, array or string, or nothing"),
    ("nth", 2, 2, ANY, ("rt", "rt_nth"), "(nth xs i) -- element i of a list, array or string"),
    ("length", 1, 1, INT, ("rt", "rt_length"), "(length xs) -- the number of elements of a list, array, dict or string"),
    ("empty?", 1, 1, BOOL, ("rt", "rt_is_empty"), "(empty? xs) -- a list, array, dict or string without elements"),
    ("append", 0, None, LIST, ("rt", "rt_append"), "(append xs ...) -- the lists joined to a new one"),
    ("reverse", 1, 1, SEQUENCE, ("rt", "rt_reverse"), "(reverse xs) -- a new list or array from last to first"),
    ("member", 2, 2, PAIR | BOOL, ("rt", "rt_member"), "(member x xs) -- the part of the list that starts with x, or false; in an array: a Bool"),
    ("assoc", 2, 2, ANY, ("rt", "rt_assoc"), "(assoc k pairs) -- the first pair of the list whose car equals k, or false"),
    ("reduce", 3, 3, ANY, LIB, "(reduce f init xs) -- (f acc x) for each x from the left"),
    ("foldr", 3, 3, ANY, LIB, "(foldr f init xs) -- (f x acc) for each x from the right"),
    ("for-each", 2, 2, NOTHING, LIB, "(for-each f xs) -- calls (f x) for each x"),
    ("any?", 2, 2, BOOL, LIB, "(any? f xs) -- (f x) holds for some x"),
    ("every?", 2, 2, BOOL, LIB, "(every? f xs) -- (f x) holds for all x"),
    ("find", 2, 2, ANY, LIB, "(find f xs) -- the first x for which (f x) holds, or nothing"),
    ("sort", 1, 2, SEQUENCE, LIB, "(sort less? xs) -- a sorted new list or array, stable; less? defaults to the natural order"),
    ("sort-by", 2, 2, SEQUENCE, LIB, "(sort-by key xs) -- sorted by (key x), stable"),
    # ---- arrays (S9.2) ----
    ("array", 0, None, ARRAY, ("op", "array"), "(array x ...) -- a new array"),
    ("make-array", 1, 2, ARRAY, ("rt", "rt_make_array"), "(make-array n init) -- n times init (default nothing)"),
    ("array-ref", 2, None, ANY, ("op", "array-ref"), "(array-ref a i ...) -- element i; one index for each dimension"),
    ("array-set!", 3, None, ANY, ("op", "array-set"), "(array-set! a i ... v) -- stores v as element i; returns v"),
    ("typed-array", 2, 2, TYPED, ("op", "typed-array"), "(typed-array n {Float}) -- n zeros of Int, Float, Char or Bool; [n m] for two dimensions"),
    ("array-dimensions", 1, 1, LIST, ("rt", "rt_array_dimensions"), "(array-dimensions a) -- the list of its dimensions"),
    ("array-length", 1, 1, INT, ("op", "array-length"), "(array-length a) -- the number of elements, of all dimensions together"),
    ("array-fill!", 2, 2, ARRAYS, ("rt", "rt_array_fill"), "(array-fill! a v) -- stores v as every element; returns the array"),
    ("array-push!", 2, 2, ARRAYS, ("rt", "rt_array_push"), "(array-push! a v) -- appends v; returns the array"),
    ("array-pop!", 1, 1, ANY, ("rt", "rt_array_pop"), "(array-pop! a) -- removes and returns the last element"),
    ("array-slice", 2, 3, ARRAYS, ("rt", "rt_array_slice"), "(array-slice a i j) -- a copy of elements i up to, not including, j"),
    ("array-view", 2, 3, TYPED, ("rt", "rt_array_view"), "(array-view a i j) -- elements (or rows) i up to j of a typed array, not copied"),
    ("array-row", 2, 2, TYPED, ("rt", "rt_array_row"), "(array-row a i) -- row i of a typed array of several dimensions, not copied"),
    ("copy", 1, 1, ANY, ("rt", "rt_copy"), "(copy x) -- a shallow copy of an array, dict, box or atom; other values themselves"),
    ("list->array", 1, 1, ARRAY, ("rt", "rt_list_to_array"), "(list->array xs) -- a new array with the elements of a list"),
    ("array->list", 1, 1, LIST, ("rt", "rt_array_to_list"), "(array->list a) -- a list with the elements of an array"),
    # ---- dicts, boxes, atoms (S9.3, S9.4, S9.8, S19.5) ----
    ("dict", 0, None, DICT, ("rt", "rt_dict"), "(dict k v ...) -- a new dict"),
    ("get", 2, 3, ANY, ("rt", "rt_get"), "(get obj k default) -- the value at a key or index; default (nothing) for a missing key"),
    ("dict-ref", 2, 3, ANY, ("rt", "rt_dict_ref"), "(dict-ref d k default) -- the value at k, or default (nothing)"),
    ("dict-set!", 3, 3, ANY, ("rt", "rt_dict_set"), "(dict-set! d k v) -- stores v at k; returns v"),
    ("dict-remove!", 2, 2, ANY, ("rt", "rt_dict_remove"), "(dict-remove! d k) -- removes k; returns its value, or nothing"),
    ("dict-contains?", 2, 2, BOOL, ("rt", "rt_dict_contains"), "(dict-contains? d k) -- d has the key k"),
    ("keys", 1, 1, LIST, ("rt", "rt_dict_keys"), "(keys d) -- the list of keys in insertion order"),
    ("values", 1, 1, LIST, ("rt", "rt_dict_values"), "(values d) -- the list of values in insertion order"),
    ("path", 1, None, ANY, ("rt", "rt_path"), "(path obj k ...) -- the value located by the keys, one after the other"),
    ("box", 1, 1, BOX, ("op", "box"), "(box v) -- a new box that holds v"),
    ("box-ref", 1, 1, ANY, ("op", "box-ref"), "(box-ref b) -- the value in a box"),
    ("box-set!", 2, 2, ANY, ("op", "box-set"), "(box-set! b v) -- stores v in a box; returns v"),
    ("deref", 1, 1, ANY, ("rt", "rt_deref"), "(deref x) -- the value in a box or an atom"),
    ("atom", 1, 1, ATOM, ("op", "atom"), "(atom v) -- a new atom that holds v"),
    ("reset!", 2, 2, ANY, ("op", "atom-set"), "(reset! a v) -- stores v in an atom; returns v"),
    ("swap!", 2, None, ANY, LIB, "(swap! a f x ...) -- stores (f old x ...) in an atom; returns it"),
    ("compare-and-set!", 3, 3, BOOL, ("rt", "rt_compare_and_set"), "(compare-and-set! a old new) -- stores new if the atom holds old"),
    # ---- iterators (S10) ----
    ("range", 1, 3, ITER, ("rt", "rt_range"), "(range start stop step) -- a lazy half-open range of Ints; (range n) counts from 0"),
    ("map", 2, None, ITER, LIB, "(map f xs ...) -- lazily (f x ...), up to the shortest"),
    ("filter", 2, 2, ITER, LIB, "(filter f xs) -- lazily the x for which (f x) holds"),
    ("take", 2, 2, ITER, LIB, "(take n xs) -- lazily the first n"),
    ("drop", 2, 2, ITER, LIB, "(drop n xs) -- lazily all but the first n"),
    ("take-while", 2, 2, ITER, LIB, "(take-while f xs) -- lazily up to the first x for which (f x) does not hold"),
    ("zip", 1, None, ITER, LIB, "(zip xs ...) -- lazily lists of one element each, up to the shortest"),
    ("enumerate", 1, 1, ITER, LIB, "(enumerate xs) -- lazily lists (index element)"),
    ("iterate", 2, 2, ITER, LIB, "(iterate f seed) -- lazily seed, (f seed), (f (f seed)) ..."),
    ("iter", 1, 1, ITER, LIB, "(iter xs) -- an iterator over a sequence"),
    ("next", 1, 1, ANY, LIB, "(next it) -- the next element, or nothing at the end"),
    ("has-next", 1, 1, BOOL, LIB, "(has-next it) -- the iterator has another element"),
    ("collect", 1, 2, SEQUENCE | STRING, LIB, "(collect xs target) -- all elements as an array (default), 'list or 'string"),
    ("collect-list", 1, 1, LIST, LIB, "(collect-list xs) -- all elements as a list"),
    ("collect-array", 1, 1, ARRAY, LIB, "(collect-array xs) -- all elements as an array"),
    # ---- functions (S15.2, S15.6) ----
    ("apply", 2, None, ANY, ("op", "apply"), "(apply f x ... xs) -- calls f with the x and the elements of the sequence xs"),
    ("compose", 0, None, FUNCTION, LIB, "(compose f g ...) -- calls from right to left"),
    ("partial", 1, None, FUNCTION, LIB, "(partial f x ...) -- f with its first arguments given"),
    ("flip", 1, 1, FUNCTION, LIB, "(flip f) -- f with its first two arguments exchanged"),
    ("identity", 1, 1, ANY, ("op", "identity"), "(identity x) -- x"),
    ("constantly", 1, 1, FUNCTION, LIB, "(constantly x) -- a function of any arguments that returns x"),
    ("bounce", 1, None, ANY, LIB, "(bounce f x ...) -- a call to be made by trampoline"),
    ("trampoline", 1, 1, ANY, LIB, "(trampoline b) -- makes bounced calls until a value is not a bounce"),
    # ---- errors (S18.5) ----
    ("raise", 1, 1, 0, ("rt", "rt_raise"), "(raise x) -- an error with payload x"),
    ("error", 1, None, 0, ("rt", "rt_error"), "(error x ...) -- an error; several arguments are joined as by str"),
    ("assert", 1, 2, NOTHING, ("rt", "rt_assert"), "(assert c message) -- an error unless c holds"),
    ("assert-eq", 2, 2, NOTHING, ("rt", "rt_assert_eq"), "(assert-eq a b) -- an error unless (= a b)"),
    # ---- input and output (S24) ----
    ("print", 0, None, NOTHING, ("rt", "rt_print"), "(print x ...) -- writes the display forms separated by spaces"),
    ("println", 0, None, NOTHING, ("rt", "rt_println"), "(println x ...) -- like print, and ends the line"),
    ("display", 1, 1, NOTHING, ("rt", "rt_display"), "(display x) -- writes the display form"),
    ("write", 1, 1, NOTHING, ("rt", "rt_write"), "(write x) -- writes the written form"),
    ("newline", 0, 0, NOTHING, ("rt", "rt_newline"), "(newline) -- ends the line"),
    ("current-time-millis", 0, 0, INT, ("rt", "rt_current_time_millis"), "(current-time-millis) -- milliseconds since 1970"),
    ("exit", 0, 1, 0, ("rt", "rt_exit"), "(exit n) -- ends the program with status n (default 0)"),
    # ---- the session (S13, S16.5) ----
    ("eval", 1, 1, ANY, ("rt", "rt_eval"), "(eval form) -- evaluates data as code at top level"),
    ("doc", 1, 1, STRING | NOTHING, ("rt", "rt_doc"), "(doc f) -- the documentation of a function or name, or nothing"),
    # ---- memory (S23) ----
    ("region-stats", 0, 0, DICT, ("rt", "rt_region_stats"), "(region-stats) -- the session's memory counters by name, exact"),
    ("regions", 0, 0, LIST, ("rt", "rt_regions"), "(regions) -- a dict for each region: bytes, birth site, what keeps it alive"),
    ("who-holds", 1, 1, LIST, ("rt", "rt_who_holds"), "(who-holds x) -- the shortest path to an object from each global that keeps it alive"),
    ("region-report", 0, 0, DICT, ("rt", "rt_region_report"), "(region-report) -- what received much and keeps little, what grew since"),
    ("code-regions", 1, 1, NOTHING, ("rt", "rt_code_regions"), "(code-regions f) -- prints where each allocation of a function goes, and why"),
    ("code-stats", 0, 1, DICT | NOTHING, ("rt", "rt_code_stats"), "(code-stats f?) -- what compiled code costs: all, or f's instances"),
    ("forget", 0, 1, NOTHING, ("rt", "rt_forget"), "(forget n?) -- drops *n of the prompt's history, or all of it"),
)

# ---- rows that only generated code names, as `%name`: the expander's ----
_HIDDEN: tuple[tuple[str, int, int | None, int, tuple[str, ...], str], ...] = (
    ("path-get", 2, 2, ANY, ("rt", "rt_path_get"), "(path-get obj key) -- like get; on nothing an error containing `nothing`"),
    ("path-open!", 2, 2, ANY, ("rt", "rt_path_open"), "(path-open! obj key) -- like path-get; a missing key of a dict is first given a new dict"),
    ("path-put!", 3, 3, ANY, ("rt", "rt_path_put"), "(path-put! obj key v) -- stores v in a dict or array; returns v; others are `immutable`"),
    ("path-with", 3, 3, ANY, ("rt", "rt_path_with"), "(path-with obj key v) -- a copy of a dict, array or list with v at key"),
    ("sequence-length", 1, 1, INT, ("rt", "rt_sequence_length"), "(sequence-length x) -- the length of an array or proper list, else -1"),
    ("sequence-ref", 2, 2, ANY, ("rt", "rt_sequence_ref"), "(sequence-ref xs i) -- element i of an array or list; i is in bounds"),
    ("item-at", 2, 2, ANY, ("op", "item-at"), "(item-at a i) -- element i of an array of any number of dimensions, all elements counted"),
    ("list-item", 1, 1, ANY, ("op", "list-item"), "(list-item p) -- the first of a pair that is what is left of a list"),
    ("sequence-slice", 3, 3, SEQUENCE, ("rt", "rt_sequence_slice"), "(sequence-slice xs start end) -- the elements as the same kind of sequence"),
    ("destructure-key", 2, 2, ANY, ("rt", "rt_destructure_key"), "(destructure-key x k) -- the value at k of a dict or a list k v ..., or nothing"),
    ("destructuring-error", 2, 2, 0, ("rt", "rt_destructuring_error"), "(destructuring-error text x) -- the error: x does not have the shape `text`"),
    ("has-key?", 2, 2, BOOL, ("rt", "rt_has_key"), "(has-key? x k) -- x is a dict with the key k; false for anything else"),
    ("no-match", 1, 1, 0, ("rt", "rt_no_match"), "(no-match x) -- the error `no match` for x"),
    ("splice", 1, 1, LIST, ("rt", "rt_splice"), "(splice xs) -- the elements of a list or array as a list; otherwise an error containing `splic`"),
    ("limit-memory", 1, 1, INT, ("rt", "rt_limit_memory"), "(limit-memory n) -- lets the program map n bytes more; the limit before"),
    ("stats-now", 0, 0, LIST, ("rt", "rt_stats_now"), "(stats-now) -- the time and the counters of memory"),
    ("stats-since", 2, 2, DICT, ("rt", "rt_stats_since"), "(stats-since before value) -- the value, and what has changed since then"),
    ("set-memory-limit", 1, 1, NOTHING, ("rt", "rt_set_memory_limit"), "(set-memory-limit n) -- the limit is n bytes, 0 for none"),
    # The library's (lib/*.omni).
    ("make-iter", 1, 1, ITER, ("rt", "rt_make_iter"), "(make-iter f) -- an iterator whose elements (f) gives, (end) after the last"),
    ("iter-ready", 2, 2, ANY, ("rt", "rt_iter_ready"), "(iter-ready name it) -- the next element where no call is needed, or what pull? tells"),
    ("iter-pull", 1, 1, FUNCTION, ("rt", "rt_iter_pull"), "(iter-pull it) -- the function of make-iter"),
    ("iter-keep!", 2, 2, ANY, ("rt", "rt_iter_keep"), "(iter-keep! it x) -- gives x back: it is the next element again"),
    ("end", 0, 0, ANY, ("op", "end"), "(end) -- what stands for the end of an iterator"),
    ("sort-values", 2, 2, SEQUENCE | NOTHING, ("rt", "rt_sort_values"), "(sort-values xs mode) -- sorted if the elements have an order of their own"),
    ("known-kind?", 2, 2, BOOL, ("op", "known-kind?"), "(known-kind? x K) -- the compiler knows that x is an instance of K"),
    ("end?", 1, 1, BOOL, ("op", "end?"), "(end? x) -- x is (end)"),
    ("pull?", 1, 1, BOOL, ("op", "pull?"), "(pull? x) -- iter-ready had no element"),
    ("bounce-of", 1, 1, FUNCTION, ("rt", "rt_bounce_of"), "(bounce-of call) -- a bounce; call is a list of a function and its arguments"),
    ("bounce-call", 1, 1, PAIR | BOOL, ("rt", "rt_bounce_call"), "(bounce-call x) -- the call of a bounce, false for anything else"),
    ("count-argument", 2, 2, INT, ("rt", "rt_count_argument"), "(count-argument name n) -- n, an Int that is not negative"),
    ("join-strings", 2, 2, STRING, ("rt", "rt_string_join"), "(join-strings delim strings) -- string-join of a list or array"),
    ("collect-string", 1, 1, STRING, ("rt", "rt_collect_string"), "(collect-string xs) -- the chars and strings of a list joined"),
    ("collect-target", 1, 1, 0, ("rt", "rt_collect_target"), "(collect-target x) -- the error: nothing is collected into x"),
    ("expected", 3, 3, 0, ("rt", "rt_expected"), "(expected name kind x) -- the error: x is not of the kind that the function needs"),
    ("not-sequence", 2, 2, 0, ("rt", "rt_not_sequence"), "(not-sequence name x) -- the error: x is not a sequence"),
    ("changed", 1, 1, 0, ("rt", "rt_changed"), "(changed x) -- the error: x was changed while it was traversed"),
    ("construct", 1, None, ANY, ("op", "construct"), "(construct Struct field ...) -- a new instance, the fields checked"),
    ("convert", 2, 2, ANY, ("op", "convert"), "(convert x K) -- the number x as one of the kind K, without its fraction if K has none"),
    ("instance?", 2, 2, BOOL, ("op", "is-instance"), "(instance? v K) -- v is an instance of K"),
    ("same-kind?", 2, 2, BOOL, ("rt", "rt_are_same_kind"), "(same-kind? a b) -- a and b have one concrete kind"),
    ("agree?", 3, 3, BOOL, ("rt", "rt_are_agreed"), "(agree? pair a b) -- a and b have the parameters' kinds of a function kind"),
    ("bound-kind", 2, 2, KIND, ("rt", "rt_bound_kind"), "(bound-kind pair x) -- the result of the function kind pair where x matches its parameter"),
    ("wrong-kind", 3, 3, 0, ("rt", "rt_wrong_kind"), "(wrong-kind what K x) -- the error: what must be K, not x"),
    ("no-method", 2, 2, 0, ("rt", "rt_no_method_for"), "(no-method name arguments) -- the error: no method takes these arguments"),
    ("ambiguous", 2, 2, 0, ("rt", "rt_ambiguous_for"), "(ambiguous name arguments) -- the error: several methods take these arguments"),
    ("need-kind", 1, 1, KIND, ("rt", "rt_need_kind"), "(need-kind x) -- x, which has to be a Kind"),
    ("elements", 1, 1, LIST, ("rt", "rt_elements"), "(elements xs) -- the elements of any sequence as a list; a range is empty afterwards"),
)

ALIASES = {
    "mod": "%",
    "truncate": "trunc",
    "ceiling": "ceil",
    "string-concat": "string-append",
    "concat": "string-append",
    "string-lowcase": "string-downcase",
    "char": "int->char",
    "boolean?": "bool?",
    "procedure?": "function?",
    "fold": "reduce",
    "count": "length",
    "array-set": "array-set!",
    "push!": "array-push!",
    "has?": "dict-contains?",
    "has-next?": "has-next",
    "compare-and-swap!": "compare-and-set!",
}

FOLDING = frozenset({"+", "-", "*", "/", "min", "max"})
CHAINING = frozenset({"<", ">", "<=", ">="})
"""Builtins of many arguments that mean calls with two of them: one after the other, or of all neighbours."""

CONSTANTS = {"pi": 3.141592653589793, "e": 2.718281828459045, "inf": float("inf"), "nan": float("nan")}

BUILTINS: dict[str, Builtin] = {row[0]: Builtin(*row) for row in _ROWS} | {row[0]: Builtin(*row, True) for row in _HIDDEN}


def find_builtin(name: str) -> Builtin | None:
    """The builtin that a global name means when no definition shadows it: by name, alias, or `%name`."""
    row = BUILTINS.get(ALIASES.get(name, name))
    if row is not None and not row.hidden:
        return row
    if name[:1] == "%":
        return BUILTINS.get(ALIASES.get(name[1:], name[1:]))
    return None


def names_builtin(name: str) -> bool:
    """`%name` means the builtin whatever the program defines."""
    return len(name) > 1 and name[0] == "%" and find_builtin(name) is not None


def visible_names() -> list[str]:
    """Every builtin name that programs may use: functions, aliases, constants (for completion)."""
    return [*(name for name, row in BUILTINS.items() if not row.hidden), *ALIASES, *CONSTANTS]
