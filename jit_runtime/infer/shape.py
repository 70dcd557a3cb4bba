"""The shape of one method: which local functions are loops, which are known callees, what each closure captures.

Kinds play no part, so this is done once per method. A *machine function* becomes one function of machine code: the
method itself, every lambda that is not a loop, and the body of every `handle` and `finally`.

A group of local functions (`Letrec`) is a loop when nobody uses them but to call them, and every call is in tail
position of the group or of one of its members: then calls are jumps and the members' parameters are variables of
the enclosing machine function. (Contification; Kennedy, "Compiling with continuations, continued", 2007.)
"""

from __future__ import annotations

from jit_runtime.dataclass import dataclass, field
from jit_runtime.expand.core import (
    Call,
    Check,
    Const,
    Core,
    DefineMethod,
    DefineValue,
    DefineVersion,
    Finally,
    Global,
    Handle,
    If,
    Lambda,
    Let,
    Letrec,
    Local,
    Seq,
    SetGlobal,
    SetLocal,
    Var,
    While,
)  # fmt: skip


@dataclass(slots=True, eq=False)
class MachineFunction:
    """`node` is the Lambda, or the Handle/Finally whose body it is. `captures` in order of first use.

    `self_var` is the variable by which the function's body calls itself. `loops`: has a loop or calls itself.
    """

    node: Core
    body: Core
    parent: MachineFunction | None
    self_var: Var | None = None
    captures: list[Var] = field(default_factory=list)
    loops: bool = False
    escapes: bool = True


@dataclass(slots=True, eq=False)
class Shape:
    """`loops`: variables of local functions that are loops; `known`: Var -> machine function of known callees.

    `joins`: those of the loops that never call themselves: what several ways come to.
    `boxed`: assigned variables that another machine function than their owner's names. `relies`: see infer/fuse.py.
    """

    root: MachineFunction
    functions: dict[int, MachineFunction] = field(default_factory=dict)
    loops: dict[Var, Lambda] = field(default_factory=dict)
    known: dict[Var, MachineFunction] = field(default_factory=dict)
    joins: set[Var] = field(default_factory=set)
    boxed: set[Var] = field(default_factory=set)
    lambda_of: dict[Var, Lambda] = field(default_factory=dict)
    relies: dict[str, object] = field(default_factory=dict)


def shape_of(lam: Core, self_name: str | None = None) -> Shape:
    """Classify every local function below `lam` (a method's Lambda, or the expression of a top-level form).

    Local functions are assumed to be loops until a use refutes it; each refutation moves code into another machine
    function, so the walk is repeated until none is refuted.
    """
    refuted: set[int] = set()
    while True:
        walk = _Walk(lam, refuted)
        walk.run()
        if walk.refuted <= refuted:
            return walk.finish()
        refuted |= walk.refuted


