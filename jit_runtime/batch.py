"""Many forms at once: the forms of a file are one unit of linking, and a file that ran before is linked, not compiled.

A batch is a run of expressions that can be compiled before the first of them runs. Definitions of functions take effect at
once, so a batch ends before a definition that could change what a waiting form means: one of a name that has a meaning
already, or that a waiting form or a function it may call names.

The record of a batch in the cache holds the object file and how to make again what it names (slots, literals, cells, function
objects). Its key covers the text of the batch and of everything that the session evaluated before.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from jit_runtime.code_accounting import NO_CODE, Code, shares
from jit_runtime.codegen.image import image_key
from jit_runtime.decisions import Question
from jit_runtime.digest import short_digest
from jit_runtime.engine.linkable import Linkable
from jit_runtime.expand.core import Core, DefineMethod, DefineValue, DefineVersion, Global, KindRef, Lambda, Letrec, SetGlobal, While
from jit_runtime.expand.rewrite import nodes
from jit_runtime.infer.conventions import described as described_convention
from jit_runtime.infer.conventions import restored as restored_convention
from jit_runtime.infer.fuse import ITERATING, fuse
from jit_runtime.infer.fused_operands import builtin_name
from jit_runtime.infer.linker import QUICK, Place
from jit_runtime.infer.placement import children
from jit_runtime.infer.shape import shape_of
from jit_runtime.infer.sites import BirthSite
from jit_runtime.infer.unit import Unit
from jit_runtime.infer.world import GenericFunction
from jit_runtime.ir.nodes import Module
from jit_runtime.literals import Literals
from jit_runtime.source.diagnostics import OmniError
from jit_runtime.source.text import NOWHERE, Span

if TYPE_CHECKING:
    from jit_runtime.compiler import CodeSlot, Compiler
    from jit_runtime.infer.world import World

SMALLEST = 8  # forms; below it a batch is not worth its bookkeeping
LARGEST = 4000


class Merged:
    """Several units as one module."""

    def __init__(self, name: str) -> None:
        self.knows = self.relies = 0
        self.module = Module(name)
        self.places: dict[str, Any] = {}
        self.owners: dict[str, str] = {}  # by function of the module: the unit it is of

        self.sites: dict[BirthSite, int] = {}
        self.literals: dict[str, object] = {}
        self.whose: tuple[str | None, Span] = (None, NOWHERE)

    def add(self, unit: Unit) -> None:
        self.sites.update(unit.sites)
        self.literals.update(unit.literals)
        if self.whose[1] is NOWHERE:
            self.whose = unit.whose
        self.owners.update(dict.fromkeys((fn.name for fn in unit.module.functions), unit.name))
        self.module.functions += unit.module.functions
        self.places.update(unit.places)
        self.knows |= unit.known_structs()
        self.relies |= unit.relies


class Batch:
    """Expressions that wait to be compiled together. `history`: a hash of all that the session evaluated so far."""

    def __init__(self, compiler: Compiler, history: Any) -> None:
        self.compiler, self.history = compiler, history
        self.waiting: list[Core] = []
        self.names: set[str] = set()

    @property
    def full(self) -> bool:
        return len(self.waiting) >= LARGEST

    def add(self, core: Core) -> None:
        self.waiting.append(core)
        for at in nodes_in(core):
            if isinstance(at, (Global, SetGlobal, DefineValue)):
                self.names.add(at.name)
                if isinstance(at, DefineValue):
                    self.compiler.define_cell(at)  # what follows has to see the name; a pattern defines several, inside an expression

    def must_run_before(self, definition: DefineMethod | DefineVersion) -> bool:
        if isinstance(definition, DefineVersion):
            return bool(self.waiting)
        name = definition.name
        return bool(self.waiting) and (
            name in self.names or name in self.compiler.named_by_methods or self.compiler.world.lookup(name) is not None
        )

    def compile(self) -> tuple[list[Core], list[int]]:
        """The waiting forms and their entries, in order; nothing waits any more. Without entries they have to be
        performed one by one: they are few, or one of them is in error."""
        forms, self.waiting, self.names = self.waiting, [], set()
        if len(forms) < SMALLEST:
            return forms, []
        name = "batch" + self.key(forms)
        cache = self.compiler.engine.cache
        stored = cache.get(name)
        if stored is not None:
            entries = Record.load(stored).link(self.compiler, forms)
            if entries is not None:
                return forms, entries
        try:
            record, entries = build(self.compiler, forms)
        except OmniError:
            return forms, []
        cache.put(name, record.dump())
        return forms, entries

    def key(self, forms: list[Core]) -> str:
        """Covers the compiler and the processor, everything evaluated before, and the forms."""
        digest = self.history.copy()
        digest.update(image_key().encode() + compiler_key().encode())
        for core in forms:
            digest.update(b"\0" + core.span.text.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()  # type: ignore[no-any-return]


@cache
def compiler_key() -> str:
    """Changes with every file of the compiler: any of them may decide what a record holds."""
    files = []
    for folder, _, names in os.walk(os.path.dirname(__file__)):
        for name in names:
            if name.endswith(".py"):
                stat = os.stat(os.path.join(folder, name))
                files.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
    return short_digest("\0".join(sorted(files)))


def nodes_in(core: Core) -> Iterator[Core]:
    """An expression and all below it."""
    work = [core]
    while work:
        at = work.pop()
        yield at
        work.extend(children(at))
        if isinstance(at, Lambda):
            work.extend(p.default for p in at.params if p.default is not None)


def names_in(core: Core) -> Iterator[str]:
    """Global names that an expression reads, assigns or defines."""
    return (at.name for at in nodes_in(core) if isinstance(at, (Global, SetGlobal, DefineValue)))


RECORDED = (
    "tested", "decisions", "linkable", "forms", "slots", "heated", "literals", "kinds", "structs", "objects", "places", "sites",
    "knows", "relies",
)  # fmt: skip


class Record:
    """What a batch's object file (`linkable`) needs to be linked again. `forms`: symbol of each form's entry.

    `kinds`, `structs`: the kinds among the literals (`Universe.describe`), and the structs that code makes or tests for, by number.
    `sites`: birth sites in the code: (number, what, function, form index or slot symbol, start in its text, length).
    `tested`: the kinds whose tables of classes it reads. `decisions`: (start of the symbol, positions, kinds) of `decisions.Question`.
    `places`: what traces say about a function: (symbol, form index or slot symbol, start in its text, length, name, inner).
    `knows`, `relies`: what the code knows of structs (closure_code.py).
    `slots`: (slot symbol, function name, index of the method, key, arguments given, result set, convention, code symbol or None, what that cost).
    """

    def __init__(self) -> None:
        self.linkable: Linkable
        self.forms: list[str] = []
        self.slots: list[tuple[str, str, int, tuple[int, ...], int, int, object, str | None, Code]] = []
        self.heated: list[str] = []
        self.literals: list[object] = []
        self.kinds: list[tuple[object, ...]] = []
        self.structs: list[int] = []
        self.tested: list[tuple[object, ...]] = []
        self.decisions: list[tuple[str, tuple[int, ...], list[list[list[tuple[object, ...]]]]]] = []
        self.objects: list[str] = []
        self.places: list[tuple[str, int | str, int, int, str | None, bool]] = []
        self.knows = self.relies = 0
        self.sites: list[tuple[int, str, str | None, int | str, int, int]] = []

    def dump(self) -> bytes:
        return pickle.dumps([getattr(self, name) for name in RECORDED], 4)

    @staticmethod
    def load(data: bytes) -> Record:
        record = Record()
        for name, part in zip(RECORDED, pickle.loads(data), strict=True):
            setattr(record, name, part)
        return record

    def add_names(self, compiler: Compiler, merged: Merged, imports: set[str]) -> None:
        """All that the object file imports, also what exists already: the next session may come here in another way."""
        universe = compiler.world.universe
        made = [value for name, value in compiler.literals.permanent.items() if name in imports]
        self.literals = [*merged.literals.values(), *(value for value in made if not isinstance(value, KindRef))]
        self.kinds = [universe.describe(value.kind) for value in made if isinstance(value, KindRef)]
        self.structs = [number for number, struct in universe.structs.items() if not imports.isdisjoint(compiler.names_of(struct))]
        self.tested = [universe.describe(kind) for name, kind in compiler.kinds.tested.items() if name in imports]
        for name, table in compiler.decisions.tables.items():
            if name in imports:
                described = [[[universe.describe(kind) for kind in kinds] for kinds in method] for method in table.question.tests]
                self.decisions.append((name.rpartition(".")[0], table.question.positions, described))
        self.objects = [lookup_name(made.function, compiler) for name, made in compiler.objects.made.items() if name in imports]

    def add_sites(self, unit: Unit, owner: int | str, span: Span) -> None:
        for site, number in unit.sites.items():
            if site.span.source is span.source:
                self.sites.append((number, site.what, site.function, owner, site.span.start - span.start, site.span.end - site.span.start))

    def link(self, compiler: Compiler, forms: list[Core]) -> list[int] | None:
        """Link into a session that is in the state the record was made in; None where it turns out that it is not."""
        slots = self._restored_slots(compiler)
        if slots is None or not self._defined(compiler):
            return None
        literals = {compiler.literal(value): value for value in self.literals}
        own = {name: value for name, value in literals.items() if not Literals.is_permanent(value)}
        region, names = compiler.literals.made(own, None, forms[0].span)
        linked = compiler.engine.link(self.linkable, self.forms + [code for _, code, _ in slots if code], names)
        linked.literals = region
        spans: dict[int | str, Span] = {i: core.span for i, core in enumerate(forms)}
        spans |= {slot.slot.name: slot.instance.method.lam.span for slot, *_ in slots}
        linked.places = {symbol: Place(name, part(spans[owner], start, length), inner) for symbol, owner, start, length, name, inner in self.places}
        compiler.sites.add_code(
            linked, {BirthSite(what, name, part(spans[owner], start, length)): number for number, what, name, owner, start, length in self.sites}
        )
        compiler.batches.add(linked)
        compiler.existing.note_batch(linked, self.knows, self.relies)
        for slot, code, cost in slots:
            if code:
                slot.unit, slot.code = linked, cost
                slot.slot.target = linked[code]
        return [linked[name] for name in self.forms]

    def _restored_slots(self, compiler: Compiler) -> list[tuple[CodeSlot, str | None, Code]] | None:
        slots = []
        for symbol, function_name, index, key, given, result, convention, code, cost in self.slots:
            function = compiler.world.lookup(function_name)
            if function is None or not hasattr(function, "methods") or index >= len(function.methods):
                return None
            passed = restored_convention(compiler.world.universe, convention)
            slot = compiler.restore_slot(symbol, function.methods[index], key, given, result, passed)
            slots.append((slot, code, cost))
        for slot, *_ in slots:
            if slot.slot.name in self.heated:
                compiler.heat(slot.instance)
        return slots

    def _defined(self, compiler: Compiler) -> bool:
        """Give what the code names besides slots and literals its symbols again; False where a function is not there."""
        universe = compiler.world.universe
        for description in self.kinds:
            compiler.literal(KindRef(universe.described(description)))
        for number in self.structs:
            compiler.struct(universe.structs[number])
        for description in self.tested:
            compiler.kinds.classes(universe.described(description))
        for prefix, positions, methods in self.decisions:
            tests = tuple(tuple(tuple(universe.described(kind) for kind in kinds) for kinds in method) for method in methods)
            compiler.decisions.symbol(prefix, Question(positions, tests))
        for name in self.objects:
            found = compiler.world.lookup(name)
            if found is None or isinstance(found, float):
                return False
            compiler.function_object(found)  # type: ignore[arg-type]
        return True


def build(compiler: Compiler, forms: list[Core]) -> tuple[Record, list[int]]:
    """Compile forms and the functions they call into one unit, in the quick tier; what has loops is left to its stub."""
    record, merged = Record(), Merged("batch")
    texts: dict[str, tuple[int | str, Span]] = {}
    known = set(compiler.slots)
    for i, core in enumerate(forms):
        unit = Unit(f"form.{i}", compiler.world, compiler, compiler.infer(core), QUICK)
        compiler.build(unit, unit.form)
        merged.add(unit)
        record.add_sites(unit, i, core.span)
        texts.update(dict.fromkeys(unit.places, (i, core.span)))
        record.forms.append(unit.name)
    codes: dict[str, str] = {}
    done: set[str] = set()
    while fresh := [slot for name, slot in compiler.slots.items() if name not in known and name not in done]:
        for slot in fresh:
            done.add(slot.slot.name)
            if slot.unit is None and compiler.tiers.first(slot.instance) == QUICK:
                unit = compiler.unit_of(slot.instance, slot, QUICK)
                if unit.makes_closures:
                    continue  # closures get new code when a struct is defined again, which wants a unit that remembers its lambdas
                codes[slot.slot.name] = unit.name
                merged.add(unit)
                record.add_sites(unit, slot.slot.name, slot.instance.method.lam.span)
                texts.update(dict.fromkeys(unit.places, (slot.slot.name, slot.instance.method.lam.span)))
    linked = compiler.link(merged, QUICK, record.forms + list(codes.values()))
    record.linkable, record.knows, record.relies = Linkable(linked.image), merged.knows, merged.relies
    compiler.batches.add(linked)
    compiler.existing.note_batch(linked, merged.knows, merged.relies)
    costs = shares(linked.code, merged.owners, merged.module, linked.image)
    imports = set(record.linkable.imports)
    for name in done | (imports & compiler.slots.keys()):
        slot = compiler.slots[name]
        method = slot.instance.method
        index = method.function.methods.index(method)
        code = codes.get(name)
        about = (name, lookup_name(method.function, compiler), index, slot.instance.key, slot.instance.given)
        record.slots.append((*about, slot.result, described_convention(slot.convention), code, costs[code] if code else NO_CODE))
        if slot.counter is not None:
            record.heated.append(name)
        if code:
            slot.unit, slot.code = linked, costs[code]
            slot.slot.target = linked[code]
    for symbol, (owner, span) in texts.items():
        place = merged.places[symbol]
        record.places.append((symbol, owner, place.home.start - span.start, place.home.end - place.home.start, place.name, place.inner))
    record.add_names(compiler, merged, imports)
    return record, [linked[name] for name in record.forms]


def part(span: Span, start: int, length: int) -> Span:
    return Span(span.source, span.start + start, span.start + start + length)


def stands_alone(core: Core, world: World) -> bool:
    """Forms with loops want the optimising tier, those that make closures a unit that remembers their lambdas."""
    if not may_loop(core, world):
        return False
    shape = shape_of(fuse(core, world)[0])
    functions = shape.functions.values()
    return shape.root.loops or any(f.loops or (isinstance(f.node, Lambda) and (f.escapes or f.captures)) for f in functions)


def may_loop(core: Core, world: World) -> bool:
    """Loops are written as such, or made from calls of builtins that iterate; most forms of a file have neither."""
    return any(
        type(node) in (Lambda, Letrec, While) or (type(node) is Global and builtin_name(world, node.name) in ITERATING) for node in nodes(core)
    )


def lookup_name(function: GenericFunction, compiler: Compiler) -> str:
    """The name by which `World.lookup` finds a function: `%name` for the library's and for a builtin's."""
    return function.name if compiler.world.functions.get(function.name) is function else "%" + function.name
