"""The calling convention: representations, registers, the call instruction and its result (docs/abi.md, "Calls")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_runtime.infer.code import NOTHING, TASK, Val, rep_of, word
from jit_runtime.infer.continuations import Close, Continuation, Fill, Return
from jit_runtime.infer.conventions import Way, collect, reps
from jit_runtime.infer.placement import is_scalar, leave_spaces, note_made
from jit_runtime.infer.virtual import Virtual
from jit_runtime.ir import ops
from jit_runtime.ir.nodes import Operand, Symbol
from jit_runtime.layout import words
from jit_runtime.types.errors import CODES
from jit_runtime.types.kinds import ANY

if TYPE_CHECKING:
    from jit_runtime.infer.build import Builder


REGISTERS = 3
DOUBLES = 8
BUFFER = 256


def place_arguments(reps: list[str]) -> tuple[list[int], list[int], list[int]]:
    """Positions that go to integer registers, to double registers, to the argument buffer (docs/abi.md, "Calls")."""
    ints: list[int] = []
    doubles: list[int] = []
    spilled: list[int] = []
    for i, rep in enumerate(reps):
        where, limit = (doubles, DOUBLES) if rep in ("f32", "f64") else (ints, REGISTERS)
        (where if len(where) < limit else spilled).append(i)
    return ints, doubles, spilled


def emit_call(b: Builder, target: Operand, env: Operand, args: list[Operand], way: Way, k: Continuation | None) -> Operand | None:
    """Call machine code with values in call representation; its result travels this way. None when it became a tail call."""
    from jit_runtime.infer.tail_cons import is_empty

    b.current = False
    result = reps(way)[0]
    ints, doubles, spilled = place_arguments([a.type for a in args])
    if spilled and len(args) > BUFFER:
        b.fail(CODES["TOO_MANY"], word(words.fixnum(len(args))))
        return None
    for i in spilled:
        b.store(args[i], b.offset(b.task, TASK["arguments"] + 8 * i))
    operands = (b.task, b.dest, env, *(args[i] for i in ints), *(args[i] for i in doubles))
    home = k
    while isinstance(home, Close):
        home = home.outer
    # The frame of a top-level form stays: an error is shown where the form stands.
    tail = isinstance(home, Return) and home.way == way and b.fn is not b.unit.form_function
    if tail and isinstance(home, Fill):  # a tail call unless its value is the rest of a list
        alone, linked = b.new("alone"), b.new("linked")
        b.cbr(is_empty(b, home), alone, linked)
        b.at(linked)
        attr = ops.Call(target, tuple(a.type for a in operands), result, "tailcc", safepoint=True, notail=isinstance(target, Symbol))
        b.deliver(Val(b.ins("call", operands, result, attr), home.mask or ANY), k)  # type: ignore[arg-type]
        b.at(alone)
    if tail and isinstance(k, Close):
        leave_spaces(b, 0, None)
    # A direct call may be a recursion, which LLVM would make a loop, and then fail on the function's `musttail` calls.
    direct = not tail and isinstance(target, Symbol)
    attr = ops.Call(target, tuple(a.type for a in operands), result, "tailcc", safepoint=not tail, notail=direct)
    if tail:
        b.ins("tailcall", operands, None, attr)
        b.block = None
        return None
    return b.ins("call", operands, result, attr)


def keep_frame(b: Builder) -> None:
    """The call just emitted never returns: it must not become a jump."""
    assert b.block is not None
    last = b.block.ins[-1]
    if last.op == "call":
        last.attr.notail = True


def comes_back(b: Builder, result: Operand | None, mask: int, *, makes: bool) -> bool:
    """Does a call whose result is known to be in `mask` leave a value here? If that is empty it never returns. `makes`: it may make objects."""
    if makes and not is_scalar(mask):
        note_made(b)
    if result is None or b.block is None:
        return False
    if not mask:
        keep_frame(b)
        b.unreachable()
        return False
    return True


def finish(b: Builder, result: Operand | None, mask: int) -> Val:
    """The value of a call that returns one machine value."""
    if not comes_back(b, result, mask, makes=True):
        return NOTHING
    assert result is not None
    return Val(b.to_rep(Val(result, mask), rep_of(mask)), mask)


def received(b: Builder, result: Operand | None, mask: int, way: Way, *, makes: bool = True) -> Val | Virtual:
    """The value of a call whose result travels this way."""
    if not comes_back(b, result, mask, makes=makes):
        return NOTHING
    assert result is not None
    return collect(b, result, way, mask)
