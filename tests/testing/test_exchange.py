"""The check of symmetry tells what one side sees wrongly, also where chance decides what is earned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from marl import rng
from marl.env import EnvSpec, Frame, Group
from marl.games import SimultaneousGame
from marl.space import Box, Discrete
from marl.testing import check_environment

CELLS, TICKS = 6, 4


class Chase(SimultaneousGame):
    """Two players on a ring, put there by chance; who stands where the other was, wins a point."""

    def __init__(self, lanes: int) -> None:
        group = Group("players", (0, 1), Box((2,), 0, CELLS), Discrete(3))
        facts: dict[str, Any] = {"returns": (-TICKS, TICKS), "zero_sum": True, "symmetric": True}
        super().__init__(EnvSpec(("a", "b"), (group,), ((0,), (1,)), "simultaneous", TICKS, **facts), lanes)

    def fields(self) -> dict[str, Any]:
        return {"cell": np.zeros(2, np.int64)}

    def begin(self, lanes: Any) -> None:
        keys = rng.mix(self.seed[lanes][:, None], np.arange(2))
        self.cell[lanes] = (rng.uniform(keys) * CELLS).astype(np.int64)

    def play(self, lanes: Any, actions: Any) -> Any:
        before = self.cell[lanes].copy()
        self.cell[lanes] = (before + actions[0] - 1) % CELLS
        caught = (self.cell[lanes] == before[:, ::-1]).astype(float)
        return caught - caught[:, ::-1], self.tick[lanes] == TICKS

    def observe(self, lanes: Any, agents: Any) -> Any:
        return np.stack([self.cell[lanes, agents], self.cell[lanes, 1 - agents]], axis=1).astype(np.float32)

    def forfeit(self, lanes: Any, agent: Any) -> Any:
        rewards = np.full((len(lanes), 2), float(TICKS))
        rewards[np.arange(len(lanes)), agent] = -TICKS
        return rewards

    def render(self, lane: int) -> Frame:
        return Frame(str(self.cell[lane]), "")


class FirstPlaces(Chase):
    """Everybody's own place is shown as that of player 0."""

    def observe(self, lanes: Any, agents: Any) -> Any:
        return np.stack([self.cell[lanes, 0], self.cell[lanes, 1 - agents]], axis=1).astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_a_side_that_sees_another_ones_place_is_found(seed: int) -> None:
    assert check_environment(Chase, seed=seed, only=["symmetric"])["symmetric"].status == "pass"
    found = check_environment(FirstPlaces, seed=seed, only=["symmetric"])["symmetric"]
    assert found.status == "fail" and found.message.startswith("sides 0 and 1 see other things")
