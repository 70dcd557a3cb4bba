"""The runtime's memory files, compiled natively without the rest of the runtime, and driven from Python.

`Heap` plays the compiled program: it keeps a root stack, makes objects, stores, loads, and calls what compiled code
calls. A failure of the runtime (out of memory) shows as `Raised`; the stub of rt_fail counts it instead of abandoning a stack.
"""

from __future__ import annotations

import builtins
import ctypes
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jit_runtime.codegen.emit import emit_module
from jit_runtime.codegen.pipelines import optimise, target_machine
from jit_runtime.engine.native import Struct
from jit_runtime.infer.systems import compile_sources
from jit_runtime.ir.nodes import Module
from jit_runtime.layout import words as w
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT
from jit_runtime.layout.records import CELL, HEAP, RECORDS, SEGMENT, TASK, Record
from jit_runtime.source.text import Source

RUNTIME = Path(__file__).parents[2] / "jit_runtime" / "runtime"
FILES = (
    "chunks regions stack barrier evacuate safepoint promote owned literals compact merge walk retire segments check counters giveback homes shapes"
)
DRIVER = """
; From values.omni, which needs more of the runtime.
(define ^:inline header-type [header {I64}] {I64} (band (rshift header 8) 255))
(define ^:inline header-extra [header {I64}] {I64} (urshift header 16))
(define ^:export ^:noinline ^:cold ^:noreturn rt_fail [task {Ptr Task}] [code {I64}] [a {Word}] [b {Word}] [c {Word}] (abort))
(define ^:export t-pair [task {Ptr Task}] [r {Ptr Region}] {I64} (alloc-pair task r))
(define ^:export t-object [task {Ptr Task}] [r {Ptr Region}] [n {I64}] {I64} (alloc-object task r n))
(define ^:export t-store [task {Ptr Task}] [c {Word}] [o {I64}] [v {Word}] {Void} (store-ref task c o v))
(define ^:export t-region-of [v {Word}] {Ptr Region} (region-of v))
; A list of n fixnums in the youngest region, as a loop of compiled code would make it; polls like one. The list is at the root `at`.
(define ^:export t-list [task {Ptr Task}] [at {I64}] [n {I64}] {Void}
  (%store {Word} at NULL)
  (while (> n 0)
    (let [p (alloc-pair task task.youngest)]
      (%store {Word} p (lshift n 2))
      (%store {Word} (+ p 8) (%load {Word} at))
      (%store {Word} at (+ p PAIR-TAG))
      (when (!= task.poll 0) (rt_safepoint task))
      (set! n (- n 1)))))
; n pairs that nothing names.
(define ^:export t-garbage [task {Ptr Task}] [n {I64}] {Void}
  (while (> n 0)
    (let [p (alloc-pair task task.youngest)]
      (%store {Word} p NULL)
      (%store {Word} (+ p 8) NULL)
      (when (!= task.poll 0) (rt_safepoint task))
      (set! n (- n 1)))))
"""
CHECK, EVACUATE, RETIRE = 1, 2, 4
MODES = {"normal": 0, "checked": CHECK, "stress": CHECK | EVACUATE, "retire": CHECK | RETIRE}


@lru_cache(maxsize=1)
def module() -> Module:
    sources = [Source(name, (RUNTIME / f"{name}.omni").read_text("utf-8")) for name in FILES.split()]
    return compile_sources([*sources, Source("driver", DRIVER)])


@lru_cache(maxsize=1)
def library() -> Any:
    """The execution engine with all functions."""
    from llvmlite import binding

    target_machine(2)
    compiled = optimise(emit_module(module()), 1)
    machine = binding.Target.from_default_triple().create_target_machine(opt=2, jit=True)
    engine = binding.create_mcjit_compiler(compiled, machine)
    engine.finalize_object()
    return engine


def function(name: str) -> Any:
    return ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * ARITY[name])(library().get_function_address(name))


