"""Says where two matches that should be the same are not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from marl.testing.check import Broken, Doubtful
from marl.testing.drive import Moment, Record
from marl.types import Array


def expect_same(first: Record, second: Record, claim: str, *, exact: bool = False, skip: tuple[str, ...] = ()) -> None:
    """Raise unless the common ticks of two records show the same.

    Differences within rounding are `Doubtful`, unless `exact`. `claim` is the sentence that is then not true. Names
    that start with one of `skip` are not compared.
    """
    small = ""
    for tick, (left, right) in enumerate(zip(first.moments, second.moments, strict=False)):
        for where, close in differences(left, right, skip):
            sentence = f"{claim}: match seed {first.seed}, tick {tick}, {where}"
            if exact or not close:
                raise Broken(sentence)
            small = small or sentence
    if small:
        raise Doubtful(f"{small}, by rounding only")


def differences(first: Moment, second: Moment, skip: tuple[str, ...] = ()) -> Iterator[tuple[str, bool]]:
    """Each thing that differs, and whether it may be rounding."""
    left, right = dict(first.arrays()), dict(second.arrays())
    for name in [*left, *(other for other in right if other not in left)]:
        if name.startswith(skip):
            continue
        if name not in left or name not in right:
            yield f"{name} is only there once", False
        elif not _equal(left[name], right[name]):
            yield f"{name} is {_short(left[name])} and {_short(right[name])}", _close(left[name], right[name])


def _equal(left: Array, right: Array) -> bool:
    return np.shape(left) == np.shape(right) and bool(np.all((left == right) | ((left != left) & (right != right))))


def _close(left: Array, right: Array) -> bool:
    if np.shape(left) != np.shape(right) or left.dtype.kind != "f":
        return False
    return bool(np.allclose(left, right, rtol=1e-5, atol=1e-6))


def _short(array: Array) -> str:
    text = np.array2string(np.asarray(array), threshold=8, edgeitems=3, precision=6).replace("\n", "")
    return text if len(text) < 80 else f"{text[:77]}..."
