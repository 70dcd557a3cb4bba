"""Tokens to forms, with an explicit stack: no text can overflow Python's.

Several mistakes are reported in one go. After a mistake the reader goes on as if the text had been
right: a wrong token counts as some form, a wrong closer closes. A top-level form that contains a
mistake is not in the result.
"""

from __future__ import annotations

from jit_runtime.dataclass import dataclass
from jit_runtime.source.diagnostics import Diagnostic
from jit_runtime.source.text import Source
from jit_runtime.syntax.atoms import MAKERS, format_name, string_value, symbol
from jit_runtime.syntax.forms import Array, Dict, Form, Format, Index, Kind, List, Literal, Meta, Path, Quote, Symbol, ValueKind
from jit_runtime.syntax.frames import Frame, Frames, Stop
from jit_runtime.syntax.lexer import ranges
from jit_runtime.syntax.literals import Mistake, short

VALUE_KEYS = frozenset(("parent", "where", "doc", "from", "destructor", "priority", "only", "defines", "include-paths", "as", "align"))
"""Metadata keys that take one form as value (language.md S13); all others are flags."""

_CLOSER = {"(": ")", "[": "]", "{": "}", "#{": "}", "$(": ")"}
_QUOTES = {"'": "quote", "`": "quasiquote", ",": "unquote", ",@": "unquote-splicing"}


@dataclass(slots=True)
class ReadResult:
    """`incomplete`: nothing is wrong except that the text ends too early. `forms` has the top-level forms without mistakes."""

    forms: list[Form]
    diagnostics: list[Diagnostic]
    incomplete: bool


def read(source: Source, start: int = 0) -> ReadResult:
    """All forms of a source from offset `start` on."""
    return _Reader(source).run(start)


