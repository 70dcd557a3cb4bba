"""The systems subset, top level: sources -> one IR module with signatures (docs/systems-subset.md).

`compile_sources` collects every definition first, so that order and files do not matter, then lowers the bodies
(systems_body.py). Raises OmniError with all mistakes that could be found.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from jit_runtime.dataclass import dataclass, field
from jit_runtime.infer.ckinds import VOID, CKind, pointer, read_kind, read_target, size_of
from jit_runtime.infer.systems_constants import layout_constants
from jit_runtime.ir.nodes import Function, Module
from jit_runtime.layout.records import Record
from jit_runtime.source.diagnostics import Diagnostic, OmniError, fail
from jit_runtime.source.text import Source, Span
from jit_runtime.syntax import forms as f
from jit_runtime.syntax.reader import read

FLAGS = frozenset(("inline", "noinline", "export", "cold", "noreturn", "allocates", "raises"))


@dataclass(slots=True, eq=False)
class Definition:
    """A function: its signature, and the body to lower."""

    name: str
    symbol: str
    params: list[tuple[str, CKind]]
    result: CKind
    attributes: set[str]
    body: list[f.Form]
    span: Span
    function: Function | None = None


@dataclass(slots=True, eq=False)
class Table:
    """A read-only array of integers: `symbol` names its bytes in the module."""

    symbol: str
    kind: CKind


@dataclass(slots=True, eq=False)
class Unit:
    """All definitions of a set of sources, and the module being made. Names are keyed with `-` for `_`."""

    module: Module
    functions: dict[str, Definition] = field(default_factory=dict)
    # A program's constant is a form until somebody asks for its value.
    constants: dict[str, int | f.Form] = field(default_factory=lambda: dict(layout_constants()))
    tables: dict[str, Table] = field(default_factory=dict)
    strings: dict[bytes, str] = field(default_factory=dict)

    def string(self, text: str) -> str:
        """Symbol of a text's bytes with a NUL; equal texts share one."""
        data = text.encode() + b"\0"
        if data not in self.strings:
            self.strings[data] = f"omni.string.{len(self.strings)}"
            self.module.data[self.strings[data]] = data
        return self.strings[data]


def spelled(name: str) -> str:
    """The one spelling under which a name is known: `rt_fail` and `rt-fail` are the same."""
    return name.replace("_", "-")


def compile_sources(sources: list[Source], name: str = "runtime") -> Module:
    """One module with every function of the sources, all verified to name nothing unknown."""
    return compile_unit(sources, name).module


def compile_unit(sources: list[Source], name: str = "runtime") -> Unit:
    from jit_runtime.infer.systems_body import lower

    unit = Unit(Module(name))
    mistakes: list[Diagnostic] = []
    for source in sources:
        result = read(source)
        mistakes += result.diagnostics
        for form in result.forms:
            _collect(mistakes, _define, unit, form)
    for definition in unit.functions.values():
        _collect(mistakes, lower, unit, definition)
    if mistakes:
        raise OmniError(*mistakes)
    unit.module.functions = [d.function for d in unit.functions.values() if d.function is not None]
    return unit


def _collect(mistakes: list[Diagnostic], step: Callable[..., None], *args: object) -> None:
    try:
        step(*args)
    except OmniError as error:
        mistakes += error.diagnostics


def _define(unit: Unit, form: f.Form) -> None:
    """Enter one top-level form."""
    flags, form = strip_metadata(form)
    if not isinstance(form, f.List) or len(form.items) < 2 or not _is_symbol(form.items[0], "define"):
        raise fail("T211", form.span, "a file of the systems subset contains only (define ...)")
    more, head = strip_metadata(form.items[1])
    flags |= more
    if unknown := flags - FLAGS:
        raise fail("T212", form.span, f"unknown metadata ^:{min(unknown)}", "known are " + ", ".join(sorted(FLAGS)))
    if not isinstance(head, f.Symbol):
        raise fail("T211", head.span, "a definition starts with its name")
    rest = form.items[2:]
    if not rest:
        raise fail("T211", form.span, f"`{head.name}` has no value")
    key = spelled(head.name)
    if key in unit.functions or key in unit.constants or key in unit.tables:
        raise fail("T213", head.span, f"`{head.name}` is defined twice")
    if isinstance(rest[0], f.Array) and len(rest) > 1:
        unit.functions[key] = _function(head, flags, rest, form.span)
    elif isinstance(rest[0], f.Kind) and len(rest) == 2:
        unit.tables[key] = _table(unit, head, rest[0], rest[1])
    elif len(rest) == 1:
        unit.constants[key] = rest[0]
    else:
        raise fail("T211", form.span, f"`{head.name}` is neither a constant nor a function", help="a function without parameters has []")