ARITY = {
    "rt_heap_init": 1, "rt_task_init": 1, "rt_form_begin": 2, "rt_form_end": 1, "rt_region_open": 3, "rt_region_exit": 3, "rt_region_reset": 1,
    "rt_safepoint": 1, "rt_reserve": 4, "rt_unwind": 3, "rt_cell_set": 4, "rt_stats_sync": 1, "rt_check": 1,
    "rt_free_undead": 1, "rt_free_all_dead": 1, "rt_share": 2, "rt_segment_new": 4, "rt_segment_resume": 2, "rt_segment_suspend": 1,
    "rt_segment_destroy": 2, "rt_next_dropped": 1, "rt_new_home": 2, "rt_cell_home": 3,
    "t_pair": 2, "t_object": 3, "t_store": 4, "t_region_of": 1, "t_list": 3, "t_garbage": 2,
}  # fmt: skip


def signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


class Heap:
    """One task on its own heap. Words are Python ints (unsigned); `roots` is the root stack by index."""

    def __init__(self, mode: int = 0, limit: int = 0) -> None:
        self.heap, self.task, self.segment = self.record(HEAP), self.record(TASK), self.record(SEGMENT)
        self.heap.write(mode=mode, limit_bytes=limit)
        self.task.write(heap=self.heap.address, segment=self.segment.address)
        self.call("rt_heap_init")
        assert self.call("rt_task_init")
        self.bottom = self.segment.read("root_bottom")
        self.cells: list[Struct] = []
        self.segments: list[Struct] = []
        self.made = 0  # bytes of objects made

    def record(self, record: Record, address: int | None = None) -> Struct:
        """A view of a record, or a new one."""
        return Struct(record, address)

    def call(self, name: str, *args: int) -> int:
        result: int = function(name)(self.task.address, *map(signed, args))
        return result & w.MASK64

    def close(self) -> None:
        """Gives the root stack and all chunks back; the heap is not used any more."""
        libc = ctypes.CDLL(None)
        libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        libc.munmap(self.bottom, self.segment.read("root_limit") - self.bottom)
        chunk = self.heap.read("chunks")
        while chunk:
            following = self.load(chunk, 0)
            libc.munmap(chunk, 1 << 20)
            chunk = following
        libc.munmap(self.heap.read("batch"), self.heap.read("batch_end") - self.heap.read("batch"))

    # ---- memory ----

    def load(self, address: int, offset: int) -> int:
        return ctypes.c_uint64.from_address(address + offset).value

    def put(self, address: int, offset: int, word: int) -> None:
        ctypes.c_uint64.from_address(address + offset).value = word & w.MASK64

    def put_bytes(self, address: int, raw: bytes) -> None:
        ctypes.memmove(address, raw, len(raw))

    def slot(self, word: int, offset: int) -> int:
        return self.load(word & ~7, offset)

    # ---- root stack ----

    @property
    def height(self) -> int:
        return (self.task.read("root_top") - self.bottom) // 8

    def push(self, word: int) -> int:
        """A new root; its index."""
        top = self.task.read("root_top")
        self.put(top, 0, word)
        self.task.write(root_top=top + 8)
        return (top - self.bottom) // 8

    def root(self, index: int) -> int:
        return self.load(self.bottom, 8 * index)

    def set_root(self, index: int, word: int) -> None:
        self.put(self.bottom, 8 * index, word)

    def cut(self, height: int) -> None:
        self.task.write(root_top=self.bottom + 8 * height)

    # ---- regions ----

    @property
    def youngest(self) -> int:
        return self.task.read("youngest")

    def region(self, address: int) -> Struct:
        return self.record(RECORDS["Region"], address)

    def region_of(self, word: int) -> int:
        return int(function("t_region_of")(signed(word))) & w.MASK64

    def keeps(self, region: int, word: int) -> bool:
        """Does an object live as long as a region: there, or where nothing moves, in a retired one that it retains?"""
        at = self.region(region)
        edges = [self.load(at.read("edges"), 8 * i) for i in range(at.read("edge_capacity") if at.read("edge_count") else 0)]
        return self.region_of(word) in ([*edges, region] if self.heap.read("mode") & RETIRE else [region])

    def open(self) -> int:
        return self.call("rt_region_open", self.task.read("root_top"), 0)

    def exit(self, result: int = w.NOTHING, dest: int = 0) -> int:
        return self.call("rt_region_exit", result, dest)

    def safepoint(self) -> None:
        self.call("rt_safepoint")

    def check(self) -> None:
        code = self.call("rt_check")
        assert code == 0, f"{code}: {self.complaint()}"

    def complaint(self) -> str:
        h = self.heap
        return f"container {h.read('check_container'):#x} offset {h.read('check_offset')} word {h.read('check_word'):#x}"

    # ---- segments ----

    def new_segment(self, roots: int = 1 << 16) -> tuple[Struct, int]:
        """A segment that waits, and its home, where the object that stands for it goes."""
        segment = self.record(SEGMENT)
        self.segments.append(segment)
        return segment, self.call("rt_segment_new", segment.address, roots, 0)

    def resume(self, segment: Struct) -> None:
        self.call("rt_segment_resume", segment.address)
        self.bottom = segment.read("root_bottom")

    def suspend(self) -> Struct:
        """Returns the segment that runs then."""
        self.call("rt_segment_suspend")
        running = self.record(SEGMENT, self.task.read("segment"))
        self.bottom = running.read("root_bottom")
        return running

    # ---- objects: initialised through the barrier, like compiled code that knows nothing ----

    def store(self, container: int, offset: int, word: int) -> None:
        self.call("t_store", container, offset, word)

    def pair(self, region: int, head: int, tail: int) -> int:
        self.made += 16
        word = self.call("t_pair", region) + w.PAIR_TAG
        self.put(word & ~7, 0, w.NULL)
        self.put(word & ~7, 8, w.NULL)
        self.store(word, 0, head)
        self.store(word, 8, tail)
        return word

    def object(self, region: int, layout: str, values: Sequence[int], raw: bytes = b"") -> int:
        """`values`: the fields in order and then the tail's words; `raw`: the bytes of a byte tail."""
        row = BY_NAME[layout]
        fields = len(row.fields)
        tail = len(values) - fields if row.tail == "ref" else len(raw)
        size = max(16, 8 * (1 + len(values)) + -(-len(raw) // 8) * 8)
        self.made += size
        a = self.call("t_object", region, size)
        self.put(a, 0, row.header | tail << EXTRA_SHIFT)
        kinds = [kind for _, kind in row.fields] + ["ref"] * (len(values) - fields)
        for i, kind in enumerate(kinds):
            self.put(a, 8 * (i + 1), 0 if kind == "ref" else values[i])
        for i, kind in enumerate(kinds):
            if kind == "ref":
                self.store(a + w.OBJECT_TAG, 8 * (i + 1), values[i])
        self.put_bytes(a + 8 * (1 + fields), raw)
        return a + w.OBJECT_TAG

    def box(self, region: int, value: int) -> int:
        return self.object(region, "box", [value])

    def list(self, region: int, values: Sequence[int], tail: int = w.NULL) -> int:
        """No safepoint comes between."""
        for value in reversed(values):
            tail = self.pair(region, value, tail)
        return tail

    def values(self, word: int) -> builtins.list[int]:
        """The heads of a list."""
        found = []
        while word != w.NULL:
            found.append(self.slot(word, 0))
            word = self.slot(word, 8)
        return found

    # ---- globals ----

    def cell(self) -> Struct:
        cell = self.record(CELL)
        cell.write(value=w.UNBOUND)
        self.cells.append(cell)
        return cell

    def set_cell(self, cell: Struct, word: int) -> None:
        self.call("rt_cell_set", cell.address, word, 0)

    def form(self) -> int:
        return self.call("rt_form_begin", 0)

    def end(self) -> None:
        self.cut(0)
        self.call("rt_form_end")
