"""`{Array K}`: arrays are invariant, and each says what its elements are: one of the packed kinds, or anything (language.md S11.11, S20)."""

from __future__ import annotations

from jit_runtime.types.kinds import BIT, CONCRETE, KINDS, Applied, Kind, Variable, either

ELEMENTS: dict[Kind, Kind] = {KINDS[name]: KINDS[name.removeprefix("Array ")] for name, _ in CONCRETE if name.startswith("Array ")}
"""The kinds of arrays that there are -> what their elements are."""


class ArrayKind(Applied):
    """`{Array K}` of a K that is no element kind: without instances, unless K is a type variable, which may be any below its bound."""

    __slots__ = ()

    def __init__(self, arguments: tuple[Kind, ...]) -> None:
        super().__init__(KINDS["Array"], arguments, (0,))
        self.abstract = True

    @property
    def mask(self) -> int:
        from jit_runtime.types.order import below

        (of,) = self.arguments
        if not isinstance(of, Variable):
            return 0
        return either(BIT[array.name] for array, element in ELEMENTS.items() if below(element, of.bound))

    @property
    def sure(self) -> int:  # type: ignore[override]  # a class variable of Applied
        return self.mask


def is_made(kind: Kind) -> bool:
    """Does an array kind have instances?"""
    return not isinstance(kind, ArrayKind) or isinstance(kind.arguments[0], Variable)
