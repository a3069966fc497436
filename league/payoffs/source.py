"""Where payoffs come from: exact values, or matches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from league.ledger import PayoffRow
from league.view import Player
from marl.types import Bools

Members = Sequence[Sequence[tuple[int, Player]]]  # per side: (player id, player), in order of birth


class PayoffSource(Protocol):
    """Fills cells of the payoff table."""

    def fill(self, members: Members, missing: Bools) -> Iterator[list[PayoffRow]]:
        """The sums of the pairings where `missing[n_0, n_1, ...]`, in the order of their indices.

        Each batch is committed at once: a killed run repeats no batch, so a batch must not depend on those before it.
        """
