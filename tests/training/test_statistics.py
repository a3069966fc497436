"""What modules that normalise learn of their rows: discounted returns over windows, by module, and clipped rewards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from marl.algorithm import Checkpoint
from marl.arena import Trajectory
from marl.env import EnvSpec, Group
from marl.space import Box, Discrete
from marl.training.networks import ModelConfig, NetworkPolicy, networks
from marl.training.networks.moments import Moments, Seen
from marl.training.statistics import Statistics

SPEC = EnvSpec(("ann", "bob"), (Group("both", (0, 1), Box((1,)), Discrete(2)),), ((0,), (1,)), "simultaneous", 9)
MODEL = ModelConfig(hidden=[4], normalise_observations=True, normalise_returns=True)
DISCOUNT = 0.9


def statistics(sharing: Any, saved: Checkpoint | None = None) -> Statistics:
    from marl.training.networks import module_ids

    policy = NetworkPolicy(SPEC, networks(SPEC, MODEL, sharing), sharing)
    return Statistics(policy, module_ids(SPEC, sharing), 2, DISCOUNT, saved)


def windows(make: Callable[..., Trajectory]) -> list[Trajectory]:
    """Two windows of two lanes; matches of lane 1 are three ticks long, and bob acts at every other tick."""
    drawn, parts = np.random.default_rng(2), []
    for start in (0, 5):
        rows = [
            (clock, lane, agent, (clock % 3 if lane else clock) == agent * (clock % 2))
            for clock in range(start, start + 5)
            for lane in range(2)
            for agent in range(2)
            if agent == 0 or clock % 2 == 0
        ]
        clock, lane, agent, _ = (np.array(column) for column in zip(*rows, strict=True))
        first = np.where(lane == 1, clock % 3 == 0, clock == 0)
        seen = drawn.normal(size=(len(rows), 1)).astype(np.float32)
        parts.append(
            make(
                clock=clock, lane=lane, agent=agent, first=first, observation=seen, reward=drawn.normal(size=len(rows))
            )
        )
    return parts


def plain(parts: list[Trajectory], agents: tuple[int, ...]) -> list[float]:
    """The same, one row after the other."""
    earned: dict[Any, float] = {}
    found = []
    for part in parts:
        for lane, agent, first, reward in zip(part.lane, part.agent, part.first, part.reward, strict=True):
            before = 0.0 if first else earned.get((lane, agent), 0.0)
            earned[lane, agent] = reward + DISCOUNT * before
            if agent in agents:
                found.append(earned[lane, agent])
    return found


@pytest.mark.parametrize(("sharing", "agents"), [("all", {"both": (0, 1)}), ("none", {"ann": (0,), "bob": (1,)})])
@pytest.mark.parametrize("resumed", [False, True])
def test_returns_are_discounted_from_window_to_window(
    window: Callable[..., Trajectory], sharing: str, agents: dict[str, tuple[int, ...]], resumed: bool
) -> None:
    parts, known = windows(window), statistics(sharing)
    seen = [known.look(parts[0])]
    if resumed:
        known = statistics(sharing, known.save(Checkpoint({}, {})))
    seen.append(known.look(parts[1]))
    assert set(seen[0]) == set(agents)
    for name, members in agents.items():
        merged = seen[0][name].merged(seen[1][name])
        assert merged.returns is not None and merged.observation is not None
        wanted = np.array(plain(parts, members))
        assert merged.returns.mean == pytest.approx(wanted.mean()) and merged.returns.count == len(wanted)
        assert merged.returns.squares / merged.returns.count == pytest.approx(wanted.var())
        rows = np.concatenate([part.observation[np.isin(part.agent, members)] for part in parts])
        assert merged.observation.mean == pytest.approx(rows.mean(), abs=1e-6)


def test_rewards_are_clipped_at_ten_deviations_of_their_own_module(window: Callable[..., Trajectory]) -> None:
    known = statistics("none")
    part = window(clock=np.arange(4), agent=np.array([0, 1, 0, 1]), reward=np.array([500.0, 500.0, -500.0, 3.0]))
    assert known.rewards(part)[:, 0].tolist() == [500, 500, -500, 3]  # nobody has seen anything yet
    known._live.networks["ann"].absorb(Seen(None, Moments.of(np.array([[1.0], [-1.0]]))))
    assert known.rewards(part)[:, 0].tolist() == pytest.approx([10, 500, -10, 3])
    assert part.reward.tolist() == [500, 500, -500, 3]
