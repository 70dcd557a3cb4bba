"""The model that never frees, and random programs that run on it and on the runtime.

A program is a list of steps; every reference it uses is taken from the roots of the running frame or from a global, as
compiled code would. After a step the two graphs must be isomorphic: same shapes, same immediates, and one real object
for each model object (identity, both ways). Nothing else is promised, in particular not where anything lies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from jit_runtime.layout import words as w
from jit_runtime.layout.objects import BY_NAME
from tests.property.heap import Heap
from tests.property.sums import check_sums

OFFSETS = {"pair": (0, 8), "box": (8,), "array": (16,)}
"""Byte offsets of the reference fields. A store's depend on its length."""


@dataclass(eq=False)
class Node:
    """A model object: `fields` holds Nodes and immediate words."""

    shape: str
    fields: list[Node | int]
    raw: bytes = b""

    def offset(self, index: int) -> int:
        if self.shape == "store":
            return 8 * (index + 1)
        if self.shape == "closure":
            return 24 + 8 * index
        return OFFSETS[self.shape][index]


Value = Node | int


@dataclass
class Frame:
    """A region that is open, and the roots of the activation that owns it: model values, at root stack indices from `base`."""

    region: int
    base: int
    values: list[Value] = field(default_factory=list)


class Program:
    """Runs steps on both sides. `forms` top-level forms of `steps` steps each."""

    def __init__(self, heap: Heap, random: Random) -> None:
        self.heap, self.random = heap, random
        self.globals = [heap.cell() for _ in range(6)]
        self.global_values: list[Value] = [w.UNBOUND] * 6
        self.frames: list[Frame] = []
        self.compared = 0

    # ---- running ----

    def run(self, forms: int, steps: int) -> None:
        for _ in range(forms):
            self.enter_form()
            self.run_form(steps)
            self.compare()
            self.check()
            while len(self.frames) > 1:
                self.leave(False)
            self.frames = []
            self.heap.end()
            self.compare()
            self.check()

    def enter_form(self) -> None:
        self.frames = [Frame(self.heap.form(), 0)]

    def run_form(self, steps: int) -> None:
        for _ in range(steps):
            self.step()

    def check(self) -> None:
        self.heap.check()
        check_sums(self.heap, mapped=not self.frames)

    def step(self) -> None:
        choose = self.random.random()
        for limit, action in self.ACTIONS:
            if choose < limit:
                action(self)
                break
        if self.random.random() < 0.05:
            self.compare()
            self.check()

    # ---- values: always (model, root index) of the innermost frames, so that the word can be reloaded ----

    @property
    def top(self) -> Frame:
        return self.frames[-1]

    def any_root(self) -> tuple[Value, int] | None:
        """A root of any frame: callers' values are reachable through arguments."""
        frame = self.random.choice(self.frames)
        if not frame.values:
            return None
        i = self.random.randrange(len(frame.values))
        return frame.values[i], frame.base + i

    def any_value(self) -> tuple[Value, int]:
        """A model value and its word."""
        if self.random.random() < 0.75 and (found := self.any_root()):
            return found[0], self.heap.root(found[1])
        word = self.random.choice([w.fixnum(self.random.randrange(1000)), w.NULL, w.NOTHING, w.char(65), w.FLONUM_ZERO])
        return word, word

    def keep(self, model: Value, word: int) -> None:
        self.top.values.append(model)
        self.heap.push(word)

    def any_region(self) -> int:
        """Where an object is born: mostly the youngest, else a destination."""
        return self.top.region if self.random.random() < 0.7 else self.random.choice(self.frames).region

    # ---- actions ----

    def make(self) -> None:
        region = self.any_region()
        shape = self.random.choice(["pair", "pair", "box", "array", "store", "closure", "string", "large"])
        if shape == "string":
            raw = self.random.randbytes(self.random.randrange(40))
            return self.keep(Node("string", [], raw), self.heap.object(region, "string", [len(raw), 0], raw))
        if shape == "large":
            count = self.random.choice([2046, 2047, 2048, 3000])
            if self.random.random() < 0.9:
                return None
            first = self.any_value()
            model = Node("store", [first[0], *[w.fixnum(0)] * (count - 1)])
            return self.keep(model, self.heap.object(region, "store", [first[1], *[0] * (count - 1)]))
        count = {"pair": 2, "box": 1, "array": 1}.get(shape) or self.random.randrange(6)
        parts = [self.any_value() for _ in range(count)]
        words = [word for _, word in parts]
        if shape == "pair":
            word = self.heap.pair(region, *words)
        elif shape == "array":
            word = self.heap.object(region, "array", [w.fixnum(7), *words])
        elif shape == "closure":
            word = self.heap.object(region, "closure", [0x1235, 3, *words])
        else:
            word = self.heap.object(region, shape, words)
        return self.keep(Node(shape, [model for model, _ in parts]), word)

    def make_list(self) -> None:
        count = self.random.randrange(1, 400)
        region = self.any_region()
        model, word = self.any_value()
        for i in range(count):
            model, word = Node("pair", [w.fixnum(i), model]), self.heap.pair(region, w.fixnum(i), word)
        self.keep(model, word)

    def make_tree(self) -> None:
        """Wide, so that scanning fills several blocks of both lanes. Its parts are born without a safepoint between."""
        region = self.any_region()
        model, word = self.any_value()
        layer: list[tuple[Value, int]] = [(model, word)]
        for _ in range(self.random.randrange(2, 9)):
            following: list[tuple[Value, int]] = []
            for part, at in layer * 2:
                shape = self.random.choice(["pair", "box", "store"])
                count = {"pair": 2, "box": 1, "store": 3}[shape]
                models, words = [part, *[w.NULL] * (count - 1)], [at, *[w.NULL] * (count - 1)]
                real = self.heap.pair(region, *words) if shape == "pair" else self.heap.object(region, shape, words)
                following.append((Node(shape, models), real))
            layer = following
        self.keep(
            Node("store", [part for part, _ in layer]),
            self.heap.object(region, "store", [at for _, at in layer]),
        )

    def container(self) -> tuple[Node, int] | None:
        found = self.any_root()
        if found and isinstance(found[0], Node) and found[0].fields:
            return found[0], self.heap.root(found[1])
        return None

    def mutate(self) -> None:
        if (found := self.container()) and found[0].shape in ("box", "array", "store"):
            i = self.random.randrange(len(found[0].fields))
            model, word = self.any_value()
            found[0].fields[i] = model
            self.heap.store(found[1], found[0].offset(i), word)

    def fetch(self) -> None:
        if found := self.container():
            i = self.random.randrange(len(found[0].fields))
            self.keep(found[0].fields[i], self.heap.slot(found[1], found[0].offset(i)))

    def set_global(self) -> None:
        i = self.random.randrange(len(self.globals))
        self.global_values[i], word = self.any_value()
        self.heap.set_cell(self.globals[i], word)

    def get_global(self) -> None:
        i = self.random.randrange(len(self.globals))
        self.keep(self.global_values[i], self.globals[i].read("value"))

    def forget(self) -> None:
        """The activation drops its newest roots."""
        keep = self.random.randrange(len(self.top.values) + 1)
        del self.top.values[keep:]
        self.heap.cut(self.top.base + keep)

    def enter(self) -> None:
        if len(self.frames) < 8:
            self.frames.append(Frame(self.heap.open(), self.heap.height))

    def leave(self, with_result: bool = True) -> None:
        if len(self.frames) > 1:
            model, word = self.any_value() if with_result else (w.NOTHING, w.NOTHING)
            frame = self.frames.pop()
            dest = self.random.choice(self.frames).region
            self.heap.cut(frame.base)
            self.keep(model, self.heap.exit(word, dest))

    def fail(self) -> None:
        """An error leaves several frames."""
        if len(self.frames) > 2 and self.random.random() < 0.3:
            model, word = self.any_value()
            keep = self.random.randrange(1, len(self.frames))
            self.heap.cut(self.frames[keep].base)
            del self.frames[keep:]
            self.keep(model, self.heap.call("rt_unwind", self.top.region, word))

    def next_turn(self) -> None:
        """A loop's turn ends; nothing is carried over by a root."""
        if len(self.frames) > 1:
            self.top.values.clear()
            self.heap.cut(self.top.base)
            self.heap.call("rt_region_reset")

    def safepoint(self) -> None:
        self.heap.safepoint()

    def garbage(self) -> None:
        count = self.random.choice([10, 1000, 20_000])
        self.heap.made += 16 * count
        self.heap.call("t_garbage", count)

    ACTIONS = (
        (0.24, make), (0.27, make_list), (0.28, make_tree), (0.42, mutate),
        (0.55, fetch), (0.60, set_global), (0.64, get_global), (0.70, forget), (0.80, enter),
        (0.88, leave), (0.89, fail), (0.92, next_turn), (0.97, safepoint), (1.0, garbage),
    )  # fmt: skip

    # ---- comparing ----

    def compare(self) -> None:
        """Isomorphism of everything that roots and globals reach."""
        pairs = self.roots()
        pairs += zip(self.global_values, (cell.read("value") for cell in self.globals), strict=True)
        real_of: dict[int, int] = {}
        model_of: dict[int, Node] = {}
        while pairs:
            model, word = pairs.pop()
            if isinstance(model, int):
                assert word == model, f"{word:#x} instead of {model:#x}"
                continue
            known = real_of.get(id(model))
            if known is not None:
                assert known == word, f"two copies of a {model.shape}: {known:#x}, {word:#x}"
                continue
            assert word not in model_of, f"two objects became one: {model.shape} {word:#x}"
            real_of[id(model)], model_of[word] = word, model
            self.compare_object(model, word)
            pairs += [(part, self.heap.slot(word, model.offset(i))) for i, part in enumerate(model.fields)]
            pairs += self.stood_for(model)
        self.compared += len(real_of)

    def roots(self) -> list[tuple[Value, int]]:
        return [(model, self.heap.root(frame.base + i)) for frame in self.frames for i, model in enumerate(frame.values)]

    def stood_for(self, model: Node) -> list[tuple[Value, int]]:
        """What lives because an object does, other than its fields."""
        return []

    def compare_object(self, model: Node, word: int) -> None:
        if model.shape == "pair":
            assert word & 7 == w.PAIR_TAG
            return
        assert word & 7 == w.OBJECT_TAG
        row, header = BY_NAME[model.shape], self.heap.slot(word, 0)
        count = len(model.raw) if model.shape == "string" else len(model.fields) if row.tail else 0
        assert header == row.header | count << 16, f"header {header:#x} of a {model.shape}"
        if model.shape == "string":
            a = (word & ~7) + 24
            assert bytes(self.heap.load(a + i // 8 * 8, 0) >> i % 8 * 8 & 255 for i in range(count)) == model.raw
