"""A runtime of a few lines and a plain compiler, so that the engine is tested without the rest of the system.

Errors carry small words: 1000 interrupted, 2000 stack overflow at a guard, 3000 + signal a native fault.
"""

from __future__ import annotations

import llvmlite.binding as llvm

from jit_runtime.engine.engine import Engine, Image
from jit_runtime.engine.object_cache import ObjectCache
from jit_runtime.layout.records import SEGMENT, TASK

T, S = TASK.offsets, SEGMENT.offsets

GUARD = """
  %sp = call i64 @llvm.read_register.i64(metadata !0)
  %limit = load atomic i64, ptr %task monotonic, align 8
  %low = icmp ule i64 %sp, %limit
  br i1 %low, label %slow, label %go
slow:
  call void @rt_guard(ptr %task)
  br label %go
go:
"""
HEADER = """
declare i64 @llvm.read_register.i64(metadata)
declare void @rt_guard(ptr)
declare void @rt_raise(ptr, i64) noreturn
declare i64 @omni_call_c(ptr, ptr, i64)
declare i64 @rt_try(ptr, ptr, i64, ptr, ptr)
!0 = !{!"rsp"}
"""

RUNTIME = f"""
declare void @omni_trace(ptr)
declare void @omni_abandon(ptr) noreturn
declare i64 @llvm.read_register.i64(metadata)
define void @rt_raise(ptr %task, i64 %payload) noreturn "frame-pointer"="all" {{
  %p = getelementptr i8, ptr %task, i64 {T["payload"]}
  store i64 %payload, ptr %p
  call void @omni_trace(ptr %task)
  call void @omni_abandon(ptr %task)
  unreachable
}}
define void @rt_fault(ptr %task, i64 %signal, i64 %address) noreturn "frame-pointer"="all" {{
  %code = add i64 3000, %signal
  call void @rt_raise(ptr %task, i64 %code)
  unreachable
}}
define void @rt_guard(ptr %task) "frame-pointer"="all" {{
  %sp = call i64 @llvm.read_register.i64(metadata !0)
  %segp = getelementptr i8, ptr %task, i64 {T["segment"]}
  %seg = load ptr, ptr %segp
  %limitp = getelementptr i8, ptr %seg, i64 {S["limit"]}
  %limit = load i64, ptr %limitp
  store atomic i64 %limit, ptr %task monotonic, align 8
  %pendingp = getelementptr i8, ptr %task, i64 {T["pending"]}
  %pending = atomicrmw and ptr %pendingp, i64 -2 seq_cst
  %interrupted = trunc i64 %pending to i1
  br i1 %interrupted, label %stop, label %depth
stop:
  call void @rt_raise(ptr %task, i64 1000)
  unreachable
depth:
  %low = icmp ule i64 %sp, %limit
  br i1 %low, label %overflow, label %fine
overflow:
  call void @rt_raise(ptr %task, i64 2000)
  unreachable
fine:
  ret void
}}
!0 = !{{!"rsp"}}
"""

_machines: dict[int, object] = {}


def compile_text(text: str, tier: int = 0) -> bytes:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    if tier not in _machines:
        target = llvm.Target.from_default_triple()
        _machines[tier] = target.create_target_machine(opt=tier, jit=True, codemodel="small", reloc="pic")
    module = llvm.parse_assembly(text)
    module.verify()
    return _machines[tier].emit_object(module)


_image: list[Image] = []


def make_engine(folder: str | None = None, **options: object) -> Engine:
    if not _image:
        _image.append(Image(compile_text(RUNTIME, 2), ("rt_raise", "rt_fault", "rt_guard")))
    return Engine(_image[0], ObjectCache(folder), compile_text, **options)


def omni(name: str, body: str, params: str = "ptr %task, ptr %dest, i64 %env") -> str:
    """The text of one tailcc function with a frame pointer."""
    return f'define tailcc i64 @{name}({params}) noinline "frame-pointer"="all" {{\n{body}\n}}\n'
