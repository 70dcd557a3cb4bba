"""Stubs on x86-64: the machine code of engine/stubs.py.

A stub is a call of the common part, whose return address is the stub's name. The first page of stubs stands behind the common part;
others are objects of their own, which may lie anywhere and reach it through a word in their code.
"""

from __future__ import annotations

STUBS = 2048  # of a page
STUB_SIZE = 8
STUB_CALL = 5  # bytes of a stub's call: its return address tells which stub it was

# Argument registers are what tailcc may use: six integers, eight doubles (low halves only: no vectors cross calls).
_ARGUMENTS = [("movq", name) for name in ["rdi", "rsi", "rdx", "rcx", "r8", "r9"]] + [("movsd", f"xmm{i}") for i in range(8)]
_SAVE = "\n".join(f"    {move} %{register}, {8 * i}(%rsp)" for i, (move, register) in enumerate(_ARGUMENTS))
_RESTORE = "\n".join(f"    {move} {8 * i}(%rsp), %{register}" for i, (move, register) in enumerate(_ARGUMENTS))

_COMMON = """
omni_stub_common:
omni_stub_entry:
    pushq %rbp
    movq %rsp, %rbp
    subq ${room}, %rsp
{save}
    subq $8, %rsp
    movq 8(%rbp), %rdx
    subq ${stub_call}, %rdx
    movq omni_tables+{g.compile}(%rip), %rsi
    call omni_call_c
    addq $8, %rsp
{restore}
    movq %rbp, %rsp
    popq %rbp
    addq $8, %rsp
    testq %rax, %rax
    je .Lnot_compiled
    jmp *%rax
.Lnot_compiled:
    movq {t.payload}(%rdi), %rsi
    jmp *{t.raise_entry}(%rdi)

    .p2align 3, 0xcc
omni_stubs:
    .rept {stubs}
    .byte 0xe8
    .long omni_stub_common - . - 4
    .byte 0xcc, 0xcc, 0xcc
    .endr
"""
COMMON = _COMMON.replace("{room}", str(8 * len(_ARGUMENTS))).replace("{save}", _SAVE).replace("{restore}", _RESTORE)

_PAGE = """
.text
.globl omni_more_stubs
.p2align 3, 0xcc
omni_more_stubs:
    .rept {stubs}
    .byte 0xe8
    .long .Lcommon - . - 4
    .byte 0xcc, 0xcc, 0xcc
    .endr
.Lcommon:
    jmp *.Lentry(%rip)
    .p2align 3, 0xcc
.Lentry:
    .quad omni_stub_entry
    .section .note.GNU-stack,"",@progbits
"""


def page() -> str:
    """The LLVM text of another page of stubs: `omni_more_stubs`."""
    return module_asm(_PAGE.replace("{stubs}", str(STUBS)))


def module_asm(text: str) -> str:
    """LLVM text that is this assembly and nothing else."""
    return "".join(f'module asm "{_quoted(line)}"\n' for line in text.splitlines() if line.strip())


def _quoted(line: str) -> str:
    return line.strip().replace("\\", "\\5C").replace('"', "\\22")
