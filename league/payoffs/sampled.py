"""Sampled payoffs: matches in the arena, kept as sums per pairing, never a row per match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from league.payoffs.row import EXACT, PayoffRow
from league.payoffs.source import Asked, shared
from league.services import LeagueServices
from marl import rng
from marl.arena import Pairings, tally
from marl.registry.ranges import at_least
from marl.services import explained
from marl.types import Keys

LIVE = 64  # policies at once: bounds the memory that they take


@dataclass
class Params:
    """How many matches."""

    matches: int = 1000
    """Matches per pairing."""
    lanes: int = 256
    """Matches played in lockstep."""

    def __post_init__(self) -> None:
        at_least(self, 1, "matches", "lanes")


class SampledPayoffs:
    """Plays matches with seeds that follow from the scenario's seed, the players' ids, and what was played before."""

    def __init__(self, services: LeagueServices, params: Params | None = None) -> None:
        params = params or Params()
        self.services = services
        self.matches = params.matches
        self.arena = services.arena(params.lanes)

    def fill(self, asked: Sequence[Asked]) -> Iterator[list[PayoffRow]]:
        """See `PayoffSource.fill`."""
        for batch in batches(asked):
            yield self._rows(batch)

    def _rows(self, asked: list[Asked]) -> list[PayoffRow]:
        """Play what has to be played: what all sides of a zero-sum game share is nothing."""
        known = [self.services.spec.zero_sum and len(one.pairing) > 1 and len(set(one.pairing)) == 1 for one in asked]
        played = iter(self._play([one for one, free in zip(asked, known, strict=True) if not free]))
        nothing = (0.0,) * len(self.services.spec.sides)
        return [
            PayoffRow(one.pairing, one.before, EXACT, nothing, nothing) if free else next(played)
            for one, free in zip(asked, known, strict=True)
        ]

    def _play(self, asked: list[Asked]) -> list[PayoffRow]:
        if not asked:
            return []
        snapshots = {id: snapshot for one in asked for id, snapshot in zip(one.pairing, one.snapshots, strict=True)}
        involved = sorted(snapshots)
        policies = [self.services.policy(snapshots[id]) for id in involved]
        pairings = np.array([one.pairing for one in asked])
        players = np.searchsorted(involved, np.repeat(pairings, [one.count for one in asked], axis=0))
        seeds = np.concatenate([self._seeds(one) for one in asked])
        with explained(self.services.env, self.services.registry):
            played = self.arena.play(policies, Pairings(players, seeds))
        moments = tally(replace(played, returns=shared(played.returns, played.players)))
        rows = []
        for one in asked:
            found = moments[tuple(np.searchsorted(involved, one.pairing).tolist())]
            rows.append(
                PayoffRow(one.pairing, one.before, found.count, tuple(found.mean.tolist()), tuple(found.m2.tolist()))
            )
        return rows

    def _seeds(self, asked: Asked) -> Keys:
        more = (asked.before,) if asked.before else ()  # void matches leave gaps: no seed is used twice all the same
        return rng.mix(self.services.seed, *asked.pairing, *more, np.arange(asked.count, dtype=np.uint64))


def batches(asked: Sequence[Asked]) -> Iterator[list[Asked]]:
    """What is asked in its order, with at most `LIVE` players at once, where it can be."""
    batch: list[Asked] = []
    live = set[int]()
    for one in asked:
        if batch and len(live.union(one.pairing)) > LIVE:
            yield batch
            batch, live = [], set()
        batch.append(one)
        live.update(one.pairing)
    if batch:
        yield batch
