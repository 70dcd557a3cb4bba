"""Strings, symbols and chars (language S8.1 - S8.3, S8.5). Indices and lengths count code points.

Case mapping is by single chars and keeps the length; white space is Unicode's White_Space property.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from jit_runtime.oracle.printer import display, written
from jit_runtime.oracle.raised import expected, raise_error
from jit_runtime.oracle.values import NULL, Array, Char, Pair, Symbol, Value, list_items, make_list, symbol
from jit_runtime.types import errors

WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def need_string(name: str, *values: Value) -> None:
    for value in values:
        if type(value) is not str:
            expected(name, "String", value)


def need_index(name: str, *values: Value) -> None:
    for value in values:
        if type(value) is not int:
            expected(name, "Int", value)


def need_char(name: str, value: Value) -> None:
    if type(value) is not Char:
        expected(name, "Char", value)


def check_range(start: int, end: int, length: int) -> None:
    """`start:end` must lie inside a sequence of that length."""
    if not 0 <= start <= end <= length:
        raise_error(errors.BOUNDS_RANGE, start, end, length)


def string_function(name: str, function: Callable[..., Value]) -> Callable[..., Value]:
    """A builtin whose arguments are all strings."""

    def run(*values: Value) -> Value:
        need_string(name, *values)
        return function(*values)

    return run


def string_ref(text: Value, index: Value) -> Value:
    need_string("string-ref", text)
    need_index("string-ref", index)
    if not 0 <= index < len(text):
        raise_error(errors.BOUNDS, index, len(text))
    return Char(ord(text[index]))


def substring(text: Value, start: Value, end: Value = None) -> Value:
    need_string("substring", text)
    end = len(text) if end is None else end
    need_index("substring", start, end)
    check_range(start, end, len(text))
    return text[start:end]


def string_substr(text: Value, start: Value, length: Value) -> Value:
    need_string("string-substr", text)
    need_index("string-substr", start, length)
    end = len(text) if length == -1 else start + length
    check_range(start, end, len(text))
    return text[start:end]


def compare_strings(a: str, b: str) -> int:
    return (a > b) - (a < b)


def upper(char: str) -> str:
    mapped = char.upper()
    return mapped if len(mapped) == 1 else char


def lower(char: str) -> str:
    mapped = char.lower()
    return mapped if len(mapped) == 1 else char


def string_repeat(text: Value, count: Value) -> Value:
    need_string("string-repeat", text)
    need_index("string-repeat", count)
    if count < 0:
        raise_error(errors.NEGATIVE_LENGTH, count)
    return text * count


def string_split(delimiter: str, text: str) -> Value:
    """An empty delimiter splits into single chars."""
    return make_list(text.split(delimiter) if delimiter else list(text))


def join_strings(delimiter: Value, strings: Value) -> Value:
    need_string("string-join", delimiter)
    if isinstance(strings, Array):
        items = strings.items
    elif type(strings) is Pair or strings is NULL:
        items = list(list_items(strings))
    else:
        expected("string-join", "List", strings)
    need_string("string-join", *items)
    return delimiter.join(items)


def list_to_string(chars: Value) -> Value:
    if type(chars) is not Pair and chars is not NULL:
        expected("list->string", "List", chars)
    items = list(list_items(chars))
    for item in items:
        need_char("list->string", item)
    return "".join(chr(item.code) for item in items)


def symbol_to_string(value: Value) -> Value:
    return value.name if type(value) is Symbol else expected("symbol->string", "Symbol", value)


def int_to_char(code: Value) -> Value:
    need_index("int->char", code)
    if not 0 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise_error(errors.CODE_POINT, code)
    return Char(code)


def char_function(name: str, function: Callable[[str], Value]) -> Callable[[Value], Value]:
    def run(value: Value) -> Value:
        need_char(name, value)
        return function(chr(value.code))

    return run


PLAIN: dict[str, Callable[..., Value]] = {
    "str": lambda *values: "".join(map(display, values)),
    "written": written,
    "string-length": string_function("string-length", len),
    "string-ref": string_ref,
    "substring": substring,
    "string-substr": string_substr,
    "string-append": string_function("string-append", lambda *texts: "".join(texts)),
    "string=?": string_function("string=?", lambda a, b: a == b),
    "string<?": string_function("string<?", lambda a, b: a < b),
    "string-compare": string_function("string-compare", compare_strings),
    "string-contains": string_function("string-contains", lambda text, part: part in text),
    "string-index-of": string_function("string-index-of", lambda text, part: text.find(part)),
    "string-upcase": string_function("string-upcase", lambda text: "".join(map(upper, text))),
    "string-downcase": string_function("string-downcase", lambda text: "".join(map(lower, text))),
    "string-trim": string_function("string-trim", lambda text: text.strip(WHITE_SPACE)),
    "string-trim-left": string_function("string-trim-left", lambda text: text.lstrip(WHITE_SPACE)),
    "string-trim-right": string_function("string-trim-right", lambda text: text.rstrip(WHITE_SPACE)),
    "string-repeat": string_repeat,
    "string-reverse": string_function("string-reverse", lambda text: text[::-1]),
    "string-split": string_function("string-split", string_split),
    "join-strings": join_strings,
    "string-replace": string_function("string-replace", lambda old, new, text: text.replace(old, new)),
    "string->list": string_function("string->list", lambda text: make_list([Char(ord(c)) for c in text])),
    "list->string": list_to_string,
    "string->symbol": string_function("string->symbol", symbol),
    "symbol->string": symbol_to_string,
    "string-empty?": string_function("string-empty?", lambda text: text == ""),
    "char->int": char_function("char->int", ord),
    "int->char": int_to_char,
    "char-upcase": char_function("char-upcase", lambda c: Char(ord(upper(c)))),
    "char-downcase": char_function("char-downcase", lambda c: Char(ord(lower(c)))),
    "char-alpha?": char_function("char-alpha?", lambda c: unicodedata.category(c)[0] == "L"),
    "char-digit?": char_function("char-digit?", lambda c: "0" <= c <= "9"),
    "char-space?": char_function("char-space?", lambda c: c in WHITE_SPACE),
}
