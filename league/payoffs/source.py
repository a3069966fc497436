"""Where payoffs come from: what a source is asked, and what it gives. See `exact.py` and `sampled.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from league.payoffs.row import PayoffRow
from marl.types import Floats, Ints


@dataclass(frozen=True)
class Asked:
    """A pairing whose payoffs are wanted.

    `pairing` and `snapshots`: the ids of its players in the ledger, and what they play, by side. `before`: how many of
    its matches are in the ledger. `count`: how many more are wanted; 0 where values are exact.
    """

    pairing: tuple[int, ...]
    snapshots: tuple[str, ...]
    before: int
    count: int


class PayoffSource(Protocol):
    """Made by calling a registered target with the league's services and its parameters."""

    @property
    def matches(self) -> int:
        """How many matches a pairing rests on unless a strategy asks otherwise; 0 where values are exact."""

    def fill(self, asked: Sequence[Asked]) -> Iterator[list[PayoffRow]]:
        """One row for each pairing that is asked for, in that order, in batches of any size.

        Each batch is in the ledger before the next one is made: a killed run repeats no batch. So a row must follow
        from what is asked for it and from `services.seed` alone. A player may be on several sides where one
        population plays them all: each of them is then given the mean over them (see `shared`).
        """


def shared(returns: Floats, players: Ints) -> Floats:
    """Returns `[B, S]` in which the sides of one player, by `players` `[B, S]`, each have the mean over them."""
    same = players[:, :, None] == players[:, None, :]
    return np.asarray((returns[:, None, :] * same).sum(axis=2) / same.sum(axis=2))