class _Reader(Frames):
    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.forms: list[Form] = []
        self.early_end = False  # the last diagnostic only says that the text ends too early
        self.before = 0  # diagnostics when the current top-level form began
        self.forgiven: dict[str, int] = {}  # closers to ignore: a mismatch already told of their openers
        self.touching = -1  # where the last atom or closing delimiter ended
        self.suspect = -1  # the first opener in column 1 inside the current top-level form

    def run(self, start: int) -> ReadResult:
        try:
            for token in ranges(self.text, start):
                self.token(token)
            self.at_end()
        except Stop:
            pass
        incomplete = self.early_end and len(self.diagnostics) == 1
        return ReadResult(self.forms, self.diagnostics, incomplete)

    # Tokens

    def token(self, token: tuple[str, int, int]) -> None:
        kind, start, end = token
        if kind == "comment":
            return
        frame = self.stack[-1]
        if frame.kind == "path":
            if self.segment(frame, kind, start, end):
                return
            frame = self.stack[-1]
        if frame.kind == "fmt" or kind.startswith("fmt_"):
            self.in_format(frame, kind, start, end)
        elif kind == "symbol":
            self.touching = end
            name = symbol(self.source, start, end)
            if self.text.startswith(".", end):
                self.begin_path(name, end)
            else:
                self.complete(name)
        elif kind == "open":
            self.open(start, end)
        elif kind == "close":
            self.close(start, end)
        elif kind in _PREFIXES:
            _PREFIXES[kind](self, start, end)
        else:
            self.touching = end
            if kind == "error":
                self.check_end(start, self.text[start:end])
            mistakes: list[Mistake] = []
            form = MAKERS[kind](self.source, start, end, mistakes)
            self.report_all(mistakes)
            self.complete(form)

    def complete(self, form: Form) -> None:
        """Give a finished form to what it stands in, which may thereby be finished too."""
        while True:
            frame = self.stack[-1]
            kind = frame.kind
            if kind == "top":
                if len(self.diagnostics) == self.before:
                    self.forms.append(form)
                self.before = len(self.diagnostics)
                return
            if kind == "drop":
                self.stack.pop()
                if self.stack[-1].kind == "top":
                    self.before = len(self.diagnostics)
                return
            if kind == "meta" and frame.meta_value is None and self.meta_key(frame) in VALUE_KEYS:
                frame.meta_value = form
                return
            if kind not in _WRAP:
                frame.items.append(form)
                return
            self.stack.pop()
            form = _WRAP[kind](self, frame, form)

    # Delimiters

    def open(self, start: int, end: int) -> None:
        if len(self.stack) == 1:
            self.forgiven.clear()
            self.suspect = -1
        elif self.suspect < 0 and self.text.startswith("\n", start - 1):
            self.suspect = start
        self.push(self.text[start:end], start, end)

    def close(self, start: int, end: int) -> None:
        closer = self.text[start:end]
        self.end_prefixes(start, end)
        frame = self.stack[-1]
        if frame.kind == "top":
            if self.forgiven.get(closer):
                self.forgiven[closer] -= 1
                return
            self.report("R002", start, end, f"unexpected `{closer}`: nothing is open here")
            self.before = len(self.diagnostics)
            return
        if _CLOSER[frame.kind] != closer:
            self.mismatch(frame, closer, start, end)
        self.touching = end
        self.pop_delimiter(end)

    def mismatch(self, frame: Frame, closer: str, start: int, end: int) -> None:
        """Report, then leave on top the frame that the closer is taken to close."""
        line, column = self.source.position(frame.start)
        self.report(
            "R001",
            start,
            end,
            f"mismatched `{closer}`: expected `{_CLOSER[frame.kind]}` for the `{frame.kind}` at {line}:{column}",
        )
        for depth in range(len(self.stack) - 1, 0, -1):
            kind = self.stack[depth].kind
            if kind == "fmt":
                return
            if _CLOSER.get(kind) == closer:
                while len(self.stack) - 1 > depth:
                    inner = self.stack.pop()
                    if inner.kind in _CLOSER:
                        wanted = _CLOSER[inner.kind]
                        self.forgiven[wanted] = self.forgiven.get(wanted, 0) + 1
                return

    def pop_delimiter(self, end: int) -> None:
        frame = self.stack.pop()
        below = self.stack[-1]
        if frame.index:
            below.segments.append(self.index(frame, end))
            if not self.text.startswith(".", end):
                self.end_path(end)
            return
        form = self.build(frame, end)
        if self.text.startswith(".", end) and below.kind != "fmt":
            self.begin_path(form, end)
        else:
            self.complete(form)

    def build(self, frame: Frame, end: int) -> Form:
        span = self.span(frame.start, end)
        if frame.kind == "[":
            return Array(frame.items, span)
        if frame.kind == "{":
            return Kind(frame.items, span)
        if frame.kind == "#{":
            if len(frame.items) % 2:
                last = frame.items[-1].span
                self.report("R009", frame.start, end, "a dict literal needs a value for every key", help=f"`{short(last.text)}` has no value")
            return Dict(frame.items, span)
        if frame.kind == "$(":
            span = self.span(frame.start + 1, end)
        if frame.dotted < 0:
            return List(frame.items, span)
        if len(frame.items) != frame.dotted + 1:
            self.report("R011", frame.start, end, "exactly one form must follow the `.` of a dotted list")
            return List(frame.items, span)
        return List(frame.items[:-1], span, frame.items[-1])

    def end_prefixes(self, start: int, end: int) -> None:
        """A closing delimiter or the end of a `$( )` comes where prefixes still wait for their form."""
        while self.stack[-1].kind in _WAITING:
            frame = self.stack.pop()
            if frame.kind == "meta" and (frame.meta_value is not None or self.meta_key(frame) not in VALUE_KEYS):
                self.complete(self.meta(frame, None))
            else:
                self.missing(frame)
                self.complete(Literal(None, self.span(frame.start, frame.end)))

    def missing(self, frame: Frame) -> None:
        what = "a value" if frame.kind == "meta" else "a form"
        self.report("R014", frame.start, frame.end, f"`{short(self.text[frame.start : frame.end])}` needs {what} after it")

    # Paths

    def begin_path(self, root: Form | None, at: int) -> None:
        """The next token is a dot, or `..`, which touches the root."""
        frame = self.push("path", root.span.start if root is not None else at, at)
        if root is not None:
            frame.items.append(root)

    def segment(self, frame: Frame, kind: str, start: int, end: int) -> bool:
        """Take the token into the path; False if the path is over and the token stands for itself.

        `frame.end` is where the path ends so far: after a segment, or after a dot.
        """
        after_dot = frame.end > frame.start and self.text[frame.end - 1] == "."
        if start == frame.end:
            if kind == "dot" and not after_dot:
                frame.end = end
                return True
            if kind == "symbol" and after_dot:
                self.touching = frame.end = end
                frame.segments.append(Symbol(self.text[start:end], self.span(start, end)))
                if not self.text.startswith(".", end):
                    self.end_path(end)
                return True
            if kind == "open" and after_dot and self.text[start] in "[(":
                self.open(start, end)
                self.stack[-1].index = True
                return True
        return self.broken_path(frame, kind, start, end)

    def broken_path(self, frame: Frame, kind: str, start: int, end: int) -> bool:
        if kind in ("rest", "error") and self.text[start] == ".":
            self.report("R011", start, end, "a path has an empty segment", help="`..` as rest marker stands between spaces")
            frame.end = end  # goes on as after one dot
            return True
        text = self.text[frame.start : frame.end]
        if start == frame.end and kind in ("int", "float", "error", "string", "char"):
            wrong, help = self.text[start:end], "an index or a key that is computed stands in brackets: `.[expr]`"
            self.report("R011", start, end, f"`{short(wrong)}` cannot follow the `.` of a path", help=help)
            self.end_path(end)
            return True
        self.report("R011", frame.start, frame.end, f"path `{short(text)}` ends with a dot")
        self.end_path(frame.end)
        return False

    def index(self, frame: Frame, end: int) -> Index:
        """`.[expr]`; the older `.(i)` is the same, and `.(f x)` is the index that the call gives."""
        span = self.span(frame.start, end)
        self.stack[-1].end = end
        if frame.kind == "(" and len(frame.items) > 1:
            return Index(self.build(frame, end), span)
        if len(frame.items) != 1:
            self.report("R011", frame.start, end, f"a path index holds one expression, this one has {len(frame.items)}")
        return Index(frame.items[0] if frame.items else Literal(None, span), span)

    def end_path(self, end: int) -> None:
        frame = self.stack.pop()
        root = frame.items[0] if frame.items else None
        self.complete(Path(root, frame.segments, self.span(frame.start, end)))

    def dot(self, start: int, end: int) -> None:
        """A dot that continues no path: an accessor `.name`, or the dot of `(a . b)`."""
        frame = self.stack[-1]
        following = self.text[end : end + 1]
        if self.touching == start:
            self.report("R011", start, end, "unexpected `.`: a path starts with a symbol or a closing delimiter")
            self.touching = -1
        elif following not in _ENDS_DOT:
            path = self.push("path", start, end)
            path.end = end
        elif frame.kind == "(" and frame.items and frame.dotted < 0:
            frame.dotted = len(frame.items)
        else:
            self.report("R011", start, end, "unexpected `.`")

    # Prefixes

    def quote(self, start: int, end: int) -> None:
        self.push("quote", start, end)

    def meta_token(self, start: int, end: int) -> None:
        self.push("meta", start, end)

    def meta_key(self, frame: Frame) -> str:
        return self.text[frame.start + 2 : frame.end] or "doc"

    def meta(self, frame: Frame, form: Form | None) -> Meta:
        end = form.span.end if form is not None else frame.meta_value.span.end if frame.meta_value is not None else frame.end
        return Meta(self.meta_key(frame), frame.meta_value, form, self.span(frame.start, end))

    def wrap_meta(self, frame: Frame, form: Form) -> Form:
        return self.meta(frame, form)

    def wrap_quote(self, frame: Frame, form: Form) -> Form:
        return Quote(_QUOTES[self.text[frame.start : frame.end]], form, self.span(frame.start, form.span.end))

    def wrap_val(self, frame: Frame, form: Form) -> Form:
        return ValueKind(form, self.span(frame.start, form.span.end))

    def dispatch(self, start: int, end: int) -> None:
        word = self.text[start:end]
        if word == "#_":
            self.push("drop", start, end)
        elif word == "#val":
            self.push("val", start, end)
        else:
            self.touching = end
            self.complete(Literal(word == "#t", self.span(start, end)))

    # Format strings

    def fmt(self, start: int, end: int) -> None:
        self.push("fmt", start, end)

    def in_format(self, frame: Frame, kind: str, start: int, end: int) -> None:
        """A token directly inside `#fmt"..."`. After a mismatched closer the stack and the lexer may disagree: then the token is skipped."""
        if frame.kind != "fmt":
            return
        if kind == "fmt_text":
            mistakes: list[Mistake] = []
            frame.items.append(string_value(self.source, start, end, mistakes, dollars=True))
            self.report_all(mistakes)
        elif kind == "fmt_name":
            self.complete(format_name(self.source, start + 1, end))
        elif kind == "fmt_expr":
            self.push("$(", start, end)
        elif kind == "fmt_end":
            self.stack.pop()
            self.touching = end
            self.complete(Format(frame.items, self.span(frame.start, end)))
        elif kind == "error":
            help = "write `$$` for a dollar" if self.text[start] == "$" else None
            self.report("R010", start, end, "in a #fmt string `$` is followed by a name, by `(` or by another `$`", help=help)

    # The end of the text

    def check_end(self, start: int, text: str) -> None:
        """An unterminated string or comment is an error token that reaches to the end of the text."""
        if text.startswith(('"', '#r"', '#raw"')):
            self.too_early("R004", start, start + text.index('"') + 1, "unterminated string")
        if text.startswith("#|"):
            self.too_early("R003", start, start + 2, "unclosed block comment `#|`")

    def too_early(self, code: str, start: int, end: int, message: str, *notes: str, help: str | None = None) -> None:
        """Report that the text ends inside something; nothing else is reported after it."""
        self.early_end = True
        self.report(code, start, end, message, *notes, help=help)
        raise Stop

    def at_end(self) -> None:
        frame = self.stack[-1]
        if frame.kind == "path":
            self.report("R011", frame.start, frame.end, f"path `{short(self.text[frame.start : frame.end])}` ends with a dot")
        opened = next((f for f in reversed(self.stack) if f.kind in _CLOSER or f.kind == "fmt"), None)
        if opened is None:
            self.prefix_at_end()
        elif opened.kind == "fmt":
            self.too_early("R004", opened.start, opened.end, "unterminated string")
        else:
            self.too_early("R003", opened.start, opened.end, f"unclosed `{opened.kind}`", *self.outer(opened))

    def outer(self, opened: Frame) -> list[str]:
        notes = []
        others = [f for f in self.stack if f.kind in _CLOSER and f is not opened]
        if others:
            line, column = self.source.position(others[0].start)
            notes.append(f"the outermost of {len(others) + 1} unclosed delimiters is the `{others[0].kind}` at {line}:{column}")
        if self.suspect >= 0:
            line, column = self.source.position(self.suspect)
            notes.append(f"a form that starts at {line}:{column} looks like the next definition")
        return notes

    def prefix_at_end(self) -> None:
        frame = self.stack[-1]
        if frame.kind in _WAITING:
            self.early_end = True
            self.missing(frame)


_PREFIXES = {"quote": _Reader.quote, "meta": _Reader.meta_token, "dispatch": _Reader.dispatch, "dot": _Reader.dot, "fmt": _Reader.fmt}
_WRAP = {"quote": _Reader.wrap_quote, "meta": _Reader.wrap_meta, "val": _Reader.wrap_val}
_WAITING = frozenset(("quote", "meta", "val", "drop"))
_ENDS_DOT = frozenset(("", " ", "\t", "\r", "\n", ")", "]", "}", ";"))
