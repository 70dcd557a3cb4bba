"""The layout of structs: words first, then the identity word, then raw fields, each as wide as its kind."""

from __future__ import annotations

import random

import pytest

from jit_runtime.options import Options
from jit_runtime.session import Session
from jit_runtime.types.kinds import BIT, BUILTIN, KINDS
from jit_runtime.types.primitives import PACKED_KINDS
from jit_runtime.types.structs import Field, laid_out

BY_WIDTH = {1: "Int8 UInt8 Bool", 2: "Int16 UInt16", 4: "Int32 UInt32 Float32 Char", 8: "Int Float UInt64"}
WIDTHS = {name: width for width, names in BY_WIDTH.items() for name in names.split()}


def fields_of(kinds: list[str | None]) -> list[Field]:
    return [Field(f"f{i}", None if kind is None else KINDS[kind], False) for i, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("kinds", "mutable", "size"),
    [
        (["UInt8"] * 4, False, 16),
        (["UInt8"] * 8, False, 16),
        (["UInt8"] * 9, False, 24),
        (["Bool", "Char", "Int16", "Bool"], False, 16),
        (["UInt8"] * 4, True, 24),
        (["String", "UInt8", "Float", "UInt8"], False, 32),
        ([], False, 16),
        (["Float32", "Float32", "Float32"], False, 24),
    ],
)
def test_sizes(kinds: list[str | None], mutable: bool, size: int) -> None:
    assert laid_out(fields_of(kinds), mutable)[1] == size


def test_nothing_overlaps_and_nothing_is_wasted() -> None:
    choice = random.Random(7)
    for _ in range(300):
        kinds = [choice.choice([*WIDTHS, "String", None]) for _ in range(choice.randrange(12))]
        mutable, fields = choice.random() < 0.5, fields_of(kinds)
        identity, size = laid_out(fields, mutable)
        widths = [8 if kind is None else WIDTHS.get(kind, 8) for kind in kinds]
        taken = [*range(8), *(range(identity, identity + 8) if mutable else ())]
        for field, width in zip(fields, widths, strict=True):
            assert field.offset % width == 0
            taken += range(field.offset, field.offset + width)
        assert len(taken) == len(set(taken)) == 8 + 8 * mutable + sum(widths)
        assert sorted(taken) == list(range(len(taken))) and size == max(16, -(-len(taken) // 8) * 8)
        words = [field.offset for field in fields if field.packed is None]
        assert all(offset < 8 * len(words) + 8 for offset in words)


def test_all_machine_kinds_are_packed() -> None:
    assert {name: PACKED_KINDS[BIT[name]].bytes for name in WIDTHS} == WIDTHS and sum(kind & BUILTIN > 0 for kind in PACKED_KINDS) == len(WIDTHS)


@pytest.mark.parametrize(("fields", "bytes"), [("[r {UInt8}] [g {UInt8}] [b {UInt8}] [a {UInt8}]", 16), ("[r] [g] [b] [a]", 40)])
def test_what_regions_say(fields: str, bytes: int) -> None:
    session = Session(Options())
    session.eval(f"(define {{struct Rgba}} {fields}) (define red (UInt8 255))")
    session.eval("(define fill n (let [out (make-array n nothing)] (for [i (range n)] (array-set! out i (Rgba red red red red))) out))")
    session.eval("(define pixels (fill 10000))")
    held = session.eval("(reduce + 0 (map (fn [r] (get r 'bytes)) (filter (fn [r] (= (get r 'owners) '(pixels))) (regions))))").value_text
    assert held is not None and 1 <= int(held) / (10000 * (8 + bytes)) < 1.2
    session.close()
