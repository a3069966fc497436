"""Sampled payoffs: matches in the arena, kept as sums per pairing and seed range, never a row per match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from league.ledger import EXACT, PayoffRow
from league.payoffs.source import Members, shared
from league.services import LeagueServices
from marl import rng
from marl.arena import Pairings, tally
from marl.services import explained
from marl.types import Bools, Keys

CHUNK = 100_000  # matches at once: bounds the memory that their results take


class SampledPayoffs:
    """Plays `matches` matches a pairing, with seeds that follow from the scenario's seed and the players' ids."""

    def __init__(self, services: LeagueServices, matches: int, lanes: int, seed: int) -> None:
        self.services = services
        self.matches = matches
        self.seed = seed
        self.arena = services.arena(lanes)

    def fill(self, members: Members, missing: Bools) -> Iterator[list[PayoffRow]]:
        """See `PayoffSource.fill`."""
        asked = [tuple(members[s][i][0] for s, i in enumerate(cell)) for cell in np.argwhere(missing).tolist()]
        known = [ids for ids in asked if self.services.spec.zero_sum and len(ids) > 1 and len(set(ids)) == 1]
        if known:  # what all sides share of nothing
            nothing = (0.0,) * len(self.services.spec.sides)
            yield [PayoffRow(ids, 0, EXACT, nothing, nothing) for ids in known]
        asked = [ids for ids in asked if ids not in known]
        at_once = max(1, CHUNK // self.matches)
        for start in range(0, len(asked), at_once):
            yield self._play(members, asked[start : start + at_once])

    def _play(self, members: Members, pairings: list[tuple[int, ...]]) -> list[PayoffRow]:
        snapshots = {id: player.snapshot for side in members for id, player in side}
        involved = sorted({id for pairing in pairings for id in pairing})
        policies = [self.services.policy(snapshots[id]) for id in involved]
        players = np.searchsorted(involved, np.repeat(pairings, self.matches, axis=0))
        seeds = np.concatenate([self._seeds(pairing) for pairing in pairings])
        with explained(self.services.env, self.services.registry):
            played = self.arena.play(policies, Pairings(players, seeds))
        moments = tally(replace(played, returns=shared(played.returns, played.players)))
        rows = []
        for pairing in pairings:
            found = moments[tuple(np.searchsorted(involved, pairing).tolist())]
            rows.append(PayoffRow(pairing, 0, found.count, tuple(found.mean.tolist()), tuple(found.m2.tolist())))
        return rows

    def _seeds(self, pairing: tuple[int, ...]) -> Keys:
        return rng.mix(self.seed, *pairing, np.arange(self.matches, dtype=np.uint64))
