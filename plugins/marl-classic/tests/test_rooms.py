"""Rooms: every level can be won, keys open doors, lava burns, and only the goal pays."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from marl.errors import UserError
from marl.registry import ENVIRONMENTS, load_registry
from marl.rng import mix
from marl_classic.rooms import FLOOR, GOAL, KEY, LAVA, LOCKED, STEPS, TICKS, WALL, Rooms, RoomsParams

ONE = np.arange(1)
UP, DOWN, LEFT, RIGHT = range(4)


def task(env, name):
    return np.array([env.spec.tasks.number(name)])


def shortest(env, lane):
    """The fewest actions to the goal, over places, keys taken and doors opened; None where it cannot be reached."""
    cells, start = env.cells[lane], (*env.place[lane].tolist(), False, frozenset())
    queue, known = deque([(start, ())]), {start}
    while queue:
        (row, column, key, changed), path = queue.popleft()
        for action, (down, right) in enumerate(STEPS.tolist()):
            at = (row + down, column + right)
            cell = FLOOR if at in changed else cells[at]
            if cell == GOAL:
                return (*path, action)
            if cell in (WALL, LAVA) or (cell == LOCKED and not key):
                continue
            done = changed | {at} if cell in (KEY, LOCKED) else changed
            state = (*at, (key or cell == KEY) and cell != LOCKED, done)
            if state not in known:
                known.add(state)
                queue.append((state, (*path, action)))
    return None


def test_every_level_can_be_won_in_time_and_pays_only_at_the_goal():
    env = Rooms(66)
    lanes, tasks = np.arange(66), np.repeat(np.arange(22), 3)
    env.reset(lanes, mix(5, lanes), tasks)
    paths = [shortest(env, lane) for lane in lanes]
    assert all(path is not None and len(path) < TICKS * env.rooms[one] for path, one in zip(paths, tasks, strict=True))
    total, live = np.zeros(66), lanes
    for tick in range(max(map(len, paths))):
        step = env.step(live, [np.array([paths[lane][tick] for lane in live])])
        total[live] += step.rewards[:, 0]
        assert [len(paths[lane]) == tick + 1 for lane in live] == step.done.tolist()
        live = live[~step.done]
    assert (total == 1).all()


def test_tasks_are_what_their_names_say():
    env = Rooms(22)
    env.reset(np.arange(22), mix(3, np.arange(22)), np.arange(22))
    for lane, name in enumerate(env.spec.tasks.names):
        there = {cell: int((env.cells[lane] == cell).sum()) for cell in (LAVA, KEY, LOCKED, GOAL)}
        assert there[GOAL] == 1 and there[KEY] == there[LOCKED] == ("keys" in name) * (int(name[0]) - 1)
        assert (there[LAVA] > 0) == ("lava" in name)


def lay(env, *cells):
    """Put these cells in a row, with the agent on the first."""
    env.reset(ONE, mix(1, ONE), task(env, "2_keys"))
    env.cells[0, 3, 3 : 3 + len(cells)], env.place[0] = cells, (3, 3)


def test_a_door_opens_to_who_has_a_key_and_uses_it_up():
    env = Rooms(1)
    lay(env, FLOOR, LOCKED, FLOOR)
    env.step(ONE, [np.array([RIGHT])])
    assert env.place[0].tolist() == [3, 3]  # locked
    lay(env, FLOOR, KEY, LOCKED, LOCKED)
    for column in (4, 5, 5):
        env.step(ONE, [np.array([RIGHT])])
        assert env.place[0].tolist() == [3, column]
    assert not env.key[0] and env.cells[0, 3, 4:7].tolist() == [FLOOR, FLOOR, LOCKED]


def test_lava_ends_a_match_and_time_cuts_it_short():
    env = Rooms(1)
    lay(env, FLOOR, LAVA)
    burnt = env.step(ONE, [np.array([RIGHT])])
    assert burnt.terminated.all() and burnt.rewards.tolist() == [[0]]
    lay(env, FLOOR, LOCKED)
    for tick in range(2 * TICKS):
        late = env.step(ONE, [np.array([RIGHT])])
        assert bool(late.done[0]) == (tick == 2 * TICKS - 1)
    assert late.truncated.all() and not late.terminated.any()


def test_the_agent_sees_its_whole_room_and_whether_it_has_a_key():
    env = Rooms(1)
    (rows,) = env.reset(ONE, mix(2, ONE), task(env, "1"))
    planes = rows.observation[0, :-1].reshape(5, 7, 7)
    assert planes[GOAL - 1].sum() == 1 and planes.sum(axis=0).max() == 1 and rows.observation[0, -1] == 0


@pytest.mark.parametrize("params", [{"fewest": 3, "most": 2}, {"most": 21}, {"fewest": 0}])
def test_wrong_numbers_of_rooms_are_refused(params):
    with pytest.raises(UserError, match="there are 1 to 20 rooms"):
        load_registry().make(ENVIRONMENTS, "classic/rooms", params, lanes=1)
    assert RoomsParams().most == 6
