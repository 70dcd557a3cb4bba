"""The benchmarks' programs compute what their peers compute. The results are those of the Scheme programs at the same sizes."""

import math

import pytest

from benchmarks.kernels import KERNELS, Kernel
from benchmarks.peers import PROGRAMS
from jit_runtime.oracle.session import OracleSession


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_program_agrees_with_its_peers(kernel: Kernel) -> None:
    session = OracleSession()
    session.eval((PROGRAMS / kernel.name / "program.omni").read_text())
    session.eval(kernel.setup.format(n=kernel.small))
    value = session.eval(kernel.call.format(n=kernel.small)).value_text
    assert value is not None
    assert math.isclose(float(value), float(kernel.small_result), rel_tol=kernel.relative_error)
