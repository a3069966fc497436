"""Tick by tick, what marl plays is what Gymnasium plays."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from marl import rng, space
from marl_gymnasium import environments
from marl_gymnasium.cartpole import CartPole
from marl_gymnasium.catalogue import LISTED
from marl_gymnasium.pendulum import Pendulum

ONE = np.arange(1)
QUICK = [entry.id for entry in LISTED if not entry.extra] + ["LunarLander-v3", "BipedalWalker-v3"]


def leaves(seen):
    """What Gymnasium shows, as a flat list of numbers."""
    parts = seen.values() if isinstance(seen, dict) else seen if isinstance(seen, tuple) else [seen]
    return np.concatenate([np.ravel(part) for part in parts])


def ours(tree):
    parts = tree.values() if isinstance(tree, dict) else [tree]
    return np.concatenate([np.ravel(part[0]) for part in parts])


@pytest.mark.parametrize("id", QUICK)
def test_wrapped_environments_play_as_gymnasium_does(id, needs):
    needs(id)
    env = environments.make(id, lanes=1)
    theirs = gymnasium.make(id)
    ends = set()
    for seed in (3, 2**63 + 11):
        (rows,) = env.reset(ONE, rng.as_keys(seed))
        seen, _ = theirs.reset(seed=seed & 0x7FFFFFFF)
        np.testing.assert_array_equal(ours(rows.observation), leaves(seen))
        for tick in range(300):
            action = space.sample(env.spec.groups[0].action, rng.mix(seed, tick), rows.mask)
            step = env.step(ONE, [action])
            seen, reward, terminated, truncated, _ = theirs.step(action[0])
            assert step.rewards[0, 0] == reward
            assert step.terminated[0, 0] == terminated and step.truncated[0, 0] == (truncated and not terminated)
            assert step.done[0] == (terminated or truncated)
            shown = step.final[0] if step.done[0] else step.turn[0]
            np.testing.assert_array_equal(ours(shown.observation), leaves(seen))
            if step.done[0]:
                ends.add("terminated" if terminated else "truncated")
                break
            rows = step.turn[0]
    expected = {"CartPole-v1": {"terminated"}, "MountainCar-v0": {"truncated"}, "Pendulum-v1": {"truncated"}}
    assert ends == expected.get(id, ends)


@pytest.mark.parametrize(("native", "id"), [(CartPole, "CartPole-v1"), (Pendulum, "Pendulum-v1")])
def test_native_physics_are_gymnasiums(native, id):
    lanes, env = np.arange(8), native(8)
    theirs = [gymnasium.make(id) for _ in lanes]
    (rows,) = env.reset(lanes, rng.mix(7, lanes))
    for lane, game in enumerate(theirs):
        game.reset(seed=0)
        game.unwrapped.state = env.system[lane].copy()
    live, ends = lanes, []
    for tick in range(200):
        actions = space.sample(env.spec.groups[0].action, rng.mix(tick, live))
        if native is CartPole:  # some of them last longer when they push against the fall
            actions = np.where(
                live % 2, (rows.observation[:, 2] + rows.observation[:, 3] > 0).astype(np.int64), actions
            )
        step = env.step(live, [actions])
        shown = {int(lane): seen for part in (step.final[0], step.turn[0]) if part for lane, seen in
                 zip(part.lane, part.observation, strict=True)}  # fmt: skip
        for row, lane in enumerate(live.tolist()):
            seen, reward, terminated, truncated, _ = theirs[lane].step(actions[row])
            np.testing.assert_allclose(shown[lane], seen, rtol=1e-6, atol=1e-6)
            np.testing.assert_allclose(env.system[lane], theirs[lane].unwrapped.state, rtol=1e-11, atol=1e-11)
            # Pendulum-v1 squares its torque in float32: 0.001 * 2**2 * 2**-24 is 2.4e-10.
            assert step.rewards[row, 0] == pytest.approx(reward, rel=1e-11, abs=5e-10)
            assert (step.terminated[row, 0], step.truncated[row, 0]) == (terminated, truncated)
            theirs[lane].unwrapped.state = env.system[lane].copy()  # a swing multiplies the last bit of each tick
            ends += [(terminated, truncated)] if terminated or truncated else []
        live, rows = live[~step.done], step.turn[0]
        if not len(live):
            break
    assert ends.count((True, False)) >= 4 if native is CartPole else ends == [(False, True)] * 8


@pytest.mark.parametrize(("native", "id"), [(CartPole, "CartPole-v1"), (Pendulum, "Pendulum-v1")])
def test_native_matches_start_where_gymnasiums_do(native, id):
    """The same distribution, from other seeds: range, mean and variance of each number."""
    env = native(4000)
    env.reset(np.arange(4000), rng.mix(1, np.arange(4000)))
    bounds = {"CartPole-v1": [0.05] * 4, "Pendulum-v1": [np.pi, 1.0]}[id]
    assert (np.abs(env.system) <= bounds).all() and (np.abs(env.system).max(axis=0) > 0.99 * np.array(bounds)).all()
    np.testing.assert_allclose(env.system.mean(axis=0) / bounds, 0, atol=0.05)
    np.testing.assert_allclose(env.system.var(axis=0) / np.square(bounds), 1 / 3, atol=0.02)
    assert np.abs(np.corrcoef(env.system.T) - np.eye(len(bounds))).max() < 0.06
    game = gymnasium.make(id).unwrapped
    starts = []
    for seed in range(300):
        game.reset(seed=seed)
        starts.append(np.array(game.state))
    assert (np.abs(starts).max(axis=0) <= bounds).all() and (np.abs(starts).max(axis=0) > 0.95 * np.array(bounds)).all()


def test_native_length_is_gymnasiums():
    assert CartPole(1).spec.max_length == gymnasium.spec("CartPole-v1").max_episode_steps
    assert Pendulum(1).spec.max_length == gymnasium.spec("Pendulum-v1").max_episode_steps


@pytest.mark.parametrize("limit", [(2.4, 0), (-2.4, 0), (0, 0.20943951023931953), (0, -0.20943951023931953)])
def test_cartpole_ends_where_gymnasiums_does(limit):
    env, game = CartPole(3), gymnasium.make("CartPole-v1").unwrapped
    env.reset(np.arange(3), rng.mix(np.arange(3)))
    game.reset(seed=0)
    env.system[:] = 0
    env.system[:, [0, 2]] = np.multiply.outer([1 - 1e-9, 1.0, 1 + 1e-9], limit)
    states = env.system.copy()
    step = env.step(np.arange(3), [np.zeros(3, np.int64)])
    for lane in range(3):
        game.state, game.steps_beyond_terminated = states[lane], None
        assert step.terminated[lane, 0] == game.step(0)[2]
    assert step.terminated[:, 0].tolist() == [False, False, True]
