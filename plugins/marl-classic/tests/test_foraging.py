"""Foraging: lbforaging's rules tick by tick, where it is installed; and what must hold without it."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from marl import rng
from marl_classic.foraging import LOAD, NONE, Foraging, ForagingParams

KINDS = {
    "Foraging-8x8-2p-3f-v3": ForagingParams(),
    "Foraging-8x8-3p-4f-2s-coop-v3": ForagingParams(players=3, foods=4, sight=2, cooperative=True),
    "Foraging-5x5-4p-2f-v3": ForagingParams(size=5, players=4, foods=2),
}


def started(params: ForagingParams, lanes: int, seed: int = 0) -> Foraging:
    env = Foraging(lanes, params)
    env.reset(np.arange(lanes), rng.mix(seed, np.arange(lanes)))
    return env


def theirs(ours: Foraging, lane: int) -> Any:
    """lbforaging in the situation of one lane."""
    foraging = pytest.importorskip("lbforaging.foraging.environment", reason="lbforaging is not installed")
    params = ours.params
    env = foraging.ForagingEnv(
        players=params.players,
        min_player_level=1,
        max_player_level=2,
        min_food_level=1,
        max_food_level=None,
        field_size=(params.size, params.size),
        max_num_food=params.foods,
        sight=ours.sight,
        max_episode_steps=params.steps,
        force_coop=params.cooperative,
    )
    env.reset(seed=lane)
    env.field[:] = 0
    for (row, column), amount in zip(ours.food[lane], ours.amount[lane], strict=True):
        if amount:
            env.field[row, column] = amount
    for player, place, level in zip(env.players, ours.place[lane].tolist(), ours.level[lane].tolist(), strict=True):
        player.setup(tuple(place), level, env.field_size)
    env._food_spawned = env.field.sum()
    env._gen_valid_moves()
    return env


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_lbforaging_tick_by_tick(kind: str) -> None:
    """From the same situation and by the same actions: what is legal, seen, earned and over."""
    params, lanes = KINDS[kind], 12
    ours = started(params, lanes)
    twins = {lane: theirs(ours, lane) for lane in range(lanes)}
    live, paid, cut = np.arange(lanes), 0, 0
    while len(live):
        every = np.repeat(live, params.players), np.tile(np.arange(params.players), len(live))
        seen, useful = ours.observe(*every).reshape(len(live), params.players, -1), ours._useful(live)
        for row, lane in enumerate(live.tolist()):
            twin = twins[lane]
            np.testing.assert_array_equal(seen[row], np.stack(twin.test_make_gym_obs()))
            legal = [[a in [one.value for one in twin._valid_actions[p]] for a in range(6)] for p in twin.players]
            np.testing.assert_array_equal(useful[row], legal)
        keys = rng.mix(5, *every, ours.tick[every[0]])
        actions = rng.integers(keys, 6)
        hungry = useful.reshape(-1, 6)[:, LOAD] & (rng.uniform(keys, 1) < 0.7)  # so that something is collected
        actions[hungry] = LOAD
        step = ours.step(live, [actions])
        for row, lane in enumerate(live.tolist()):
            _, rewards, done, _, _ = twins[lane].step(actions.reshape(len(live), -1)[row])
            np.testing.assert_allclose(step.rewards[row], rewards, atol=1e-12)
            assert step.done[row] == done
            assert (ours.place[lane] == [player.position for player in twins[lane].players]).all()
        paid, cut = paid + int((step.rewards > 0).any(axis=1).sum()), cut + int(step.truncated.any(axis=1).sum())
        live = live[~step.done]
    assert paid > (0 if params.cooperative else 10) and cut > 0


@pytest.mark.parametrize("kind", KINDS)
def test_matches_start_as_they_should(kind: str) -> None:
    params = KINDS[kind]
    env = started(params, 400)
    assert set(env.level.flat) == {1, 2}
    weakest = np.sort(env.level, axis=1)[:, :3].sum(axis=1)
    there = env.amount > 0
    assert (env.amount <= weakest[:, None]).all() and (env.total == env.amount.sum(axis=1)).all()
    if params.cooperative:
        assert (env.amount[there] == np.repeat(weakest, params.foods).reshape(there.shape)[there]).all()
    assert there.any(axis=1).all() and (params.size < 8 or there.all())
    for lane in range(400):
        foods = env.food[lane][there[lane]]
        assert (foods >= 1).all() and (foods <= params.size - 2).all()
        places = {tuple(place) for place in env.place[lane].tolist()} | {tuple(food) for food in foods.tolist()}
        assert len(places) == params.players + len(foods)
        for one, two in combinations(foods, 2):
            apart = np.abs(one - two)
            assert apart.max() > 1 and not (apart.sum() == 2 and apart.min() == 0)


def test_all_food_pays_one_and_a_match_is_cut_after_its_last_tick() -> None:
    env = started(ForagingParams(size=6, foods=1), 1)
    row, column = env.food[0, 0]
    env.place[0], env.level[0], env.amount[0], env.total[0] = [(row, column - 1), (row, column + 1)], 1, 2, 2
    alone = env.step(np.array([0]), [np.array([LOAD, NONE])])
    assert not alone.rewards.any() and not alone.done[0]
    both = env.step(np.array([0]), [np.array([LOAD, LOAD])])
    assert both.rewards.tolist() == [[0.5, 0.5]] and both.terminated.all() and not both.truncated.any()
    env = started(ForagingParams(steps=3), 2)
    for _ in range(3):
        step = env.step(np.array([0, 1]), [np.full(4, NONE)])
    assert step.truncated.all() and step.done.all() and step.final[0] is not None


def test_nobody_moves_where_several_want_to_be() -> None:
    env = started(ForagingParams(size=6, foods=1), 1)
    env.food[0, 0], env.place[0] = (4, 4), [(0, 0), (0, 2)]
    env.step(np.array([0]), [np.array([4, 3])])  # east and west: both want (0, 1)
    assert env.place[0].tolist() == [[0, 0], [0, 2]]
    env.place[0] = [(0, 0), (0, 1)]
    env.step(np.array([0]), [np.array([4, 3])])  # they change places, as in lbforaging
    assert env.place[0].tolist() == [[0, 1], [0, 0]]