def _function(head: f.Symbol, flags: set[str], rest: list[f.Form], span: Span) -> Definition:
    params: list[tuple[str, CKind]] = []
    at = 0
    while at < len(rest) - 1 and isinstance(rest[at], f.Array):
        params += _params(rest[at])  # type: ignore[arg-type]
        at += 1
    result = VOID
    if at < len(rest) and isinstance(rest[at], f.Kind):
        result = read_kind(rest[at])
        at += 1
    symbol = head.name.replace("-", "_")
    symbol = symbol if "export" in flags else "omni." + symbol
    return Definition(head.name, symbol, params, result, flags, rest[at:], span)


def _params(slot: f.Array) -> list[tuple[str, CKind]]:
    """`[a {K}]`, or several pairs in one slot."""
    items, params = slot.items, []
    for name, kind in zip(items[::2], items[1::2]):
        if not isinstance(name, f.Symbol):
            raise fail("T214", name.span, "a parameter is a name followed by its kind")
        params.append((name.name, read_kind(kind)))
    if len(items) % 2:
        raise fail("T214", slot.span, "a parameter is a name followed by its kind", help="for example [n {CInt64}]")
    return params


def _table(unit: Unit, head: f.Symbol, kind: f.Kind, value: f.Form) -> Table:
    items = kind.items
    if len(items) != 2 or not _is_symbol(items[0], "CArray") or not isinstance(value, f.Array):
        raise fail("T215", kind.span, f"`{head.name}`: a table is written {{CArray K}} [integers ...]")
    of = read_kind(items[1])
    if not of.is_int:
        raise fail("T215", items[1].span, "a table holds integers")
    symbol = "omni." + head.name
    data = bytearray()
    for form in value.items:
        number = constant(unit, form)
        if number is None:
            raise fail("T215", form.span, "not a constant")
        data += (number % (1 << 8 * of.size)).to_bytes(of.size, "little")
    unit.module.data[symbol] = bytes(data)
    return Table(symbol, pointer(of))


# ---- constants ----

_FOLD = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "band": lambda a, b: a & b, "bor": lambda a, b: a | b,
    "bxor": lambda a, b: a ^ b, "lshift": lambda a, b: a << b, "rshift": lambda a, b: a >> b,
    "/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1), "%": lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1),
}  # fmt: skip


def constant(unit: Unit, form: f.Form, local: Container[str] = ()) -> int | None:
    """The value of a constant integer expression, else None. Names in `local` are not constants."""
    match form:
        case f.Int(value) | f.BigInt(value):
            return value
        case f.Char(value):
            return ord(value)
        case f.Symbol(name):
            return None if name in local else _constant_named(unit, form)
        case f.List(items) if items and isinstance(items[0], f.Symbol):
            return _constant_call(unit, items[0].name, items[1:], local)
    return None


def _constant_call(unit: Unit, op: str, args: list[f.Form], local: Container[str]) -> int | None:
    if op == "%sizeof" and len(args) == 1:
        return size_of(read_target(args[0]))
    if op == "%offsetof" and len(args) == 2:
        return _offset(args[0], args[1])
    if op not in _FOLD and op != "bnot":
        return None
    values = []
    for arg in args:
        value = constant(unit, arg, local)
        if value is None:
            return None
        values.append(value)
    if not values:
        return None
    if len(values) == 1:
        return {"-": -values[0], "bnot": ~values[0]}.get(op, values[0])
    if op == "bnot" or (op in ("lshift", "rshift") and not 0 <= values[1] <= 64) or (op in "/%" and 0 in values[1:]):
        return None
    result = values[0]
    for value in values[1:]:
        result = _FOLD[op](result, value)
    return result


def _offset(target: f.Form, name: f.Form) -> int:
    record = read_target(target)
    if not isinstance(record, Record) or not isinstance(name, f.Symbol) or name.name not in record.offsets:
        raise fail("T216", name.span, f"{target.span.text} has no field {name.span.text}")
    return record.offsets[name.name]


def _constant_named(unit: Unit, form: f.Symbol) -> int | None:
    key = spelled(form.name)
    value = unit.constants.get(key)
    if value is None or isinstance(value, int):
        return value
    del unit.constants[key]  # so that a circle ends: the name is unknown inside its own value
    number = constant(unit, value)
    unit.constants[key] = value if number is None else number
    if number is None:
        raise fail("T217", value.span, f"the value of `{form.name}` is not a constant integer")
    return number


# ---- forms ----


def strip_metadata(form: f.Form) -> tuple[set[str], f.Form]:
    flags: set[str] = set()
    while isinstance(form, f.Meta):
        if form.form is None:
            raise fail("T212", form.span, "metadata stands before what it describes")
        if form.key != "doc":
            flags.add(form.key)
        form = form.form
    return flags, form


def _is_symbol(form: f.Form, name: str) -> bool:
    return isinstance(form, f.Symbol) and form.name == name

