"""Where payoffs come from: exact values, or matches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from league.ledger import PayoffRow
from league.population.player import Player
from marl.types import Bools, Floats, Ints

Members = Sequence[Sequence[tuple[int, Player]]]  # per side: (player id, player), in order of birth


class PayoffSource(Protocol):
    """Fills cells of the payoff table.

    Where one population plays all sides a player may meet itself: each of its sides is then given the mean over them.
    """

    def fill(self, members: Members, missing: Bools) -> Iterator[list[PayoffRow]]:
        """The sums of the pairings where `missing[n_0, n_1, ...]`, in the order of their indices.

        Each batch is committed at once: a killed run repeats no batch, so a batch must not depend on those before it.
        """


def shared(returns: Floats, players: Ints) -> Floats:
    """Returns `[B, S]` in which the sides of one player, by `players` `[B, S]`, each have the mean over them."""
    same = players[:, :, None] == players[:, None, :]
    return np.asarray((returns[:, None, :] * same).sum(axis=2) / same.sum(axis=2))
