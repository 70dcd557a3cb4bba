"""The core AST as text, for `--dump core` and golden tests.

Variables are shown by name; several of one name get numbers: `x`, `x.1`. Marks after a binding: `!` assigned,
`^` captured, `?` checked. Literal data are quoted as in a program.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from jit_runtime.expand import core as c

WIDTH = 100
DEPTH = 100_000
DEEPEST_INDENT = 40


def show(core: c.Core) -> str:
    """Readable text; equal cores give equal text. Linear in the size of the core."""
    if sys.getrecursionlimit() < DEPTH:
        sys.setrecursionlimit(DEPTH)
    out: list[str] = []
    _emit(_Printer().text(core), 0, "", "", out)
    return "\n".join(out)


class _Text:
    """`head child ...` and a closing bracket. A `_Text` without children is a word."""

    __slots__ = ("children", "close", "head", "width")

    def __init__(self, head: str, children: list[_Text], close: str) -> None:
        self.head, self.children, self.close = head, children, close
        self.width: int = len(head) + len(close) + sum(child.width + 1 for child in children)

    def flat(self) -> str:
        return " ".join([self.head, *(child.flat() for child in self.children)]) + self.close


def _emit(text: _Text, depth: int, before: str, after: str, out: list[str]) -> None:
    """Append lines: all of it on one if it fits, else the children below the head; a single child of `[name ...]` beside it."""
    indent = "  " * min(depth, DEEPEST_INDENT)
    if not text.children or text.width + len(before) <= WIDTH:
        out.append(indent + before + text.flat() + after)
    elif text.close == "]":
        _emit(text.children[0], depth, f"{before}{text.head} ", text.close + after, out)
    else:
        out.append(indent + before + text.head)
        for child in text.children[:-1]:
            _emit(child, depth + 1, "", "", out)
        _emit(text.children[-1], depth + 1, "", text.close + after, out)


class _Printer:
    def __init__(self) -> None:
        self.labels: dict[c.Var, str] = {}
        self.counts: dict[str, int] = {}

    def label(self, var: c.Var) -> str:
        known = self.labels.get(var)
        if known is None:
            count = self.counts.get(var.name, 0)
            self.counts[var.name] = count + 1
            known = self.labels[var] = f"{var.name}.{count}" if count else var.name
        return known

    def binder(self, var: c.Var) -> str:
        marks = ("!" if var.assigned else "") + ("^" if var.captured else "") + ("?" if var.checked else "")
        return self.label(var) + marks

    def text(self, node: Any) -> _Text:
        return SHOW[type(node)](self, node)


def _word(text: str) -> _Text:
    return _Text(text, [], "")


def _form(head: str, *children: _Text) -> _Text:
    return _Text("(" + head, list(children), ")")


def datum(value: c.Datum) -> str:
    """Literal data as a program writes them, without the quote."""
    if value is None:
        return "nothing"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if isinstance(value, c.Lst):
        tail = [] if value.tail is None else [".", datum(value.tail)]
        return "(" + " ".join([*map(datum, value.items), *tail]) + ")"
    if isinstance(value, c.Sym):
        return value.name
    if isinstance(value, c.Chr):
        return "#\\" + (chr(value.code) if 32 < value.code < 127 else f"x{value.code:02x}")
    if isinstance(value, c.Big):
        return f"{value.value}n"
    return repr(value.kind) if isinstance(value, c.KindRef) else "uninitialized"


def _const(p: _Printer, node: c.Const) -> _Text:
    return _word(("'" if isinstance(node.value, (c.Sym, c.Lst)) else "") + datum(node.value))


def _call(p: _Printer, node: c.Call) -> _Text:
    args = [p.text(arg) for arg in node.args]
    fn = p.text(node.fn)
    return _form("call", fn, *args) if fn.children else _form(fn.head, *args)


def _let(head: str) -> Callable[[_Printer, Any], _Text]:
    def show_let(p: _Printer, node: c.Let | c.Letrec) -> _Text:
        for var, _ in node.bindings:
            p.label(var)
        bindings = [_Text("[" + p.binder(var), [p.text(value)], "]") for var, value in node.bindings]
        return _form(head, *bindings, p.text(node.body))

    return show_let


def _signature(p: _Printer, node: c.Lambda) -> str:
    parts = []
    for param in node.params:
        text = p.binder(param.var) + (f" {param.kind!r}" if param.kind else "")
        if param.default is not None:
            text += " " + p.text(param.default).flat()
        parts.append(f"[{text}]")
    if node.rest is not None:
        parts.append(f"[.. {p.binder(node.rest)}]")
    return " ".join(parts) or "[]"


def _function(p: _Printer, node: c.Lambda, head: str) -> _Text:
    signature = _signature(p, node) + (f" {node.result!r}" if node.result else "")
    if node.free:
        signature += " free(" + " ".join(map(p.label, node.free)) + ")"
    return _form(f"{head} {signature}", p.text(node.body))


def _lambda(p: _Printer, node: c.Lambda) -> _Text:
    return _function(p, node, f"fn {node.name}" if node.name else "fn")


def _handle(p: _Printer, node: c.Handle) -> _Text:
    clauses = []
    for clause in node.clauses:
        names = " ".join(map(p.binder, clause.params))
        resume = f" resume {p.binder(clause.resume)}" if clause.resume is not None else ""
        clauses.append(_form(f"{clause.tag} [{names}]{resume}", p.text(clause.body)))
    return _form("handle", p.text(node.body), *clauses)


def _define_value(p: _Printer, node: c.DefineValue) -> _Text:
    return _form(_definition(node, f"define {node.name}") + (f" {node.kind!r}" if node.kind else ""), p.text(node.value))


def _define_method(p: _Printer, node: c.DefineMethod) -> _Text:
    return _function(p, node.method, _definition(node, f"define-method {node.name}"))


def _definition(node: c.DefineValue | c.DefineMethod, head: str) -> str:
    doc = "" if node.doc is None else f" ^{datum(node.doc)}"
    return head + "".join(f" ^:{flag}" for flag in node.flags) + doc


SHOW: dict[type, Callable[[_Printer, Any], _Text]] = {
    c.Const: _const,
    c.Local: lambda p, node: _word(p.label(node.var)),
    c.Global: lambda p, node: _word(node.name),
    c.SetLocal: lambda p, node: _form("set-local", _word(p.label(node.var)), p.text(node.value)),
    c.SetGlobal: lambda p, node: _form("set-global", _word(node.name), p.text(node.value)),
    c.If: lambda p, node: _form("if", p.text(node.test), p.text(node.then), p.text(node.otherwise)),
    c.Let: _let("let"),
    c.Letrec: _let("letrec"),
    c.Lambda: _lambda,
    c.Call: _call,
    c.Seq: lambda p, node: _form("seq", *map(p.text, node.items)),
    c.While: lambda p, node: _form("while", p.text(node.test), p.text(node.body)),
    c.Check: lambda p, node: _form("check", p.text(node.value), _word(repr(node.kind)), _word(datum(node.what))),
    c.Handle: _handle,
    c.Finally: lambda p, node: _form("finally", p.text(node.body), p.text(node.cleanup)),
    c.DefineValue: _define_value,
    c.DefineMethod: _define_method,
    c.DefineVersion: lambda p, node: _word(f"(define-version {node.kind.name} {node.kind.number})"),
}
