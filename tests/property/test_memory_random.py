"""Random programs on the runtime against the model that never frees (tests/property/model.py)."""

from __future__ import annotations

from random import Random

import pytest

from tests.property.heap import CHECK, EVACUATE, RETIRE, Heap
from tests.property.model import Program
from tests.property.simulated import SimulatedHeap

MODES = {"normal": 0, "checked": CHECK, "stress": CHECK | EVACUATE, "retire": CHECK | RETIRE}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(6))
def test_random_programs(mode: str, seed: int) -> None:
    heap = Heap(MODES[mode])
    program = Program(heap, Random(seed))
    program.run(forms=6, steps=150)
    assert program.compared > 1000
    if mode == "retire":
        assert heap.heap.read("retires")
        assert heap.heap.read("evacuations") == heap.heap.read("promotions") == heap.heap.read("bytes_moved_out") == 0
    heap.close()


@pytest.mark.parametrize("mode", ["normal", "checked", "retire"])
def test_random_programs_on_simulated_memory(mode: str) -> None:
    """The runtime never reads or writes outside what it mapped or allocated."""
    heap = SimulatedHeap(MODES[mode])
    program = Program(heap, Random(7))
    program.run(forms=3, steps=60)
    assert program.compared > 100
