from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from marl import rng
from marl.env import join_turns


@dataclass
class Played:
    """What a random match was: the rows and rewards of each tick, by lane."""

    environment: Any
    totals: Any
    done: Any
    truncated: Any
    rows: list[Any] = field(default_factory=list)
    seen: dict[int, list[tuple[Any, ...]]] = field(default_factory=dict)


def _act(rows, seeds, ticks):
    """Actions that follow from the match's seed, the agent and the tick, whatever the lane."""
    keys = rng.mix(seeds[rows.lane], rows.agent + 1, ticks[rows.lane])
    return rng.choose(keys, rows.mask)


def _record(played, rows):
    for row in range(len(rows)):
        seen = (int(rows.agent[row]), rows.observation[row].tobytes(), rows.mask[row].tobytes(), bool(rows.first[row]))
        played.seen[int(rows.lane[row])].append(seen)


@pytest.fixture
def play():
    """`play(environment, seeds, ticks=..., alternate=...)`: uniformly random matches, one in each lane."""

    def run(environment, seeds, ticks=300, alternate=False):
        count = environment.lanes
        everyone = np.arange(count)
        seeds = rng.as_keys(seeds)
        (rows,) = environment.reset(everyone, seeds)
        played = Played(
            environment, np.zeros((count, len(environment.spec.agents))), np.zeros(count, bool), np.zeros(count, bool)
        )
        played.seen = {lane: [] for lane in range(count)}
        pending = {lane: rows.take(rows.lane == lane) if rows is not None else None for lane in range(count)}
        clock = np.zeros(count, dtype=np.int64)
        for tick in range(ticks):
            live = [lane for lane in range(count) if not played.done[lane]]
            if alternate and len(live) > 1:
                live = [lane for lane in live if lane % 2 == tick % 2] or live
            if not live:
                break
            given = [pending[lane] for lane in live if pending[lane] is not None and len(pending[lane])]
            turn = join_turns([(each,) for each in given])[0] if given else None
            if turn is not None:
                _record(played, turn)
            actions = None if turn is None else _act(turn, seeds, clock)
            step = environment.step(np.array(live), [actions])
            clock[live] += 1
            played.totals[live] += step.rewards
            played.done[live] |= step.done
            played.truncated[live] |= step.truncated.any(axis=1)
            for lane in live:
                rows = step.turn[0]
                pending[lane] = None if rows is None else rows.take(rows.lane == lane)
        return played

    return run
