"""Random programs with several segments: they make, resume, suspend, end and forget them, and everything else that model.py does.

A segment waits as long as the object that stands for it can be reached; one with a handler, until its handler has run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from jit_runtime.engine.native import Struct
from jit_runtime.layout import words as w
from tests.property.heap import Heap
from tests.property.model import Frame, Node, Program, Value

ACTIVE = 1
HANDLER = 8
"""Stands for a Handler: the runtime only asks whether there is one."""


@dataclass(eq=False)
class Stack:
    """A segment. `handle`: the object that stands for it, None for the main one."""

    record: Struct
    handle: Node | None = None
    frames: list[Frame] = field(default_factory=list)
    handler: bool = False
    ended: bool = False


class SegmentProgram(Program):
    """`running`: the main segment, then each one that the one before it resumed and waits for."""

    def __init__(self, heap: Heap, random: Random) -> None:
        super().__init__(heap, random)
        self.running = [Stack(heap.segment)]
        self.stacks: list[Stack] = []
        self.cleaned = 0

    def run_form(self, steps: int) -> None:
        super().run_form(steps)
        while len(self.running) > 1:
            self.suspend()

    # ---- switching ----

    def spawn(self) -> None:
        if sum(stack.record.read("state") != 0 for stack in self.stacks) >= 20:
            return
        model, word = self.any_value()
        record, home = self.heap.new_segment()
        stack = Stack(record, Node("box", [model]))
        assert stack.handle
        self.stacks.append(stack)
        self.keep(stack.handle, self.heap.box(home, word))

    def resume(self) -> None:
        """Any that a root of this segment names, with a value."""
        named = [model for frame in self.frames for model in frame.values]
        found = [stack for stack in self.stacks if stack.handle in named and not stack.ended and stack not in self.running]
        if found:
            model, word = self.any_value()
            self.heap.call("rt_share", word)
            self.switch_to(self.random.choice(found))
            self.keep(model, word)

    def switch_to(self, stack: Stack) -> None:
        self.running[-1].frames = self.frames
        self.heap.resume(stack.record)
        self.running.append(stack)
        self.frames = stack.frames
        if not self.frames:
            self.frames.append(Frame(self.heap.open(), 0))
            if self.random.random() < 0.3:
                stack.handler = True
                self.heap.task.write(handler=HANDLER)

    def suspend(self) -> None:
        """With a value for the one that resumed it."""
        if len(self.running) > 1:
            model, word = self.any_value()
            self.heap.call("rt_share", word)
            self.switch_back()
            self.keep(model, word)

    def switch_back(self) -> None:
        self.running.pop()
        now = self.heap.suspend()
        assert now.address == self.running[-1].record.address
        self.frames = self.running[-1].frames

    def finish(self) -> None:
        """The running one ends with a result."""
        if len(self.running) > 1 and self.random.random() < 0.5:
            stack = self.running[-1]
            self.heap.task.write(handler=0)
            self.suspend()
            self.end(stack)

    def end(self, stack: Stack) -> None:
        self.heap.call("rt_segment_destroy", stack.record.address)
        stack.ended, stack.handler = True, False
        stack.frames.clear()

    def clean(self) -> None:
        """Handlers of what was dropped run: everything they can reach is as it was."""
        while address := self.heap.call("rt_next_dropped"):
            (stack,) = [stack for stack in self.stacks if stack.record.address == address]
            assert stack.handler and not stack.ended
            self.switch_to(stack)
            self.compare()
            self.heap.task.write(handler=0)
            self.switch_back()
            self.end(stack)
            self.cleaned += 1

    def drop(self) -> None:
        self.heap.call("rt_free_undead")
        self.clean()

    def forget_globals(self) -> None:
        for i, cell in enumerate(self.globals):
            self.global_values[i] = w.NOTHING
            self.heap.set_cell(cell, w.NOTHING)

    ACTIONS = (
        *((limit * 0.7, action) for limit, action in Program.ACTIONS),
        (0.74, spawn), (0.89, resume), (0.97, suspend), (0.98, finish), (1.0, drop),
    )  # fmt: skip

    # ---- comparing ----

    def roots(self) -> list[tuple[Value, int]]:
        """Those of active segments, and of those whose handlers have to run."""
        self.running[-1].frames = self.frames
        held = [stack for stack in self.stacks if stack.handler and stack not in self.running]
        return [pair for stack in (*self.running, *held) for pair in self.roots_of(stack)]

    def roots_of(self, stack: Stack) -> list[tuple[Value, int]]:
        bottom = stack.record.read("root_bottom")
        return [(model, self.heap.load(bottom, 8 * (frame.base + i))) for frame in stack.frames for i, model in enumerate(frame.values)]

    def stood_for(self, model: Node) -> list[tuple[Value, int]]:
        found = [stack for stack in self.stacks if stack.handle is model and not stack.ended and stack not in self.running]
        assert all(stack.record.read("state") for stack in found), "a segment that can be resumed was destroyed"
        return [pair for stack in found for pair in self.roots_of(stack)]
