"""Forms: what the reader makes of text.

Every form carries the span it was read from. Forms compare by content, not by span, so that
`read(print(f)) == f` can be stated as a law.
"""

from __future__ import annotations

from jit_runtime.dataclass import dataclass, field
from jit_runtime.source.text import Span


@dataclass(slots=True)
class Int:
    """A literal that fits a signed 64-bit integer."""

    value: int
    span: Span = field(compare=False)


@dataclass(slots=True)
class BigInt:
    """A literal with the suffix `n`."""

    value: int
    span: Span = field(compare=False)


@dataclass(slots=True, eq=False)
class Float:
    """An IEEE double; compares by bits, so that nan equals itself and -0.0 differs from 0.0."""

    value: float
    span: Span

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Float) and self.value.hex() == other.value.hex()


@dataclass(slots=True)
class String:
    value: str
    span: Span = field(compare=False)


@dataclass(slots=True)
class Char:
    """`value` is one code point."""

    value: str
    span: Span = field(compare=False)


@dataclass(slots=True)
class Symbol:
    """A name; also the special tokens `..`, `...`, `_`, `&`, `|>`, `:when`, `@ccall`."""

    name: str
    span: Span = field(compare=False)


@dataclass(slots=True)
class Literal:
    """`true`, `false` or `nothing`; `value` is True, False or None."""

    value: bool | None
    span: Span = field(compare=False)


@dataclass(slots=True)
class List:
    """`( ... )`; `tail` is the form after the dot of `(a . b)` in printed data, else None."""

    items: list[Form]
    span: Span = field(compare=False)
    tail: Form | None = None


@dataclass(slots=True)
class Array:
    """`[ ... ]`."""

    items: list[Form]
    span: Span = field(compare=False)


@dataclass(slots=True)
class Dict:
    """`#{k v ...}`; `items` alternates keys and values, even length."""

    items: list[Form]
    span: Span = field(compare=False)


@dataclass(slots=True)
class Kind:
    """`{ ... }`."""

    items: list[Form]
    span: Span = field(compare=False)


@dataclass(slots=True)
class Quote:
    """`op` is quote, quasiquote, unquote or unquote-splicing. `:name` reads as a quote of the symbol with `colon` set."""

    op: str
    form: Form
    span: Span = field(compare=False)
    colon: bool = field(default=False, compare=False)


@dataclass(slots=True)
class Meta:
    """Metadata written in front of `form`: `^:key`, `^:key value`, `^"doc"` (key `doc`).

    `value` is None for a flag. Which keys take a value: language.md S13. `form` is None when
    nothing follows before the closing delimiter.
    """

    key: str
    value: Form | None
    form: Form | None
    span: Span = field(compare=False)


@dataclass(slots=True)
class Path:
    """`root.seg.seg`; a segment is a Symbol (a key) or an Index. `root` is None in `.name` accessors."""

    root: Form | None
    segments: list[Symbol | Index]
    span: Span = field(compare=False)


@dataclass(slots=True)
class Index:
    """The segment `[expr]` (or the older `(expr)`) of a path."""

    form: Form
    span: Span = field(compare=False)


@dataclass(slots=True)
class Format:
    """`#fmt"..."`: literal texts (str) and the forms to interpolate, in order."""

    parts: list[str | Form]
    span: Span = field(compare=False)


@dataclass(slots=True)
class ValueKind:
    """`#val v`."""

    form: Form
    span: Span = field(compare=False)


Form = (
    Int | BigInt | Float | String | Char | Symbol | Literal | List | Array | Dict | Kind | Quote | Meta | Path | Format | ValueKind
)
