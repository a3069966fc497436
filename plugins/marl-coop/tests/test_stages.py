"""Stages: known answers by a walk that knows the way, and what the bait does."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.types import Ints
from marl_coop.stages import Stages, StagesParams


def started(params: StagesParams, lanes: int) -> Stages:
    env = Stages(lanes, params)
    env.reset(np.arange(lanes), rng.mix(9, np.arange(lanes)))
    return env


def walk(place: Ints, goal: Ints, door: int, size: int) -> Ints:
    """The next step of each agent to its goal, `int64[N]`: by the row of the doors where that is in another room."""
    towards = np.zeros(len(place), np.int64)
    for agent, ((row, column), (to_row, to_column)) in enumerate(zip(place, goal, strict=True)):
        next_room = column // (size + 1) != to_column // (size + 1) or column % (size + 1) == size
        row_first = door if next_room else to_row
        if row == row_first:
            towards[agent] = 0 if column == to_column else 3 if column > to_column else 4
        else:
            towards[agent] = 1 if row > row_first else 2
    return towards


def test_who_knows_the_way_earns_one_in_as_many_ticks_as_the_farthest_ways_take() -> None:
    env = started(StagesParams(rooms=3, size=4, bait=0.0), 40)
    door = env._door
    for lane in range(40):
        one, expected, ticks, step = np.array([lane]), 0, 0, None
        place = env.place[lane].copy()
        for room in range(3):
            goal = env.plates[lane, room, :2]
            beyond = place[:, 1] // 5 != goal[:, 1] // 5
            by_door = np.abs(place[:, 0] - door) + np.abs(goal[:, 0] - door)
            rows = np.where(beyond, by_door, np.abs(place[:, 0] - goal[:, 0]))
            expected += max(1, int((rows + np.abs(place[:, 1] - goal[:, 1])).max()))
            place = goal.copy()
        while step is None or not step.done[0]:
            goal = env.plates[lane, env.opened[lane], :2]
            step = env.step(one, [walk(env.place[lane], goal, door, 4)])
            ticks += 1
            assert step.info["opened"][0] == env.opened[lane]
        assert step.terminated.all() and step.rewards.tolist() == [[0.5, 0.5]]
        assert ticks == expected, lane


def test_a_door_opens_when_all_plates_are_stood_on_at_once_and_stays_open() -> None:
    env = started(StagesParams(rooms=2, bait=0.0), 1)
    one, plates = np.array([0]), env.plates[0, 0, :2]
    env.place[0] = plates[0]  # both on the first plate
    assert not env.step(one, [np.zeros(2, np.int64)]).done[0] and env.opened[0] == 0
    env.place[0] = [(env._door, 3), (env._door, 3)]
    env.step(one, [np.array([4, 4])])
    assert env.place[0].tolist() == [[2, 3], [2, 3]]  # a closed door is a wall
    env.place[0] = plates
    assert env.step(one, [np.zeros(2, np.int64)]).info["opened"].tolist() == [1]
    env.place[0] = [(env._door, 3), (env._door, 3)]
    env.step(one, [np.array([4, 4])])
    assert env.place[0].tolist() == [[2, 4], [2, 4]] and env.opened[0] == 1


def test_the_bait_ends_a_match_for_less_and_time_cuts_it_short() -> None:
    env = started(StagesParams(bait=0.2, steps=2), 2)
    env.place[0, 0] = env.plates[0, 0, -1]
    env.place[1] = env._door, 0
    both = env.step(np.arange(2), [np.zeros(4, np.int64)])
    assert both.rewards.tolist() == [[0.1, 0.1], [0.0, 0.0]] and both.terminated.tolist() == [
        [True, True],
        [False, False],
    ]
    late = env.step(np.array([1]), [np.zeros(2, np.int64)])
    assert late.truncated.all() and not late.rewards.any()
