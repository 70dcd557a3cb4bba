"""The core AST: what expansion leaves. Every name is resolved, every bit of sugar is gone.

The oracle interprets it, inference reads it. Nodes are compared by identity; passes attach facts in
side tables keyed by the node, never in the node.
"""

from __future__ import annotations

from jit_runtime.dataclass import dataclass, field
from jit_runtime.source.text import NOWHERE, Span
from jit_runtime.types.kinds import KINDS, Kind
from jit_runtime.types.specificity import Signature
from jit_runtime.types.structs import Struct

# ---- immutable literal data (the values of Const besides int, float, bool, None = nothing, str) ----


@dataclass(frozen=True, slots=True)
class Sym:
    name: str


@dataclass(frozen=True, slots=True)
class Chr:
    code: int


@dataclass(frozen=True, slots=True)
class Big:
    """A BigInt literal."""

    value: int


@dataclass(frozen=True, slots=True)
class Lst:
    """An immutable list; `Lst((), None)` is the empty list; `tail` is a dotted tail or None."""

    items: tuple[Datum, ...]
    tail: Datum | None = None


@dataclass(frozen=True, slots=True)
class KindRef:
    """A builtin kind used as a value."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Uninitialized:
    """The value of a recursive binding before its initialiser has run."""


Datum = int | float | bool | None | str | Sym | Chr | Big | Lst | KindRef | Uninitialized


# ---- bindings ----


@dataclass(slots=True, eq=False)
class Var:
    """One lexical variable. `assigned`: some `SetLocal` names it. `captured`: a lambda inside its scope names it.

    `checked`: reads must raise `uninitialized` when it still holds Uninitialized.
    `kind`: the declared kind; every store is wrapped in a Check already (a parameter's first value is checked by the call).
    `part`: only patterns assign it, while they test, to a part of what they match; it is named in that clause only.
    """

    name: str
    span: Span = NOWHERE
    assigned: bool = False
    captured: bool = False
    checked: bool = False
    kind: Kind | None = None
    part: bool = False


@dataclass(slots=True, eq=False)
class Param:
    """`kind` None means Any. `default` is evaluated at call time and may name earlier parameters."""

    var: Var
    kind: Kind | None = None
    default: Core | None = None


# ---- expressions ----


@dataclass(slots=True, eq=False)
class Const:
    value: Datum
    span: Span


@dataclass(slots=True, eq=False)
class Local:
    var: Var
    span: Span


@dataclass(slots=True, eq=False)
class Global:
    """A module-level name: a user's definition if there is one at run time, else a builtin, else unbound.

    `%name` (two characters or more) is the builtin `name`, whatever the user defined.
    """

    name: str
    span: Span


@dataclass(slots=True, eq=False)
class SetLocal:
    """Assign; the value is the new value."""

    var: Var
    value: Core
    span: Span


@dataclass(slots=True, eq=False)
class SetGlobal:
    """Assign an existing global (unbound otherwise); its declared kind is checked; the value is the new value."""

    name: str
    value: Core
    span: Span


@dataclass(slots=True, eq=False)
class If:
    test: Core
    then: Core
    otherwise: Core
    span: Span


@dataclass(slots=True, eq=False)
class Let:
    """Bindings are made left to right. Names are resolved already, so parallel `let` needs nothing more."""

    bindings: list[tuple[Var, Core]]
    body: Core
    span: Span


@dataclass(slots=True, eq=False)
class Letrec:
    """Mutually recursive local functions; every value is a Lambda and no Var is assigned."""

    bindings: list[tuple[Var, Lambda]]
    body: Core
    span: Span


@dataclass(slots=True, eq=False)
class Lambda:
    """`result` is the declared kind of the result or None. `free` lists captured variables (filled by the expander)."""

    name: str | None
    params: list[Param]
    rest: Var | None
    result: Kind | None
    body: Core
    span: Span
    free: list[Var] = field(default_factory=list)

    @property
    def required(self) -> int:
        return sum(1 for p in self.params if p.default is None)

    @property
    def signature(self) -> Signature:
        return Signature(tuple(p.kind or KINDS["Any"] for p in self.params), self.required, self.rest is not None)


@dataclass(slots=True, eq=False)
class Call:
    """Operator first, then the arguments, left to right."""

    fn: Core
    args: list[Core]
    span: Span


@dataclass(slots=True, eq=False)
class Seq:
    """At least one expression; the value is the last one's."""

    items: list[Core]
    span: Span


@dataclass(slots=True, eq=False)
class While:
    """The value is nothing."""

    test: Core
    body: Core
    span: Span


@dataclass(slots=True, eq=False)
class Check:
    """Raise a `type` error unless the value is an instance of the kind. `what` names the thing checked: "`n`", "the result of `f`"."""

    value: Core
    kind: Kind
    what: str
    span: Span


@dataclass(slots=True, eq=False)
class Clause:
    """A handler clause. `raise` and `error` both catch errors; `return` maps the normal result (one parameter)."""

    tag: str
    params: list[Var]
    resume: Var | None
    body: Core
    span: Span


@dataclass(slots=True, eq=False)
class Handle:
    body: Core
    clauses: list[Clause]
    span: Span


@dataclass(slots=True, eq=False)
class Finally:
    """The cleanup runs on the normal and on the abort exit of the body; the value is the body's."""

    body: Core
    cleanup: Core
    span: Span


@dataclass(slots=True, eq=False)
class DefineValue:
    """Top level only (also under a top-level Seq or Let); local definitions became Let and Letrec. The value is nothing."""

    name: str
    kind: Kind | None
    value: Core
    span: Span
    doc: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class DefineMethod:
    """Top level only: add a method to the generic function `name`. `flags`: its metadata without a value (`inline`, `pure`)."""

    name: str
    method: Lambda
    span: Span
    doc: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class DefineVersion:
    """Top level only: from now on programs see the values of a struct as those of this version."""

    kind: Struct
    span: Span


Core = (
    Const
    | Local
    | Global
    | SetLocal
    | SetGlobal
    | If
    | Let
    | Letrec
    | Lambda
    | Call
    | Seq
    | While
    | Check
    | Handle
    | Finally
    | DefineValue
    | DefineMethod
    | DefineVersion
)
