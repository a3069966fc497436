"""The tech tree: all ten achievements can be reached in order, each pays once, and none comes before what it needs."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from marl.errors import UserError
from marl.registry import ENVIRONMENTS, load_registry
from marl.rng import mix
from marl_classic.tech_tree import (
    ACHIEVEMENTS,
    ACTIONS,
    COAL,
    DIAMOND,
    FURNACE,
    GROUND,
    IRON,
    NEAR,
    STEPS,
    STONE,
    TABLE,
    TREE,
    WALL,
    TechTree,
    TechTreeParams,
)

ONE = np.arange(1)
PLAN = [
    *[TREE] * 5,
    "table",
    "wood_pickaxe",
    *[STONE] * 3,
    "stone_pickaxe",
    "furnace",
    COAL,
    IRON,
    "iron_pickaxe",
    DIAMOND,
]
NEEDS = {"stone_pickaxe": [TABLE], "furnace": [TABLE], "iron_pickaxe": [TABLE, FURNACE]}


def path(cells, start, wanted):
    """The steps to the nearest cell for which `wanted(cell)`, through the ground; None where there is no way."""
    queue, known = deque([(start, ())]), {start}
    while queue:
        at, steps = queue.popleft()
        if wanted(at):
            return steps
        if cells[at] != GROUND:
            continue
        for action, (down, right) in enumerate(STEPS.tolist()):
            after = (at[0] + down, at[1] + right)
            if after not in known and (cells[after] == GROUND or wanted(after)):
                known.add(after)
                queue.append((after, (*steps, action)))
    return None


def near(cells, at, things):
    around = cells[at[0] - NEAR : at[0] + NEAR + 1, at[1] - NEAR : at[1] + NEAR + 1]
    return cells[at] == GROUND and all((around == thing).any() for thing in things)


def script(env, lane, what):
    """The actions that come to what the plan has next, from where the agent is."""
    cells, start = env.cells[lane], tuple(env.place[lane].tolist())
    if isinstance(what, int):
        return path(cells, start, lambda at: cells[at] == what)
    steps = path(cells, start, lambda at: near(cells, at, NEEDS.get(what, [])))
    return None if steps is None else (*steps, ACTIONS.index(what))


def test_everything_can_be_achieved_and_each_achievement_pays_once():
    env, solved = TechTree(1), 0
    for seed in range(12):
        env.reset(ONE, mix(seed, ONE))
        total, done = 0.0, False
        for what in PLAN:
            for action in script(env, 0, what) or ():
                step = env.step(ONE, [np.array([action])])
                total, done = total + step.rewards[0, 0], bool(step.done[0])
                assert total == sum(step.info[name][0] for name in ACHIEVEMENTS)
        assert not done or (total == len(ACHIEVEMENTS) and step.terminated[0, 0])
        solved += done
    assert solved >= 11  # what lies in the way may take more than this script knows


def placed(**cells):
    """A match in which nothing lies but what is said, as offsets from the agent."""
    env = TechTree(1)
    env.reset(ONE, mix(1, ONE))
    env.cells[0][env.cells[0] != WALL] = GROUND
    for thing, (down, right) in cells.items():
        row, column = env.place[0] + (down, right)
        env.cells[0, row, column] = {"tree": TREE, "stone": STONE, "iron": IRON, "table": TABLE}[thing]
    return env


def play(env, *names):
    return [env.step(ONE, [np.array([ACTIONS.index(name)])]).rewards[0, 0] for name in names]


def test_what_is_not_at_hand_cannot_be_made_or_gathered():
    env = placed(tree=(0, 1), stone=(0, -1))
    assert play(env, "table", "wood_pickaxe", "left", "right", "right") == [0, 0, 0, 1, 0]  # stone needs a pickaxe
    assert env.carried[0].tolist() == [1, 0, 0, 0, 0] and env.place[0, 1] == env._centre[1] + 1
    env.carried[0] = [3, 0, 0, 0, 0]
    assert play(env, "wood_pickaxe", "table", "wood_pickaxe", "table") == [0, 1, 1, 0]
    assert env.carried[0].tolist() == [0, 0, 0, 0, 0] and env.tools[0].tolist() == [True, False, False]
    assert play(env, "left", "left", "left") == [0, 1, 0]


def test_a_table_must_be_near():
    env = placed(table=(0, 3))
    env.carried[0] = [1, 1, 1, 1, 0]
    assert play(env, "wood_pickaxe", "right", "wood_pickaxe") == [0, 0, 1]
    env.carried[0] = [1, 2, 1, 1, 0]
    assert play(env, "iron_pickaxe", "furnace", "iron_pickaxe") == [0, 1, 1]


def test_params_that_make_no_sense_are_refused():
    with pytest.raises(UserError, match="size is from 7 to 40"):
        load_registry().make(ENVIRONMENTS, "classic/tech_tree", {"size": 3}, lanes=1)
    for wrong in ({"trees": 4}, {"stones": 40}):
        with pytest.raises(ValueError, match=r"not everything can be made|more than half"):
            TechTreeParams(**wrong)
