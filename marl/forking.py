"""Forkable environments for authors who write one match at a time: a match is what its seeds and actions made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from marl import rng
from marl.env import EnvSpec, Lanes, LanesFailed, Turn, join_turns
from marl.simple import Match, OneByOne, Outcome
from marl.space import Box
from marl.types import Array, Keys


class ForkableOneByOne(OneByOne):
    """`OneByOne` that can save and load: a saved match is its seeds and actions, and loading plays them again.

    It needs nothing from the author but that all chance comes from `Match.chance`. Loading costs as many ticks as the
    match is old.
    """

    def __init__(self, spec: EnvSpec, lanes: int, make: Callable[[], Match]) -> None:
        super().__init__(spec, lanes, make)
        self._log: list[list[Any]] = [[] for _ in range(lanes)]  # a seed, or the actions of a tick by agent

    def reset(self, lanes: Lanes, seeds: Keys) -> Turn:
        """Start new matches in `lanes`; see `Environment.reset`."""
        for lane, seed in zip(lanes.tolist(), seeds.tolist(), strict=True):
            self._log[lane] = [seed]
        return super().reset(lanes, seeds)

    def save(self, lanes: Lanes) -> bytes:
        """See `Forkable.save`."""
        for lane in lanes.tolist():
            self._match(lane)
        return json.dumps([self._log[lane] for lane in lanes.tolist()]).encode()

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """See `Forkable.load`."""
        saved = json.loads(blob)
        if len(saved) != len(lanes):
            raise ValueError(f"{len(saved)} matches were saved, but {len(lanes)} lanes are to take them")
        turns: list[Turn] = []
        errors: dict[int, Exception] = {}
        for row, (lane, log) in enumerate(zip(lanes.tolist(), saved, strict=True)):
            try:
                turns.append(self._replay(lanes[row : row + 1], log))
                if seeds is not None:
                    self._reseed(lane, int(rng.as_keys(seeds)[row]))
            except Exception as error:
                errors[lane] = self._lost(lane, error.first if isinstance(error, LanesFailed) else error)
        turn = join_turns(turns) if turns else (None,) * len(self.spec.groups)
        if errors:
            raise LanesFailed(errors, turn)
        return turn

    def _play(self, lane: int, actions: dict[int, Any]) -> Outcome:
        self._log[lane].append({agent: np.asarray(action).tolist() for agent, action in actions.items()})
        return super()._play(lane, actions)

    def _replay(self, lane: Lanes, log: list[Any]) -> Turn:
        turn = self.reset(lane, rng.as_keys(log[0]))
        for entry in log[1:]:
            if isinstance(entry, int):
                self._reseed(int(lane[0]), entry)
            else:
                turn = self.step(lane, [self._batch(index, entry) for index in range(len(self.spec.groups))]).turn
        return turn

    def _batch(self, group: int, entry: Mapping[str, Any]) -> Array | None:
        mine = [value for agent, value in entry.items() if self._group[int(agent)] == group]
        space = self.spec.groups[group].action
        return np.array(mine, dtype=space.dtype if isinstance(space, Box) else None) if mine else None

    def _reseed(self, lane: int, seed: int) -> None:
        self._match(lane).seed = seed
        self._log[lane].append(seed)
