"""Forms to text: `read(show(form)).forms == [form]` for every form the reader can make."""

from __future__ import annotations

import math
import re

from jit_runtime.syntax.forms import (
    Array,
    BigInt,
    Char,
    Dict,
    Float,
    Form,
    Format,
    Index,
    Int,
    Kind,
    List,
    Literal,
    Meta,
    Path,
    Quote,
    String,
    Symbol,
    ValueKind,
)
from jit_runtime.syntax.lexer import PLAIN_NAME
from jit_runtime.syntax.literals import CHAR_NAMES, ESCAPES

_PREFIX = {"quote": "'", "quasiquote": "`", "unquote": ",", "unquote-splicing": ",@"}
_ESCAPED = {value: "\\" + letter for letter, value in ESCAPES.items() if letter != "$"}
_CHAR_SHOWN = {value: name for name, value in CHAR_NAMES.items() if name != "nul"}
_NEEDS_ESCAPE = re.compile(r'["\\\x00-\x1f\x7f-\x9f]')
_CONTINUES_NAME = re.compile(r"\w|[.-](?=[^\W])")


def show(form: Form) -> str:
    """The written form. Works off a stack of what is still to be written, so depth does not matter."""
    out: list[str] = []
    todo: list[Form | Index | str] = [form]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            out.append(item)
        else:
            pieces = _pieces(item)
            if isinstance(pieces, str):
                out.append(pieces)
            else:
                todo.extend(reversed(pieces))
    return "".join(out)


def _pieces(form: Form | Index) -> str | list[Form | Index | str]:
    """The text of an atom, or the texts and parts that a compound is written as."""
    match form:
        case Symbol(name):
            return name
        case Int(value):
            return str(value)
        case String(value):
            return show_string(value)
        case Literal(value):
            return "nothing" if value is None else "true" if value else "false"
        case Float():
            return show_float(form.value)
        case Char(value):
            return show_char(value)
        case BigInt(value):
            return f"{value}n"
        case List(items, _, tail):
            return _between("(", items, ")") if tail is None else [*_between("(", items, " . "), tail, ")"]
        case Array(items):
            return _between("[", items, "]")
        case Dict(items):
            return _between("#{", items, "}")
        case Kind(items):
            return _between("{", items, "}")
        case Quote():
            return _quote(form)
        case Meta(key, value, inner):
            return [f"^:{key}", *(part for given in (value, inner) if given is not None for part in (" ", given))]
        case Path(root, segments):
            return [*([root] if root is not None else []), *(part for segment in segments for part in (".", segment))]
        case Index(inner):
            return ["[", inner, "]"]
        case Format(parts):
            return _format(parts)
        case ValueKind(inner):
            return ["#val ", inner]
    raise AssertionError(f"no form: {form!r}")


def _between(left: str, items: list[Form], right: str) -> list[Form | Index | str]:
    pieces: list[Form | Index | str] = [left]
    for at, item in enumerate(items):
        if at:
            pieces.append(" ")
        pieces.append(item)
    pieces.append(right)
    return pieces


def _quote(form: Quote) -> list[Form | Index | str]:
    inner = form.form
    if form.colon and isinstance(inner, Symbol) and inner.name != "when":
        return [":", inner]
    prefix = _PREFIX[form.op]
    if prefix == "," and isinstance(inner, Symbol) and inner.name.startswith("@"):
        prefix = ", "  # `,@` would read as splicing
    return [prefix, inner]


def _format(parts: list[str | Form]) -> list[Form | Index | str]:
    pieces: list[Form | Index | str] = ['#fmt"']
    after_name = False
    for part in parts:
        if isinstance(part, str):
            text = _escape(part).replace("$", "$$")
            if after_name and _CONTINUES_NAME.match(text):
                text = f"\\x{ord(text[0]):02x}{text[1:]}" if ord(text[0]) < 256 else text
            pieces.append(text)
        elif isinstance(part, List) or _is_plain_name(part):
            pieces.extend(["$", part])
        else:
            pieces.extend(["$(do ", part, ")"])  # only macros make these
        after_name = not isinstance(part, str) and _is_plain_name(part)
    pieces.append('"')
    return pieces


def _is_plain_name(part: Form) -> bool:
    """Whether `$` may stand right before it in a format string."""
    match part:
        case Literal():
            return True
        case Symbol(name):
            return PLAIN_NAME.fullmatch(name) is not None
        case Path(Symbol() | Literal() as root, segments):
            return _is_plain_name(root) and all(isinstance(segment, Symbol) and _is_plain_name(segment) for segment in segments)
    return False


def show_string(value: str) -> str:
    """With quotes and escapes."""
    return f'"{_escape(value)}"'


def _escape(value: str) -> str:
    return _NEEDS_ESCAPE.sub(lambda found: _ESCAPED.get(found[0]) or f"\\x{ord(found[0]):02x}", value)


def show_char(value: str) -> str:
    """`#\\a`, `#\\newline`, `#\\x01`."""
    if value in _CHAR_SHOWN:
        return "#\\" + _CHAR_SHOWN[value]
    if value.isprintable():
        return "#\\" + value
    return f"#\\x{ord(value):02x}"


def show_float(value: float) -> str:
    """The shortest digits that read back, always with a dot or an exponent (language.md S2.4)."""
    if math.isinf(value):
        return "1e999" if value > 0 else "-1e999"
    return repr(value)
