"""The engine: compiles LLVM text, links it, runs it on an Omni stack. One per session; docs/abi.md says what it assumes.

    engine = Engine()
    unit = engine.compile(text, ["main"], tier=0)
    word, raised = engine.run(unit["main"])

A name that LLVM text imports is, in this order: a slot, data or code given to `define`, a symbol of the runtime image or of
the architecture, a reviewed function of the C library.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jit_runtime.codegen.image import load_image
from jit_runtime.codegen.pipelines import compile_to_object
from jit_runtime.engine import interrupts, memory_limit, process_symbols
from jit_runtime.engine.arch_x86_64 import PENDING_INTERRUPT
from jit_runtime.engine.background import Pending, shared_background
from jit_runtime.engine.linkable import Linkable
from jit_runtime.engine.linking import Unit
from jit_runtime.engine.native import Struct
from jit_runtime.engine.object_cache import ObjectCache, default_folder, key
from jit_runtime.engine.process import process, target_name
from jit_runtime.engine.slots import Slot, Slots
from jit_runtime.engine.stacks import STACK_SIZE, Segment
from jit_runtime.engine.unloading import Ranges, Retired
from jit_runtime.layout import words
from jit_runtime.layout.records import HEAP, TASK
from jit_runtime.types.errors import MEMORY

if TYPE_CHECKING:
    from jit_runtime.engine.stubs import Compile
    from jit_runtime.engine.traces import Frame

_RUN = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)
_INTERRUPT = ctypes.CFUNCTYPE(None, ctypes.c_uint64)
_WORDS = ctypes.c_uint64 * 5
NO_NAMES: Mapping[str, int] = {}


class Raised(Exception):
    """A runtime function that Python called raised `payload`, a word."""

    def __init__(self, payload: int) -> None:
        super().__init__(f"payload {payload:#x}")
        self.payload = payload


class OutOfMemory(Raised, MemoryError):
    """What it raised is that memory ran out."""


class Image:
    """A runtime: its object file and the names it exports. `codegen/image.py` makes the real one."""

    def __init__(self, object: bytes, exports: Iterable[str]) -> None:
        self.object, self.exports = object, tuple(exports)


class Engine:
    """`image`: the runtime (the cached real one by default). `compiler(text, tier)`: LLVM text -> object file.

    `failed` is called with an exception that a compiling stub met: it returns the word to raise in the program.
    """

    def __init__(
        self,
        image: Any = None,
        cache: ObjectCache | None = None,
        compiler: Callable[[str, int], bytes] | None = None,
        stack_size: int = STACK_SIZE,
    ) -> None:
        self.cache = ObjectCache(default_folder()) if cache is None else cache
        self._compiler = compiler or compile_to_object
        shared = process(self.cache)
        self._linking, self.machine, self._faults = shared.linking, shared.machine, shared.faults
        self.slots = Slots()
        self.literals_gone: Callable[[int], None] = lambda region: None  # of code that was unloaded
        self.failed: Callable[[BaseException], int] = lambda error: words.NOTHING
        self._names: dict[str, int] = dict(self.machine.addresses)
        self._lock = threading.RLock()  # tables and the linker
        self._run_lock = threading.Lock()  # the segment: one thread runs at a time
        self._owner = 0
        self._stubs: list[int] = []
        self._depth = 0
        self._python_depth = 0
        self._watch: interrupts.Watch | None = None
        self._units: set[Unit] = set()
        self.code_bytes = 0  # of all units that are linked
        self._retired = Retired(self._closures_use, lambda: self.heap.read("held_bytes"))
        self._closed = False
        self._make_records(stack_size)
        self.image = image if image is not None else load_image()
        self.runtime = self._load(self.image)
        self._run = _RUN(self._names["omni_run"])
        self._apply = self._names["omni_apply"]
        self._set_interrupt = _INTERRUPT(self._names["omni_interrupt"])

    def _make_records(self, stack_size: int) -> None:
        self.segment = Segment(stack_size)
        self.heap, self.task = Struct(HEAP), Struct(TASK)
        self.heap.write(limit_bytes=memory_limit.parse(os.environ.get("OMNI_MEMORY")))
        segment = self.segment.record
        self.task.write(
            limit=segment.read("limit"),
            root_top=segment.read("root_bottom"),
            segment=segment.address,
            heap=self.heap.address,
            payload=words.NOTHING,
            out_fd=1,
        )
        self._raised = self.task.word("raised")
        self._pending = self.task.word("pending")
        self._limit = self.task.word("limit")
        self._faults.add_stack(*self.segment.bounds, self.task.address)

    def _load(self, image: Any) -> Unit:
        """Link the runtime. Its code is in no fault range: a fault there ends the process."""
        unit = self._linking.link(image.object, image.exports, self._resolve)
        self._names.update(unit.addresses)
        entries = {"raise_entry": "rt_raise", "fault_entry": "rt_fault"}
        self.task.write(**{field: unit.addresses[name] for field, name in entries.items() if name in unit.addresses})
        return unit

    # ---- compiling and linking ----

    def compile(self, text: str, exports: Iterable[str], tier: int = 0, names: Mapping[str, int] = NO_NAMES) -> Unit:
        """Link the object of an LLVM module, from the cache if it was compiled before; `names` are its own. Raises LinkError."""
        return self.link(self.object_of(text, tier), exports, names)

    def object_of(self, text: str, tier: int = 0) -> bytes:
        """The object file of an LLVM module."""
        name = key("unit", str(tier), target_name(), text)
        image = self.cache.get(name)
        if image is None:
            image = self._compiler(text, tier)
            self.cache.put(name, image)
        return image

    def object_later(self, text: str, tier: int) -> Pending:
        """The object file of an LLVM module, compiled while the program runs on."""
        name = key("unit", str(tier), target_name(), text)
        image = self.cache.get(name)
        return Pending(name, image, None if image is not None else shared_background().submit(text, tier))

    def take(self, pending: Pending) -> bytes | None:
        """Wait for an object; None where it could not be made."""
        if pending.job is None:
            return pending.image
        pending.job.done.wait()
        if pending.job.image is not None:
            self.cache.put(pending.name, pending.job.image)
        return pending.job.image

    def link(self, image: bytes | Linkable, exports: Iterable[str], names: Mapping[str, int] = NO_NAMES) -> Unit:
        """Link an object file as user code: a native fault in it becomes an error of the program. `names`: what only it means by a symbol."""
        with self._lock:
            unit = self._linking.link(image, exports, lambda name: names.get(name) or self._resolve(name))
            for low, high, _ in unit.ranges:
                self._faults.add_range(low, high)
                self.code_bytes += high - low
            self._units.add(unit)
            unit.on_close = self._unlinked
            return unit

    def _unlinked(self, unit: Unit) -> None:
        for low, high, _ in unit.ranges:
            self._faults.remove_range(low, high)
            self.code_bytes -= high - low
        self._units.discard(unit)
        if unit.literals and not self._closed:
            self.literals_gone(unit.literals)

    def define(self, name: str, address: int) -> None:
        """Give data or code outside units a name that LLVM text can import."""
        self._names[name] = address

    def address(self, name: str) -> int | None:
        """What a name that LLVM text imports stands for."""
        return self._resolve(name)

    def _resolve(self, name: str) -> int | None:
        found = self.slots.address(name) or self._names.get(name)
        if found is None:
            found = process_symbols.address(name)
            if found is not None:
                self._names[name] = found
        return found

    def slot(self, name: str, signature: str, compile: Callable[[Slot], int]) -> Slot:
        """A new slot whose first call runs `compile(slot)` -> entry address on the thread's own stack.

        An exception of `compile` becomes an error of the program: its word comes from `self.failed`.
        """
        slot = self.slots.create(name, signature, compile)
        slot.stub = slot.target = self.stub(lambda address, task: self._compile_slot(slot))
        return slot

    def stub(self, compile: Compile) -> int:
        """The address of a new stub of this engine, taken back when it is closed."""
        address = self.machine.stub(compile)
        self._stubs.append(address)
        return address

    def _compile_slot(self, slot: Slot) -> int:
        if slot.compiled or slot.compile is None:  # a copy of the stub's address was called
            return slot.target if slot.compiled else 0
        try:
            with self._lock:
                slot.target = slot.compile(slot)
            return slot.target
        except BaseException as error:
            self.task.write(payload=self.failed(error))
            return 0

    # ---- running ----

    @property
    def stack_pointer(self) -> int:
        """Of the program, which called Python."""
        return self.segment.record.read("saved_sp")

    def run(self, address: int, dest: int = 0, env: int = 0) -> tuple[int, bool]:
        """Call `fn(task, dest, env)` (tailcc) on the Omni stack: its word, or the payload of the error that left it and True."""
        self._faults.enter_thread()
        thread = threading.get_ident()
        if self._owner == thread:
            return self._enter(address, dest, env)
        with self._run_lock:
            self._owner = thread
            try:
                return self._outermost(address, dest, env)
            finally:
                self._owner = 0
                self.clear_interrupt()
                self.segment.trim()
                self._retired.free_all()

    def _outermost(self, address: int, dest: int, env: int) -> tuple[int, bool]:
        if not interrupts.possible():
            return self._enter(address, dest, env)
        with self._watching():
            return self._enter(address, dest, env)

    def _enter(self, address: int, dest: int, env: int) -> tuple[int, bool]:
        self._depth += 1
        try:
            word = self._run(self.task.address, address, dest, env)
            return word, self._raised.value != 0
        finally:
            self._depth -= 1

    def call(self, name: str, *arguments: int) -> int:
        """Call a runtime function with the task and up to five words. Raises Raised where it leaves by an error."""
        passed = _WORDS(*arguments)
        thread = threading.get_ident()
        if self._owner == thread:
            word, raised = self._enter(self._apply, self._names[name], ctypes.addressof(passed))
        else:
            with self._run_lock:
                self._owner = thread
                try:
                    word, raised = self._enter(self._apply, self._names[name], ctypes.addressof(passed))
                finally:
                    self._owner = 0
        if raised:
            raise (OutOfMemory if self.task.read("error_code") == MEMORY else Raised)(word)
        return word

    @property
    def units(self) -> frozenset[Unit]:
        """What is linked, besides the runtime."""
        return frozenset(self._units)

    @property
    def running(self) -> bool:
        return self._depth > 0

    # ---- interrupts ----

    def interrupt(self) -> None:
        """Make the running program raise `interrupted` at its next guard. From any thread."""
        self._set_interrupt(self.task.address)

    def nudge(self) -> None:
        """Make the running program pass through its guard's slow path, which writes out what was printed. From any thread."""
        if self._depth:
            self._limit.value = 2**64 - 1

    def _interrupt_running(self) -> None:
        if self._depth:
            self.interrupt()

    def clear_interrupt(self) -> None:
        """Take back an interrupt that came when nothing ran any more."""
        if self._pending.value & PENDING_INTERRUPT:
            self._pending.value &= ~PENDING_INTERRUPT
            self._limit.value = self.segment.record.read("limit")

    def _watching(self) -> interrupts.Watch:
        if self._watch is None:
            self._watch = interrupts.Watch(self._interrupt_running, lambda: self._python_depth > 0)
        return self._watch

    def python_call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call Python code for the program: a Ctrl-C meanwhile raises KeyboardInterrupt there."""
        self._python_depth += 1
        try:
            return function(*arguments)
        except KeyboardInterrupt:
            self.clear_interrupt()  # the watcher has seen the same signal
            raise
        finally:
            self._python_depth -= 1

    # ---- texts, traces, unloading ----

    def read_text(self) -> str:
        """What the runtime left in task.text (rt_write_value, rt_display_value)."""
        at = self.task.address + TASK.offsets["text"]
        start, count = (ctypes.c_uint64.from_address(at + 8 * i).value for i in (0, 1))
        return ctypes.string_at(start, count).decode("utf-8", "replace") if count else ""

    def trace(self) -> list[int]:
        """Return addresses of the last error, innermost first."""
        return self.task.words("trace", self.task.read("trace_count"))

    def frames(self) -> list[Frame]:
        """Functions and places of the last error, innermost first; those of the runtime left out."""
        from jit_runtime.engine.traces import frames

        return frames(self.trace(), self._units)

    def unit_at(self, address: int) -> Unit | None:
        """The unit whose code holds this address; the runtime is one."""
        for unit in (self.runtime, *self._units):
            if any(low <= address < high for low, high, _ in unit.ranges):
                return unit
        return None

    def retire(self, unit: Unit) -> None:
        """Unload code that only frames and closures name any more, as soon as none does."""
        self._retired.add(unit)
        if not self._depth:
            self._retired.free_all()
            self._retired.sweep()
            return
        stack = self.segment.record.read("saved_sp"), self.segment.record.read("stack_high")
        self._retired.scan(*stack)
        self._retired.sweep(*stack)

    def units_running(self, units: list[Unit]) -> set[Unit]:
        """Those of some units that the running program may return into."""
        if not self._depth or not units:
            return set()
        return Ranges(units).named_by_stack(self.segment.record.read("saved_sp"), self.segment.record.read("stack_high"))

    def entries_used(self, addresses: list[int]) -> list[bool]:
        """Which of some entries closures in the heap name; the addresses ascend."""
        table = (ctypes.c_uint64 * (3 * len(addresses) + 1))()
        for i, address in enumerate(addresses):
            table[3 * i], table[3 * i + 1] = address, address + 1
        if addresses:
            self._closures_use(ctypes.addressof(table), len(addresses))
        return [bool(table[3 * i + 2]) for i in range(len(addresses))]

    def replace_entries(self, entries: list[tuple[int, int]]) -> None:
        """Let closures that name one entry name another: (old, new), the old ones ascending."""
        table = (ctypes.c_uint64 * (3 * len(entries) + 1))()
        for i, (old, new) in enumerate(entries):
            table[3 * i], table[3 * i + 1], table[3 * i + 2] = old, old + 1, new
        if entries:
            self.call("rt_code_replace", ctypes.addressof(table), len(entries))

    def _closures_use(self, table: int, count: int) -> None:
        """Mark the ranges of code that closures name; where nothing runs, after what is dead was freed."""
        if not self._depth:
            self.call("rt_free_undead")
        self.call("rt_code_used", table, count)

    def close(self) -> None:
        """Unload everything. Nothing of this engine may be used afterwards."""
        if self._closed:
            return
        self._closed = True
        if self._watch:
            self._watch.close()
        self._faults.remove_stack(*self.segment.bounds, self.task.address)
        for address in self._stubs:
            self.machine.release(address)
        self._retired.free_all()
        for unit in list(self._units):
            unit.close()
        self.runtime.close()
        self.segment.close()
