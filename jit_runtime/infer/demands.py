"""What the code of an instance wants of immutable structs: the object, or its fields only?

A *path* is the names of fields that lead from a variable's value to a part of it. A demand is the set of paths whose objects are
wanted as such: `()` the value itself, `(from)` what its field `from` holds. A path that ends in `EXIT` leads to what the instance
gives as its own result, or as part of it: whether that has to be an object, its caller decides. What is in no path is read field by
field at most, so the fields can stand for it (`virtual.py`).

Flow-insensitive and backwards: from what a node's value is wanted for to what its parts are, repeated until nothing is added. Demands
decide where memory is saved, never what a program means, so what another analysis has not found yet is taken as no demand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.dataclass import dataclass, field
from jit_runtime.expand.core import Call, Check, Const, Core, Global, If, Lambda, Let, Letrec, Local, Seq, Sym, Var
from jit_runtime.expand.kind_definitions import constructed
from jit_runtime.infer.placement import children
from jit_runtime.infer.world import GenericFunction, Instance, Target, World
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.order import certain
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.infer.analysis import Analysis

MOST_FIELDS = 8
MOST_STEPS = 3  # of a path; what is deeper is wanted as an object
EXIT = "=>"
Path = tuple[str, ...]
Demand = frozenset[Path]
FIELDS: Demand = frozenset()
OBJECT: Demand = frozenset({()})
RESULT: Demand = frozenset({(EXIT,)})


def replaceable(world: World, mask: int) -> Struct | None:
    """The struct that values of this set are, if their fields can stand for them."""
    struct = world.universe.struct_of(mask)
    return struct if struct is not None and struct.newest is struct and not struct.mutable and 0 < len(struct.fields) <= MOST_FIELDS else None


def demand_of(world: World, facts: Analysis, var: Var) -> Demand:
    """What is wanted of a variable of an instance (or form)."""
    if var.assigned or var in facts.shape.boxed:
        return OBJECT
    return demands_of(world, facts).of.get(var, FIELDS)


def demands_of(world: World, facts: Analysis) -> Demands:
    if facts.demands is None:
        facts.demands = Demands()
        _Walk(world, facts, facts.demands).run()
    return facts.demands


@dataclass(slots=True, eq=False)
class Demands:
    """What is wanted of the variables of an instance, and of what its calls of constructors make (by id), as far as it is known: all of it
    once it is `complete`."""

    of: dict[Var, Demand] = field(default_factory=dict)
    made: dict[int, Demand] = field(default_factory=dict)
    complete: bool = False


def below(demand: Demand, name: str) -> Demand:
    """What is wanted of a field of a value of which this is wanted."""
    if () in demand:
        return OBJECT
    return frozenset(path if path == (EXIT,) else path[1:] for path in demand if path[0] in (name, EXIT))


def through(demand: Demand, result: Demand) -> Demand:
    """What is wanted of an argument, where `demand` is wanted of the parameter and `result` of the call."""
    found = {path for path in demand if path[-1:] != (EXIT,)}
    found |= {cut(path[:-1] + more) for path in demand - found for more in result}
    return frozenset(found)


def cut(path: Path) -> Path:
    return path[:MOST_STEPS]


def field_read(world: World, node: Core) -> str | None:
    """The name of the field that `(path-get e 'name)` reads."""
    if not isinstance(node, Call) or not isinstance(node.fn, Global) or len(node.args) != 2:
        return None
    key = node.args[1]
    if not isinstance(key, Const) or not isinstance(key.value, Sym):
        return None
    found = world.lookup(node.fn.name)
    return key.value.name if isinstance(found, Builtin) and found.name in ("get", "path-get") else None


def made_by(world: World, node: Call) -> tuple[Struct, list[Core]] | None:
    """The struct that a call of a constructor makes, and the arguments."""
    found = world.lookup(node.fn.name) if isinstance(node.fn, Global) else None
    if isinstance(found, Builtin) and found.name == "construct":
        return constructed(node), node.args[1:]
    if isinstance(found, GenericFunction) and (makes := found.makes(len(node.args))) is not None:
        return makes, node.args
    return None


def parameter_demand(world: World, inst: Instance, index: int) -> Demand:
    """What an instance wants of an argument, as far as is known."""
    facts = inst.analysis
    if facts is None or inst.method.lam.rest is not None:
        return OBJECT
    lam = facts.shape.root.node
    assert isinstance(lam, Lambda)
    return demand_of(world, facts, lam.params[index].var)


def argument_demands(world: World, facts: Analysis, node: Call, want: Demand) -> list[Demand]:
    """What a call of a generic function wants of its arguments if `want` is wanted of its value: what any of the methods does that it may mean."""
    found = facts.dispatches.get(id(node))
    if found is None or not found.targets:
        return [OBJECT] * len(node.args)
    demands = [target_demands(world, target, len(node.args), want) for target in found.targets]
    return [frozenset().union(*each) for each in zip(*demands, strict=True)]


def target_demands(world: World, target: Target, count: int, want: Demand) -> list[Demand]:
    """Of one method. What is tested has to be there."""
    inst = target.instance
    if inst is None:
        return [FIELDS] * count
    if inst.given != count or inst.method.lam.rest is not None:
        return [OBJECT] * count
    tested = {index for index, _ in target.tests}.union(*(shared[:2] for shared in target.same))
    return [OBJECT if i in tested or not replaceable(world, mask) else argument_demand(world, inst, i, want) for i, mask in enumerate(inst.key)]


def argument_demand(world: World, inst: Instance, index: int, want: Demand) -> Demand:
    """Of an instance, in place or by its convention."""
    from jit_runtime.infer.conventions import passed_as
    from jit_runtime.infer.inline import body_size

    if body_size(inst) is None and passed_as(world, inst, index) is None:
        return OBJECT
    return through(parameter_demand(world, inst, index), want)


class _Walk:
    """One instance. `found`: what is known to be wanted of its variables."""

    def __init__(self, world: World, facts: Analysis, demands: Demands) -> None:
        self.world, self.facts, self.demands, self.found = world, facts, demands, demands.of
        self.grown = True

    def run(self) -> None:
        root = self.facts.shape.root
        params = root.node.params if isinstance(root.node, Lambda) else []
        while self.grown:
            self.grown = False
            self.visit(root.body, RESULT)
            for param in params:
                if param.default is not None:
                    self.visit(param.default, OBJECT)
        self.demands.complete = True

    def wanted(self, var: Var) -> Demand:
        """What is wanted of the value that a variable is bound to."""
        if var.assigned or var in self.facts.shape.boxed or replaceable(self.world, self.facts.vars.get(var, 0)) is None:
            return OBJECT
        return self.found.get(var, FIELDS)

    def visit(self, node: Core, want: Demand) -> None:
        match node:
            case Local():
                self.add(node.var, want)
            case If():
                self.visit(node.test, OBJECT)
                then, otherwise = self.facts.live.get(id(node), (True, True))
                for part, live in ((node.then, then), (node.otherwise, otherwise)):
                    if live:
                        self.visit(part, want)
            case Let():
                self.visit(node.body, want)
                for var, value in reversed(node.bindings):
                    self.visit(value, self.wanted(var))
            case Letrec():
                loops = bool(node.bindings) and node.bindings[0][0] in self.facts.shape.loops
                self.visit(node.body, want)
                for _, lam in node.bindings:
                    self.visit(lam.body, want if loops and lam.result is None else OBJECT)
            case Seq():
                for item in node.items[:-1]:
                    self.visit(item, OBJECT)
                self.visit(node.items[-1], want)
            case Check():
                self.visit(node.value, want if certain(self.facts.kinds.get(id(node.value), 0), node.kind) else OBJECT)
            case Call():
                self.call(node, want)
            case _:
                for part in children(node):
                    self.visit(part, OBJECT)

    def add(self, var: Var, want: Demand) -> None:
        old = self.found.get(var, FIELDS)
        if not want <= old:
            self.found[var] = old | want
            self.grown = True

    def call(self, node: Call, want: Demand) -> None:
        for arg, wanted in zip(node.args, self.arguments(node, want), strict=True):
            self.visit(arg, wanted)
        if not isinstance(node.fn, (Local, Global)):
            self.visit(node.fn, OBJECT)

    def arguments(self, node: Call, want: Demand) -> list[Demand]:
        """What a call wants of its arguments if `want` is wanted of its value."""
        name = field_read(self.world, node)
        if name is not None:
            known = replaceable(self.world, self.facts.kinds.get(id(node.args[0]), 0)) is not None
            return [frozenset(cut((name, *path)) for path in want) if known else OBJECT, OBJECT]
        made = made_by(self.world, node)
        if made is not None:
            struct, args = made
            self.demands.made[id(node)] = want | self.demands.made.get(id(node), FIELDS)
            parts = [below(want, f.name) if f.kind is not None and replaceable(self.world, f.kind.mask) else OBJECT for f in struct.fields]
            return [OBJECT] * (len(node.args) - len(args)) + parts[: len(args)]
        if isinstance(node.fn, Local) and (lam := self.facts.shape.loops.get(node.fn.var)) is not None:
            return [self.wanted(param.var) for param in lam.params]
        return argument_demands(self.world, self.facts, node, want)
