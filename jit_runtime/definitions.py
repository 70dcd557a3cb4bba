"""What a definition changes: the world, and the code that assumed something else of a name, a struct or an instance."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from jit_runtime.batch import names_in
from jit_runtime.expand.core import Call, Core, DefineMethod, DefineVersion, Lambda, Seq
from jit_runtime.expand.extensions import EXTENSION
from jit_runtime.expand.kind_definitions import CONSTRUCTOR, constructed
from jit_runtime.infer.builtin_functions import extended
from jit_runtime.infer.world import GenericFunction, Instance, dispatch
from jit_runtime.layout.records import CELL
from jit_runtime.source.diagnostics import OmniError
from jit_runtime.types.builtins import find_builtin
from jit_runtime.types.kinds import ANY, BIT, NUMBERED
from jit_runtime.types.structs import Struct

if TYPE_CHECKING:
    from jit_runtime.compiler import Compiler


class Definitions:
    """Enters definitions into the world of a compiler. Code that is linked already is compiled again at its next call where it has to be."""

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler

    def define(self, node: DefineMethod | DefineVersion) -> None:
        if isinstance(node, DefineVersion):
            self.define_version(node.kind)
        else:
            self.define_method(node)

    def define_version(self, struct: Struct) -> None:
        """Values of a struct are seen as those of this version. All code is compiled again at its next call; what runs sees at
        constructors that they make another version (`changed`)."""
        new = struct.newest is struct and struct.enum is not None and struct not in self.compiler.structs and struct.nominal is struct
        if struct.newest is struct and not new:
            return
        self.require_free(struct)
        if not new:
            self.compiler.changed_word(struct.newest).value = 1
        self.compiler.changed_word(struct).value = 0
        self.compiler.world.universe.activate(struct)
        self.compiler.kinds.activate(struct)
        self.compiler.decisions.new_generation()
        self.compiler.existing.renew(struct)
        self.compiler.engine.nudge()

    def require_free(self, struct: Struct) -> None:
        """Before anything of a new version is defined: may it be?"""
        try:
            self.compiler.existing.require_free(struct)
        except OmniError:
            self.compiler.world.universe.forget(struct)
            raise

    def define_method(self, node: DefineMethod) -> None:
        """Add or replace a method. Code that assumed something about the name is made stale."""
        self.compiler.existing.admit_primitives()
        name, makes = node.name, made_by(node)
        function = self.compiler.world.functions.get(name)
        if makes is not None and function is not None and makes in [method.makes for method in function.methods]:
            return  # the same struct is defined again
        if makes is not None and makes.newest is not makes:
            self.require_free(makes)
        self.compiler.named_by_methods.update(names_in(node.method))
        if function is None:
            builtin = find_builtin(name) if EXTENSION in node.flags else None
            function = self.compiler.world.functions[name] = GenericFunction(name) if builtin is None else extended(builtin, name)
            function.specialise = self.compiler.specialise
        function.doc = node.doc or function.doc
        gone = [method for method in function.methods if makes is not None and method.makes is not None]
        method, old = function.define(node.method, makes, node.flags)
        if old is not None:
            for key, inst in old.instances.items():
                inst.method = method
                inst.analysis, inst.stale, inst.result = None, True, 0
                method.instances[key] = inst
                self.restart(inst)
        else:
            self.compiler.world.values.pop(name, None)
            self.name_changed(name)
            for other in [*function.methods, *gone]:
                for inst in list(other.instances.values()) if other is not method else ():
                    self.choose_again(inst)
        self.compiler.objects.redefined(function)
        self.compiler.engine.nudge()  # loops that call themselves look whether they were redefined

    def choose_again(self, inst: Instance) -> None:
        """A method was added: running code that calls an instance through its slot may mean the new one."""
        slot = self.compiler.by_instance.get(inst)
        if slot is None or inst.method.lam.rest is not None:
            return
        targets = dispatch(inst.method.function, inst.key).targets
        if targets and targets[0].instance is inst and not targets[0].tests and not targets[0].same:
            return
        del self.compiler.by_instance[inst]
        slot.instance = Instance(inst.method, inst.key, inst.given)  # the slot is not the instance's any more
        slot.again = True
        slot.slot.reset()
        if slot.version is not None:
            slot.version.value += 1

    def value_defined(self, name: str) -> None:
        """A variable of the module has its value: calls that are compiled from now on guess that it keeps its kind."""
        self.compiler.defined.add(name)
        word = ctypes.c_uint64.from_address(self.compiler.world.values[name].cell + CELL.offsets["value"]).value
        index = self.compiler.engine.call("rt_kind_of_value", word)
        kind = NUMBERED[index] if index < len(NUMBERED) else "Any"
        self.compiler.world.likely[name] = BIT.get("Array Any" if kind == "Array" else kind, ANY)

    def name_changed(self, name: str) -> None:
        """A name means another thing than before: what was compiled with the old meaning is compiled again when next called."""
        for inst in self.compiler.world.dependents.pop(name, ()):
            self.invalidate(inst)

    def invalidate(self, inst: Instance) -> None:
        """Analyse and compile an instance again at its next call, and all that assumed its result."""
        work = [inst]
        while work:
            at = work.pop()
            if at.stale:
                continue
            at.stale, at.analysis, at.result = True, None, 0
            self.restart(at)
            work.extend(at.callers)
            at.callers = set()

    def restart(self, inst: Instance) -> None:
        """Put the stub back; callers compiled against the old result kinds are made stale too."""
        slot = self.compiler.by_instance.get(inst)
        if slot is not None:
            slot.slot.reset()
            if slot.version is not None:
                slot.version.value += 1
        self.compiler.objects.result_changed(inst.method.function)
        callers, inst.callers = inst.callers, set()
        for caller in callers:
            if caller is not inst:
                self.invalidate(caller)


def made_by(node: DefineMethod) -> Struct | None:
    """The struct whose constructor a method is."""
    if CONSTRUCTOR not in node.flags:
        return None
    assert isinstance(node.method.body, Call)
    return constructed(node.method.body)


def evaluated_parts(core: Core) -> list[Core]:
    """The parts of a top-level form that are evaluated one after the other."""
    if isinstance(core, Seq):
        return [part for item in core.items for part in evaluated_parts(item)]
    return [Seq([core], core.span) if isinstance(core, Lambda) else core]  # a Lambda at the top of an analysis is a method
