"""The queue of matches to come: fetched from a source in blocks, with everything that follows from their numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl import rng
from marl.arena.pairings import Pairings, Source
from marl.env import EnvSpec
from marl.errors import UserError
from marl.types import Ints, Keys

_ENVIRONMENT = 0x656E7669726F6E  # sets the seeds of environments apart from the keys of agents


def environment_seeds(seeds: Keys) -> Keys:
    """The seeds that an environment is reset with in matches with these seeds, `uint64[B]`."""
    return rng.mix(seeds, _ENVIRONMENT)


@dataclass(slots=True)
class Starts:
    """n matches about to start: `match[n]`, `players[n, S]`, `seeds[n]`, `tasks[n]` (or None), and what follows."""

    match: Ints
    players: Ints
    seeds: Keys
    tasks: Ints | None
    agent_player: Ints
    agent_keys: Keys
    environment_seeds: Keys

    def __len__(self) -> int:
        return len(self.match)

    def slice(self, start: int, stop: int) -> Starts:
        """The matches `start` to `stop - 1`."""
        part = slice(start, stop)
        return Starts(
            self.match[part],
            self.players[part],
            self.seeds[part],
            None if self.tasks is None else self.tasks[part],
            self.agent_player[part],
            self.agent_keys[part],
            self.environment_seeds[part],
        )


class Queue:
    """Hands out matches in the order of their numbers; `number` is the next one."""

    def __init__(self, spec: EnvSpec, source: Source, number: int) -> None:
        self.number = number
        self._sides = len(spec.sides)
        self._tasks = spec.tasks
        self._side_of = spec.side_of
        self._agents = np.arange(len(spec.agents), dtype=np.uint64)
        self._ahead = max(1, min(1024, (1 << 20) // len(spec.agents)))
        self.use(source, 0)

    def use(self, source: Source, policies: int) -> None:
        """Fetch matches from `source` from now on; its players are below `policies`."""
        self.source, self._policies = source, policies
        self._block: Starts | None = None
        self._position = 0

    def take(self, count: int) -> Starts:
        """The next `count` matches; fewer where the source runs out."""
        if self._block is None or self._position + count > len(self._block):
            pairings = self.source.block(self.number, max(count, self._ahead))
            self._block, self._position = self._derive(pairings), 0
        stop = min(self._position + count, len(self._block))
        starts = self._block.slice(self._position, stop)
        self.number += stop - self._position
        self._position = stop
        return starts

    def _derive(self, pairings: Pairings) -> Starts:
        players = pairings.players
        if players.shape[1] != self._sides:
            raise UserError(f"a pairing has {players.shape[1]} players, but the environment has {self._sides} sides")
        if players.size and (players.min() < 0 or players.max() >= self._policies):
            wrong = players[(players < 0) | (players >= self._policies)][0]
            raise UserError(f"a pairing names player {wrong}, but there are {self._policies} policies (counted from 0)")
        seeds = rng.as_keys(pairings.seeds)
        return Starts(
            np.arange(self.number, self.number + len(pairings)),
            players,
            seeds,
            self._which(pairings.tasks, seeds),
            players[:, self._side_of],
            agent_keys(seeds, self._agents),
            environment_seeds(seeds),
        )

    def _which(self, tasks: Ints | None, seeds: Keys) -> Ints | None:
        """The tasks of matches with these seeds; None in an environment without tasks."""
        if self._tasks is None:
            if tasks is not None:
                raise UserError("the pairings name tasks, but the environment has none")
            return None
        try:
            return self._tasks.given(environment_seeds(seeds), tasks)
        except ValueError as error:
            raise UserError(f"the pairings name tasks that the environment does not have: {error}") from None


def agent_keys(seeds: Keys, agents: Keys) -> Keys:
    """`mix(seed, agent)` for every agent of every match, `uint64[B, N]`; a tick completes it to a row's key."""
    return rng.mix(seeds[:, None], agents)
