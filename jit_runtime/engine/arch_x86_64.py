"""The one file per machine architecture (System V x86-64): entering Omni stacks, leaving them, stubs, faults.

Everything is assembly inside LLVM text, so that no assembler is needed at install time. Entry points, all `ccc`:

    omni_run(task, fn, dest, env) -> word      from Python: run fn on the task's segment; task.raised says how it ended
    rt_try(task, dest, env, fn, handler)       docs/abi.md, "Errors"; returns twice
    omni_abandon(task)                         leave to task.handler with task.payload; never returns
    omni_call_c(task, f, arg) -> i64           f(arg, task) on the thread's own stack
    omni_apply(task, f, words)                 to be run by omni_run (tailcc): the runtime function f(task, five words)
    omni_trace(task)                           return addresses of the caller's callers into task.trace
    omni_interrupt(task)                       set pending, then the limit; any thread, also from a signal handler
    omni_fault(signal, info, context)          handler of SIGSEGV, SIGBUS, SIGFPE, SIGILL on the alternate stack

`fn` is tailcc: such a function pops the 8 bytes of padding that stand above its return address (LLVM keeps argument area
plus return address a multiple of 16), so its caller makes room for them.

Invariant: while Omni code runs, task.c_sp is the thread's stack pointer as omni_run left it, and while C runs that
Omni code called, segment.saved_sp is the Omni stack pointer. So entries and calls nest in any depth.
"""

from __future__ import annotations

from jit_runtime.engine.stubs_x86_64 import COMMON, STUB_CALL, STUBS, module_asm
from jit_runtime.layout.records import HANDLER, SEGMENT, TASK

EXPORTS = (
    "omni_run",
    "rt_try",
    "omni_abandon",
    "omni_call_c",
    "omni_apply",
    "omni_trace",
    "omni_interrupt",
    "omni_fault",
    "omni_tables",
    "omni_stubs",
    "omni_stub_entry",
)

# omni_tables, quads: see FaultTables in faults.py.
TABLES = {"compile": 0, "ranges": 8, "range_count": 16, "stacks": 24, "stack_count": 32, "signal": 40, "old": 48}
STACK_ENTRY = 24  # guard_low, stack_high, task
GUARD = 1 << 16

PENDING_INTERRUPT = 1
TRACE_LENGTH = TASK.types["trace"][1]


def _names() -> dict[str, int]:
    names = {f"t.{k}": v for k, v in TASK.offsets.items()}
    names |= {f"s.{k}": v for k, v in SEGMENT.offsets.items()}
    names |= {f"h.{k}": v for k, v in HANDLER.offsets.items()}
    names |= {f"g.{k}": v for k, v in TABLES.items()}
    return names


# Callee-saved registers are pushed in one order everywhere, so that rt_try's two returns share an epilogue.
_RUN = """
omni_run:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rdi, %rbx
    movq {t.c_sp}(%rbx), %r12
    movq {t.segment}(%rbx), %r13
    movq {s.saved_sp}(%r13), %r14
    pushq %r12
    pushq %r14
    pushq {t.entry}(%rbx)
    movq %rsp, {t.c_sp}(%rbx)
    movq %rsi, %rax
    movq %rdx, %rsi
    movq %rcx, %rdx
    movq %rax, %rcx
    movq %r14, %rsp
    andq $-16, %rsp
    subq $48, %rsp
    movq %rsp, %r8
    movq %r8, {t.entry}(%rbx)
    xorl %ebp, %ebp
    call rt_try
    movq {t.c_sp}(%rbx), %rsp
    popq {t.entry}(%rbx)
    popq %r14
    popq %r12
    movq %r14, {s.saved_sp}(%r13)
    movq %r12, {t.c_sp}(%rbx)
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret

rt_try:
    pushq %rbp
    movq %rsp, %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    movq %rdi, %rbx
    movq %r8, %r12
    movq {t.handler}(%rbx), %rax
    movq %rax, {h.older}(%r8)
    movq %rsp, {h.sp}(%r8)
    movq {t.root_top}(%rbx), %rax
    movq %rax, {h.root_top}(%r8)
    movq {t.youngest}(%rbx), %rax
    movq %rax, {h.youngest}(%r8)
    movq {t.segment}(%rbx), %rax
    movq {s.height}(%rax), %rax
    movq %rax, {h.height}(%r8)
    movq %r8, {t.handler}(%rbx)
    subq $16, %rsp
    call *%rcx
    addq $8, %rsp
    movq {h.older}(%r12), %rcx
    movq %rcx, {t.handler}(%rbx)
    movq $0, {t.raised}(%rbx)
.Lleave_try:
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret

omni_abandon:
    movq {t.handler}(%rdi), %rcx
    movq {h.older}(%rcx), %rax
    movq %rax, {t.handler}(%rdi)
    movq {h.root_top}(%rcx), %rax
    movq %rax, {t.root_top}(%rdi)
    movq $1, {t.raised}(%rdi)
    movq {t.payload}(%rdi), %rax
    movq {h.sp}(%rcx), %rsp
    jmp .Lleave_try

omni_call_c:
    pushq %rbp
    movq %rsp, %rbp
    pushq %rbx
    pushq %r12
    movq {t.segment}(%rdi), %rbx
    movq {s.saved_sp}(%rbx), %r12
    movq %rsp, {s.saved_sp}(%rbx)
    movq %rsi, %rax
    movq %rdi, %rsi
    movq %rdx, %rdi
    movq {t.c_sp}(%rsi), %rsp
    andq $-16, %rsp
    call *%rax
    leaq -16(%rbp), %rsp
    movq %r12, {s.saved_sp}(%rbx)
    popq %r12
    popq %rbx
    popq %rbp
    ret

omni_apply:
    pushq %rbp
    movq %rsp, %rbp
    movq %rsi, %rax
    movq %rdx, %r10
    movq (%r10), %rsi
    movq 8(%r10), %rdx
    movq 16(%r10), %rcx
    movq 24(%r10), %r8
    movq 32(%r10), %r9
    call *%rax
    popq %rbp
    ret $8

omni_trace:
    movq {t.segment}(%rdi), %rax
    movq {s.stack_low}(%rax), %r8
    movq {s.stack_high}(%rax), %r9
    subq $16, %r9
    movq %rbp, %rax
    xorl %ecx, %ecx
.Lframe:
    cmpq %r8, %rax
    jb .Ltraced
    cmpq %r9, %rax
    ja .Ltraced
    testb $7, %al
    jne .Ltraced
    movq 8(%rax), %rdx
    movq %rdx, {t.trace}(%rdi,%rcx,8)
    incq %rcx
    cmpq ${trace_length}, %rcx
    jae .Ltraced
    leaq 8(%rax), %r8
    movq (%rax), %rax
    jmp .Lframe
.Ltraced:
    movq %rcx, {t.trace_count}(%rdi)
    ret

omni_interrupt:
    lock orq ${interrupt}, {t.pending}(%rdi)
    movq $-1, {t.limit}(%rdi)
    ret
"""

