"""Pairings: who plays whom, and with which seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from marl import rng
from marl.types import Array, Floats, Ints, Keys

_SEED, _PLAYER, _TASK = 0x73656564, 0x706C6179, 0x7461736B  # what a mixture draws: a seed, a side's player, a task


class Source(Protocol):
    """Where matches come from: a pure function of their numbers, so a checkpoint needs nothing but a counter."""

    def block(self, first: int, count: int) -> Pairings:
        """The pairings numbered `first` to `first + count - 1`; fewer where the matches run out."""


@dataclass(frozen=True)
class Pairings:
    """A list of matches to play.

    `players`: `int64[B, S]`, for each side an index into the list of policies. `seeds`: `uint64[B]`, one per match;
    all randomness of the match follows from it. `tasks`: `int64[B]`, numbers of the environment's tasks; None draws
    them from the seeds, where it has tasks. Raises ValueError where the shapes disagree.
    """

    players: Ints
    seeds: Keys
    tasks: Ints | None = None

    def __post_init__(self) -> None:
        if self.tasks is not None and self.tasks.shape != self.seeds.shape:
            raise ValueError(f"pairings need tasks [B], one for each match, not {self.tasks.shape}")
        if self.players.ndim != 2 or self.seeds.shape != self.players.shape[:1]:
            raise ValueError(
                f"pairings need players [B, S] and seeds [B], not {self.players.shape}, {self.seeds.shape}"
            )

    def __len__(self) -> int:
        return len(self.seeds)

    def block(self, first: int, count: int) -> Pairings:
        """A list is its own source of matches."""
        part = slice(first, first + count)
        return Pairings(self.players[part], self.seeds[part], None if self.tasks is None else self.tasks[part])

    @staticmethod
    def repeat(lineups: Sequence[Sequence[int]], count: int, seed: int) -> Pairings:
        """Each line-up `[S]` `count` times over, line-up by line-up; match `b` has the seed `mix(seed, b)`."""
        players = np.repeat(np.asarray(lineups, dtype=np.int64), count, axis=0)
        return Pairings(players, np.broadcast_to(rng.mix(seed, np.arange(len(players))), len(players)))


@dataclass(frozen=True)
class Profiles:
    """A joint distribution over line-ups: `players` `int64[R, S]`, indices of policies, with `weights` `float64[R]`."""

    players: Ints
    weights: Floats


@dataclass(frozen=True)
class Mixtures:
    """An endless source: the player of every side is drawn anew for each match.

    `weights`: `float64[S, P]`, one mixture over the P policies per side, not necessarily normalised. `joint`: where it
    is given the players of all sides are drawn together, and `weights` are not read. `tasks`: weights of the
    environment's tasks, `float64[T]`; None plays all alike. Match `m` is the same whenever and wherever it is
    played: it follows from `seed`, the weights and `m` alone.
    """

    weights: Floats
    seed: int
    limit: int | None = field(default=None)
    tasks: Floats | None = None
    joint: Profiles | None = None

    def block(self, first: int, count: int) -> Pairings:
        """The pairings of matches `first` to `first + count - 1`."""
        if self.limit is not None:
            count = max(0, min(count, self.limit - first))
        number: Array = np.arange(first, first + count)
        if self.joint is None:
            columns = [self._drawn(number, row, side) for side, row in enumerate(self.weights)]
            players = np.stack(columns, axis=1)
        else:
            players = self.joint.players[self._drawn(number, self.joint.weights)]
        tasks = None
        if self.tasks is not None:
            tasks = rng.choose(rng.mix(self.seed, _TASK, number), np.broadcast_to(self.tasks, (count, len(self.tasks))))
        return Pairings(players, rng.mix(self.seed, _SEED, number), tasks)

    def _drawn(self, number: Array, weights: Floats, *side: int) -> Ints:
        """One of `weights` for each match, of a side or of all together."""
        return rng.choose(
            rng.mix(self.seed, _PLAYER, *side, number), np.broadcast_to(weights, (len(number), len(weights)))
        )
