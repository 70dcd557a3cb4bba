"""One walk over the core AST of an instance: a rule for each node, which gives the kind set of its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_runtime.expand.core import (
    Big,
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
    KindRef,
    Lambda,
    Let,
    Letrec,
    Local,
    Lst,
    Seq,
    SetGlobal,
    SetLocal,
    Sym,
    Var,
    While,
)  # fmt: skip
from jit_runtime.expand.kind_definitions import constructed
from jit_runtime.infer.analysis import CONSTANT_KINDS, Analysis
from jit_runtime.infer.shape import Shape
from jit_runtime.infer.transfer import BOOL, FALSY, NOTHING, PREDICATES, RESULT, kind_of_conversion, kind_of_new
from jit_runtime.infer.world import GenericFunction, GlobalValue, Instance, World, dispatch, one_kind, with_guess, within
from jit_runtime.types.builtins import Builtin
from jit_runtime.types.kinds import ANY, BIT, KINDS, SIMPLE
from jit_runtime.types.primitives import overlap
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.infer.annotate import Inference


LIST = KINDS["List"].mask
FUNCTION = BIT["Function"]
Narrowing = dict[Var, int]


def made_from(made: Struct, masks: list[int]) -> int:
    """A struct; nothing when a field surely gets a wrong kind."""
    fits = all(field.kind is None or mask & field.kind.mask for field, mask in zip(made.fields, masks, strict=True))
    return made.bit if fits else 0


def field_kinds(world: World, mask: int, key: Core) -> int:
    """What a field of the structs in `mask` holds; ANY where something else may be meant."""
    structs = world.universe.structs_in(mask) if not mask & SIMPLE else None
    if not structs or not isinstance(key, Const) or not isinstance(key.value, Sym):
        return ANY
    result = 0
    for struct in structs:
        found = struct.newest.field(key.value.name)
        if found is not None:
            result |= found.kind.exact if found.kind is not None else ANY
    return result


class Walk:
    def __init__(self, inference: Inference, shape: Shape, inst: Instance | None) -> None:
        self.inference, self.world, self.inst = inference, inference.world, inst
        self.shape, self.facts = shape, Analysis(shape)
        self.changed = False
        self.result = 0
        self.entered: set[int] = set()
        self.walked: set[int] = set()  # lambdas whose body this pass has analysed

    def fixpoint(self, walk: Callable[[], int]) -> None:
        while True:
            self.changed = False
            self.walked.clear()
            self.result |= walk()
            if not self.changed:
                return

    def method(self) -> int:
        inst = self.inst
        assert inst is not None
        lam = self.shape.root.node
        assert isinstance(lam, Lambda)
        self.facts.names |= self.shape.relies.keys()
        for i, param in enumerate(lam.params):
            if i < inst.given:
                self.store(param.var, inst.key[i])
            else:
                assert param.default is not None
                mask = self.expr(param.default, {})
                self.store(param.var, within(mask, param.kind))
        if lam.rest is not None:
            self.store(lam.rest, LIST)
        return within(self.expr(lam.body, {}), lam.result)

    def store(self, var: Var, mask: int) -> None:
        old = self.facts.vars.get(var, 0)
        if mask & ~old:
            self.facts.vars[var] = old | mask
            self.changed = True

    def expr(self, node: Core, narrow: Narrowing) -> int:
        mask = RULES[type(node)](self, node, narrow)
        self.facts.kinds[id(node)] = mask
        return mask

    # ---- one rule per node; 0 means control does not come back (or not yet known to) ----

    def const(self, node: Const, narrow: Narrowing) -> int:
        value = node.value
        if isinstance(value, Lst):
            return BIT["Pair"] if value.items else BIT["Null"]
        if isinstance(value, Big):
            return BIT["BigInt"]
        return CONSTANT_KINDS[type(value)]

    def local(self, node: Local, narrow: Narrowing) -> int:
        var = node.var
        if var in self.shape.lambda_of:
            self.escape(var)
            return FUNCTION
        mask = self.facts.vars.get(var, 0)
        if var in narrow:
            mask = overlap(mask, narrow[var])
        return mask

    def escape(self, var: Var) -> None:
        """A known function is used as a value: anybody may call it with anything."""
        lam = self.shape.lambda_of[var]
        self.open_lambda(lam)

    def global_(self, node: Global, narrow: Narrowing) -> int:
        self.facts.names.add(node.name)
        found = self.world.lookup(node.name)
        if isinstance(found, GlobalValue):
            return found.mask
        if isinstance(found, Builtin):
            return FUNCTION
        if isinstance(found, float):
            return BIT["Float"]
        return FUNCTION if found else ANY

    def set_local(self, node: SetLocal, narrow: Narrowing) -> int:
        mask = self.expr(node.value, narrow)
        self.store(node.var, mask)
        return mask

    def set_global(self, node: SetGlobal, narrow: Narrowing) -> int:
        self.facts.names.add(node.name)
        return self.expr(node.value, narrow)

    def if_(self, node: If, narrow: Narrowing) -> int:
        test = self.expr(node.test, narrow)
        if not test:
            self.facts.live[id(node)] = (False, False)
            return 0
        yes, no = self.narrowed(node.test, narrow)
        then = yes is not None and test & ~NOTHING != 0
        otherwise = no is not None and test & FALSY != 0
        was = self.facts.live.get(id(node), (False, False))
        then, otherwise = then or was[0], otherwise or was[1]
        self.facts.live[id(node)] = (then, otherwise)
        result = 0
        if then:
            result |= self.expr(node.then, narrow if yes is None else yes)
        if otherwise:
            result |= self.expr(node.otherwise, narrow if no is None else no)
        return result

    def narrowed(self, test: Core, narrow: Narrowing) -> tuple[Narrowing | None, Narrowing | None]:
        """Narrowings for the two branches; None: the branch cannot be reached."""
        if isinstance(test, Local) and not test.var.assigned and test.var not in self.shape.lambda_of:
            return self.split(test.var, ~NOTHING, NOTHING | BOOL, narrow)
        if not isinstance(test, Call) or not isinstance(test.fn, Global) or not test.args:
            return narrow, narrow
        builtin = self.world.lookup(test.fn.name)
        arg = test.args[0]
        if not isinstance(builtin, Builtin):
            return narrow, narrow
        if builtin.name == "not" and len(test.args) == 1:
            yes, no = self.narrowed(arg, narrow)
            return no, yes
        if not isinstance(arg, Local) or arg.var.assigned or arg.var in self.shape.lambda_of:
            return narrow, narrow
        if builtin.name == "known-kind?":
            known = not overlap(self.facts.vars.get(arg.var, 0), narrow.get(arg.var, ANY)) & ~test.args[1].value.kind.mask  # type: ignore[union-attr]
            return (narrow, None) if known else (None, narrow)
        mask = PREDICATES.get(builtin.name)
        if mask is None and builtin.name in ("type?", "instance?") and len(test.args) == 2 and isinstance(test.args[1], Const):
            value = test.args[1].value
            # A kind is also an instance of itself seen as a set (S11.10), so values that are kinds stay on both sides.
            if isinstance(value, KindRef) and (builtin.name == "instance?" or not self.facts.vars.get(arg.var, 0) & BIT["Kind"]):
                return self.split(arg.var, value.kind.exact, ~value.kind.sure, narrow)
        if mask is None:
            return narrow, narrow
        # A pair need not be a list: `list?` tells nothing where it does not hold.
        return self.split(arg.var, mask, ANY if builtin.name == "list?" else ~mask, narrow)

    def split(self, var: Var, yes: int, no: int, narrow: Narrowing) -> tuple[Narrowing | None, Narrowing | None]:
        now = overlap(self.facts.vars.get(var, 0), narrow.get(var, ANY))
        held = overlap(now, yes)
        return (
            {**narrow, var: held} if held else None,
            {**narrow, var: now & no} if now & no else None,
        )

    def let(self, node: Let, narrow: Narrowing) -> int:
        for var, value in node.bindings:
            if var in self.shape.lambda_of and isinstance(value, Lambda):
                self.facts.kinds[id(value)] = FUNCTION
                continue
            mask = self.expr(value, narrow)
            if not mask:
                return 0
            self.store(var, mask)
        return self.expr(node.body, narrow)

    def letrec(self, node: Letrec, narrow: Narrowing) -> int:
        result = self.expr(node.body, narrow)
        if node.bindings and node.bindings[0][0] in self.shape.loops:
            for _, lam in node.bindings:
                if id(lam) in self.entered:
                    # Narrowings of unassigned variables hold in the loop body too: it is only entered from here.
                    result |= self.loop_body(lam, narrow)
        return result

    def loop_body(self, lam: Lambda, narrow: Narrowing) -> int:
        return within(self.expr(lam.body, narrow), lam.result)

    def lambda_(self, node: Lambda, narrow: Narrowing) -> int:
        self.open_lambda(node)
        return FUNCTION

    def opened(self, lam: Lambda) -> int:
        self.open_lambda(lam)
        return 0

    def open_lambda(self, lam: Lambda) -> None:
        """Callable from anywhere: parameters hold whatever their kinds admit."""
        for param in lam.params:
            self.store(param.var, within(ANY, param.kind))
        self.enter(lam)

    def enter(self, lam: Lambda) -> None:
        """Analyse the body of a lambda that is a machine function, once a pass."""
        for param in lam.params:
            if param.default is not None:
                self.expr(param.default, {})
        if lam.rest is not None:
            self.store(lam.rest, LIST)
        if id(lam) in self.walked:
            return
        self.walked.add(id(lam))
        mask = within(self.expr(lam.body, {}), lam.result)
        old = self.facts.results.get(id(lam), 0)
        if mask & ~old:
            self.facts.results[id(lam)] = old | mask
            self.changed = True

    def call(self, node: Call, narrow: Narrowing) -> int:
        masks = [self.expr(arg, narrow) for arg in node.args]
        fn = node.fn
        if isinstance(fn, Local) and fn.var in self.shape.lambda_of:
            return self.call_known(fn.var, masks)
        if isinstance(fn, Lambda):
            return self.call_value(node, narrow) if all(masks) else 0
        if isinstance(fn, Global):
            self.facts.names.add(fn.name)
            found = self.world.meant(fn.name, masks)
            if isinstance(found, GenericFunction):
                return self.call_generic(node, found, masks) if all(masks) else 0
            if isinstance(found, Builtin):
                return self.call_builtin(node, found, masks) if all(masks) else 0
        return self.call_value(node, narrow) if all(masks) else 0

    def call_value(self, node: Call, narrow: Narrowing) -> int:
        return ANY if self.expr(node.fn, narrow) else 0

    def call_known(self, var: Var, masks: list[int]) -> int:
        lam = self.shape.lambda_of[var]
        if len(masks) != len(lam.params) or lam.rest is not None or any(p.default is not None for p in lam.params):
            self.open_lambda(lam)
            return ANY
        for param, mask in zip(lam.params, masks, strict=True):
            if not mask:
                return 0
            self.store(param.var, within(mask, param.kind))
        if var in self.shape.loops:
            if id(lam) not in self.entered:
                self.entered.add(id(lam))
                self.changed = True
            return 0  # a jump
        self.enter(lam)
        return self.facts.results.get(id(lam), 0)

    def call_generic(self, node: Call, function: GenericFunction, masks: list[int]) -> int:
        made = function.makes(len(masks))
        if made is not None:
            return made_from(made, masks)
        found = with_guess(dispatch(function, tuple(masks)), function, masks, self.likely(node, masks), self.world.universe)
        self.facts.dispatches[id(node)] = found
        if not found.targets:
            return ANY  # an error now; a method that is added later may give anything
        result = 0
        for target in found.targets:
            if target.instance is not None:
                result |= self.inference.result(target.instance, self.inst)
        return result

    def call_builtin(self, node: Call, builtin: Builtin, masks: list[int]) -> int:
        if builtin.name == "typed-array":
            return kind_of_new(node, builtin.result_mask)
        if builtin.name == "convert":
            return kind_of_conversion(node)
        special = self.structs(builtin.name, node, masks)
        if special is not None:
            return special
        rule = RESULT.get(builtin.name)
        if rule is not None and masks:
            return rule(masks)
        return builtin.result_mask

    def structs(self, name: str, node: Call, masks: list[int]) -> int | None:
        """The result of making a struct and of reading a field of one; None for everything else."""
        if name == "construct":
            return made_from(constructed(node), masks[1:])
        if name == "copy":
            return self.world.universe.renewed(masks[0])
        if name not in ("get", "path-get") or not masks[0] & ~SIMPLE:
            return None
        return field_kinds(self.world, masks[0], node.args[1])

    def seq(self, node: Seq, narrow: Narrowing) -> int:
        mask = NOTHING
        for item in node.items:
            mask = self.expr(item, narrow)
            if not mask:
                return 0
        return mask

    def while_(self, node: While, narrow: Narrowing) -> int:
        if not self.expr(node.test, narrow):
            return 0
        self.expr(node.body, narrow)
        return NOTHING

    def check(self, node: Check, narrow: Narrowing) -> int:
        return within(self.expr(node.value, narrow), node.kind)

    def handle(self, node: Handle, narrow: Narrowing) -> int:
        result = self.expr(node.body, {})
        for clause in node.clauses:
            if clause.tag == "return" and result:
                self.store(clause.params[0], result)
                result = self.expr(clause.body, narrow)
        for clause in node.clauses:
            if clause.tag != "return":
                for param in clause.params:
                    self.store(param, ANY)
                if clause.resume is not None:
                    self.store(clause.resume, ANY)
                result |= self.expr(clause.body, narrow)
        return result

    def finally_(self, node: Finally, narrow: Narrowing) -> int:
        result = self.expr(node.body, {})
        self.expr(node.cleanup, narrow)
        return result

    def likely(self, node: Call, masks: list[int]) -> list[int]:
        """The kinds of the arguments if variables of the module still hold what they were defined with."""
        return [self.world.likely.get(a.name, m) if m == ANY and isinstance(a, Global) else m for a, m in zip(node.args, masks, strict=True)]

    def define_value(self, node: DefineValue, narrow: Narrowing) -> int:
        mask = self.expr(node.value, narrow)
        self.world.likely[node.name] = mask if one_kind(mask) else ANY
        return NOTHING if mask else 0

    def definition(self, node: DefineMethod | DefineVersion, narrow: Narrowing) -> int:
        return NOTHING


RULES: dict[type, Callable[..., int]] = {
    Const: Walk.const, Local: Walk.local, Global: Walk.global_, SetLocal: Walk.set_local, SetGlobal: Walk.set_global,
    If: Walk.if_, Let: Walk.let, Letrec: Walk.letrec, Lambda: Walk.lambda_, Call: Walk.call, Seq: Walk.seq,
    While: Walk.while_, Check: Walk.check, Handle: Walk.handle, Finally: Walk.finally_, DefineValue: Walk.define_value,
    DefineMethod: Walk.definition, DefineVersion: Walk.definition,
}  # fmt: skip
