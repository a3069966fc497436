"""A row of payoffs: what the matches of one pairing sum up to."""

from __future__ import annotations

from dataclasses import dataclass

EXACT = -1  # as a count: the mean is exact, and no match was played


@dataclass(frozen=True)
class PayoffRow:
    """Some matches of one pairing (player ids, one per side). `first_seed`: how many were there before.

    `mean` and `m2` have one number per side; `count` is -1 where the mean is exact and no match was played.
    """

    pairing: tuple[int, ...]
    first_seed: int
    count: int
    mean: tuple[float, ...]
    m2: tuple[float, ...]