# Return addresses are looked up minus 1, hence the increment.
# A jump to a bad address faults at that address: then the return address on the stack says who jumped.
# Registers in the ucontext: RDI 104, RSI 112, RBP 120, RDX 136, RSP 160, RIP 168. The fault becomes a call of
# task.fault_entry(task, signal or 0 for a stack overflow, fault address) that the faulting instruction seems to make.
_FAULT = """
omni_fault:
    movq 160(%rdx), %r8
    leaq omni_tables(%rip), %r11
    movq {g.stacks}(%r11), %r9
    movq {g.stack_count}(%r11), %rcx
.Lstack:
    testq %rcx, %rcx
    je .Lforeign
    cmpq (%r9), %r8
    jb .Lnext_stack
    cmpq 8(%r9), %r8
    jb .Lours
.Lnext_stack:
    addq ${stack_entry}, %r9
    decq %rcx
    jmp .Lstack
.Lours:
    movq 16(%r9), %r9
    movq {t.segment}(%r9), %r10
    movq 16(%rsi), %rcx
    movq {s.stack_low}(%r10), %rax
    cmpq %rax, %rcx
    jae .Lnot_stack
    subq ${guard}, %rax
    cmpq %rax, %rcx
    jae .Loverflow
.Lnot_stack:
    movq {s.root_limit}(%r10), %rax
    cmpq %rax, %rcx
    jb .Lnot_roots
    addq ${guard}, %rax
    cmpq %rax, %rcx
    jb .Loverflow
.Lnot_roots:
    movq 168(%rdx), %rax
    cmpl $11, %edi
    jne .Lrange
    cmpq %rax, %rcx
    jne .Lrange
    cmpq {s.stack_low}(%r10), %r8
    jb .Lrange
    movq (%r8), %rax
.Lrange:
    pushq %rsi
    movq {g.ranges}(%r11), %rsi
    movq {g.range_count}(%r11), %r11
.Lnext_range:
    testq %r11, %r11
    je .Lforeign_again
    cmpq (%rsi), %rax
    jb .Lskip_range
    cmpq 8(%rsi), %rax
    jb .Lredirect
.Lskip_range:
    addq $16, %rsi
    decq %r11
    jmp .Lnext_range
.Loverflow:
    xorl %edi, %edi
    movq 168(%rdx), %rax
    pushq %rsi
.Lredirect:
    popq %rsi
    subq $128, %r8
    movq {s.stack_low}(%r10), %rsi
    addq ${guard}, %rsi
    cmpq %rsi, %r8
    cmovbq %rsi, %r8
    andq $-16, %r8
    subq $8, %r8
    incq %rax
    movq %rax, (%r8)
    movq %r8, 160(%rdx)
    movq %r9, 104(%rdx)
    movslq %edi, %rdi
    movq %rdi, 112(%rdx)
    movq %rcx, 136(%rdx)
    movq {t.fault_entry}(%r9), %rax
    movq %rax, 168(%rdx)
    ret
.Lforeign_again:
    popq %rsi
.Lforeign:
    leaq omni_tables+{g.old}(%rip), %r11
    movslq %edi, %rax
    movq (%r11,%rax,8), %rax
    cmpq $1, %rax
    jbe .Ldefault
    jmp *%rax
.Ldefault:
    subq $8, %rsp
    xorl %esi, %esi
    call *omni_tables+{g.signal}(%rip)
    addq $8, %rsp
    ret

    .data
    .p2align 3
omni_tables:
    .fill 48, 8, 0
    .section .note.GNU-stack,"",@progbits
"""


def assembly() -> str:
    """The LLVM text of the module: `module asm` lines and nothing else."""
    values = _names() | {
        "trace_length": TRACE_LENGTH,
        "interrupt": PENDING_INTERRUPT,
        "stub_call": STUB_CALL,
        "stubs": STUBS,
        "stack_entry": STACK_ENTRY,
        "guard": GUARD,
    }
    text = ".text\n" + "".join(f".globl {name}\n" for name in EXPORTS) + _RUN + COMMON + _FAULT
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return module_asm(text)
