"""`(define ^:parent {Integer} {primitive N} [bits])`: kinds of machine values (language.md S11.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.expand.core import Call, Const, Core, DefineMethod, Global, KindRef, Lambda, Local, Param, Seq, Var
from jit_runtime.expand.mistakes import malformed
from jit_runtime.source.diagnostics import fail
from jit_runtime.source.text import Span
from jit_runtime.syntax import forms as f
from jit_runtime.types.kinds import Kind
from jit_runtime.types.machine import MOST_OWN, WIDTHS, Machine
from jit_runtime.types.order import below
from jit_runtime.types.primitives import Primitive, shared_with

if TYPE_CHECKING:
    from jit_runtime.expand.expand import Expander
    from jit_runtime.expand.kind_definitions import Head

SHAPE = "(define ^:parent {Integer} {primitive Name} [8])"


def define_primitive(x: Expander, head: Head, parent: Kind, form: f.List) -> Core:
    """The kind exists from now on; what is left to run is the definition of its constructor."""
    universe = x.env.universe
    machine = _machine(x, head, parent)
    old = universe.kinds.get(head.name)
    if isinstance(old, Primitive) and old.parent is parent and old.machine == machine:
        return Const(None, form.span)  # the same declaration again
    if len(universe.primitives) == MOST_OWN:
        raise fail("X015", head.span, f"a session defines at most {MOST_OWN} primitive types")
    made = universe.define_primitive(head.name, parent, machine)
    return Seq([_constructor(made, form.span), Const(None, form.span)], form.span)


def _machine(x: Expander, head: Head, parent: Kind) -> Machine:
    bits = _bits(head)
    floating = shared_with(parent) == "Own AbstractFloat"
    if shared_with(parent) == "Own Any" and below(parent, x.env.universe.builtin("Number")):
        text = f"a primitive number is an integer or a float, and {parent!r} says neither"
        raise fail("X015", head.span, text, "a parent that is, or is below, Integer or AbstractFloat")
    if floating and bits < 32:
        raise fail("X015", head.span, f"the primitive type {{{head.name}}} is a float of {bits} bits", "32 or 64 bits")
    return Machine(head.name, bits, floating or not (bits == 1 or "unsigned" in head.flags), floating)


def _bits(head: Head) -> int:
    slot = head.rest[0] if len(head.rest) == 1 else None
    width = slot.items[0] if type(slot) is f.Array and len(slot.items) == 1 else slot
    if type(width) is not f.Int:
        raise malformed("define", head.span, f"the primitive type {{{head.name}}} needs its number of bits", SHAPE)
    if width.value not in WIDTHS:
        raise fail("X015", width.span, f"no primitive type has {width.value} bits", "one of " + ", ".join(map(str, WIDTHS)) + " bits")
    return width.value


def _constructor(made: Primitive, span: Span) -> DefineMethod:
    """`(N v)` converts a number."""
    var = Var("number", span)
    body = Call(Global("%convert", span), [Local(var, span), Const(KindRef(made), span)], span)
    return DefineMethod(made.name, Lambda(made.name, [Param(var)], None, None, body, span), span)
