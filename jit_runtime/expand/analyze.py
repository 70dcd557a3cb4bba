"""Fill in what the core AST says about variables: `captured`, `assigned`, and each Lambda's `free`.

Runs last, over the finished core. Preorder: a variable is bound before it is mentioned. Iterative: a `cond` of ten
thousand clauses is an `If` nested as deep.
"""

from __future__ import annotations

from typing import Any

from jit_runtime.expand import core as c


class _Frame:
    """One Lambda, or the top level, while it is walked."""

    __slots__ = ("free", "parent")

    def __init__(self, parent: _Frame | None) -> None:
        self.parent = parent
        self.free: dict[c.Var, None] = {}


def analyze(root: c.Core) -> None:
    top = _Frame(None)
    owner: dict[c.Var, _Frame] = {}
    finished: list[tuple[c.Lambda, _Frame]] = []
    stack: list[tuple[Any, _Frame]] = [(root, top)]
    while stack:
        node, frame = stack.pop()
        if type(node) is c.Local:
            _mention(node.var, frame, owner)
        elif type(node) is c.Lambda:
            inner = _Frame(frame)
            finished.append((node, inner))
            stack.append((node.body, inner))
            for param in reversed(node.params):
                owner[param.var] = inner
                if param.default is not None:
                    stack.append((param.default, inner))
            if node.rest is not None:
                owner[node.rest] = inner
        else:
            CHILDREN[type(node)](node, frame, owner, stack)
    for function, inner in finished:
        function.free = list(inner.free)


def _mention(var: c.Var, frame: _Frame, owner: dict[c.Var, _Frame]) -> None:
    home = owner[var]
    if home is frame:
        return
    var.captured = True
    at: _Frame | None = frame
    while at is not home and at is not None:
        at.free[var] = None
        at = at.parent


def _nothing(node: Any, frame: _Frame, owner: dict[c.Var, _Frame], stack: list[tuple[Any, _Frame]]) -> None:
    pass


def _assignment(node: c.SetLocal, frame: _Frame, owner: dict[c.Var, _Frame], stack: list[tuple[Any, _Frame]]) -> None:
    node.var.assigned = True
    _mention(node.var, frame, owner)
    stack.append((node.value, frame))


def _value(node: Any, frame: _Frame, owner: dict[c.Var, _Frame], stack: list[tuple[Any, _Frame]]) -> None:
    stack.append((node.value, frame))


def _if(node: c.If, frame: _Frame, owner: dict[c.Var, _Frame], stack: list[tuple[Any, _Frame]]) -> None:
    stack += ((node.otherwise, frame), (node.then, frame), (node.test, frame))


def _let(node: c.Let | c.Letrec, frame: _Frame, owner: dict[c.Var, _Frame], stack: list[tuple[Any, _Frame]]) -> None:
    stack.append((node.body, frame))
    for var, value in reversed(node.bindings):
        owner[var] = frame
        stack.append((value, frame))


def _call(node: c.Call, frame: _Frame, owner: dict[c.Var, _Frame], stack: list[tuple[Any, _Frame]]) -> None:
    for arg in reversed(node.args):
        stack.append((arg, frame))
    stack.append((node.fn, frame))


def _seq(node: c.Seq, frame: _Frame, owner: dict[c.Var, _Frame], stack: list[tuple[Any, _Frame]]) -> None:
    for item in reversed(node.items):
        stack.append((item, frame))


def _while(node: c.While, frame: _Frame, owner: dict[c.Var, _Frame], stack: list[tuple[Any, _Frame]]) -> None:
    stack += ((node.body, frame), (node.test, frame))


def _handle(node: c.Handle, frame: _Frame, owner: dict[c.Var, _Frame], stack: list[tuple[Any, _Frame]]) -> None:
    for clause in reversed(node.clauses):
        stack.append((clause.body, frame))
        for var in clause.params:
            owner[var] = frame
        if clause.resume is not None:
            owner[clause.resume] = frame
    stack.append((node.body, frame))


def _finally(node: c.Finally, frame: _Frame, owner: dict[c.Var, _Frame], stack: list[tuple[Any, _Frame]]) -> None:
    stack += ((node.cleanup, frame), (node.body, frame))


def _method(node: c.DefineMethod, frame: _Frame, owner: dict[c.Var, _Frame], stack: list[tuple[Any, _Frame]]) -> None:
    stack.append((node.method, frame))


CHILDREN = {
    c.Const: _nothing,
    c.Global: _nothing,
    c.SetLocal: _assignment,
    c.SetGlobal: _value,
    c.Check: _value,
    c.DefineValue: _value,
    c.If: _if,
    c.Let: _let,
    c.Letrec: _let,
    c.Call: _call,
    c.Seq: _seq,
    c.While: _while,
    c.Handle: _handle,
    c.Finally: _finally,
    c.DefineMethod: _method,
    c.DefineVersion: _nothing,
}
