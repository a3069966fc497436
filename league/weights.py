"""Weights over the players of a population, of whom most have none: only those that have are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np

from marl.types import Floats


class Sparse(Sequence[float]):
    """A sequence of `size` numbers that keeps those that are not 0. Equal to every sequence of the same numbers.

    A league of n iterations has as many mixtures, over up to n players each: as lists of numbers they would take n^2.
    """

    __slots__ = ("_places", "_size", "_values")

    def __init__(self, numbers: Iterable[float]) -> None:
        dense = np.fromiter(numbers, dtype=np.float64)
        places = np.flatnonzero(dense)
        self._size = len(dense)
        self._values = dense[places]
        self._places = None if len(places) == len(dense) else places.astype(np.int32)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        dense = np.zeros(self._size)
        dense[slice(None) if self._places is None else self._places] = self._values
        return dense if dtype is None else dense.astype(dtype)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[float]:
        return iter(np.asarray(self).tolist())

    @overload
    def __getitem__(self, index: int) -> float: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[float, ...]: ...

    def __getitem__(self, index: int | slice) -> float | tuple[float, ...]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
