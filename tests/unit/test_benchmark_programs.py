"""The benchmarks' programs compute what their peers compute. The results are those of the Scheme programs at the same sizes."""

import math

import pytest

from benchmarks.annotated import annotated
from benchmarks.kernels import KERNELS, Kernel
from benchmarks.peers import PROGRAMS
from jit_runtime.oracle.session import OracleSession


def agrees(kernel: Kernel, program: str) -> bool:
    session = OracleSession()
    session.eval((PROGRAMS / kernel.name / f"{program}.omni").read_text())
    session.eval(kernel.setup.format(n=kernel.small))
    value = session.eval(kernel.call.format(n=kernel.small)).value_text
    return value is not None and math.isclose(float(value), float(kernel.small_result), rel_tol=kernel.relative_error)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_program_agrees_with_its_peers(kernel: Kernel) -> None:
    assert agrees(kernel, "program")


@pytest.mark.parametrize("kernel", annotated(), ids=lambda kernel: kernel.name)
def test_the_annotated_program_does_the_same(kernel: Kernel) -> None:
    assert agrees(kernel, "typed")


def test_numeric_programs_are_annotated() -> None:
    assert {"fib", "mandelbrot", "sieve", "nbody", "fannkuch", "matmul"} <= {kernel.name for kernel in annotated()}
