"""The warehouse: rware's transitions, and what must hold without it."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

from marl import rng
from marl_coop.warehouse import FORWARD, STAY, TOGGLE, Warehouse, WarehouseParams

RECORDED = np.load(Path(__file__).with_name("recorded_warehouse.npz"))
KINDS = {
    "tiny, 2 robots": WarehouseParams(steps=10_000),
    "low, 4 robots": WarehouseParams(height=1, agents=4, requests=2, steps=10_000),
    "small, 6": WarehouseParams("small", 2, 6, 5, 10_000),
}
ONE, UP, DOWN, LEFT, RIGHT = np.array([0]), 0, 1, 2, 3


def started(params: WarehouseParams | None = None, lanes: int = 1) -> Warehouse:
    env = Warehouse(lanes, params)
    env.reset(np.arange(lanes), rng.mix(np.arange(lanes)))
    return env


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_rware_tick_by_tick(kind: str) -> None:
    """From the same start, by the same actions, with the same requests: who is where, what is paid, what is seen."""
    names = ("start", "request", "actions", "rewards", "cells", "seen")
    said = {name: RECORDED[f"{kind}/{name}"] for name in names}
    env = started(KINDS[kind])
    env.cell[0], env.facing[0], env.request[0] = said["start"][:, 0], said["start"][:, 1], said["request"][0]
    everyone = np.arange(env.params.agents)
    for tick, actions in enumerate(said["actions"].astype(np.int64)):
        step = env.step(ONE, [actions])
        assert env.cell[0].tolist() == said["cells"][tick].tolist(), tick
        assert step.rewards[0].tolist() == said["rewards"][tick].tolist(), tick
        assert (env.request[0] != said["request"][tick]).sum() == step.rewards.sum()
        env.request[0] = said["request"][tick + 1]
        seen = env.observe(np.zeros_like(everyone), everyone)
        assert [zlib.crc32(row.tobytes()) for row in seen] == said["seen"][tick].tolist(), tick
    assert said["rewards"].any() or "tiny" in kind


def row_of(cells: list[int], looks: list[int]) -> Warehouse:
    """Robots on the highway at the top of a tiny warehouse, which is ten cells wide."""
    env = started(WarehouseParams(agents=len(cells)))
    env.cell[0], env.facing[0] = cells, looks
    return env


@pytest.mark.parametrize(
    ("cells", "looks", "then"),
    [
        pytest.param([0, 1], [RIGHT, LEFT], [0, 1], id="two do not change places"),
        pytest.param([0, 1, 2], [RIGHT, RIGHT, RIGHT], [1, 2, 3], id="a row moves"),
        pytest.param([0, 1, 3], [RIGHT, RIGHT, LEFT], [1, 2, 3], id="the longer row moves"),
        pytest.param([0, 2, 3], [RIGHT, LEFT, UP], [1, 2, 3], id="of two as long, the first robot's"),
        pytest.param([0, 1, 9], [RIGHT, UP, RIGHT], [0, 1, 9], id="nobody moves beyond the edge, or whoever is behind"),
        pytest.param([3, 4, 14, 13], [RIGHT, DOWN, LEFT, UP], [4, 14, 13, 3], id="four go round"),
    ],
)
def test_who_moves(cells: list[int], looks: list[int], then: list[int]) -> None:
    env = row_of(cells, looks)
    env.step(ONE, [np.full(len(cells), FORWARD)])
    assert env.cell[0].tolist() == then


def test_a_requested_shelf_on_a_goal_pays_its_robot_and_another_is_requested() -> None:
    env = started()
    goal = env._goals[0]
    env.cell[0], env.facing[0], env.carries[0], env.request[0] = [goal - 10, 0], [DOWN, UP], [5, -1], [5, 6]
    env.shelf[0, 5] = goal - 10
    step = env.step(ONE, [np.array([FORWARD, STAY])])
    assert step.rewards.tolist() == [[1.0, 0.0]] and env.shelf[0, 5] == goal
    assert env.request[0, 1] == 6 and env.request[0, 0] not in (5, 6)
    assert not env.step(ONE, [np.array([TOGGLE, STAY])]).rewards.any() and env.carries[0, 0] == 5  # not on a highway


def test_who_carries_a_shelf_does_not_pass_under_another() -> None:
    env = started()
    one, two = env.shelf[0, :2]
    env.cell[0], env.facing[0] = [one, 0], [RIGHT, UP]
    assert two == one + 1
    env.step(ONE, [np.array([TOGGLE, STAY])])
    env.step(ONE, [np.array([FORWARD, STAY])])
    assert env.carries[0, 0] == 0 and env.cell[0, 0] == one
    env.step(ONE, [np.array([TOGGLE, STAY])])
    env.step(ONE, [np.array([FORWARD, STAY])])
    assert env.carries[0, 0] == -1 and env.cell[0, 0] == two


def test_what_is_no_warehouse_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="fewer than the 4 shelves"):
        WarehouseParams(height=1, agents=4)
    with pytest.raises(ValueError, match="agents must be between 1 and 19, not 0"):
        WarehouseParams(agents=0)
