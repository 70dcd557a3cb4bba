"""Assembly as people read it: instructions, labels and constants, without what is there for the linker and the debugger."""

from __future__ import annotations

import re

_SILENT = re.compile(r"\s+\.(cfi_\w+|loc|file|globl|p2align|type|size|section|text|ident|addrsig\w*)\b|\.L(tmp|func_begin|func_end|cu_begin)\d+:")


def readable(text: str) -> str:
    code = text.partition("\t.section\t.debug")[0]
    return "\n".join(line for line in code.splitlines() if line.strip() and not _SILENT.match(line))
