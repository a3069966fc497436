"""The same matches, move by move, as PettingZoo's own loops play them."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from marl import rng
from marl_pettingzoo import games
from marl_pettingzoo.catalogue import find
from marl_pettingzoo.params import Params
from marl_pettingzoo.seeds import reset_seeds

SEED = 3
TOGETHER = [
    ("simple_spread", {}),
    ("simple_tag", {}),
    ("simple_world_comm", {"max_cycles": 8}),
    ("simple_reference", {"max_cycles": 60}),
    ("pursuit", {"max_cycles": 12}),
    ("multiwalker", {}),
    ("knights_archers_zombies", {"max_cycles": 300, "line_death": True, "spawn_delay": 5}),
    ("cooperative_pong", {"max_cycles": 8}),
    ("pistonball", {"n_pistons": 2, "max_cycles": 8}),
    ("rps", {}),
]
TURNS = [
    ("connect_four", {}),
    ("tictactoe", {}),
    ("leduc_holdem", {}),
    ("texas_holdem", {"num_players": 3}),
    ("texas_holdem_no_limit", {}),
    ("hanabi", {"players": 3, "colors": 3}),
    ("go", {"board_size": 5}),
]


def raw(name, constructor, parameters):
    entry = find(name)
    options = {"render_mode": entry.render_mode} if entry.render_mode else {}
    env = getattr(import_module(entry.module), constructor)(**parameters, **options)
    return env, int(reset_seeds(rng.as_keys(SEED))[0])


def tick_actions(spec, env, turn, actions):
    """What PettingZoo's own Parallel API gets."""
    given = {}
    for rows, batch in zip(turn, actions, strict=True):
        for at, agent in enumerate([] if rows is None else rows.agent):
            name = spec.agents[agent]
            given[name] = batch[at] if batch.ndim > 1 else int(batch[at])
    return {name: given[name] for name in env.agents}


@pytest.mark.parametrize(("name", "parameters"), TOGETHER)
def test_simultaneous_environments_play_as_their_parallel_api(name, parameters, play, seen):
    env, seed = raw(name, "parallel_env", parameters)
    shown, _ = env.reset(seed=seed)
    ours = games.make(name, lanes=1, params=Params(parameters=parameters))
    index = {agent: at for at, agent in enumerate(ours.spec.agents)}
    ticks = 0
    for turn, actions, step in play(ours, SEED):
        looks = seen(turn)
        assert {index[agent] for agent in env.agents} == set(looks)
        for agent in env.agents:
            np.testing.assert_array_equal(looks[index[agent]], shown[agent])
        before = list(env.agents)
        shown, rewards, terminated, truncated, _ = env.step(tick_actions(ours.spec, env, turn, actions))
        ticks += 1
        last = seen(step.final)
        for agent in before:
            at = index[agent]
            assert step.rewards[0, at] == pytest.approx(rewards[agent], abs=1e-9)
            assert step.terminated[0, at] == bool(terminated[agent])
            assert step.truncated[0, at] == bool(truncated[agent] and not terminated[agent])
            if agent not in env.agents:
                np.testing.assert_array_equal(last[at], shown[agent])
        assert step.done[0] == (not env.agents)
    assert not env.agents
    assert ticks <= ours.spec.max_length == parameters.get("max_cycles", ours.spec.max_length)


@pytest.mark.parametrize(("name", "parameters"), TURNS)
def test_turn_based_environments_play_as_their_aec_api(name, parameters, play):
    env, seed = raw(name, "env", parameters)
    env.reset(seed=seed)
    ours = games.make(name, lanes=1, params=Params(parameters=parameters))
    index = {agent: at for at, agent in enumerate(ours.spec.agents)}
    owed = np.zeros(len(index))  # rewards since each agent's own last turn
    for turn, actions, step in play(ours, SEED):
        (rows,) = turn
        assert rows.agent.tolist() == [index[env.agent_selection]]
        observation, reward, *_ = env.last()
        np.testing.assert_array_equal(rows.observation[0], observation["observation"])
        np.testing.assert_array_equal(rows.mask[0], observation["action_mask"].astype(bool))
        assert owed[rows.agent[0]] == pytest.approx(reward)
        owed[rows.agent[0]] = 0
        env.step(int(actions[0][0]))
        owed += step.rewards[0]
    while env.agents:
        _, reward, terminated, truncated, _ = env.last()
        assert terminated or truncated
        assert owed[index[env.agent_selection]] == pytest.approx(reward)
        env.step(None)


@pytest.mark.parametrize("name", ["connect_four", "tictactoe", "leduc_holdem", "texas_holdem", "go", "rps"])
def test_zero_sum_is_what_the_matches_say(name, play):
    ours = games.make(name, lanes=1, params=Params(parameters={"board_size": 5} if name == "go" else {}))
    assert ours.spec.zero_sum
    decided = 0
    for seed in range(6):
        total = sum(step.rewards[0] for _, _, step in play(ours, seed))
        assert total.sum() == pytest.approx(0)
        decided += abs(total).max() > 0
    assert decided


def test_no_limit_holdem_is_zero_sum_too(play):
    ours = games.make("texas_holdem_no_limit", lanes=1, params=Params(parameters={"num_players": 4}))
    for seed in range(10):
        assert sum(step.rewards[0] for _, _, step in play(ours, seed)).sum() == pytest.approx(0)


@pytest.mark.parametrize("name", ["simple_tag", "simple_push", "simple_adversary", "simple_crypto"])
def test_mixed_motives_are_not_called_zero_sum(name, play):
    ours = games.make(name, lanes=1)
    sums = [sum(step.rewards[0] for _, _, step in play(ours, seed)).sum() for seed in range(5)]
    assert max(map(abs, sums)) > 1e-3
    assert not ours.spec.zero_sum
