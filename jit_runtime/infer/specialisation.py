"""How many instances a method may have: always one per tuple of kinds for small functions, on heat for large ones, never more than MOST.

Calls beyond the limit go to the method's *general* instance, which takes all that its parameters accept, as words. When that one of a
large method turns out to be hot, its callers are compiled anew, and find instances of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jit_runtime.expand.core import Core, Lambda
    from jit_runtime.infer.world import Instance

SMALL = 100  # nodes of the body
COLD = 4  # instances of a large method that is not known to be hot
MOST = 24


def most_instances(lam: Lambda, hot: bool) -> int:
    """Besides the general one."""
    return MOST if hot or is_small(lam) else COLD


def gains_by_heat(inst: Instance) -> bool:
    """Is this hot instance the general one of a method that may have more instances now?"""
    method = inst.method
    return inst.general and most_instances(method.lam, False) <= len(method.instances) < MOST


def is_small(lam: Lambda) -> bool:
    from jit_runtime.infer.placement import children

    count, work = 0, [lam.body]
    while work:
        at: Core = work.pop()
        count += 1
        if count > SMALL:
            return False
        work.extend(children(at))
    return True
