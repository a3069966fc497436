"""Results as comparisons of two players each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from league.pairing import Result
from marl.types import Floats, Ints


@dataclass(frozen=True)
class Comparisons:
    """`C` comparisons, one for each two sides of a match; and their sums over `E` ordered pairs of players."""

    sides: int
    """The most sides of any match."""
    rows_match: Ints
    """`[C]`: the number of the match."""
    rows_first: Ints
    """`[C]`: the player in the earlier seat."""
    rows_second: Ints
    """`[C]`: the player in the later seat."""
    rows_score: Floats
    """`[C]`: the first player's score: 1, 0.5 or 0."""
    first: Ints
    """`[E]`"""
    second: Ints
    """`[E]`"""
    counts: Floats
    """`[E, 3]`: wins of the first, draws, losses."""


def compare(results: Sequence[Result], players: Sequence[str]) -> Comparisons:
    """Compare every two sides of every match; the higher score wins."""
    number = {player: i for i, player in enumerate(players)}
    rows: list[tuple[int, int, int, float]] = []
    for match, result in enumerate(results):
        for i, j in combinations(range(len(result.players)), 2):
            mine, other = result.scores[i], result.scores[j]
            score = 1.0 if mine > other else 0.5 if mine == other else 0.0
            rows.append((match, number[result.players[i]], number[result.players[j]], score))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    match, first, second = table[:, :3].astype(np.int64).T
    edges, which = np.unique(first * len(players) + second, return_inverse=True)
    counts = np.zeros((len(edges), 3))
    np.add.at(counts, (which, (2 - 2 * table[:, 3]).astype(np.int64)), 1.0)
    sides = max((len(result.players) for result in results), default=2)
    return Comparisons(sides, match, first, second, table[:, 3], edges // len(players), edges % len(players), counts)
