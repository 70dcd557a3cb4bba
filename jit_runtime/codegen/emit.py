"""IR module -> LLVM text, by building strings: this is on the way of every form typed at the prompt.

A complete module: definitions, the pasted text of the inline runtime functions it refers to, and one declaration per
symbol outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from jit_runtime.codegen import low_ops  # noqa: F401  (its rows)
from jit_runtime.codegen.emitter import EMIT, Emitter
from jit_runtime.codegen.line_tables import LineTables
from jit_runtime.codegen.spelling import STACK_POINTER_NODE, data_line, memory_nodes
from jit_runtime.ir.nodes import Module


class InlineFunction(NamedTuple):
    """A runtime function as text to paste. `needs`: other symbols it names -> how to declare (or define) each."""

    text: str
    needs: dict[str, str]


def emit_module(module: Module, inline: Mapping[str, InlineFunction] | None = None) -> str:
    """The LLVM text of a module. `inline`: runtime functions whose text is pasted where they are referred to."""
    return emit_and_imports(module, inline)[0]


def emit_and_imports(module: Module, inline: Mapping[str, InlineFunction] | None = None) -> tuple[str, list[str]]:
    """The text, and the symbols it imports."""
    declares: dict[str, str] = {}
    tables = LineTables()
    texts = [Emitter(fn, declares, tables if fn.cconv == "tailcc" else None).function() for fn in module.functions]
    defined = {fn.name for fn in module.functions}
    data = [data_line(name, content) for name, content in module.data.items()]
    if inline:
        texts += paste(declares, inline, defined)
    defined.update(module.data)
    outside = {name: line for name, line in declares.items() if name not in defined}
    imports = [name for name, line in outside.items() if not name.startswith("llvm.") and " constant " not in line]
    return "\n".join([*data, *outside.values(), "", *texts, FOOTER, tables.footer()]), imports


FOOTER = f"""attributes #0 = {{ nounwind "frame-pointer"="all" }}
attributes #1 = {{ cold nomerge noreturn nounwind }}
attributes #2 = {{ cold nounwind memory(read, inaccessiblemem: readwrite) }}
{STACK_POINTER_NODE} = !{{!"rsp"}}
!9001 = !{{!"branch_weights", i32 2000, i32 1}}
!9002 = !{{!"branch_weights", i32 1, i32 2000}}
{memory_nodes()}
"""


def paste(declares: dict[str, str], inline: Mapping[str, InlineFunction], defined: set[str]) -> list[str]:
    """Texts of the inline functions that are named, and of those that they name; adds to `declares` and `defined`."""
    texts = []
    work = [name for name in declares if name in inline]
    while work:
        name = work.pop()
        if name in defined:
            continue
        defined.add(name)
        found = inline[name]
        texts.append(found.text)
        for need, line in found.needs.items():
            if need in inline:
                work.append(need)
            else:
                # A function's declaration wins over the mere address of its symbol.
                if need not in declares or " external global " in declares[need]:
                    declares[need] = line
    return texts


__all__ = ["EMIT", "Emitter", "InlineFunction", "data_line", "emit_and_imports", "emit_module"]
