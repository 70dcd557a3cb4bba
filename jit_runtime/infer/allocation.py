"""Fresh objects: inline bump allocation in the current place, and initialising stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.code import Val, i64
from jit_runtime.infer.explain import note_allocation
from jit_runtime.infer.placement import is_scalar, names_no_region, note_made
from jit_runtime.ir.nodes import Operand
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT
from jit_runtime.types.kinds import ANY, BIT

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


def new_box(b: Builder, content: Operand) -> Operand:
    box = allocate(b, "box", 16)
    init_field(b, box, BY_NAME["box"].offsets["value"], content)
    return box


def allocate(b: Builder, layout: str, bytes: int, extra: int = 0) -> Operand:
    """A fresh object with its header set; fields must be initialised before the next safepoint. Returns its reference."""
    row = BY_NAME[layout]
    address = reserve(b, bytes, "objects")
    b.store(i64(row.header | extra << EXTRA_SHIFT), address)
    return b.as_ref(b.op("add", b.ins("ptrtoint", (address,), "i64"), i64(words.OBJECT_TAG)))


def reserve(b: Builder, bytes: int, lane: str) -> Operand:
    """Inline bump allocation in the current place: the address of fresh memory."""
    from jit_runtime.layout.records import RECORDS

    note_allocation(b)
    note_made(b, by_callee=False)
    region, lanes = b.dest, RECORDS["Lane"].offsets
    at = b.offset(region, RECORDS["Region"].offsets[lane])
    end_at = b.offset(at, lanes["end"])
    slow, go = b.new("reserve"), b.new("bump")
    bump = b.load(at, "ptr")
    top = b.offset(bump, bytes)
    b.cbr(b.compare("ule", top, b.load(end_at, "ptr")), go, slow, "likely")
    b.at(slow)
    b.runtime("rt_reserve", (b.task, region, i64(bytes), at), safepoint=True)
    b.br(go)
    b.at(go)
    address = b.load(at, "ptr")
    b.store(b.offset(address, bytes), at)
    return address


def lies_here(b: Builder, value: Val) -> bool:
    """Is a value in the current place, or a number that was boxed into it if at all? What is made here may be given it without barrier."""
    return value.region is b.dest or (is_scalar(value.mask & ~BIT["Int"] & ~BIT["Float"]) and value.op.type != "ref")


def init_part(b: Builder, container: Operand, offset: int, value: Val, op: Operand, *, in_pair: bool = False) -> None:
    """An initialising store of a value, whose word is `op`, into what was just made in the current place."""
    if lies_here(b, value):
        b.store(op, b.pointer(container, offset - (words.PAIR_TAG if in_pair else words.OBJECT_TAG)))
    else:
        init_field(b, container, offset, op, value.mask, in_pair=in_pair)


def init_field(b: Builder, container: Operand, offset: int, value: Operand, mask: int = ANY, *, in_pair: bool = False) -> None:
    """An initialising store is a store: it goes through the barrier, unless the value names no object of a region that may end."""
    if names_no_region(value, mask):
        tag = words.PAIR_TAG if in_pair else words.OBJECT_TAG
        b.store(value, b.pointer(container, offset - tag))
        return
    b.runtime("omni.store_ref", (b.task, container, i64(offset), value))