class _Walk:
    def __init__(self, top: Core, refuted: set[int]) -> None:
        body = top.body if isinstance(top, Lambda) else top
        self.top = top
        self.old = refuted
        self.refuted: set[int] = set()
        self.shape = Shape(MachineFunction(top, body, None))
        self.owner: dict[Var, MachineFunction] = {}
        self.group: dict[Var, Letrec] = {}
        self.lambdas: dict[Var, Lambda] = {}
        self.uses: list[tuple[MachineFunction, Var, bool]] = []  # (where, what, in call position)
        self.escaping: set[Var] = set()
        self.inside: set[int] = set()  # ids of the groups in whose members the walk is
        self.repeating: set[int] = set()  # ids of the groups that call themselves

    def run(self) -> None:
        root = self.shape.root
        if isinstance(self.top, Lambda):
            self.parameters(self.top, root)
        self.expr(root.body, root, frozenset())

    def parameters(self, lam: Lambda, at: MachineFunction) -> None:
        for p in lam.params:
            self.owner[p.var] = at
            if p.default is not None:
                self.expr(p.default, at, frozenset())
        if lam.rest is not None:
            self.owner[lam.rest] = at

    def function(self, node: Core, body: Core, at: MachineFunction) -> MachineFunction:
        made = MachineFunction(node, body, at)
        self.shape.functions[id(node)] = made
        if isinstance(node, Lambda):
            self.parameters(node, made)
        self.expr(body, made, frozenset())
        return made

    def expr(self, node: Core, at: MachineFunction, tails: frozenset[int]) -> None:
        """`tails`: ids of the Letrec groups in whose tail position the node stands."""
        while True:
            match node:
                case Const() | Global():
                    return
                case Local():
                    self.uses.append((at, node.var, False))
                    if node.var in self.lambdas:
                        self.escaping.add(node.var)
                        if node.var in self.group:
                            self.refuted.add(id(self.group[node.var]))
                    return
                case Call():
                    for arg in node.args:
                        self.expr(arg, at, frozenset())
                    if isinstance(node.fn, Local) and node.fn.var in self.lambdas:
                        self.call(node, node.fn.var, at, tails)
                        return
                    node, tails = node.fn, frozenset()
                case If():
                    self.expr(node.test, at, frozenset())
                    self.expr(node.then, at, tails)
                    node = node.otherwise
                case Seq():
                    for item in node.items[:-1]:
                        self.expr(item, at, frozenset())
                    node = node.items[-1]
                case Let():
                    for var, value in node.bindings:
                        self.owner[var] = at
                        if isinstance(value, Lambda) and not var.assigned:
                            self.lambdas[var] = value
                            self.shape.known[var] = self.function(value, value.body, at)
                        else:
                            self.expr(value, at, frozenset())
                    node = node.body
                case Letrec():
                    tails = self.letrec(node, at, tails)
                    node = node.body
                case SetLocal():
                    self.uses.append((at, node.var, False))
                    node, tails = node.value, frozenset()
                case SetGlobal() | Check() | DefineValue():
                    node, tails = node.value, frozenset()
                case While():
                    at.loops = True
                    self.expr(node.test, at, frozenset())
                    node, tails = node.body, frozenset()
                case Lambda():
                    self.function(node, node.body, at)
                    return
                case Handle():
                    self.function(node, node.body, at)
                    for clause in node.clauses:
                        for var in (*clause.params, *((clause.resume,) if clause.resume else ())):
                            self.owner[var] = at
                        self.expr(clause.body, at, frozenset())
                    return
                case Finally():
                    self.function(node, node.body, at)
                    node, tails = node.cleanup, frozenset()
                case DefineMethod() | DefineVersion():
                    return
                case _:
                    raise TypeError(f"shape_of: unknown core node {type(node).__name__}")

    def letrec(self, node: Letrec, at: MachineFunction, tails: frozenset[int]) -> frozenset[int]:
        looping = id(node) not in self.old and all(
            lam.rest is None and all(p.default is None for p in lam.params) for _, lam in node.bindings
        )
        for var, lam in node.bindings:
            self.owner[var] = at
            self.lambdas[var] = lam
            if looping:
                self.group[var] = node
        if not looping:
            for var, lam in node.bindings:
                made = self.function(lam, lam.body, at)
                made.self_var = var
                self.shape.known[var] = made
            return tails
        inner = tails | {id(node)}
        self.inside.add(id(node))
        for var, lam in node.bindings:
            self.shape.loops[var] = lam
            self.parameters(lam, at)
            self.expr(lam.body, at, inner)
        self.inside.discard(id(node))
        if id(node) not in self.repeating:
            self.shape.joins.update(var for var, _ in node.bindings)
        return inner

    def call(self, node: Call, var: Var, at: MachineFunction, tails: frozenset[int]) -> None:
        lam = self.lambdas[var]
        self.uses.append((at, var, True))
        fits = len(node.args) == len(lam.params) and lam.rest is None and all(p.default is None for p in lam.params)
        if not fits:
            self.escaping.add(var)  # called through its generic entry, which knows defaults, rest and arity errors
        group = self.group.get(var)
        if group is not None:
            if not fits or id(group) not in tails:
                self.refuted.add(id(group))
            if id(group) in self.inside:
                self.repeating.add(id(group))
                at.loops = True

    def finish(self) -> Shape:
        shape = self.shape
        shape.lambda_of = self.lambdas
        by_lambda = {id(f.node): f for f in shape.functions.values()}
        for var, made in shape.known.items():
            made.self_var = var
            made.escapes = var in self.escaping
        needs_value = self._functions_with_environment(by_lambda)
        for at, var, called in self.uses:
            if var in shape.loops:
                continue
            if called and var in shape.known:
                if by_lambda[id(self.lambdas[var])] in _chain(at):
                    at.loops = True
                if var not in needs_value:
                    continue
            self._capture(at, var)
        return shape

    def _capture(self, at: MachineFunction, var: Var) -> None:
        owner = self.owner[var]
        if var.assigned and at is not owner:
            self.shape.boxed.add(var)
        step: MachineFunction | None = at
        while step is not None and step is not owner and step.self_var is not var:
            if var not in step.captures:
                step.captures.append(var)
            step = step.parent

    def _functions_with_environment(self, by_lambda: dict[int, MachineFunction]) -> set[Var]:
        """Known functions that need their closure to be called: they use a variable of an outer machine function."""
        needs = {v for v in self.shape.known if v in self.escaping}
        outer: dict[MachineFunction, set[Var]] = {}
        for at, var, _ in self.uses:
            if var in self.shape.loops:
                continue
            step: MachineFunction | None = at
            while step is not None and step is not self.owner[var] and step.self_var is not var:
                outer.setdefault(step, set()).add(var)
                step = step.parent
        changed = True
        while changed:
            changed = False
            for var, made in self.shape.known.items():
                if var not in needs and any(v not in self.shape.known or v in needs for v in outer.get(made, ())):
                    needs.add(var)
                    changed = True
        return needs


def _chain(at: MachineFunction) -> list[MachineFunction]:
    found = []
    step: MachineFunction | None = at
    while step is not None:
        found.append(step)
        step = step.parent
    return found
