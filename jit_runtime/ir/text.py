"""Text form of the IR, for `--dump`, golden tests and messages of the verifier.

    function tailcc @fib(%1: ptr, %2: ptr, %3: i64) -> i64  [export]
      var $join.9: i64
    entry.4:
      %5: i1 = slt %3, i64 2
      cbr %5, then.6, else.7  {likely}
"""

from __future__ import annotations

from jit_runtime.ir.nodes import Function, Imm, Ins, Module, Operand
from jit_runtime.ir.ops import Call


def show_module(module: Module) -> str:
    data = [f"data @{name} = {content!r}" for name, content in module.data.items()]
    return "\n".join([*data, *(show_function(fn) for fn in module.functions)])


def show_function(fn: Function) -> str:
    params = ", ".join(f"%{p.id}: {p.type}" for p in fn.params)
    flags = f"  [{' '.join(sorted(fn.attributes))}]" if fn.attributes else ""
    lines = [f"function {fn.cconv} @{fn.name}({params}) -> {fn.result}{flags}"]
    lines += [f"  var {v!r}: {v.type}" for v in fn.variables]
    for block in fn.blocks:
        lines.append(f"{block.name}:")
        lines += ["  " + show_instruction(ins) for ins in block.ins]
    return "\n".join(lines) + "\n"


def show_instruction(ins: Ins) -> str:
    args = [show_operand(a) for a in ins.args]
    if isinstance(ins.attr, Call):
        text = f"{ins.op} {_call(ins.attr)}({', '.join(args)})"
        after = " ".join(flag for flag in ("safepoint", "noreturn", "variadic") if getattr(ins.attr, flag))
    else:
        text = f"{ins.op} {', '.join([*args, *(block.name for block in ins.targets)])}".rstrip()
        after = "" if ins.attr is None else str(ins.attr)
    dest = "" if ins.dest is None else f"{ins.dest!r}: {ins.dest.type} = "
    return dest + text + (f"  {{{after}}}" if after else "")


def _call(call: Call) -> str:
    return f"{call.cconv} {call.result} {show_operand(call.callee)}"


def show_operand(a: Operand) -> str:
    if isinstance(a, Imm):
        return f"{a.type} {a.value:#x}" if a.type in ("ref", "ptr") and isinstance(a.value, int) else repr(a)
    return repr(a)
