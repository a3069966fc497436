"""Who scored what against whom."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from league.pairing import Result
from league.ratings.comparisons import compare
from marl.types import Floats


def crosstable(results: Sequence[Result], players: Sequence[str]) -> tuple[Floats, Floats]:
    """Points `[n, n]` of the row's player against the column's, and games `[n, n]`; every two sides are compared."""
    data, n = compare(results, players), len(players)
    points, games = np.zeros((n, n)), np.zeros((n, n))
    for one, two, score in (
        (data.first, data.second, data.counts @ [1.0, 0.5, 0.0]),
        (data.second, data.first, data.counts @ [0.0, 0.5, 1.0]),
    ):
        np.add.at(points, (one, two), score)
        np.add.at(games, (one, two), data.counts.sum(axis=1))
    return points, games
