"""Every builtin, as a call and as a value, gives natively what the oracle gives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit_runtime.doctest import Printing, Session
from jit_runtime.options import Options
from jit_runtime.oracle.session import OracleSession
from jit_runtime.source.diagnostics import OmniError
from jit_runtime.types.builtins import ALIASES, BUILTINS

# name -> arguments of each call. `|` stands between calls, blanks between arguments (so arguments have none).
LISTS = "'(3_1_2)"
SMALL = "1|5n|1.5|true|#\\a|\"s\"|'s|nothing|()|'(1)"
LARGE = "'(1)|'(1_._2)|()|[1]|#{}|car|{Int}|(box_1)|(atom_1)|(range_3)|(map_inc_[1])|1"
SAMPLES = {
    "=": "1 1.0|'a 'b|1 1 1|\"a\" \"a\"|[1_2] [1_2]|1|1 1 2|1 1n|1n 1.0|18446744073709551616n 18446744073709551616.0|2n '2n",
    "!=": "1 2|'a 'a|1",
    "eq?": "'a 'a|1.5 1.5|\"a\" \"b\"|1 1.0|1n 1n|1n 1",
    "not": "false|nothing|0",
    "compare": '1 2|"b" "a"|1 \'a|1n 2|2.5 2n|1n "a"',
    "type?": "1 {Int}|'(1) {List}|{Int} {Number}|1 2|1n {Integer}|1n {Int}|{BigInt} {Real}",
    "value->type": "5|2.5|'a|\"s\"|true|nothing|(list 1)",
    "methods-of": "5|'nowhere|car",
    **dict.fromkeys(["code-typed", "why-boxed", "code-ir", "code-llvm", "code-asm", "code-regions"], "5|'nowhere|car"),
    "type-of": "1|'(1)|car|()|{Int}|1n",
    **dict.fromkeys(["int?", "float?", "big?", "integer?", "number?", "bool?", "char?", "string?", "symbol?", "nothing?", "null?", "pair?"], SMALL),
    **dict.fromkeys(["list?", "array?", "dict?", "function?", "kind?", "box?", "atom?", "iter?"], LARGE),
    **dict.fromkeys(["+", "*"], "|5|1 2|1 2.5 3|1 'a|9223372036854775807 9223372036854775807|2 18446744073709551616n|"
    "2.5 3n|1n|1n 'a|18446744073709551616n 18446744073709551616n -1"),
    **dict.fromkeys(["-", "/"], "5|7 2|7.0 2|1 0|9 2 2|'a|\"a\" 1|5n|-18446744073709551616n 7|7 18446744073709551616n|7.0 2n|1n 0|1 0n|'a 1n"),
    "%": "7 3|-7 3|7.5 2|1 0|'a 1|-7 3n|18446744073709551616n 7|18446744073709551616n -18446744073709551616n|7.5 2n|1n 0",
    **dict.fromkeys(["+%", "*%", "+|", "*|"], "|3|9223372036854775807 3|1.5 2|1 2 3|1n 2"),
    **dict.fromkeys(["-%", "-|"], "3|-9223372036854775807 9|1 'a|9 2 3"),
    **dict.fromkeys(["<", ">", "<=", ">="], "1 2|2 1.5|1 1 2|#\\a #\\b|1|1 'a|\"a\" \"b\"|'a|1 2n|"
    "18446744073709551616n 18446744073709551616n|-18446744073709551616n 1.5|18446744073709551616n nan|1n #\\a"),
    **dict.fromkeys(["inc", "dec", "abs", "signum"], "3|-2.5|'a|9223372036854775807|-9223372036854775808|-18446744073709551616n|0n"),
    **dict.fromkeys(["min", "max"], "1|1 2|2 1.5|1 'a|3 1 2|1 2n|2n 1.5|1n"),
    "clamp": "5 0 3|-1.0 0 3|'a 1 2|5n 0 3",
    **dict.fromkeys(["gcd", "lcm"], "|12|12 18|4 6 10|1.5 2|0 0|12n 18|12 18446744073709551616n 0|1n 1.5|0 0n"),
    **dict.fromkeys(["band", "bor", "bxor"], "|5|12 10|7 3 1|1.5 1|1n 1"),
    "bnot": "5|1.5",
    **dict.fromkeys(["lshift", "lshift%"], "3 4|1 63|1 64|1.5 2|1 -1"),
    "rshift": "-16 2|1 64|'a 1|1n 1",
    **dict.fromkeys(["zero?", "positive?", "negative?"], "0|1|-2.5|'a|0n|-18446744073709551616n"),
    **dict.fromkeys(["even?", "odd?"], "0|3|-2|1.5|3n|18446744073709551616n|'a"),
    **dict.fromkeys(["nan?", "inf?", "finite?"], "nan|inf|1.5|3|'a|18446744073709551616n"),
    "sqrt": "4|2.25|-1|'a|4n",
    **dict.fromkeys(["floor", "ceil", "round", "trunc"], "1.5|-1.5|2.5|7|'a|18446744073709551616n"),
    "->int": "1.9|-1.9|5|#\\a|nan|'a|-9223372036854775808n|9223372036854775808n|0n",
    "big": "5|-5n|1e20|-2.5|nan|'a|9223372036854775807",
    "->float": "1|2.5|'a|18446744073709551616n|-3n",
    **dict.fromkeys(["exp", "log", "log10", "log2", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"], "1|0.5|'a|3n"),
    **dict.fromkeys(["pow", "atan2"], "2 3|1.5 2|'a 1"),
    **dict.fromkeys(["parse-number", "string->int", "string->float"], '"12"|"1.5"|"x"|5|"12n"|"-0x1FFFFFFFFFFn"|"n"|"1.5n"'),
    "str": "|1 \"a\" 'b #\\c [1]",
    "written": '"a"|#\\a|[1_"x"]',
    "string-length": '"aäb"|5',
    "string-ref": '"abc" 1|"abc" 3|"abc" -1|5 0',
    "substring": '"hello" 1 3|"hello" 2|"hello" 3 9',
    "string-substr": '"hello" 1 3|"hello" 2 -1|"hello" 3 9',
    "string-append": '|"a"|"a" "b" "c"|"a" 5',
    **dict.fromkeys(["string=?", "string<?", "string-compare"], '"a" "b"|"a" "a"|"a" 5'),
    **dict.fromkeys(["string-contains", "string-index-of"], '"hello" "l"|"hello" "x"|"hello" ""|5 "a"'),
    **dict.fromkeys(["string-upcase", "string-downcase", "string-reverse", "string->list", "string->symbol", "string-empty?"], '"Abc"|""|5'),
    **dict.fromkeys(["string-trim", "string-trim-left", "string-trim-right"], '"a"|(str_#\\space_"b"_#\\newline)|5'),
    "string-repeat": '"ab" 3|"ab" 0|"ab" -1|5 1',
    "string-split": '"," "a,b,,c"|"" "abc"|"," 5',
    "string-join": '"-" \'("a"_"b")|"-" ["a"_"b"]|"-" \'(1)',
    "string-replace": '"a" "b" "banana"|"" "x" "ab"|1 2 3',
    "list->string": "'(#\\a_#\\b)|()|'(1)",
    "symbol->string": "'abc|5",
    "gensym": "",
    "char->int": "#\\a|5",
    "int->char": "955|-1|'a",
    **dict.fromkeys(["char-upcase", "char-downcase", "char-alpha?", "char-digit?", "char-space?"], "#\\a|#\\1|#\\space|#\\Ä|5"),
    **dict.fromkeys(["list", "array"], "|1|1 'b \"c\" 4 5"),
    "cons": "1 ()|1 2|1 '(2)",
    **dict.fromkeys(["car", "cdr"], "'(1_2)|()|5"),
    **dict.fromkeys(["first", "rest", "last"], "'(1_2)|()|[1_2]|\"ab\"|5|(range_3)"),
    "nth": "'(1_2) 1|[1_2] 5|\"ab\" 0|5 0",
    **dict.fromkeys(["length", "empty?"], "'(1_2)|()|[1]|#{}|\"ab\"|5|(range_3)|(map_inc_[1])"),
    "append": "|'(1)|'(1) '(2) ()|'(1) 2",
    "reverse": "'(1_2)|[1_2]|()|5",
    "member": "2 '(1_2_3)|5 '(1)|1 [1]",
    "assoc": "'b '((a_1)_(b_2))|'c '((a_1))",
    "reduce": f"+ 0 {LISTS}|+ 0 [1_2]|+ 0 (range_5)|cons () \"ab\"|+ 0 5|+ 0 #{{}}|list 0 #{{a_1}}|+ 0 '(a)",
    "foldr": f"cons () {LISTS}|cons () [1_2]|cons () (range_3)|cons () 5",
    "for-each": "print '(1_2)|print [1_2]|print (range_3)|print \"ab\"|print 5|5 '(1)",
    **dict.fromkeys(["any?", "every?"], "even? '(1_2)|even? [1_3]|even? (range_3)|even? ()|char-digit? \"1\"|even? 5"),
    "find": "even? '(1_2)|even? [1_3]|even? (range_1_5)|even? 5",
    "sort": f"[]|()|'(1n_0.5_1_-0.0_0_0.0_2)|> '(1n_0.5_1_-0.0_0_0.0_2)|(list_pi_nan_1)|'(b_a_ab)|< '(\"b\"_\"a\")|'(#\\b_#\\a)|(list_max_min)|"
    f"(fn_[a_b]_(>_a_b)) [2_1_3]|(fn_[a_b]_(<_(car_a)_(car_b))) '((1_a)_(0_b)_(1_c)_(0_d))|'(\"aaaaaaaab\"_\"aaaaaaaaa\"_\"\"_\"aaaaaaaa\")|"
    f"{LISTS}|[3_1_2]|> {LISTS}|(range_3)|'(1_a)|'(\"b\"_\"a\")|5",
    "sort-by": f"- {LISTS}|- [1_3_2]|abs '(-3_1)|- 5",
    "make-array": "3|2 'x|0|-1|'a",
    "typed-array": "2 {Int}|2 {Float64}|[2_3] {Char}|'(1_2_2) {Bool}|0 {Int}|[0_2] {Int}|2 {String}|2 5|-1 {Int}|'a {Int}|[] {Int}|[3] {Int}",
    "array-dimensions": "[1_2]|(typed-array_[2_3]_{Int})|(typed-array_2_{Int})|5",
    "array-fill!": "[1_2] 'x|(typed-array_[2_2]_{Float}) 1|(typed-array_2_{Int}) 1.5|5 1",
    "array-ref": "[1_2] 0|[1_2] 2|[1] -1|5 0|[1] 'a|[1] 0 0|(typed-array_2_{Int}) 1|"
    "(typed-array_2_{Int}) 2|(typed-array_[2_3]_{Bool}) 1 2|(typed-array_[2_3]_{Bool}) 1 3|"
    "(typed-array_[2_3]_{Bool}) 1|(typed-array_[1_2_3]_{Char}) 0 1 2|(typed-array_[1_2_3]_{Char}) 0 2 2|5",
    "array-set!": "[1_2] 0 9|[1_2] 2 9|5 0 0|(typed-array_2_{Float}) 1 5|"
    "(typed-array_2_{Int}) 1 5.0|(typed-array_[2_2]_{Char}) 1 1 #\\a|[1] 0|(typed-array_2_{Bool}) 'a true",
    "array-length": "[1_2]|(typed-array_[2_3]_{Int})|5",
    "array-push!": "[1] 2|5 1|(typed-array_1_{Float}) 2|(typed-array_1_{Int}) 2.0|(typed-array_[1_1]_{Int}) 2",
    "array-pop!": "[1_2]|[]|5|(typed-array_2_{Char})|(typed-array_[2_1]_{Char})",
    "array-view": "(typed-array_3_{Int}) 1|(typed-array_[2_2]_{Int}) 1 2|(typed-array_3_{Float}) 1 4|"
    "(typed-array_3_{Char}) 2 1|(typed-array_3_{Int}) 'a|[1] 0 1|5 0 1",
    "array-row": "(typed-array_[2_2]_{Int}) 1|(typed-array_[1_2_3]_{Bool}) 0|(typed-array_[2_2]_{Int}) 2|"
    "(typed-array_[2_2]_{Int}) 'a|(typed-array_2_{Int}) 0|[1] 0",
    "array-slice": "(typed-array_3_{Int}) 1|(typed-array_[2_2]_{Int}) 1 3|[1_2_3] 1 2|[1_2_3] 1|[1] 0 5|5 0 1",
    "copy": "[1_2]|(typed-array_[2_1]_{Int})|(typed-array_2_{Bool})|#{a_1}|(box_1)|'(1)",
    "list->array": "'(1_2)|()|5",
    "array->list": "[1_2]|[]|(typed-array_[2_2]_{Float})|5",
    "dict": "|'a 1 'b 2|'a",
    "get": "#{a_1} 'a|#{a_1} 'b|#{a_1} 'b 5|[1_2] 1|'(1_2) 0|[1] 5|5 'a",
    "dict-ref": "#{a_1} 'a|#{a_1} 'b|#{a_1} 'b 7|5 'a",
    "dict-set!": "#{} 'a 1|5 'a 1",
    "dict-remove!": "#{a_1} 'a|#{a_1} 'b|5 'a",
    "dict-contains?": "#{a_1} 'a|#{a_1} 'b|5 'a",
    **dict.fromkeys(["keys", "values"], "#{a_1_b_2}|5"),
    "path": "#{a_[1_2]} 'a 1|5",
    **dict.fromkeys(["box", "atom"], "1|'(1)"),
    "box-ref": "(box_1)|5",
    "box-set!": "(box_1) 2|5 1",
    "deref": "(box_1)|(atom_2)|5",
    "reset!": "(atom_1) 2|5 1",
    "swap!": "(atom_1) inc|(atom_1) + 2 3|5 inc",
    "compare-and-set!": "(atom_1) 1 2|(atom_1) 5 2|5 1 1",
    "range": "3|1 3|5 1 -2|1 2 0|'a",
    "map": "inc '(1_2)|+ [1_2] '(10_20_30)|inc \"ab\"|car #{a_1}|inc 5|list '(1_2) [3_4] \"ab\"",
    "filter": "even? '(1_2)|even? (range_5)|even? 5",
    **dict.fromkeys(["take", "drop"], "2 '(1_2_3)|0 [1]|9 (range_3)|-1 [1]|'a [1]|1 5"),
    "take-while": "even? '(2_4_5_6)|even? [1]|even? 5",
    "zip": "'(1_2)|'(1_2) [3_4_5]|5",
    "enumerate": "'(a_b)|\"ab\"|5",
    "iterate": "inc 5|inc 'a",
    "iter": "'(1_2)|[1]|#{a_1}|\"ab\"|(range_3)|5",
    **dict.fromkeys(["next", "has-next"], "(iter_'(1_2))|(range_3)|(range_0)|(iter_())|5"),
    "collect": "'(1_2)|(range_3)|(range_3) 'list|\"ab\" 'string|'(#\\a_\"bc\") 'string|'(1) 'string|'(1) 'other|5",
    **dict.fromkeys(["collect-list", "collect-array"], "'(1_2)|[1_2]|(range_3)|\"ab\"|#{a_1}|5"),
    "apply": "+ '(1_2)|+ 1 2 [3_4]|list (range_3)|list \"ab\"|list (map_inc_[1_2])|list #{a_1}|+ 5|5 '(1)",
    "compose": "|inc|inc abs|list + abs",
    "partial": "+ 1|list 1 2|list",
    "flip": "cons",
    "identity": "5",
    "constantly": "5",
    "bounce": "+ 1 2|list",
    "trampoline": "(bounce_+_1_2)|5",
    "raise": "'boom|[1]",
    "error": '"x"|"x" 1 \'a',
    "assert": 'true|false|false "why"|nothing',
    "assert-eq": "1 1|1 2",
    **dict.fromkeys(["print", "println"], "|1|1 \"a\" 'b"),
    **dict.fromkeys(["display", "write"], '"a"|1'),
    "newline": "",
    "eval": "'(+_1_2)|'x|5|'(car_5)|car|'(let_[x_1]_x)|[1_2]",
    "doc": "car|'cdr|'no-such-name|5|(fn_[x]_x)",
    "who-holds": "5|'(1)|(list_1)",
    "forget": "|1|'x",
    "code-stats": "car|'no-such-name|5|(fn_[x]_x)",
}
"""`current-time-millis` and `exit` have tests of their own."""
APART = {"current-time-millis", "exit", "region-stats", "regions", "region-report"}

# What a function or an iterator gives.
SHOW = {
    **dict.fromkeys(["map", "filter", "take", "drop", "take-while", "zip", "enumerate", "iter", "range"], "(collect {})"),
    "iterate": "(collect (take 3 {}))",
    "compose": "({} -3)",
    "partial": "({} 5 6)",
    "flip": "({} '(1) 2)",
    "constantly": "({} 1 2)",
    "bounce": "(trampoline {})",
    "gensym": "(symbol? {})",
    "array-pop!": "(list {} 1)",
}


def calls(name: str) -> Iterator[str]:
    for sample in SAMPLES[name].split("|"):
        arguments = [word.replace("_", " ") for word in sample.split()]
        yield f"({' '.join([name, *arguments])})"
        yield f"(apply {name} (list {' '.join(arguments)}))"


@pytest.fixture(scope="module")
def oracle() -> OracleSession:
    return OracleSession()


@pytest.fixture(scope="module")
def native() -> Iterator[Printing]:
    session = Printing(Options())
    yield session
    session.close()


def outcome(session: Session, text: str) -> tuple[str, str | None]:
    """Output and value, or output and message."""
    session.take_output()
    try:
        value = session.eval(text, name="t", line=1).value_text
    except OmniError as error:
        value = "error: " + error.diagnostics[0].message
    return session.take_output(), value


def test_every_row_has_samples() -> None:
    assert set(SAMPLES) | APART == {row.name for row in BUILTINS.values() if not row.hidden}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_builtin_does_what_it_does_in_the_oracle(name: str, oracle: OracleSession, native: Printing) -> None:
    for call in calls(name):
        text = SHOW.get(name, "{}").format(call)
        assert (text, *outcome(native, text)) == (text, *outcome(oracle, text))


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_an_alias_is_the_same_function(alias: str, name: str, native: Printing) -> None:
    assert outcome(native, f"(eq? {alias} {name})")[1] == "true"


def test_the_clock(native: Printing) -> None:
    assert outcome(native, "(let [a (current-time-millis)] (and (> a 1600000000000) (<= a (apply current-time-millis ()))))")[1] == "true"
