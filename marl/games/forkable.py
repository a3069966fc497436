"""Forkable environments for authors who write one match at a time: a match is what its seeds and actions made of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any, Self, cast

import numpy as np

from marl import rng
from marl.env import EnvSpec, Forkable, Lanes, Searchable, Turn
from marl.games.match import Match, Outcome
from marl.games.one_by_one import OneByOne
from marl.types import Array, Ints, Keys


class ForkableOneByOne(OneByOne):
    """`OneByOne` that can save and load: a saved match is its seeds and actions, and loading plays them again.

    It needs nothing from the author but that all chance comes from `Match.chance`. Loading costs as many ticks as the
    match is old.
    """

    def __init__(self, spec: EnvSpec, lanes: int, make: Callable[[], Match]) -> None:
        super().__init__(spec, lanes, make)
        self._log: list[list[Any]] = [[] for _ in range(lanes)]  # the seed [and task], then what happened, tick by tick

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """Start new matches in `lanes`; see `Environment.reset`."""
        if self.spec.tasks is not None:
            tasks = self.spec.tasks.given(seeds, tasks)
        for row, (lane, seed) in enumerate(zip(lanes.tolist(), seeds.tolist(), strict=True)):
            self._log[lane] = [seed if tasks is None else [seed, int(tasks[row])]]
        return super().reset(lanes, seeds, tasks)

    def save(self, lanes: Lanes) -> bytes:
        """See `Forkable.save`."""
        for lane in lanes.tolist():
            self.match(lane)
        return json.dumps([self._log[lane] for lane in lanes.tolist()]).encode()

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """See `Forkable.load`."""
        fresh = [] if seeds is None else rng.as_keys(seeds).tolist()
        return self.replay(lanes, list(zip_longest(json.loads(blob), fresh)), self._again)

    def sized(self, lanes: int) -> Self:
        """See `Searchable.sized`."""
        other = copy.copy(self)
        ForkableOneByOne.__init__(other, self.spec, lanes, self._make)
        return other

    def copy_from(self, other: Searchable, source: Lanes, lanes: Lanes) -> None:
        """See `Searchable.copy_from`: every copy is played again, which takes as many ticks as the match is old."""
        self.load(lanes, cast(Forkable, other).save(source))

    def _play(self, lane: int, actions: dict[int, Any]) -> Outcome:
        self._log[lane].append({agent: np.asarray(action).tolist() for agent, action in actions.items()})
        return super()._play(lane, actions)

    def _again(self, lane: Lanes, saved: tuple[list[Any], int | None]) -> Turn:
        log, fresh = saved
        seed, task = log[0] if isinstance(log[0], list) else (log[0], None)
        key = rng.as_keys(seed)
        turn = self.reset(lane, key) if task is None else self.reset(lane, key, np.array([task]))
        for entry in log[1:]:
            if isinstance(entry, int):
                self._reseed(int(lane[0]), entry)
            else:
                turn = self.step(lane, [self._batch(index, entry) for index in range(len(self.spec.groups))]).turn
        if fresh is not None:
            self._reseed(int(lane[0]), fresh)
        return turn

    def _batch(self, group: int, entry: Mapping[str, Any]) -> Array | None:
        mine = [value for agent, value in entry.items() if self._group[int(agent)] == group]
        dtype = self._batches.likes[group].dtype
        return np.array(mine, dtype=dtype if dtype.kind == "f" else None) if mine else None

    def _reseed(self, lane: int, seed: int) -> None:
        self.match(lane).seed = seed
        self._log[lane].append(seed)
